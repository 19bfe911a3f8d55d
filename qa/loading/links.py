"""The links found while a text is read, and the places of their words in the final text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from qa.records import Link
from qa.text.cleaning import clean, one_line
from qa.text.markup.links import address

# Nobody needs more in one paragraph; each is searched for in all of it.
_MOST = 200
_WORD = re.compile(r"\S+")


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
        if not self._found:
            return []
        starts = [0, *accumulate(map(len, pieces))]
        return [Link(starts[start], starts[end], target) for start, end, target in self._found]

    def clear(self) -> None:
        """Begin another text; open links continue in it."""
        self._found.clear()
        if self._open:
            self._open = [(0, target) for _, target in self._open]


def located(links: Sequence[Link], raw: str, text: str, at: int) -> Iterator[Link]:
    """The links of a `raw` text, at their places in the final text, which begins at `at`.

    White space and invisible characters may have changed, so a link is found again by its words,
    taking their nth occurrence in both. If the words occur more often in one text than in the
    other, the place is uncertain, and the link is left out.
    """
    end = 0
    before, after = _Spaced(raw), _Spaced(text)
    for link in links[:_MOST]:
        words = one_line(clean(raw[link.start : link.end]))
        if not words:
            continue
        earlier, later = before.places(words), after.places(words)
        number = bisect_left(earlier, before.moved(link.start))
        # A link may begin with white space.
        if len(earlier) != len(later) or number >= len(later):
            continue
        start = after.back(later[number])
        stop = after.back(later[number] + len(words) - 1) + 1
        if start >= end:
            yield Link(at + start, at + stop, link.target)
            end = stop


class _Spaced:
    """A text in which each run of white space is one space, and where its characters were."""

    def __init__(self, text: str) -> None:
        self._text = one_line(text)
        stripped = text.strip()
        # Where the words of the text start there, and where they do here.
        self._starts, self._moved = [text.find(stripped)], [0]
        if len(stripped) > len(self._text):
            words = [(word.start(), word.end()) for word in _WORD.finditer(text)]
            self._starts = [start for start, _ in words]
            self._moved = [0, *accumulate(end - start + 1 for start, end in words[:-1])]

    def places(self, words: str) -> list[int]:
        """Where the words stand."""
        found = []
        place = self._text.find(words)
        while place >= 0:
            found.append(place)
            place = self._text.find(words, place + len(words))
        return found

    def moved(self, place: int) -> int:
        """Where the first character is that is no space, from a place of the text on."""
        word = bisect_right(self._starts, place) - 1
        if word < 0:
            return 0
        following = self._moved[word + 1] if word + 1 < len(self._moved) else len(self._text) + 1
        return min(self._moved[word] + place - self._starts[word], following)

    def back(self, place: int) -> int:
        """Where in the text a character stands."""
        word = bisect_right(self._moved, place) - 1
        return self._starts[word] + place - self._moved[word]
