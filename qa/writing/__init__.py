"""Answers that a chat model words, each sentence checked."""

from __future__ import annotations

from qa.writing.answerer import ChatAnswerer, open_answerer

__all__ = [
    "ChatAnswerer", "open_answerer",
]  # fmt: skip
