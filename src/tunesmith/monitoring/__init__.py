"""Monitoring: traces in; a store of them, and what they show, out."""
