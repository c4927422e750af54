"""Doctor: the machine it runs on, in; what it can do, what is missing, and what mends that, out."""
