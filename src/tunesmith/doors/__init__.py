"""Doors: what people and programs touch; only doors print."""
