"""The training examples of a reader: questions, passages, and the spans that answer."""

from __future__ import annotations

from training.examples.sources import (
    SOURCES,
    Example,
    Kind,
    Source,
    chance,
    held_back_articles,
    order,
    own_questions,
    passages,
    read_examples,
    read_set,
    read_source,
    with_contrasts,
)

__all__ = [
    "SOURCES", "Example", "Kind", "Source", "chance", "held_back_articles", "order",
    "own_questions", "passages", "read_examples", "read_set", "read_source", "with_contrasts",
]  # fmt: skip
