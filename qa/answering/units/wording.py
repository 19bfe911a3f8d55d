"""From a chosen unit to what is said of it, in the document's words, as clean Markdown.

A paragraph is said whole, or the sentences around the one that answers; a list is said with the
line that leads in to it, and steps are never cut off without saying so. Each statement tells the
ranges of the text that it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.answering.units.choosing import Choice
from qa.index import Stretch
from qa.questions import LONG, MEASURED, Form, candidates, kind_of
from qa.records import Block, StatementKind
from qa.text.asking import asked_stems
from qa.text.cleaning import one_line
from qa.text.markup.links import linked, unlinked, without_links
from qa.text.sentences import CELL_SEPARATOR, LIST_MARK, Range, sentences, trim
from qa.text.terms import codes, stems, word_count

# In words. The form of the question sets the length of an answer, but a list that was chosen is
# said as far as this.
SHORT, LONGER, LONGEST_LIST = 60, 155, 270
# The headings are said where this much of the question's weight is only in them.
_ONLY_ABOVE = 0.2
# Where the reader is this sure of a number or a time, its sentence says enough.
_SURE = 0.5
# The most characters of a sentence that is said because the next one refers to it.
_LONGEST_BEFORE = 300
_REFERS = re.compile(
    r"(?:this|that|these|those|it|he|she|they|his|her|their|its|such|both|otherwise|however"
    r"|therefore|also|then|in that case|if so|if not)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Saying:
    """One statement: its text, without markers, and the ranges that it rests on.

    `mark` is where in the text the markers go; `marks` where each of them goes, if they stand
    apart.
    """

    kind: StatementKind
    text: str
    ranges: tuple[Range, ...]
    mark: int
    marks: tuple[int, ...] = ()


def say(choice: Choice, form: Form, question: str, before: Choice | None = None) -> Saying:
    """What a unit says, as long as the form allows, below the headings that it needs.

    It needs none that stood above the unit said `before` it.
    """
    headings = () if before and _is_below_same(before, choice) else _needed(choice, question)
    name = " › ".join(headings)
    budget = (LONGER if form in LONG else SHORT) - len(name.split())
    saying = _said(choice, budget, question)
    if not name:
        return saying
    said = name if name.endswith(("?", "!", ".", ":")) else f"{name}:"
    front = f"{said} " if saying.kind == "sentence" else f"**{name}**\n\n"
    return replace(saying, text=front + saying.text, mark=len(front) + saying.mark)


def _is_below_same(one: Choice, other: Choice) -> bool:
    """Whether two units of a document are below the same headings."""
    same = one.stretch.passage.document_id == other.stretch.passage.document_id
    return same and one.stretch.heading_path(one.unit) == other.stretch.heading_path(other.unit)


def _needed(choice: Choice, question: str) -> tuple[str, ...]:
    """The headings without which nobody could tell what the words are about.

    Below a heading that is the question itself, none is needed.
    """
    signals = choice.signals
    path = choice.stretch.heading_path(choice.unit)
    if path and one_line(path[0]) == one_line(choice.stretch.passage.title):
        path = path[1:]
    if not path or signals.heading < _ONLY_ABOVE or choice.unit.kind == "outline":
        return ()
    if path[-1].endswith("?") and set(stems(path[-1])) == set(stems(question)):
        return ()
    said = frozenset(stems(choice.text))
    # With its number, a heading in front of a sentence would be an item of a list.
    return tuple(
        LIST_MARK.sub("", one_line(unlinked(name)))
        for name in path[-2:]
        if not said.issuperset(stems(name))
    )


def _said(choice: Choice, budget: int, question: str) -> Saying:
    unit, stretch = choice.unit, choice.stretch
    if unit.kind in _WRITERS:
        return _WRITERS[unit.kind](choice)
    enough = _enough(choice, question) if kind_of(question) in MEASURED else None
    if enough is not None:
        return _sentences(choice, enough)
    inside = list(_leaves(stretch, unit.body, unit.end))
    # One item by itself is not a list.
    alone = len(inside) == 1 and inside[0].kind == "item"
    structured = not alone and any(block.kind not in ("paragraph", "note") for block in inside)
    if structured and (unit.kind == "section" or choice.words <= budget):
        return _list(choice)
    if choice.words <= budget:
        return _sentences(choice, (unit.body, unit.end))
    return _sentences(choice, _around(choice, budget, question))


def _enough(choice: Choice, question: str) -> Range | None:
    """The one sentence of a unit that says all that a question for a number or a time asks for.

    A number in the question (“in 2023”, “error E21”) tells which of several is meant; otherwise it
    is the sentence where the reader surely found an answer, if no other one with such an answer has
    as many of the question's words, or one that it lacks.
    """
    unit, span = choice.unit, choice.span
    named = set(codes(stems(question)))
    apart = [(unit.start + start, unit.start + end) for start, end in sentences(choice.text)]
    naming = [one for one in apart if named & set(stems(_cut(choice.stretch, *one)))]
    if named and len(naming) == 1 and len(apart) > 1:
        # What names it may lead up to the answer.
        answers = candidates(kind_of(question), _cut(choice.stretch, *naming[0]), question)
        return naming[0] if answers else None
    if span is None or span.score < _SURE or naming:
        return None
    start = max(unit.body, span.start)
    if any(_rivals(choice, one, (start, span.end), question) for one in apart):
        return None
    return (start, span.end) if _plain(_cut(choice.stretch, start, span.end)) else None


def _rivals(choice: Choice, one: Range, found: Range, question: str) -> bool:
    """Whether another sentence than the one found may be meant as well."""
    if one[0] < found[1] and found[0] < one[1]:
        return False
    text = _cut(choice.stretch, *one)
    if not candidates(kind_of(question), text, question):
        return False
    asked = set(asked_stems(question))
    here = asked & set(stems(_cut(choice.stretch, *found)))
    there = asked & set(stems(text))
    return len(there) >= len(here) or not there <= here


def _sentences(choice: Choice, place: Range) -> Saying:
    at = choice.stretch.passage.start
    first, last = trim(choice.stretch.passage.text, place[0] - at, place[1] - at)
    place = _standing_alone(choice, (at + first, at + last))
    text = _plain(_shown(choice.stretch, *place))
    return Saying("sentence", text, (place,), len(text))


def _standing_alone(choice: Choice, place: Range) -> Range:
    """The range, with the sentence before it if it begins with a word that refers to that one."""
    stretch, (start, end) = choice.stretch, place
    if not _REFERS.match(_cut(stretch, start, end)):
        return place
    first = stretch.passage.start
    for heading in stretch.headings:
        if heading.start < start:
            first = max(first, heading.start + len(heading.text))
    before = sentences(_cut(stretch, max(first, start - _LONGEST_BEFORE), start))
    return (max(first, start - _LONGEST_BEFORE) + before[-1][0], end) if before else place


def _around(choice: Choice, budget: int, question: str) -> Range:
    """The sentences of a unit around the one that answers, as many as the budget has room for."""
    unit, text = choice.unit, choice.text
    ranges = [
        (unit.start + start, unit.start + end)
        for start, end in sentences(text)
        if unit.start + end > unit.body
    ]
    if choice.span is not None:
        at = choice.span.start
        best = max((n for n, (start, _) in enumerate(ranges) if start <= at), default=0)
    else:
        asked = frozenset(stems(question))
        shares = [len(asked & set(stems(_cut(choice.stretch, *one)))) for one in ranges]
        best = shares.index(max(shares))
    first = last = best
    room = budget - _words(choice.stretch, ranges[best])
    grew = True
    while grew:
        grew = False
        for step in (1, -1):
            at = last + 1 if step == 1 else first - 1
            if 0 <= at < len(ranges) and _words(choice.stretch, ranges[at]) <= room:
                room -= _words(choice.stretch, ranges[at])
                first, last = min(first, at), max(last, at)
                grew = True
                break
    return ranges[first][0], ranges[last][1]


def _list(choice: Choice, budget: int = LONGEST_LIST) -> Saying:
    """A list, steps, or a section that contains them, with the line that leads in to it."""
    stretch, unit = choice.stretch, choice.unit
    # The heading that is the question comes before the body of a section.
    start = unit.body if unit.kind == "section" else unit.start
    lines: list[str] = []
    mark = 0
    words = 0
    end = start
    leaves = list(_leaves(stretch, start, unit.end))
    for block in leaves:
        line = _line(stretch, block)
        words += word_count(without_links(line))
        if words > budget and lines:
            break
        lines.append(line)
        end = block.end
        if block.kind == "paragraph" and (block.start < unit.body or len(lines) == 1):
            mark = len(_joined(lines))
    text = _joined(lines)
    if left := leaves[len(lines) :]:
        # What is nested in an item does not count as one more.
        items = sum(block.kind == "item" and block.level == 0 for block in left)
        text += f"\n\n… and {items} more." if items else "\n\n…"
    kind: StatementKind = "steps" if unit.kind == "steps" else "list"
    return Saying(kind, text, ((start, end),), mark or len(text))


def _joined(lines: Sequence[str]) -> str:
    parts = [lines[0]] if lines else []
    for before, line in pairwise(lines):
        tight = bool(LIST_MARK.match(before.lstrip()) and LIST_MARK.match(line.lstrip()))
        parts.append(f"\n{line}" if tight else f"\n\n{line}")
    return "".join(parts)


def _line(stretch: Stretch, block: Block) -> str:
    if block.kind == "code":
        return f"```\n{_cut(stretch, block.start, block.end)}\n```"
    text = _shown(stretch, block.start, block.end)
    if block.kind == "heading":
        return f"**{one_line(text)}**"
    if block.kind == "item":
        return f"{'   ' * block.level}{one_line(text)}"
    return one_line(text)


def _outline(choice: Choice) -> Saying:
    """The headings below another, as a list."""
    headings = choice.stretch.outlined(choice.unit)
    lines = [f"- {unlinked(heading.text)}" for heading in headings]
    ranges = tuple((heading.start, heading.start + len(heading.text)) for heading in headings)
    # Each leads to its own section.
    marks = tuple(len("\n".join(lines[: number + 1])) for number in range(len(lines)))
    return Saying("list", "\n".join(lines), ranges, marks[-1] if marks else 0, marks)


def _table(choice: Choice) -> Saying:
    """The rows of a table below its header, as a table in Markdown."""
    stretch, unit = choice.stretch, choice.unit
    rows = [
        block
        for block in stretch.blocks
        if block.kind == "row" and unit.start <= block.start < unit.end
    ]
    headers = stretch.headers(rows[0]) if rows else ()
    shown = [row for row in rows if row not in headers]
    if unit.kind == "row" and shown:
        shown = [*stretch.naming(shown[0]), *shown]
    if not headers:
        text = "\n".join(_plain(_shown(stretch, row.start, row.end)) for row in shown)
        return Saying("table", text, ((unit.start, unit.end),), len(text))
    # Markdown has one row of names.
    head = (
        [unlinked(name) for name in stretch.column_names(rows[0])]
        if len(headers) > 1
        else _shown(stretch, headers[0].start, headers[0].end).split(CELL_SEPARATOR)
    )
    lines = [_row(head), _row(["---"] * len(head))]
    for row in shown:
        cells = _shown(stretch, row.start, row.end).split(CELL_SEPARATOR)
        lines.append(_row([*cells, *[""] * (len(head) - len(cells))]))
    whole = unit.kind == "table"
    ranges = (
        ((headers[0].start, shown[-1].end),)
        if whole and shown
        else tuple((row.start, row.end) for row in (*headers, *shown))
    )
    text = "\n".join(lines)
    span = choice.span
    if whole and shown and choice.best_span and span is not None and span.end <= unit.body:
        # What introduces the table is the answer, or a part of it.
        text = f"{_plain(_shown(stretch, unit.start, unit.body))}\n\n{text}"
        ranges = ((unit.start, shown[-1].end),)
    # The markers go into the last cell: after it, they would be one more.
    return Saying("table", text, ranges, len(text) - len(" |"))


def cell(choice: Choice, question: str) -> Range | None:
    """The cell of a row below the column that was asked for, if one column was."""
    stretch = choice.stretch
    row = stretch.row(choice.unit)
    if row is None or row.level == 1:
        return None
    asked = frozenset(stems(question))
    shared = [len(asked & set(stems(name))) for name in stretch.column_names(row)]
    if not shared:
        return None
    best = max(range(len(shared)), key=shared.__getitem__)
    cells = _cells(stretch, row)
    if not shared[best] or shared.count(shared[best]) > 1 or best >= len(cells) or best == 0:
        return None
    start = row.start + sum(len(text) + len(CELL_SEPARATOR) for text in cells[:best])
    return (start, start + len(cells[best])) if cells[best] else None


def _cells(stretch: Stretch, row: Block) -> list[str]:
    return _cut(stretch, row.start, row.end).split(CELL_SEPARATOR)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _leaves(stretch: Stretch, start: int, end: int) -> Iterator[Block]:
    """The blocks of a range that hold text themselves; an item without the blocks nested in it."""
    blocks = stretch.blocks
    for place, block in enumerate(blocks):
        if block.end <= start or block.start >= end or block.kind in ("list", "table"):
            continue
        inner = blocks[place + 1] if place + 1 < len(blocks) else None
        if inner is not None and inner.parent == place:
            own = _cut(stretch, block.start, inner.start).rstrip()
            block = replace(block, end=block.start + len(own))
        if block.start < start:
            block = replace(block, start=start)
        if block.start < block.end:
            yield block


def _plain(text: str) -> str:
    return LIST_MARK.sub("", one_line(text))


def _shown(stretch: Stretch, start: int, end: int) -> str:
    """A range of the text as it is said: its links are links in Markdown."""
    pieces: list[str] = []
    for link in stretch.links:
        if start <= link.start and link.end <= end:
            pieces.append(unlinked(_cut(stretch, start, link.start)))
            pieces.append(linked(_cut(stretch, link.start, link.end), link.target))
            start = link.end
    return "".join((*pieces, unlinked(_cut(stretch, start, end))))


def _cut(stretch: Stretch, start: int, end: int) -> str:
    at = stretch.passage.start
    return stretch.passage.text[start - at : end - at]


def _words(stretch: Stretch, place: Range) -> int:
    return word_count(_cut(stretch, *place))


_WRITERS: Mapping[str, Callable[[Choice], Saying]] = {
    "list": _list,
    "steps": _list,
    "table": _table,
    "row": _table,
    "outline": _outline,
}
