"""Metrics: one answer in; its statistics out."""
