"""What a review of the documents found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from qa.records.answers import Citation

FindingKind = Literal[
    "contradiction", "replaced", "duplicate document", "duplicate passage", "dead link"
]
"""Two statements that cannot both hold; a document that a newer one replaces; the same text kept
twice; a link within the documents that leads nowhere."""


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """Something in the documents that their owner may want to mend, with where it stands.

    `id` stays the same as long as its texts do. `score` is how likely it is right, from 0 to 1.
    `citations` are numbered from 1: the two sides, or the link. `dates` are those of their
    documents, "" where there is none; `newer` is the number of the citation in the newer document,
    None if that is unknown. `target` is where a link leads, `meant` the document that it may mean.
    """

    id: str
    kind: FindingKind
    score: float
    citations: tuple[Citation, ...]
    dates: tuple[str, ...] = ()
    newer: int | None = None
    target: str = ""
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in the documents, the likeliest first, and what was set aside.

    `documents` is the number of those that were compared, `judged` how many of them were new.
    """

    findings: tuple[ReviewFinding, ...]
    aside: tuple[ReviewFinding, ...] = ()
    documents: int = 0
    judged: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The review as JSON, as `qa review --json` gives it."""
        from qa.schemas import ReviewJSON

        return ReviewJSON.shown(self)
