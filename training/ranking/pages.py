"""Pages -> groups: the text below a heading or an introduction, among others nearby and elsewhere.

There are few questions on these pages (those that we wrote: `training/ranking/own_questions.py`),
so their headings, lines before lists and rare words are made into questions
(`training/ranking/questions.py`).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from qa.errors import EmptyFileError
from qa.indexing.preparing.units import units
from qa.loading import read
from qa.models.embedders import Embedder
from qa.records import Document, Unit
from training.examples import chance, order
from training.examples.negatives import PassageSearch
from training.ranking.groups import PART, RIGHT, WRONG, Candidate, Group, below
from training.ranking.questions import Vocabulary, of_heading, of_lead, of_words

_TEXTS = 8
# The most of the other texts; the rest is from the search.
_PARTS, _HARDEST, _NEAR, _NAMESAKES = 2, 4, 2, 1
# Headings that are on this many pages say little by themselves.
_COMMON = 3
_UNDER_NO_HEADING = 0.5  # the share of groups whose texts have lost their nearest heading
_UNDER_NOTHING = 0.1  # … and of those that have lost all above them
_OF_WORDS = 0.06  # the share of units that a search for a few of their words is made of
_SHORTEST, _LONGEST = 6, 330  # words of an answer
_NO_HEADING = re.compile(r"https?:|^--|\{[{%]")
_ALL = 99  # more headings than there are above any unit
_WHOLE = 0.6  # the share of a section that its list must be, to answer for all of it


@dataclass(frozen=True, slots=True)
class PageUnit:
    """A unit of a page, with the headings above it."""

    page: str
    title: str
    headings: tuple[str, ...]
    section: int  # the start of the heading directly above; -1 if there is none
    unit: Unit
    text: str
    lead: str  # the line that introduces it, or the question that it answers

    @property
    def id(self) -> str:
        """A name that is its own."""
        return f"{self.page}#{self.unit.start}-{self.unit.end}"

    @property
    def words(self) -> int:
        """The words of its text."""
        return len(self.text.split())

    def under(self, headings: int, *, titled: bool = True) -> str:
        """The text for the reader, without this many of its nearest headings."""
        kept = self.headings[: max(0, len(self.headings) - headings)]
        return below(self.title if titled else "", kept, self.text)

    def overlaps(self, other: PageUnit) -> bool:
        """Whether one of two units of a page is part of the other."""
        return (
            self.page == other.page
            and self.unit.start < other.unit.end
            and other.unit.start < self.unit.end
        )


class Pages:
    """All units of all or some pages in some folders, and a search over those of each company.

    A page is named by its path in its folder.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        embedder: Embedder | None,
        *,
        only: Container[str] | None = None,
    ) -> None:
        self.by_page: dict[str, list[PageUnit]] = {}
        files = [(file, folder) for folder in folders for file in sorted(folder.rglob("*.md"))]
        for file, folder in tqdm(files, desc="pages"):
            name = file.relative_to(folder).as_posix()
            found = list(units_of(file, name)) if only is None or name in only else ()
            if found:
                self.by_page[found[0].page] = found
        self.all = {one.id: one for page in self.by_page.values() for one in page}
        self.vocabulary = Vocabulary.of(one.text for one in self.all.values())
        texts: dict[str, dict[str, str]] = defaultdict(dict)
        for id, one in self.all.items():
            texts[_site(one.page)][id] = one.under(0)
        self._searches = {site: PassageSearch(some, embedder) for site, some in texts.items()}
        pages_of: dict[str, set[str]] = defaultdict(set)
        self.namesakes: dict[str, list[PageUnit]] = defaultdict(list)
        for one in self.all.values():
            if one.headings:
                pages_of[one.headings[-1].lower()].add(one.page)
                self.namesakes[one.headings[-1].lower()].append(one)
        self.common = {name for name, found in pages_of.items() if len(found) >= _COMMON}

    def brought(self, asked: Sequence[Asked]) -> Iterator[list[PageUnit]]:
        """For each question, what a search of the pages of its company brings, best first.

        In use, too, all texts are of one company: those of another would be told too easily.
        """
        for site, some in groupby(asked, key=lambda one: _site(one.page)):
            for ids in self._searches[site].search([one.question for one in some]):
                yield [self.all[id] for id in ids]

    def sections(self, page: str) -> list[list[PageUnit]]:
        """The units of a page by the heading directly above them."""
        found: dict[int, list[PageUnit]] = defaultdict(list)
        for one in self.by_page[page]:
            if one.section >= 0:
                found[one.section].append(one)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the unit of a page that answers it, if one does, and the question's origin."""

    id: str
    question: str
    page: str
    right: PageUnit | None
    kind: str  # "heading", "lead", "words" or "question"
    near: int = 0  # where on the page the answer begins, or what might be taken for it
    holds: tuple[str, ...] = ()  # what an answer must hold, in plain words


