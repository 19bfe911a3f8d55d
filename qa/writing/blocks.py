"""From the units that may answer to what a chat model is shown, and is checked against.

Each one is whole: a paragraph, a list with the line that leads in to it, steps, a table; with its
headings. The passages that hold none of them come after, as far as there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.answering import Choice
from qa.records import Hit

# A model is shown no more of them; those further down hardly ever answer.
_MOST = 12
_PARTS = frozenset(("item", "row", "lead"))
_WHOLES = frozenset(("list", "steps", "table"))
# Words. A longer list is shown by the items that were chosen.
_LONGEST = 270


def blocks(hits: Sequence[Hit], choices: Sequence[Choice]) -> list[Hit]:
    """The units as hits, those that answer best first, and the hits that share no text with one."""
    found: list[Hit] = []
    for choice in _wholes(choices):
        block = _block(choice)
        if not any(_meet(block, one) for one in found):
            found.append(block)
        if len(found) == _MOST:
            break
    return found + [hit for hit in hits if not any(_meet(hit, one) for one in found)]


def _wholes(choices: Sequence[Choice]) -> Iterator[Choice]:
    """The choices in order; instead of a part of a list or a table, the whole of it."""
    for choice in choices:
        if choice.unit.kind in _PARTS:
            around = (one for one in choices if one.unit.kind in _WHOLES and one.contains(choice))
            yield next((one for one in around if one.words <= _LONGEST), choice)
        elif choice.unit.kind != "outline":  # its text is in many places
            yield choice


def _block(choice: Choice) -> Hit:
    unit, around = choice.unit, choice.stretch.passage
    passage = replace(
        around,
        start=unit.start,
        end=unit.end,
        text=choice.text,
        heading=" > ".join(choice.stretch.heading_path(unit)),
    )
    return Hit(passage, choice.signals.hit)


def _meet(one: Hit, other: Hit) -> bool:
    first, second = one.passage, other.passage
    return (
        first.document_id == second.document_id
        and first.start < second.end
        and second.start < first.end
    )
