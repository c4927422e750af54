"""Triggers: traces in; a reason to train again, or not, out."""