def asked_of_pages(pages: Pages, copies: int) -> Iterator[Asked]:
    """Questions made from the headings, introductions and words of all pages."""
    for page in pages.by_page:
        for section in pages.sections(page):
            yield from _of_section(pages, section, copies)
        for one in pages.by_page[page]:
            drawn = random.Random(order(f"{one.id} asked"))
            if one.lead.endswith(":") and one.words <= _LONGEST:
                question = of_lead(one.lead, one.headings[-1] if one.headings else "", drawn)
                if question is not None:
                    yield _asked(f"{one.id}/lead", question, one, "lead")
            if one.unit.kind != "section" and 8 <= one.words <= 80 and drawn.random() < _OF_WORDS:
                question = of_words(one.text, pages.vocabulary, drawn)
                if question is not None:
                    yield _asked(f"{one.id}/words", question, one, "words")


def groups_of(
    pages: Pages,
    asked: Sequence[Asked],
    copies: int = 1,
    hardest: Mapping[str, Sequence[PageUnit]] | None = None,
) -> Iterator[Group]:
    """Each question with its answer and as many other texts as are read together.

    Copies differ in the other texts and in the remaining headings. Of a question that `hardest`
    has, the others are mostly those that it names (`training/ranking/hardest.py`).
    """
    brought = zip(asked, pages.brought(asked), strict=True)
    for one, found in tqdm(brought, total=len(asked), desc="groups"):
        for copy in range(copies):
            drawn = random.Random(order(f"{one.id} group {copy}"))
            hard = (hardest or {}).get(one.id, ())
            others = _others(pages, one, found, _mostly_first(hard, drawn), drawn)
            lost = int(drawn.random() < _UNDER_NO_HEADING)
            titled = drawn.random() >= _UNDER_NOTHING
            if one.kind in ("words", "question") or not titled:
                lost = 0 if titled else _ALL
            told = [(one.right, RIGHT)] if one.right is not None else []
            candidates = [
                Candidate(text.under(lost, titled=titled), label)
                for text, label in [*told, *others][:_TEXTS]
            ]
            yield Group(f"{one.id}/{copy}", one.kind, one.question, tuple(candidates))


def to_rank(pages: Pages, asked: Sequence[Asked], most: int = 40) -> Iterator[Group]:
    """Each question with all candidates: the results of the search, and their pages."""
    for one, found in zip(asked, pages.brought(asked), strict=True):
        told = [(one.right, RIGHT)] if one.right is not None else []
        texts = [*told, *others_in_reach(pages, one, found)][:most]
        candidates = [Candidate(text.under(0), label) for text, label in texts]
        yield Group(one.id, one.kind, one.question, tuple(candidates))


def others_in_reach(
    pages: Pages, asked: Asked, found: Sequence[PageUnit]
) -> list[tuple[PageUnit, int]]:
    """All that could be taken for the answer: the results of the search, and their pages."""
    near = [other for page in dict.fromkeys(u.page for u in found[:3])
            for other in pages.by_page[page]]  # fmt: skip
    return [
        (other, label)
        for other in dict.fromkeys([*found, *pages.by_page[asked.page], *near])
        if other is not asked.right and (label := _label(asked, other)) is not None
    ]


def _of_section(pages: Pages, section: Sequence[PageUnit], copies: int) -> Iterator[Asked]:
    right = _answer(section)
    if right is None or right.words < _SHORTEST or _NO_HEADING.search(right.headings[-1]):
        return
    heading = right.headings[-1]
    above = [part for part in (*right.headings[:-1][::-1], right.title)
             if part.lower() not in pages.common and part != heading]  # fmt: skip
    about = above[0] if above and heading.lower() in pages.common else ""
    if heading.lower() in pages.common and not about:
        return
    for copy in range(copies):
        drawn = random.Random(order(f"{right.id} heading {copy}"))
        said = about or (above[0] if above and drawn.random() < 0.15 else "")
        listed = right.unit.kind in ("list", "steps", "table")
        question = of_heading(heading, said, listed, pages.vocabulary, drawn)
        yield _asked(f"{right.id}/{copy}", question, right, "heading")


def _asked(id: str, question: str, right: PageUnit, kind: str) -> Asked:
    return Asked(id, question, right.page, right, kind, right.unit.start)


