"""Search: a recipe and options to vary in; the trials to run, and the best of them, out."""
