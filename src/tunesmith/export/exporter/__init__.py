"""Exporters: a trained model in; files that other programs load out."""
