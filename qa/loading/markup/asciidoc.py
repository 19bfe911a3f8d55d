"""AsciiDoc: its blocks, as HTML.

What is read is the language as its documentation describes it
(https://docs.asciidoctor.org/asciidoc/latest/): sections, paragraphs, lists, tables, delimited
blocks and admonitions. Other files are not included, and conditions count as met.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.html import render_fragment
from qa.loading.markup.asciidoc_inline import html_of, plain
from qa.loading.plain import decode_or_raise
from qa.loading.symbols import task
from qa.records import Document
from qa.text.cleaning import clean

_ATTRIBUTE = re.compile(r":(!?[\w-]{1,60}!?):(?:[ \t]+(.*))?")
_DIRECTIVE = re.compile(
    r"(?:ifdef|ifndef|ifeval|endif|include|toc|image|video|audio)::?[^\[\n]*\[.*\]"
)
_INCLUDED = re.compile(r"^include::([^\[\n]{1,300})\[", re.MULTILINE)
_ABOUT = re.compile(r"\[[^\[\]\n]*\]|\[\[[^\[\]\n]*\]\]")
_SECTION = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_TITLE = re.compile(r"\.([^\s.].*)")
_FENCE = re.compile(r"-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```.*|[|,:!]===")
_ADMONITION = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(\S.*)")
_ADMONITIONS = frozenset(("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"))
_ITEM = re.compile(r"[ \t]{0,40}(\*{1,6}|-|\.{1,6}|\d{1,4}\.|<(?:\d{1,3}|\.)>)[ \t]+(\S.*)")
_TERM = re.compile(r"[ \t]{0,40}(\S.{0,300}?)(:{2,4}|;;)(?:[ \t]+(\S.*))?")
_CELL = re.compile(
    r"(?<!\\)(?<!\w)(?:(\d{1,2})?(?:\.(\d{1,2}))?\+|(\d{1,2})\*)?[<^>.aehlmsdv]{0,4}\|"
)
_COLUMNS = re.compile(r"""cols[ \t]?=[ \t]?(?:"([^"]*)"|([^,\]]*))""")
_TIMES = re.compile(r"\s{0,9}(\d{1,2})\*")
_TAGS = {
    **dict.fromkeys("*-", ("<ul>", "</li></ul>")),
    **dict.fromkeys(".<", ("<ol>", "</li></ol>")),
    ":": ("<dl>", "</dd></dl>"),
}
_DEEPEST = 30
_FORMAT = re.compile(r"format[ \t]?=[ \t]?\"?(csv|dsv|tsv)")
_SEPARATORS = {",": ",", "csv": ",", ":": ":", "dsv": ":", "tsv": "\t"}


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Headings, paragraphs, lists, tables, code and notes; other files are not read into it.

    Raises:
        EmptyFileError: there is no text in it.
    """
    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    lines, attributes = _header(text.split("\n"))
    blocks = Blocks()
    for name in _INCLUDED.findall(text):
        blocks.warn(f"Not read: {name}, which it includes")
    render_fragment("".join(_Reader(lines, attributes).html()), blocks)
    if blocks.empty:
        raise EmptyFileError(f"{source} holds no text, only marks. Leave it out, or write into it.")
    titles = [heading.text for heading in blocks.headings if heading.level == 1]
    author = plain(attributes.get("author", ""), attributes)
    return blocks.document(source, titles[:1], {"author": author} if author else {})


def _header(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """The lines without those of author and revision below the title, and all attributes."""
    attributes: dict[str, str] = {}
    kept = []
    below_title = False
    for line in lines:
        found = _ATTRIBUTE.fullmatch(line)
        if found:
            attributes[found[1].strip("!").lower()] = found[2] or ""
        elif below_title and line.strip() and not line.startswith("//"):
            attributes.setdefault("author", line.split("<")[0].strip())
        else:
            kept.append(line)
        below_title = bool(line.strip()) and (below_title or (not kept[:-1] and line[:2] == "= "))
    return kept, attributes


class _Reader:
    """Reads lines from first to last, and gives the pieces of HTML that they stand for."""

    def __init__(self, lines: Sequence[str], attributes: Mapping[str, str], depth: int = 0) -> None:
        self._lines = lines
        self._attributes = attributes
        self._depth = depth
        self._at = 0
        self._about = ""  # the last line in brackets: what kind of block follows

    def html(self) -> list[str]:
        """All of it."""
        pieces: list[str] = []
        while self._at < len(self._lines):
            pieces += self._block()
        return pieces

    def _block(self) -> list[str]:
        line = self._lines[self._at].rstrip()
        if self._passes_over(line):
            self._at += 1
            return []
        if _FENCE.fullmatch(line):
            return self._delimited(line)
        if section := _SECTION.fullmatch(line):
            self._at += 1
            level = len(section[1])
            return [f"<h{level}>{self._inline(section[2])}</h{level}>"]
        if _ITEM.fullmatch(line) or _TERM.fullmatch(line):
            return self._list()
        if title := _TITLE.fullmatch(line):
            self._at += 1
            return [f"<p>{self._inline(title[1])}</p>"]
        return self._paragraph(line)

    def _passes_over(self, line: str) -> bool:
        """Whether a line is none of the text; what it says of the next block is kept."""
        if _ABOUT.fullmatch(line):
            self._about = line.strip("[]")
            return True
        if not line:
            self._about = ""
        comment = line.startswith("//") and not _FENCE.fullmatch(line)
        return not line or line == "+" or comment or bool(_DIRECTIVE.fullmatch(line))

    def _paragraph(self, line: str) -> list[str]:
        if line[:1] in " \t":
            return [f"<pre>{escape(self._lines_of_paragraph())}</pre>"]
        about, self._about = self._about, ""
        text = self._lines_of_paragraph()
        if about.partition(",")[0] in ("source", "listing", "literal"):
            return [f"<pre>{escape(text)}</pre>"]
        if found := _ADMONITION.match(text):
            return self._note(found[1], [f"<p>{self._inline(text[found.start(2) :])}</p>"])
        return self._told(about, [f"<p>{self._inline(text)}</p>"])

    def _lines_of_paragraph(self) -> str:
        """The lines up to a blank one, or one that begins another block."""
        lines = [self._lines[self._at].rstrip()]
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            if not line or line == "+" or _FENCE.fullmatch(line) or _ABOUT.fullmatch(line):
                break
            if not (line.startswith("//") or _DIRECTIVE.fullmatch(line)):
                lines.append(line)
            self._at += 1
        return "\n".join(lines)

    def _delimited(self, fence: str) -> list[str]:
        about, self._about = self._about, ""
        inner = self._until(fence)
        if fence.startswith(("//", "++")):  # a comment; what is for one kind of output
            return []
        if fence[0] in "|,:!":
            return self._table(inner, about, fence)
        kind = about.partition(",")[0]
        if fence.startswith(("---", "...", "```")) or kind in ("source", "listing"):
            return [f"<pre>{escape(chr(10).join(inner))}</pre>"]
        if self._depth > _DEEPEST:
            return [f"<p>{escape(chr(10).join(inner))}</p>"]
        pieces = _Reader(inner, self._attributes, self._depth + 1).html()
        return self._told(about or ("quote" if fence[0] in "_*" else ""), pieces)

    def _until(self, fence: str) -> list[str]:
        """The lines of a delimited block; one that is not closed goes on to the end."""
        close = "```" if fence.startswith("```") else fence
        start = self._at + 1
        end = next(
            (n for n in range(start, len(self._lines)) if self._lines[n].rstrip() == close),
            len(self._lines),
        )
        self._at = end + 1
        return list(self._lines[start:end])

    def _told(self, about: str, pieces: list[str]) -> list[str]:
        kind = about.partition(",")[0]
        if kind in _ADMONITIONS:
            return self._note(kind, pieces)
        if kind in ("quote", "verse", "sidebar"):
            return ["<blockquote>", *pieces, "</blockquote>"]
        return pieces

    def _note(self, kind: str, pieces: list[str]) -> list[str]:
        return ["<blockquote>", f"<p>{kind.capitalize()}:</p>", *pieces, "</blockquote>"]

    def _list(self) -> list[str]:
        """A list with the lists in it; a line with "+" joins the next block to the item before."""
        pieces: list[str] = []
        open_lists: list[str] = []  # by the marks of their items
        self._about = ""
        while (mark := self._mark_of_next_item()) or self._joins():
            if not mark:
                pieces += self._joined()
                continue
            if mark in open_lists:
                while open_lists[-1] != mark:
                    pieces.append(_TAGS[open_lists.pop()[0]][1])
                pieces.append("</dd>" if mark[0] == ":" else "</li>")
            else:
                open_lists.append(mark)
                pieces.append(_TAGS[mark[0]][0])
            pieces += self._item()
        return [*pieces, *(_TAGS[mark[0]][1] for mark in reversed(open_lists))]

    def _mark_of_next_item(self) -> str:
        """What its list is known by; nothing if no item follows. Blank lines are passed over."""
        at = self._at
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        line = self._lines[at].rstrip() if at < len(self._lines) else ""
        if item := _ITEM.fullmatch(line):
            self._at = at
            return "." if item[1][0].isdigit() else item[1].rstrip("123456789.>") or item[1]
        if term := _TERM.fullmatch(line):
            self._at = at
            return term[2].replace(";", ":")
        return ""

    def _joins(self) -> bool:
        return self._at < len(self._lines) and self._lines[self._at].rstrip() == "+"

    def _joined(self) -> list[str]:
        """The block after the line that joins it."""
        self._at += 1
        pieces: list[str] = []
        while not pieces and self._at < len(self._lines) and self._lines[self._at].strip():
            pieces = self._block()
        return pieces

    def _item(self) -> list[str]:
        line = self._lines[self._at].rstrip()
        self._at += 1
        if item := _ITEM.fullmatch(line):
            text = task(item[2])
            return ["<li>", self._inline("\n".join([text, *self._rest_of_item()]))]
        term = _TERM.fullmatch(line)
        assert term is not None
        text = "\n".join([term[3] or "", *self._rest_of_item()]).strip()
        return [f"<dt>{self._inline(term[1])}</dt><dd>", self._inline(text)]

    def _rest_of_item(self) -> Iterator[str]:
        """The lines that go on with the item's first one."""
        while self._at < len(self._lines):
            line = self._lines[self._at].strip()
            if not line or line == "+" or _FENCE.fullmatch(line) or _ABOUT.fullmatch(line):
                return
            if _ITEM.fullmatch(line) or _TERM.fullmatch(line):
                return
            self._at += 1
            yield line

    def _table(self, lines: list[str], about: str, fence: str) -> list[str]:
        """The rows of a table; the first is its header if the table says so, or stands apart."""
        if separator := _separator(fence, about):
            lines = _with_bars(lines, separator)
        cells: list[_Cell] = []
        apart = 0  # the cells before the first blank line
        for line in lines:
            if not line.strip():
                apart = apart or sum(cell.span for cell in cells)
                continue
            before, *found = _cells_of(line)
            if before and cells:
                cells[-1] = replace(cells[-1], text=f"{cells[-1].text}\n{before}")
            for times, span, down, text in found:
                cells += [_Cell(text, span, down)] * times
        columns = self._columns(lines, about)
        header = "header" in about or (apart == columns and "noheader" not in about)
        pieces = ["<table>"]
        for place, row in enumerate(_rows_of(cells, columns)):
            tag = "th" if header and not place else "td"
            pieces.append("<tr>")
            for cell in row:
                spans = f'colspan="{cell.span}" rowspan="{cell.down}"'
                pieces.append(f"<{tag} {spans}>{self._inline(cell.text)}</{tag}>")
            pieces.append("</tr>")
        return [*pieces, "</table>"]

    def _columns(self, lines: list[str], about: str) -> int:
        if said := _COLUMNS.search(about):
            columns = [
                _TIMES.match(column) for column in re.split("[,;]", said[1] or said[2] or "")
            ]
            return max(1, sum(int(times[1]) if times else 1 for times in columns))
        first = next((line for line in lines if line.strip()), "")
        return max(1, sum(times * span for times, span, _, _ in _cells_of(first)[1:]))

    def _inline(self, text: str) -> str:
        return html_of(text, self._attributes)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of a table, with the columns and the rows that it takes."""

    text: str
    span: int = 1
    down: int = 1


def _separator(fence: str, about: str) -> str:
    """What parts the cells of a table that is written as CSV; nothing for others."""
    said = _FORMAT.search(about)
    return _SEPARATORS.get(said[1] if said else fence[0], "")


def _with_bars(lines: Sequence[str], separator: str) -> list[str]:
    """The rows of CSV as rows of a table of AsciiDoc."""
    rows = csv.reader((line for line in lines if line.strip()), delimiter=separator)
    return ["".join(f"|{cell.strip().replace('|', '¦')} " for cell in row) for row in rows]


def _rows_of(cells: Sequence[_Cell], columns: int) -> Iterator[list[_Cell]]:
    """The rows that cells make up one after the other, in a table of so many columns."""
    reaching: list[int] = []  # how many columns cells from above take, in the rows that follow
    row: list[_Cell] = []
    taken = 0
    for cell in cells:
        row.append(cell)
        taken += cell.span
        reaching += [0] * (cell.down - len(reaching))
        for below in range(1, cell.down):
            reaching[below] += cell.span
        if taken >= columns:
            yield row
            row = []
            reaching = reaching[1:]
            taken = reaching[0] if reaching else 0
    if row:
        yield row


def _cells_of(line: str) -> tuple[str, *tuple[tuple[int, int, int, str], ...]]:
    """What goes on from the line before; for each cell: how often, how wide, how high, its text."""
    starts = list(_CELL.finditer(line))
    ends = [*(found.start() for found in starts[1:]), len(line)]
    cells = (
        (
            int(found[3] or 1),
            int(found[1] or 1),
            int(found[2] or 1),
            line[found.end() : end].strip(),
        )
        for found, end in zip(starts, ends, strict=bool(starts))
    )
    return line[: starts[0].start()].strip() if starts else line.strip(), *cells
