"""Answers that readers voted down, as what the owner goes through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from qa.index import Verdicts
from qa.insights.kept import opinions

_ID = 16  # characters
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VotedDown:
    """An answer that somebody voted down, with their comment, and the sources that it cites."""

    id: str
    time: str
    question: str
    answer: str
    comment: str
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """It as JSON."""
        return asdict(self)


def voted_down(index: str) -> Sequence[VotedDown]:
    """All answers that were voted down and whose question is still kept, the latest first.

    Raises:
        IndexUnavailableError: the opinions cannot be read.
    """
    found = [
        _voted_down(line)
        for line in opinions(Verdicts.of(index).file, _BEGINNING)
        if line.get("verdict") == "down" and line.get("question")
    ]
    return found[::-1]


def _voted_down(line: dict[str, Any]) -> VotedDown:
    told = [str(line.get(name) or "") for name in ("time", "question", "answer", "comment")]
    whole = json.dumps([line.get("conversation"), *told], ensure_ascii=True)
    id = hashlib.sha256(whole.encode()).hexdigest()[:_ID]
    time, question, answer, comment = told
    sources = tuple(map(str, line.get("sources") or ()))
    return VotedDown(id, time, question, answer, comment, sources)
