"""An answer's text as terminal lines: indented lists, tables in columns, unchanged code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from qa.records import MARKER
from qa.text.cleaning import clean
from qa.text.markup.links import answer_links, is_outside
from qa.text.markup.shapes import AnswerPart, answer_parts
from qa.text.sentences import CELL_SEPARATOR, LIST_MARK

# A narrower column is of no use.
_NARROWEST = 20


class AnswerText:
    """An answer's text within a width in cells.

    `short`, the phrase that answers by itself, is bold at its first occurrence.
    """

    def __init__(self, console: Console, width: int, short: str = "") -> None:
        self._console = console
        self._width = width
        self._short = short

    def lines(self, text: str) -> list[Text]:
        """The lines of a text, without its control characters."""
        return list(self._parts(answer_parts(clean(text).strip()), self._width))

    def _parts(self, parts: Sequence[AnswerPart], width: int) -> Iterator[Text]:
        for number, part in enumerate(parts):
            if number:
                yield Text()
            yield from self._part(part, max(_NARROWEST, width))

    def _part(self, part: AnswerPart, width: int) -> Iterator[Text]:
        if part.kind == "list":
            yield from self._list(part, width)
        elif part.kind == "table":
            yield from self._table(part, width)
        elif part.kind == "code":
            yield from self._code(part, width)
        elif part.kind == "heading":
            text = self._styled(part.text)
            text.stylize("bold", 0, len(MARKER.sub("", text.plain).rstrip()))
            yield from self._wrapped(text, width)
        else:
            yield from self._wrapped(self._styled(reflow(part.text)), width)

    def _list(self, part: AnswerPart, width: int) -> Iterator[Text]:
        margin = 1 + max(len(item.marker) for item in part.parts)
        loose = any(inner.kind != "list" for item in part.parts for inner in item.parts)
        for number, item in enumerate(part.parts):
            if number and loose:
                yield Text()
            label = item.marker.rjust(margin - 1) + " "
            for line in self._wrapped(self._styled(item.text), width - margin):
                yield Text.assemble((label, "bold"), line)
                label = " " * margin
            for inner in item.parts:
                if inner.kind != "list":
                    yield Text()
                for line in self._part(inner, width - margin):
                    yield Text.assemble(" " * margin, line) if line else line

    def _table(self, part: AnswerPart, width: int) -> Iterator[Text]:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        header, rows = part.rows[:1], part.rows[1:]
        columns = max(map(len, part.rows), default=0)
        names = [*(header[0] if header else ())]
        for name in [*names, *[""] * (columns - len(names))]:
            table.add_column(self._styled(name), overflow="fold")
        for row in rows:
            table.add_row(*map(self._styled, row))
        options = self._console.options.update(width=width)
        for segments in self._console.render_lines(table, options, pad=False):
            yield _line(segments)
        if part.after:
            yield self._styled(part.after)

    def _code(self, part: AnswerPart, width: int) -> Iterator[Text]:
        for line in part.text.split("\n"):
            for piece in Text(line).wrap(
                self._console, width - 2, overflow="fold", no_wrap=False, tab_size=4
            ):
                yield Text.assemble("  ", piece) if piece else Text()
        if part.after:
            yield self._styled(part.after)

    def _wrapped(self, text: Text, width: int) -> Iterator[Text]:
        for line in text.wrap(self._console, max(_NARROWEST, width), overflow="fold"):
            line.rstrip()
            yield line

    def _styled(self, text: str) -> Text:
        shown = Text()
        for words, target in answer_links(text):
            # Some terminals make this a link; others only show the words.
            shown.append(words, Style(link=target) if is_outside(target) else None)
        shown.highlight_regex(MARKER, "cyan")
        at = shown.plain.find(self._short) if self._short else -1
        if at >= 0:
            shown.stylize("bold", at, at + len(self._short))
            self._short = ""
        return shown


def reflow(text: str) -> str:
    """The text with each paragraph on one line; table rows and list items keep their own."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", clean(text).strip()):
        lines: list[str] = []
        for line in paragraph.split("\n"):
            row = CELL_SEPARATOR in line or "\t" in line
            apart = (
                row or LIST_MARK.match(line.lstrip()) or not lines or CELL_SEPARATOR in lines[-1]
            )
            if apart:
                lines.append(line.strip(" ") if not row else line)
            else:
                lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def _line(segments: Sequence[Segment]) -> Text:
    line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
    line.rstrip()
    return line
