"""Backends: token ids in; generated text out."""
