"""Augmenters: training rows in; new training rows out."""
