"""The parts of an answer's Markdown: paragraphs, headings, lists, tables and code.

An answer uses few elements of Markdown, and the rest of its text is a document's own: no other mark
has a meaning. A text that is still being written is read as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa.text.markup.links import without_links
from qa.text.sentences import LIST_MARK

_FENCE = "```"
_MARKERS = r"((?:\s*\[\d+\])*)\s*$"
_FENCE_END = re.compile(rf"{_FENCE}{_MARKERS}")
_HEADING = re.compile(rf"\*\*((?:(?!\*\*).)+)\*\*{_MARKERS}")
_ROW = re.compile(rf"\|(.*)\|{_MARKERS}")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*$")
_CELL_END = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"(\d{1,3})[.)]$")
_MARKER = re.compile(r"\[\d+\]")
_NOT_WORDS = re.compile(r"[\W_]+")
# Nobody follows deeper lists, and a hostile text must not exhaust the stack.
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A paragraph, a heading, a list with its items, a table or code of an answer."""

    kind: Literal["paragraph", "heading", "list", "item", "table", "code"]
    text: str = ""
    """Of a paragraph, a heading and an item, with markers `[n]`; of code, unchanged."""
    marker: str = ""
    """Of an item, its marker: "-" or "3."."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table, the header first."""
    after: str = ""
    """The markers `[n]` that follow a table or code."""
    parts: tuple[AnswerPart, ...] = ()
    """Of a list, its items; of an item, the parts below its own text."""

    @property
    def number(self) -> int | None:
        """The number of an item."""
        found = _NUMBER.match(self.marker)
        return int(found[1]) if found else None


def answer_parts(text: str) -> tuple[AnswerPart, ...]:
    """The parts of an answer's text, in their order."""
    return _nested(list(_read(text.split("\n"))))


def repeated(quote: str, text: str) -> bool:
    """Whether an answer contains a quote word for word, whatever its shape.

    The marker of a list item at the beginning of the quote is ignored.
    """
    quote = LIST_MARK.sub("", quote.lstrip())
    said, quoted = (
        _NOT_WORDS.sub("", _MARKER.sub("", one)).casefold() for one in (without_links(text), quote)
    )
    return quoted in said


@dataclass(frozen=True, slots=True)
class _Read:
    """A part that has been read, before it is known where it belongs."""

    part: AnswerPart
    indent: int = 0

    @property
    def item(self) -> bool:
        return self.part.kind == "item"


def _read(lines: Sequence[str]) -> Iterator[_Read]:
    at = 0
    paragraph: list[str] = []
    while at < len(lines):
        line = lines[at].rstrip()
        found, taken = _apart(lines, at)
        if (found is not None or not line.strip()) and paragraph:
            yield _Read(AnswerPart("paragraph", "\n".join(paragraph)))
            paragraph = []
        if found is not None:
            yield found
        elif line.strip():
            paragraph.append(line)
        at += taken
    if paragraph:
        yield _Read(AnswerPart("paragraph", "\n".join(paragraph)))


def _apart(lines: Sequence[str], at: int) -> tuple[_Read | None, int]:
    """The part that begins at a line, unless it is a paragraph, and its number of lines."""
    line = lines[at].rstrip()
    words = line.lstrip()
    if words.startswith(_FENCE) and not words.strip("`"):
        return _code(lines, at)
    if _ROW.match(words) and at + 1 < len(lines) and _RULE.match(lines[at + 1].strip()):
        return _table(lines, at)
    if heading := _HEADING.match(words):
        return _Read(AnswerPart("heading", heading[1] + heading[2])), 1
    if mark := LIST_MARK.match(words):
        part = AnswerPart("item", words[mark.end() :], mark[0].strip())
        return _Read(part, len(line) - len(words)), 1
    return None, 1


def _code(lines: Sequence[str], at: int) -> tuple[_Read, int]:
    for end in range(at + 1, len(lines)):
        if closed := _FENCE_END.match(lines[end].strip()):
            text = "\n".join(lines[at + 1 : end])
            return _Read(AnswerPart("code", text, after=closed[1].strip())), end + 1 - at
    return _Read(AnswerPart("code", "\n".join(lines[at + 1 :]))), len(lines) - at


def _table(lines: Sequence[str], at: int) -> tuple[_Read, int]:
    rows: list[tuple[str, ...]] = []
    after = ""
    end = at
    while end < len(lines) and (found := _ROW.match(lines[end].strip())):
        if end != at + 1:
            cells = _CELL_END.split(found[1])
            rows.append(tuple(cell.strip().replace("\\|", "|") for cell in cells))
        after = found[2].strip()
        end += 1
    return _Read(AnswerPart("table", rows=tuple(rows), after=after)), max(1, end - at)


def _nested(read: Sequence[_Read], depth: int = 0) -> tuple[AnswerPart, ...]:
    parts: list[AnswerPart] = []
    at = 0
    while at < len(read):
        if not read[at].item:
            parts.append(read[at].part)
            at += 1
            continue
        end = _end_of_list(read, at, depth)
        parts.append(_list(read[at:end], depth))
        at = end
    return tuple(parts)


def _end_of_list(read: Sequence[_Read], at: int, depth: int) -> int:
    """The end of the list that begins with an item.

    Code belongs to the item before it, and so does everything else before the next number.
    """
    first = read[at]
    last = first.part.number
    end = at + 1
    for place in range(at + 1, len(read)):
        one = read[place]
        if one.part.kind == "heading":
            break
        if not one.item:
            if one.part.kind == "code" and end == place:
                end = place + 1
            continue
        sibling = one.indent <= first.indent or depth >= _DEEPEST
        number = one.part.number
        follows = number is not None and last is not None and number == last + 1
        alike = (number is None) == (last is None)
        if one.indent < first.indent or (sibling and not alike):
            break
        if end != place and not (sibling and follows):
            break
        end = place + 1
        last = number if sibling else last
    return end


def _list(read: Sequence[_Read], depth: int) -> AnswerPart:
    margin = read[0].indent
    starts = [
        at
        for at, one in enumerate(read)
        if one.item and (one.indent <= margin or depth >= _DEEPEST)
    ]
    items = [
        replace(read[start].part, parts=_nested(read[start + 1 : end], depth + 1))
        for start, end in zip(starts, [*starts[1:], len(read)], strict=True)
    ]
    return AnswerPart("list", parts=tuple(items))
