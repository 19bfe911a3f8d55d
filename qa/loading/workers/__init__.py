"""Processes that parse: a file may cost its worker, and nothing else."""
