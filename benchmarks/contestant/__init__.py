"""Contestants: a case in; the steps that were taken, with the time of each, out."""
