"""Retraining: traces and signals in; the next recipe out, with its parent."""