def _answer(section: Sequence[PageUnit]) -> PageUnit | None:
    """The unit that a section's heading stands for; None if that is not clear."""
    whole = [one for one in section if not any(_within(one, other) for other in section)]
    lists = [one for one in section if one.unit.kind in ("list", "steps", "table")
             and one.words <= _LONGEST]  # fmt: skip
    if len(whole) == 1:
        (all_of_it,) = whole
        if all_of_it.unit.kind == "section" and len(lists) == 1:
            return lists[0] if lists[0].words >= _WHOLE * all_of_it.words else all_of_it
        return all_of_it if all_of_it.words <= _LONGEST else None
    if len(lists) == 1:
        return lists[0]
    first = whole[0] if whole else None
    return first if first is not None and first.unit.kind == "paragraph" else None


def _site(page: str) -> str:
    return page.partition("/")[0]


def _within(one: PageUnit, other: PageUnit) -> bool:
    larger = (other.unit.start, -other.unit.end) != (one.unit.start, -one.unit.end)
    return larger and other.unit.start <= one.unit.start and one.unit.end <= other.unit.end


def _others(
    pages: Pages,
    asked: Asked,
    brought: Sequence[PageUnit],
    hardest: Sequence[PageUnit],
    drawn: random.Random,
) -> list[tuple[PageUnit, int]]:
    """Other texts for a question, without those that say the same as the answer.

    These are parts of the answer, the hardest ones, its neighbours, texts below similar headings on
    other pages, and results of the search.
    """
    right = asked.right
    page = [(one, _label(asked, one)) for one in pages.by_page[asked.page] if one is not right]
    parts = [one for one, label in page if label == PART]
    near = [one for one, label in page if label == WRONG]
    # The nearest most often.
    near.sort(key=lambda one: abs(one.unit.start - asked.near) * drawn.random())
    name = right.headings[-1].lower() if right is not None and right.headings else ""
    namesakes = [one for one in pages.namesakes[name] if one.page != asked.page]
    drawn.shuffle(parts)
    drawn.shuffle(namesakes)
    found = [*hardest[:_HARDEST], *near[:_NEAR], *namesakes[:_NAMESAKES],
             *_mostly_first(brought, drawn), *near[_NEAR:]]  # fmt: skip
    wrong = [one for one in dict.fromkeys(found) if _label(asked, one) == WRONG]
    return [*((one, PART) for one in parts[:_PARTS]), *((one, WRONG) for one in wrong)]


def _mostly_first(brought: Sequence[PageUnit], drawn: random.Random) -> list[PageUnit]:
    keys = [(rank + 1) * drawn.random() for rank in range(len(brought))]
    return [brought[place] for place in sorted(range(len(brought)), key=keys.__getitem__)]


def _label(asked: Asked, other: PageUnit) -> int | None:
    """The role of another unit for a question; None if it says the same as the answer."""
    right = asked.right
    if right is None:
        return WRONG
    said, told = plain(right.text), plain(other.text)
    if said == told or (right.page != other.page and (said in told or told in said)):
        return None
    if asked.holds and not right.overlaps(other) and all(part in told for part in asked.holds):
        return None
    # A heading stands for everything below it; which of that answers best is a guess.
    guessed = asked.kind == "heading" and right.section == other.section
    return PART if right.overlaps(other) or (guessed and right.page == other.page) else WRONG


def units_of(file: Path, page: str) -> Iterator[PageUnit]:
    """The units of a page, except outlines."""
    try:
        document = read(file.read_bytes(), page)
    except EmptyFileError:
        return
    # The lines of an outline are not contiguous: no reader gets one.
    for unit in (unit for unit in units(document) if unit.kind != "outline"):
        text = document.text[unit.start : unit.end]
        path, section = _above(document, unit)
        lead = document.text[unit.start : unit.body].strip()
        yield PageUnit(page, document.title, path, section, unit, text, lead)


def _above(document: Document, unit: Unit) -> tuple[tuple[str, ...], int]:
    starts = [one.start for one in document.headings if one.start <= unit.start]
    return document.heading_path(unit.start), starts[-1] if starts else -1


def plain(text: str) -> str:
    """A text in lower case, with single spaces."""
    return " ".join(text.lower().split())


def split(asked: Sequence[Asked], held_back: float) -> tuple[list[Asked], list[Asked]]:
    """The split into training and held-back groups, by page."""
    held = [one for one in asked if chance(f"{one.page} ranked") < held_back]
    names = {one.id for one in held}
    return [one for one in asked if one.id not in names], held


def counted(groups: Sequence[Group]) -> Mapping[str, int]:
    """The number of groups of each source."""
    return dict(sorted(Counter(group.source for group in groups).items()))
