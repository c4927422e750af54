"""Benchmarks: what a training step costs, here and in TRL, on the same rows in the same run."""
