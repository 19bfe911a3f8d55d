"""Where a quote is on the pages that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PageBox = tuple[float, float, float, float]
"""Left, top, right and bottom, from 0 to 1 of the page as it is shown, from its top left."""


@dataclass(frozen=True, slots=True)
class PageMarks:
    """The boxes around the characters of a quote on one page, counted from 1; one for each line.

    A line that slopes, as in a scan, has several.
    """

    page: int
    boxes: tuple[PageBox, ...]

    def to_dict(self) -> dict[str, Any]:
        """The marks as JSON, as `GET /api/marks` lists them."""
        from qa.schemas import PageMarksJSON

        return PageMarksJSON.shown(self)
