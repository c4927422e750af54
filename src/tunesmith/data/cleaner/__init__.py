"""Cleaners: rows in; the same rows mended, or dropped with a reason, out."""
