"""Serving: conversations in; answers and traces out."""
