"""What a question names by its number: clause 2.2, step b, the third step of closing the hall.

Neither vectors nor the reader tell one number from another, so what begins with it is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.answering.units.choosing import Choice
from qa.index import Stretch
from qa.records import Block, Unit, UnitKind
from qa.text.terms import stems

_STEP = "step|schritt|étape|paso"
_PART = (
    rf"{_STEP}|clause|section|article|item|point|paragraph|chapter|rule|abschnitt|artikel|punkt"
    "|absatz|ziffer|klausel|kapitel|chapitre|alinéa|artículo|sección|punto|cláusula|capítulo"
)
_DIGITS = r"\d{1,3}(?:\.\d{1,3}){0,5}"
# "A" and "I" are words as well.
_NAMED = re.compile(
    rf"(?:\b(?:{_PART})s?\s(?:no\.?\s|nr\.?\s|number\s)?|§\s?)"
    rf"(?:(?P<number>{_DIGITS}|[b-hj-z]|[ivx]{{2,6}})|\((?P<in_brackets>{_DIGITS}|[a-z]{{1,6}})\)"
    r"|(?P<last>[ai])(?=\W{0,3}$))(?![\w-])",
    re.IGNORECASE,
)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
)
_COUNTED = re.compile(
    rf"\b(?:(?P<word>{'|'.join(_ORDINALS)})|(?P<digits>\d{{1,2}})(?:st|nd|rd|th))\s(?:{_STEP})\b",
    re.IGNORECASE,
)
# What begins an item, a heading or a clause: "2.2 ", "(b)", "§ 4", "Article 5:".
_BEGINS = re.compile(
    rf"[(\[\s]*(?P<kind>§|(?:{_PART})\b)?\s?(?P<number>{_DIGITS}|[ivx]{{1,6}}|[a-z])"
    r"(?P<end>[.):\]]|(?!\w))",
    re.IGNORECASE,
)
# Words that ask for a part as a whole.
_ASKS = frozenset(stems("say says said state states mean means read reads explain tell content"))


@dataclass(frozen=True, slots=True)
class NamedPart:
    """The number of a part that a question names, and the words that it says besides."""

    number: str
    of: frozenset[str] = frozenset()


def named_part(question: str) -> NamedPart | None:
    """The part that a question names by its number, if it does.

    >>> named_part("What does clause 2.2 say?")
    NamedPart(number='2.2', of=frozenset())
    >>> named_part("What is the third step of closing?")
    NamedPart(number='3', of=frozenset({'close'}))
    """
    every = [*_NAMED.finditer(question), *_COUNTED.finditer(question)]
    if len(every) != 1:
        return None
    (found,) = every
    if found.re is _NAMED:
        number = found["number"] or found["in_brackets"] or found["last"]
    else:
        number = found["digits"] or str(_ORDINALS.index(found["word"].lower()) + 1)
    rest = stems(f"{question[: found.start()]} {question[found.end() :]}")
    return NamedPart(number.lower(), frozenset(rest) - _ASKS)


def parts_named(question: str, choices: Sequence[Choice]) -> list[Choice]:
    """What has the number that a question asks for, below words that hold all else it says."""
    part = named_part(question)
    if part is None:
        return []
    found: dict[tuple[str, int], Choice] = {}
    likeliest: dict[int, Choice] = {}
    for choice in choices:
        likeliest.setdefault(id(choice.stretch), choice)
    for choice in likeliest.values():
        stretch = choice.stretch
        for one in _of_number(stretch, part.number):
            place = (stretch.passage.document_id, one.start)
            if place not in found and part.of.issubset(stems(_above(stretch, one))):
                found[place] = replace(choice, unit=one, span=None, asked_for=True)
    return list(found.values())


def _of_number(stretch: Stretch, number: str) -> Iterator[Unit]:
    """The items, paragraphs and sections that begin with a number."""
    for place, block in enumerate(stretch.blocks):
        if block.kind not in ("item", "paragraph", "heading") or not _has(stretch, block, number):
            continue
        if block.kind == "heading":
            yield _below(stretch, place)
        else:
            kind: UnitKind = "item" if block.kind == "item" else "paragraph"
            yield Unit(kind, block.start, block.end, block.start)


def _above(stretch: Stretch, part: Unit) -> str:
    """The title, the headings, and what introduces a list, above a part."""
    at = stretch.passage.start
    leads = (
        stretch.passage.text[unit.start - at : unit.body - at]
        for unit in stretch.units
        if unit.start <= part.start and part.end <= unit.end
    )
    return " ".join((stretch.passage.title, *stretch.heading_path(part), *leads))


def _has(stretch: Stretch, block: Block, number: str) -> bool:
    at = stretch.passage.start
    begins = _BEGINS.match(stretch.passage.text, block.start - at, block.end - at)
    if begins is None or begins["number"].lower() != number:
        return False
    # "3 people" is no number of a paragraph, and "A day" none of a heading.
    plain = block.kind == "heading" and number[0].isdigit()
    return bool(begins["kind"] or begins["end"] or plain or "." in number)


def _below(stretch: Stretch, place: int) -> Unit:
    """The text below a heading and its own headings; the heading itself, if there is none."""
    heading, after = stretch.blocks[place], stretch.blocks[place + 1 :]
    ends = (
        n for n, one in enumerate(after) if one.kind == "heading" and one.level <= heading.level
    )
    below = after[: next(ends, len(after))] or (heading,)
    return Unit("section", below[0].start, max(one.end for one in below), below[0].start)
