"""Advise: a recipe and a machine in; which bases and methods fit, and what each would cost, out."""
