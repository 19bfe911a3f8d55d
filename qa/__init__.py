"""Footnote: answers from your own documents, with a checked footnote on everything."""

__version__ = "0.1.0"
