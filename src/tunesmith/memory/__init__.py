"""Memory: what a model has read, kept beside it in; what it makes likelier, or is shown again, out."""
