"""Objective: log-probabilities of wanted tokens in; a loss, as a sum and a weight, out."""
