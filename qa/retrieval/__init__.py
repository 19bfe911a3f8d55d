"""From a question to the passages most likely to answer it."""

from __future__ import annotations

from qa.retrieval.fusing import convex
from qa.retrieval.hybrid import Query, Retrieval
from qa.retrieval.joining import arrange
from qa.retrieval.respelling import as_written, misspelt, respelt

__all__ = [
    "Query", "Retrieval", "arrange", "as_written", "convex", "misspelt", "respelt",
]  # fmt: skip
