"""A document -> its units: the parts that can each be the answer to a question.

A unit is the smallest part that answers in full: a paragraph; a list or numbered steps with the
line that introduces them, and each item; a table, and each of its rows; the text below a question;
a short section; steps with a heading each. Units overlap, since either a list or one item of it may
be the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa.records import Block, Document, Unit, UnitKind
from qa.text.sentences import COLONS, sentences

# Words. A longer section is hardly ever an answer, and is not a unit.
_LONGEST_SECTION = 150
# Words. Steps with headings of their own are long.
_LONGEST_PROCEDURE = 600
# Headings. More of them would be a table of contents.
_LONGEST_OUTLINE = 12
# A longer paragraph is cut into stretches of sentences, so that each can be found.
_LONGEST_PARAGRAPH = 150
_LONGEST_STRETCH = 80
# Only the last sentence of a longer paragraph introduces the list below it.
_LONGEST_LEAD = 45
# A shorter item says too little by itself.
_SHORTEST_ITEM = 4

_SHAPED = ("list", "table", "code")

_ORDERED = re.compile(r"(?:\d+|[A-Za-z]|[ivx]{2,5}|[IVX]{2,5})[.)]|\(\w+\)")
_STEP = re.compile(r"(?:step|schritt|étape|paso)\s+(\d+)\b|(\d+)[.):]?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading and the outermost blocks up to the next one."""

    heading: Block | None
    content: Sequence[tuple[int, Block]]  # each with its position in the document's blocks


def units(document: Document) -> list[Unit]:
    """The units of a document, in the order of its text, longer ones first."""
    found: set[Unit] = set()
    sections = list(_sections(document.blocks))
    parts: dict[int, list[Block]] = {}
    for block in document.blocks:
        parts.setdefault(block.parent, []).append(block)
    for section in sections:
        found.update(_of_section(document.text, section, parts))
    found.update(_procedures(document, sections))
    found.update(_outlines(document.text, sections))
    return sorted(found, key=lambda unit: (unit.start, -unit.end, unit.kind))


def _sections(blocks: Sequence[Block]) -> Iterator[_Section]:
    heading: Block | None = None
    content: list[tuple[int, Block]] = []
    for place, block in enumerate(blocks):
        if block.kind == "heading":
            if heading is not None or content:
                yield _Section(heading, content)
            heading, content = block, []
        elif block.parent < 0:
            content.append((place, block))
    if heading is not None or content:
        yield _Section(heading, content)


def _of_section(
    text: str, section: _Section, parts: Mapping[int, Sequence[Block]]
) -> Iterator[Unit]:
    content = [block for _, block in section.content]
    asked: Block | None = None  # a question whose answer is being collected
    answer: list[Block] = []
    for place, (at, block) in enumerate(section.content):
        if _only_asks(text, block):
            yield from _answer(asked, answer)
            asked, answer = block, []
            continue
        answer.append(block)
        before = content[place - 1] if place else None
        after = content[place + 1] if place + 1 < len(content) else None
        if block.kind in _SHAPED:
            yield from _led(text, block, before, after, parts.get(at, ()))
        elif before is not None and _announces(text, before) and not _leads(text, block, after):
            yield Unit("paragraph", _lead(text, before, block), block.end, block.start)
        elif not _only_leads(text, block, after):
            kind: UnitKind = "lead" if _leads(text, block, after) else "paragraph"
            for start, end in _stretches(text, block):
                yield Unit(kind, start, end, start)
    yield from _answer(asked, answer)
    if len(content) < 2 or any(_only_asks(text, block) for block in content):
        return
    start, end = content[0].start, content[-1].end
    if _words(text, start, end) <= _LONGEST_SECTION:
        yield Unit("section", start, end, start)


