"""From hits to the spans in them that answer, by words and by a trained model."""

from __future__ import annotations

from qa.reading.by_model import ExtractiveReader, open_reader
from qa.reading.by_words import QuotingReader, logistic
from qa.reading.reader import Reader

__all__ = [
    "ExtractiveReader", "QuotingReader", "Reader", "logistic", "open_reader",
]  # fmt: skip
