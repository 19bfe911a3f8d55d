"""Answers that readers voted down, as what the owner goes through."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from qa.index import CitedRange, Verdicts
from qa.insights.kept import opinions

# More would hardly be looked at.
MOST_RANGES = 20
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


@dataclass(frozen=True, slots=True)
class DownRange:
    """A range of a document's text, and how many answers that cite it were voted down.

    `text` is what is there, if that was looked up.
    """

    source: str
    start: int
    end: int
    down: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class WordlessVotes:
    """Votes down whose questions are not kept: their number, and what the answers cited.

    What was cited most often comes first, up to `MOST_RANGES`.
    """

    number: int
    ranges: tuple[DownRange, ...]

    def to_dict(self) -> dict[str, Any]:
        """It as JSON."""
        return asdict(self)


def voted_down(index: str) -> Sequence[VotedDown]:
    """All answers that were voted down and whose question is still kept, the latest first.

    Raises:
        IndexUnavailableError: the opinions cannot be read.
    """
    return [_voted_down(line) for line in _down(index) if line.get("question")][::-1]


def wordless_votes(index: str) -> WordlessVotes:
    """All votes down whose question is not kept, or no longer.

    Raises:
        IndexUnavailableError: the opinions cannot be read.
    """
    number, cited = 0, Counter[CitedRange]()
    for line in _down(index):
        if line.get("question"):
            continue
        number += 1
        with contextlib.suppress(TypeError):  # a line that somebody else has changed
            cited.update({CitedRange(**one) for one in line.get("ranges") or ()})
    ranges = (DownRange(**asdict(one), down=down) for one, down in cited.most_common(MOST_RANGES))
    return WordlessVotes(number, tuple(ranges))


def _down(index: str) -> Iterator[dict[str, Any]]:
    lines = opinions(Verdicts.of(index).file, _BEGINNING)
    return (line for line in lines if line.get("verdict") == "down")


def _voted_down(line: dict[str, Any]) -> VotedDown:
    told = [str(line.get(name) or "") for name in ("time", "question", "answer", "comment")]
    whole = json.dumps([line.get("conversation"), *told], ensure_ascii=True)
    id = hashlib.sha256(whole.encode()).hexdigest()[:_ID]
    time, question, answer, comment = told
    sources = tuple(map(str, line.get("sources") or ()))
    return VotedDown(id, time, question, answer, comment, sources)
