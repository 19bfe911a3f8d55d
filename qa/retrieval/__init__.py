"""From a question to the passages most likely to answer it."""

from __future__ import annotations

from qa.retrieval.acronyms import Acronym, acronym_in
from qa.retrieval.fusing import convex
from qa.retrieval.hybrid import Query, Retrieval
from qa.retrieval.joining import arrange
from qa.retrieval.respelling import as_written, misspelt, respelt

__all__ = [
    "Acronym", "Query", "Retrieval", "acronym_in", "arrange", "as_written", "convex", "misspelt",
    "respelt",
]  # fmt: skip
