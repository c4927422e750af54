"""Evaluation: answers of base and tuned in; a report with intervals and a verdict out."""
