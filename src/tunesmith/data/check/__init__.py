"""Checks: rows that are ready to be trained on in; findings out."""
