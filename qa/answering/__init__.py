"""Spans -> an answer with checked citations."""

from __future__ import annotations

from qa.answering.citations import checked, cite, hit_of
from qa.answering.finding import Finding
from qa.answering.kept import KeptAnswers
from qa.answering.pipeline import Asking
from qa.answering.precedence import Precedence
from qa.answering.quoting import Answerer, QuotingAnswerer
from qa.answering.stream import AnswerStream
from qa.answering.suggesting.next_questions import related
from qa.answering.suggesting.suggestions import answered
from qa.answering.units.choosing import Choice

__all__ = [
    "AnswerStream", "Answerer", "Asking", "Choice", "Finding", "KeptAnswers", "Precedence",
    "QuotingAnswerer", "answered", "checked", "cite", "hit_of", "related",
]  # fmt: skip
