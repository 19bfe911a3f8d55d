"""Trains the extractive reader; needs torch and transformers, and is not needed to read.

`python -m training --help` says what can be done; `training/README.md` how to reproduce a reader.
"""
