"""Hits without repeated texts, neighbours of one document joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.records import Hit, Passage

# Characters; about three passages.
_LONGEST_JOINED = 2500


def arrange(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without repeated texts, and with neighbours of one document joined."""
    return _joined(_distinct(hits))


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    seen: set[str] = set()
    kept: list[Hit] = []
    for hit in hits:
        words = " ".join(hit.passage.text.split()).casefold()
        if words not in seen:
            seen.add(words)
            kept.append(hit)
    return kept


def _joined(hits: Sequence[Hit]) -> list[Hit]:
    """Adjacent passages become one hit, in the place and with the scores of the better one."""
    joined: list[Hit] = []
    for hit in hits:
        for position, other in enumerate(joined):
            passage = _join(other.passage, hit.passage)
            if passage is not None:
                joined[position] = replace(other, passage=passage)
                break
        else:
            joined.append(hit)
    return joined


def _join(one: Passage, other: Passage) -> Passage | None:
    if one.document_id != other.document_id or one.page != other.page:
        return None
    first, last = sorted((one, other), key=lambda passage: passage.start)
    if first.end != last.start or len(first.text) + len(last.text) > _LONGEST_JOINED:
        return None
    ordinals = [*first.id.rsplit(":", 1)[1].split("-"), *last.id.rsplit(":", 1)[1].split("-")]
    stem = one.id.rsplit(":", 1)[0]
    known = [sure for sure in (first.recognised, last.recognised) if sure is not None]
    return replace(
        first,
        id=f"{stem}:{ordinals[0]}-{ordinals[-1]}",
        end=last.end,
        text=first.text + last.text,
        recognised=min(known, default=None),
    )
