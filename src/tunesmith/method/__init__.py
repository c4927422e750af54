"""Method: a model in; the same model with some of it trainable out."""
