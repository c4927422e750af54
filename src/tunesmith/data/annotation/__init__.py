"""Annotation: rows in; what people say of them, how far they agree, and which rows to ask about next, out."""
