"""From what was found for a question to what was not said yet: the rest, and where else to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.answering.citations import quoted
from qa.answering.suggesting.suggestions import section
from qa.answering.units.choosing import Choice
from qa.answering.units.wording import LONGER, say
from qa.questions import Form, form_of
from qa.records import Citation, Heading, heading_path
from qa.text.cleaning import one_line
from qa.text.markup.shapes import repeated
from qa.text.sentences import Range, sentences
from qa.text.terms import stems

# Not statements by themselves: they only name what is written elsewhere.
_NO_STATEMENT = frozenset(("outline", "lead"))
# How much worse than the best a unit of another section may be, in the units of `Choice.value`.
_RELATED = 5.0
# A paragraph of which more than this was told is known.
_KNOWN = 0.5
# The share of a question's weight that a section must hold to fit it; all of it, but for rounding.
_ALL = 0.999
_MOST_SECTIONS = 5
# How much worse than the best the best unit of a fitting section may be, in the same units.
_NEAR = 5.0


def unsaid(choices: Sequence[Choice], told: str) -> list[Choice]:
    """The best units of the document that was quoted that are not in what was `told` yet.

    Those of the same section come first, then those of others, as many as fit into one answer; they
    are in the order of the document.
    """
    shares = {id(one): _told(one, told) for one in choices}
    home = max(choices, key=lambda one: (shares[id(one)] == 1, one.value))
    found: list[Choice] = []
    words = 0
    for one in _nearest_first(home, choices):
        known = shares[id(one)] > (_KNOWN if one.unit.kind == "paragraph" else 0)
        if known or any(_meet(one, other) for other in found):
            continue
        # A unit that is too long to be said whole would be said in the same words again.
        if repeated(say(one, Form.OVERVIEW, "").text, told):
            continue
        if found and words + one.words > LONGER:
            break
        found.append(one)
        words += one.words
    return sorted(found, key=lambda one: one.unit.start)


def _told(choice: Choice, told: str) -> float:
    """How much of a unit was told already, counted sentence by sentence."""
    text = choice.text
    parts = [text[start:end] for start, end in sentences(text)]
    return sum(len(part) for part in parts if repeated(part, told)) / max(1, sum(map(len, parts)))


def _nearest_first(home: Choice, choices: Sequence[Choice]) -> Iterator[Choice]:
    """What of the document of a unit may be said, its own section first."""
    within = [
        one for one in choices if one.stretch is home.stretch and one.unit.kind not in _NO_STATEMENT
    ]
    below = _heading(home)
    yield from (one for one in within if _heading(one) == below)
    least = choices[0].value - _RELATED
    yield from (one for one in within if _heading(one) != below and one.value >= least)


@dataclass(frozen=True, slots=True)
class _Section:
    """A section that fits, by its heading; `named` is how much of the question its headings say."""

    choice: Choice  # the best unit in it
    heading: Heading
    place: Range
    named: float


def sections(
    question: str, choices: Sequence[Choice], citations: Sequence[Citation]
) -> tuple[Citation, ...]:
    """The other sections that fit words that ask nothing in particular, each by its heading.

    A section fits if it holds all of the words, together with its headings; those with the words in
    their own heading come first. None of them is cited, or lies within another one; where nothing
    is cited, there are none.
    """
    if not citations or form_of(question) not in (Form.OPEN, Form.OVERVIEW):
        return ()
    found: dict[tuple[str, int], _Section] = {}
    for choice in choices:
        one = _fitting(question, choice, choices[0].value - _NEAR)
        if one is not None and not any(_cited(one, citation) for citation in citations):
            found.setdefault((choice.stretch.passage.document_id, one.heading.start), one)
    told: list[_Section] = []
    for one in sorted(found.values(), key=lambda one: (-one.named, -one.choice.value)):
        apart = not any(_within(one, other) or _within(other, one) for other in told)
        if len(told) < _MOST_SECTIONS and apart:
            told.append(one)
    return tuple(_by_heading(one, number) for number, one in enumerate(told, 1))


def _fitting(question: str, choice: Choice, least: float) -> _Section | None:
    """The section of a unit, where it fits and its heading can be cited."""
    heading, passage, signals = _heading(choice), choice.stretch.passage, choice.signals
    if heading is None or not passage.start <= heading.start < passage.end:
        return None
    if one_line(heading.text) == one_line(passage.title):  # that is the document
        return None
    if signals.coverage + signals.heading < _ALL or choice.value < least:
        return None
    asked = set(stems(question))
    path = heading_path(choice.stretch.headings, heading.start)
    named = asked & set(stems(" ".join((passage.title, *path))))
    place = section(choice.stretch.headings, heading, passage.end)
    return _Section(choice, heading, place, len(named) / max(1, len(asked)))


def _within(one: _Section, other: _Section) -> bool:
    start, end = other.place
    return one.choice.stretch is other.choice.stretch and start <= one.heading.start < end


def _by_heading(one: _Section, number: int) -> Citation:
    passage, start = one.choice.stretch.passage, one.heading.start
    line = passage.text[start - passage.start :].partition("\n")[0].rstrip()
    return quoted(passage, (start, start + len(line)), number)


def _cited(one: _Section, citation: Citation) -> bool:
    """Whether a citation is directly below the heading of a section."""
    if citation.source != one.choice.stretch.passage.source:
        return False
    above = [each for each in one.choice.stretch.headings if each.start <= citation.start]
    return bool(above) and above[-1] == one.heading


def _heading(choice: Choice) -> Heading | None:
    """The nearest heading above a unit, or the first one of an outline."""
    above = [one for one in choice.stretch.headings if one.start <= choice.unit.start]
    return above[-1] if above else None


def _meet(one: Choice, other: Choice) -> bool:
    return (
        one.stretch is other.stretch
        and one.unit.start < other.unit.end
        and other.unit.start < one.unit.end
    )
