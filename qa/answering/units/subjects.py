"""Which subject a unit is about, where a question names one that has a section of its own.

What stands below "Porto" says nothing about Ghent, whatever its words, where there is a section
"Ghent" beside it; nor does a document "Berlin office" say anything about Madrid, where there is a
document "Madrid office".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from qa.index import Stretch
from qa.records import Heading, Unit, headings_above
from qa.text.terms import stems, terms

Stems = frozenset[str]

# The letters by which it is told, before its words are looked at, that a heading may be asked for.
_FIRST = 4


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects that a question names, of those that some documents have headings or titles for.

    A subject is known by the words that tell its heading from another one beside it, as long as
    they are names: words with a capital that the text nowhere has without one.
    """

    asked: Stems
    titles: Sequence[str]
    found: dict[str, list[tuple[int, Stems]]] = field(default_factory=dict)

    def is_of_another(self, stretch: Stretch, unit: Unit) -> bool:
        """Whether a unit is about another subject than the one that the question names."""
        document = stretch.passage.document_id
        if document not in self.found:
            self.found[document] = list(self._rivals(stretch))
        rivals = self.found[document]
        if not rivals:
            return False
        above = {heading.start for heading in headings_above(stretch.headings, unit.start)}
        others = [told for start, told in rivals if start in above or start < 0]
        if not others:
            return False
        held = frozenset(stems(" ".join((stretch.text(unit), *stretch.heading_path(unit)))))
        return any(not told & held for told in others)

    def _rivals(self, stretch: Stretch) -> Iterator[tuple[int, Stems]]:
        """Where the headings start that are not asked for, and what names another one that is.

        The title of the document starts at -1.
        """
        title = stretch.passage.title
        pairs = [
            (one.start, one.text, other.text)
            for group in _beside(stretch.headings)
            for other in group
            if self._may_be_asked_for(other.text)
            for one in group
        ]
        pairs += [
            (-1, title, other)
            for other in self.titles
            if self._may_be_asked_for(other) and _words(title) & _words(other)
        ]
        common: Stems | None = None
        for start, one, other in pairs:
            told, own = _told(other, one), _told(one, other)
            if (
                told and own and told <= self.asked and not own & self.asked
                and told <= _capitals(other) and own <= _capitals(one)
            ):  # fmt: skip
                # Of the whole text, which few pairs come as far as to need.
                common = _without_capital(stretch.passage.text) if common is None else common
                if not common & (told | own):
                    yield start, told

    def _may_be_asked_for(self, heading: str) -> bool:
        """Whether the question may have a name in a heading."""
        said = heading.casefold()
        return any(stem[:_FIRST] in said for stem in self.asked)


def _beside(headings: Sequence[Heading]) -> Iterator[list[Heading]]:
    """The headings of a document that stand beside each other, below the same one."""
    groups: dict[tuple[int, ...], list[Heading]] = {}
    path: list[Heading] = []
    for heading in headings:
        while path and path[-1].level >= heading.level:
            path.pop()
        groups.setdefault((heading.level, *(one.start for one in path)), []).append(heading)
        path.append(heading)
    return (group for group in groups.values() if len(group) > 1)


@lru_cache(maxsize=4096)
def _words(heading: str) -> Stems:
    return frozenset(stems(heading))


def _told(heading: str, other: str) -> Stems:
    """The words of a heading that tell it from another one."""
    return _words(heading) - _words(other)


@lru_cache(maxsize=4096)
def _capitals(heading: str) -> Stems:
    """The words of a heading that have a capital there."""
    return frozenset(term.stem for term in terms(heading) if heading[term.start].isupper())


def _without_capital(text: str) -> Stems:
    return frozenset(term.stem for term in terms(text) if text[term.start].islower())
