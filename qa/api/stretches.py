"""Stretches of documents, by the offsets that citations have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qa.schemas import StretchJSON

if TYPE_CHECKING:
    from qa.records import Document

# The most characters in one reply.
LONGEST = 200_000


def stretch(
    document: Document, start: int = 0, end: int | None = None, longest: int = LONGEST
) -> dict[str, Any]:
    """The text between two offsets as JSON, cut to what the document has and to `longest`.

    Where it was cut, its `end` is where to go on.
    """
    length = len(document.text)
    start = min(start, length)
    end = min(length if end is None else max(start, end), start + longest, length)
    fields = {
        "source": document.source,
        "title": document.title,
        "characters": length,
        "start": start,
        "end": end,
        "text": document.text[start:end],
        "page": document.page_at(start),
        "headings": [
            {"start": heading.start, "level": heading.level, "text": heading.text}
            for heading in document.headings
            if start <= heading.start < end
        ],
        "metadata": dict(document.metadata),
    }
    return StretchJSON.shown(fields)
