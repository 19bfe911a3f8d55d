"""The links found while a text is read, and the places of their words in the final text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from qa.records import Link
from qa.text.cleaning import clean
from qa.text.markup.links import address

# Nobody needs more in one paragraph; each is searched for in all of it.
_MOST = 200


class Linked:
    """The links of a text that is assembled from pieces, in the order they are found."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, str]] = []
        self._open: list[tuple[int, str]] = []

    def open(self, pieces: int, target: str) -> None:
        """A link begins after this many pieces."""
        self._open.append((pieces, target))

    def close(self, pieces: int) -> None:
        """The link that was opened last ends after this many pieces."""
        if self._open:
            start, target = self._open.pop()
            # A link inside another one is ignored.
            if not self._open and (fit := address(target)):
                self._found.append((start, pieces, fit))

    def turn(self, pieces: int, target: object) -> None:
        """A link begins after this many pieces, or ends there if it has no target."""
        if target is None:
            self.close(pieces)
        else:
            self.open(pieces, str(target))

    def links(self, pieces: Sequence[str]) -> list[Link]:
        """The closed links, with offsets in the joined pieces."""
        starts = [0, *accumulate(map(len, pieces))]
        return [Link(starts[start], starts[end], target) for start, end, target in self._found]

    def clear(self) -> None:
        """Begin another text; open links continue in it."""
        self._found.clear()
        self._open = [(0, target) for _, target in self._open]


def located(links: Sequence[Link], raw: str, text: str, at: int) -> Iterator[Link]:
    """The links of a `raw` text, at their places in the final text, which begins at `at`.

    White space and invisible characters may have changed, so a link is found again by its words,
    taking their nth occurrence in both. If the words occur more often in one text than in the
    other, the place is uncertain, and the link is left out.
    """
    end = 0
    for link in links[:_MOST]:
        words = clean(raw[link.start : link.end]).split()
        if not words:
            continue
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        before = [found.start() for found in pattern.finditer(raw)]
        after = [found.span() for found in pattern.finditer(text)]
        number = sum(start < link.start for start in before)
        # A link may begin with white space.
        if len(before) != len(after) or number >= len(after):
            continue
        start, stop = after[number]
        if start >= end:
            yield Link(at + start, at + stop, link.target)
            end = stop