def _stretches(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """A paragraph, or the stretches of sentences that a long one is cut into."""
    if _words(text, block.start, block.end) <= _LONGEST_PARAGRAPH:
        yield block.start, block.end
        return
    start = end = block.start
    for first, last in sentences(text[block.start : block.end]):
        if end > start and _words(text, start, block.start + last) > _LONGEST_STRETCH:
            yield start, end
            start = block.start + first
        end = block.start + last
    yield start, end


def _answer(asked: Block | None, content: Sequence[Block]) -> Iterator[Unit]:
    if asked is not None and content:
        yield Unit("section", asked.start, content[-1].end, content[0].start)


def _led(
    text: str, block: Block, before: Block | None, after: Block | None, parts: Sequence[Block]
) -> Iterator[Unit]:
    """A list, a table or code with its introduction, and its parts.

    What the last item of a list announces, as a command to type, belongs to the list.
    """
    start = block.start if before is None else _lead(text, before, block)
    end = block.end if after is None or not _announces(text, block) else after.end
    if block.kind == "list":
        ordered = bool(parts) and _ORDERED.fullmatch(parts[0].marker) is not None
        yield Unit("steps" if ordered else "list", start, end, block.start)
        for part in parts:
            long = _words(text, part.start, part.end) > _SHORTEST_ITEM
            if long and not _only_asks(text, part):
                yield Unit("item", part.start, part.end, part.start)
    elif block.kind == "table":
        yield Unit("table", start, block.end, block.start)
        for part in parts:
            if part.level == 0:
                yield Unit("row", part.start, part.end, part.start)
    else:
        yield Unit("paragraph", start, block.end, block.start)


def _lead(text: str, before: Block, block: Block) -> int:
    """The start of a block's introduction: a short paragraph, or the last sentence of one."""
    if before.kind != "paragraph" and not (before.kind == "note" and _announces(text, before)):
        return block.start  # a remark stands by itself
    if _words(text, before.start, before.end) <= _LONGEST_LEAD:
        return before.start
    last = [start for start, _ in sentences(text[before.start : before.end])][-1]
    return before.start + last


def _only_asks(text: str, block: Block) -> bool:
    """Whether a block is only a question, marked as one or not."""
    if block.kind not in ("paragraph", "note", "item"):
        return block.kind == "question"
    words = text[block.start : block.end]
    return words.endswith("?") and len(sentences(words)) == 1


def _announces(text: str, block: Block) -> bool:
    """Whether a block ends in a colon, so that the next one says what it is about."""
    return text[block.start : block.end].endswith(COLONS)


def _leads(text: str, block: Block, after: Block | None) -> bool:
    """Whether a paragraph introduces the block after it."""
    shaped = block.kind != "note" and after is not None and after.kind in _SHAPED
    return after is not None and (shaped or _announces(text, block))


def _only_leads(text: str, block: Block, after: Block | None) -> bool:
    """Whether a paragraph only introduces the block after it."""
    leads = after is not None and _announces(text, block)
    return leads and _words(text, block.start, block.end) <= _LONGEST_LEAD


def _procedures(document: Document, sections: Sequence[_Section]) -> Iterator[Unit]:
    """Consecutive sections that are the steps of one procedure."""
    run: list[_Section] = []
    for section in [*sections, _Section(None, ())]:
        if run and not _next_step(run[-1].heading, section.heading, document.text):
            if len(run) > 1 and run[-1].content:
                first, (_, last) = run[0].heading, run[-1].content[-1]
                assert first is not None
                if _words(document.text, first.start, last.end) <= _LONGEST_PROCEDURE:
                    yield Unit("steps", first.start, last.end, first.start)
            run = []
        if section.heading is not None and _number(section.heading, document.text) is not None:
            run.append(section)


def _outlines(text: str, sections: Sequence[_Section]) -> Iterator[Unit]:
    """The headings directly below another one, if there are several: its outline.

    Questions are no outline: what stands below them answers.
    """
    headings = [section.heading for section in sections if section.heading is not None]
    for place, above in enumerate(headings):
        below: list[Block] = []
        for heading in headings[place + 1 :]:
            if heading.level <= above.level:
                break
            if not below or heading.level <= below[0].level:
                below.append(heading)
        asks = any(text[heading.start : heading.end].endswith("?") for heading in below)
        if 1 < len(below) <= _LONGEST_OUTLINE and not asks:
            yield Unit("outline", below[0].start, below[-1].end, below[0].start)


def _next_step(one: Block | None, other: Block | None, text: str) -> bool:
    if one is None or other is None or one.level != other.level:
        return False
    first, second = _number(one, text), _number(other, text)
    return first is not None and second == first + 1


def _number(heading: Block, text: str) -> int | None:
    found = _STEP.match(text, heading.start, heading.end)
    return None if found is None else int(found[1] or found[2])


def _words(text: str, start: int, end: int) -> int:
    return len(text[start:end].split())
