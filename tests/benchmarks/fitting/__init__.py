"""Fits the weights that make a probability of what a reader says."""
