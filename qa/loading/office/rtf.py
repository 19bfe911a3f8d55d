"""RTF documents: what a word processor of any age writes as text with commands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks, superscript, telling_title
from qa.loading.decoding import decode_as
from qa.loading.furniture import numbers_pages
from qa.loading.office.rtf_encodings import CHARSETS, CODE_PAGES
from qa.loading.symbols import with_symbols
from qa.loading.tables.grid import rows_of_names
from qa.records import Document
from qa.text.cleaning import one_line

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)"
)
_DEEPEST = 2000
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_CHARACTERS = {
    **{"par": "\n", "line": "\n", "tab": "\t", "emdash": "—", "endash": "–", "bullet": "•"},
    **{"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " "},
    **{"enspace": " ", "qmspace": " ", "~": "\u00a0", "_": "-"},
}
# Groups that hold no text to read.
_PASSED_OVER = frozenset(
    (
        *("colortbl", "listtable", "listoverridetable", "generator"),
        *("pict", "object", "themedata", "colorschememapping", "datastore", "latentstyles"),
        *("fldinst", "rsidtbl", "xmlnstbl", "revtbl", "annotation", "atnid", "atnauthor"),
        *("bkmkstart", "bkmkend", "filetbl", "mmathPr", "wgrffmtfilter", "nonshppict", "ftnsep"),
        *("ftnsepc", "aftnsep", "aftnsepc", "pgdsctbl", "listpicture", "userprops", "txe", "xe"),
    )
)
_DESTINATIONS = {
    **{"stylesheet": "style", "fonttbl": "font", "info": "info", "title": "title"},
    **{f"header{page}": "head" for page in ("", "l", "r", "f")},
    **{f"footer{page}": "foot" for page in ("", "l", "r", "f")},
    **{"footnote": "footnote", "listtext": "marker", "pntext": "marker"},
}
_FORMATS = frozenset(
    ("f", "plain", "v", "deleted", "strike", "striked", "super", "nosupersub", "sub", "up", "dn")
)
_OF_TABLES = frozenset(("trowd", "clvmrg", "clmrg", "cellx", "cell", "nestcell", "row", "nestrow"))
_TEXTS = ("", "footnote", "head", "foot")
_SYMBOLS = 2  # the set of characters of a font that has signs in their places
_LONGEST_REPEATED = 200  # characters of a merged cell that are said in each of its places
_KEPT_DESTINATIONS = frozenset(("do", "shppict", "shptxt", "shpinst", "shp", "fldrslt"))


@dataclass(frozen=True, slots=True)
class _State:
    """What holds for the text of a group."""

    destination: str = ""
    unseen: bool = False
    raised: bool = False
    font: int = -1
    skip: int = 1  # characters that stand in for a Unicode one


@dataclass(slots=True)
class _Paragraph:
    """What is known of the paragraph that is being read."""

    pieces: list[str] = field(default_factory=list)
    level: int | None = None
    listed: bool = False
    depth: int = 0
    in_table: bool = False


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Headings, paragraphs, lists, tables and footnotes; heads and feet of pages, once.

    Raises:
        EmptyFileError: there is no text in it.
    """
    blocks = Blocks()
    reader = _Reader(blocks)
    reader.read(data)
    limits.check(source, "max_characters", blocks.length, "has {} characters")
    if blocks.empty:
        raise EmptyFileError(f"{source} has no text; its content may be pictures. Leave it out.")
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    return blocks.document(source, [telling_title(reader.title), *tops[:1]])


class _Reader:
    """Reads token by token, and writes paragraphs into blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self.title = ""
        self._blocks = blocks
        self._state = _State()
        self._stack: list[_State] = []
        self._paragraph = _Paragraph()
        self._marker: list[str] = []  # what stands before a list item, as it was written out
        self._bytes = b""  # of characters of a code page that are not decoded yet
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0  # that is being defined
        self._signs: dict[int, str] = {}  # the names of the fonts of symbols
        self._levels: dict[int, int] = {}  # of the styles that are headings
        self._style = 0
        self._named: list[str] = []
        self._title: list[str] = []
        self._skip = 0
        self._notes: list[str] = []
        self._note: list[str] = []
        self._margins: dict[str, str] = {}  # lines of heads and feet of pages
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._cell: list[str] = []
        # Of each cell of a row: whether it goes on from above, and from its left.
        self._merged: list[tuple[bool, bool]] = []
        self._merging = (False, False)

    def read(self, data: bytes) -> None:
        """Read everything."""
        destination = False  # after "\*": a destination that may be passed over
        binary = 0
        for found in _TOKEN.finditer(data):
            if found.start() < binary:
                continue
            word, number, code, sign, brace, text = found.groups()
            if code is not None:
                self._add_byte(int(code, 16))
                continue
            self._decode()
            if brace is not None:
                self._brace(brace)
            elif sign == b"*":
                destination = True
                continue
            elif sign is not None:
                self._sign(sign.decode("latin-1"))
            elif word is not None:
                name = word.decode("ascii")
                if name == "bin":
                    binary = found.end() + max(int(number or 0), 0)
                elif destination and name not in _KEPT_DESTINATIONS:
                    self._state = replace(self._state, destination="passed over")
                else:
                    self._word(name, None if number is None else int(number))
            elif text is not None:
                self._add_bytes(text)
            destination = False
        self._decode()
        self._end_paragraph()
        self._end_table()
        feet = (line for line, place in self._margins.items() if place == "foot")
        self._blocks.add("\n".join(feet))
        self.title = one_line("".join(self._title))

    def _brace(self, brace: bytes) -> None:
        if brace == b"{":
            if len(self._stack) < _DEEPEST:
                self._stack.append(self._state)
            self._skip = 0
        elif self._stack:
            before, self._state = self._state, self._stack.pop()
            if before.destination == "footnote" and self._state.destination != "footnote":
                self._notes.append("".join(self._note))
                self._note = []
            elif before.destination in ("head", "foot") and not self._state.destination:
                self._end_margin(before.destination)
            elif before.destination == "style" and self._state.destination != "style":
                self._name_style()

    def _end_margin(self, place: str) -> None:
        """A head or a foot of pages is said once; where it only numbers them, not at all."""
        lines, self._note = _joined(self._note).split("\n"), []
        said = [line for line in map(one_line, lines) if line and not numbers_pages(line)]
        new = [line for line in said if line not in self._margins]
        self._margins.update(dict.fromkeys(new, place))
        if place == "head":
            self._blocks.add("\n".join(new))

    def _sign(self, sign: str) -> None:
        if sign in "\\{}":
            self._add(sign)
        elif sign in _CHARACTERS:
            self._add(_CHARACTERS[sign])
        elif sign in "\r\n":
            self._word("par", None)

    def _word(self, name: str, number: int | None) -> None:
        state = self._state
        if state.destination == "passed over" or self._enters(name):
            return
        if state.destination in ("style", "font"):
            self._define(name, number)
        elif name == "u" and number is not None:
            self._add(chr(number & 0xFFFF))
            self._skip = state.skip
        elif name == "uc":
            self._state = replace(state, skip=min(max(number or 0, 0), 10))
        elif name in CODE_PAGES:
            self._encoding = CODE_PAGES[name]
        elif name == "ansicpg" and number:
            self._encoding = f"cp{number}"
        elif name in _FORMATS:
            self._format(name, number)
        elif state.destination in _TEXTS:
            self._layout(name, number)

    def _enters(self, name: str) -> bool:
        """Whether a word says what the group is that it stands in."""
        entered = _DESTINATIONS.get(name, "passed over" if name in _PASSED_OVER else "")
        if name == "title" and self._state.destination != "info":
            return False
        if entered:
            self._state = replace(self._state, destination=entered)
        return bool(entered)

    def _define(self, name: str, number: int | None) -> None:
        """A style or a font, in the tables of them."""
        if name in ("s", "cs", "ds") and self._state.destination == "style":
            self._style = number or 0 if name == "s" else -1
        elif name == "f" and self._state.destination == "font":
            self._font = number or 0
        elif name == "fcharset" and number in CHARSETS:
            self._fonts[self._font] = CHARSETS[number]
        elif name == "fcharset" and number == _SYMBOLS:
            self._signs[self._font] = ""

    def _format(self, name: str, number: int | None) -> None:
        on = number != 0
        if name == "f":
            self._state = replace(self._state, font=number or 0)
        elif name == "plain":
            self._state = replace(self._state, unseen=False, raised=False)
        elif name in ("super", "nosupersub", "sub", "up", "dn"):
            self._state = replace(self._state, raised=name in ("super", "up") and on)
        else:
            self._state = replace(self._state, unseen=on)

    def _layout(self, name: str, number: int | None) -> None:
        paragraph = self._paragraph
        if name == "pard":
            paragraph.level, paragraph.listed, paragraph.depth = None, False, 0
            paragraph.in_table = False
        elif name == "s":
            paragraph.level = self._levels.get(number or 0, paragraph.level)
        elif name == "outlinelevel" and number is not None and 0 <= number < 9:
            paragraph.level = number + 1
        elif name == "ls":
            paragraph.listed = bool(number)
        elif name == "ilvl":
            paragraph.depth = min(max(number or 0, 0), 8)
        elif name == "intbl":
            paragraph.in_table = True
        elif name in _OF_TABLES and not self._state.destination:
            self._lay_out_table(name)
        elif name == "cell":
            self._add("\t")
        elif name in ("par", "sect", "page"):
            self._end_line()
        elif name in _CHARACTERS:
            self._add(_CHARACTERS[name])

    def _lay_out_table(self, name: str) -> None:
        if name == "trowd":
            self._merged.clear()
        elif name in ("clvmrg", "clmrg"):
            down, across = self._merging
            self._merging = (down or name == "clvmrg", across or name == "clmrg")
        elif name == "cellx":
            self._merged.append(self._merging)
            self._merging = (False, False)
        elif name in ("cell", "nestcell"):
            self._end_cell()
        else:
            self._end_row()

    def _add_byte(self, byte: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes += bytes([byte])

    def _add_bytes(self, data: bytes) -> None:
        if self._skip:
            skipped, self._skip = self._skip, max(0, self._skip - len(data))
            data = data[skipped:]
        self._bytes = data
        self._decode()

    def _decode(self) -> None:
        if self._bytes:
            data, self._bytes = self._bytes, b""
            encoding = self._fonts.get(self._state.font, self._encoding)
            text = decode_as(data, encoding)
            self._add(data.decode("cp1252", "replace") if text is None else text)

    def _add(self, text: str) -> None:
        state = self._state
        if state.destination == "style":
            self._named.append(text)
            if ";" in text:
                self._name_style()
        elif state.destination == "title":
            self._title.append(text)
        elif state.destination == "font" and self._font in self._signs:
            self._signs[self._font] += text
        elif state.destination == "marker":
            self._marker.append(text)
        elif state.destination in _TEXTS and not state.unseen:
            font = self._signs.get(state.font, "").strip("; ")
            text = superscript(text) if state.raised else with_symbols(text, font)
            (self._note if state.destination else self._paragraph.pieces).append(text)

    def _name_style(self) -> None:
        found = _HEADING.search("".join(self._named))
        if found and self._style >= 0:
            self._levels[self._style] = int(found[1])
        self._named.clear()

    def _end_line(self) -> None:
        if self._state.destination:
            self._note.append("\n")
        elif self._paragraph.in_table:
            self._cell.append(self._text())
        else:
            self._end_paragraph()

    def _text(self) -> str:
        text = _joined(self._paragraph.pieces)
        self._paragraph.pieces = []
        return text

    def _end_paragraph(self) -> None:
        text, marker = self._text(), one_line("".join(self._marker))
        paragraph = self._paragraph
        self._marker.clear()
        if text.strip():
            self._end_table()
            if paragraph.level is not None:
                self._blocks.heading(text, paragraph.level)
            elif paragraph.listed or marker:
                counted = any(character.isalnum() for character in marker)
                self._blocks.item(text, marker if counted else "-", paragraph.depth)
            else:
                self._blocks.add(text)
        if not self._rows:
            self._add_notes()

    def _add_notes(self) -> None:
        notes, self._notes = self._notes, []
        for note in notes:
            if note.strip():
                self._blocks.open("note")
                self._blocks.add(note)
                self._blocks.close("note")

    def _end_cell(self) -> None:
        self._cell.append(self._text())
        marker = one_line("".join(self._marker))
        self._marker.clear()
        self._row.append(one_line(" ".join([marker, *self._cell])))
        self._cell.clear()

    def _end_row(self) -> None:
        for column, (down, across) in enumerate(self._merged[: len(self._row)]):
            above = self._rows[-1] if self._rows else []
            if down and column < len(above):
                self._row[column] = _again(above[column])
            elif across and column:
                self._row[column] = _again(self._row[column - 1])
        if any(self._row):
            self._rows.append(self._row)
        self._row = []

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if max(map(len, rows), default=0) <= 1:
            for row in rows:
                self._blocks.add(" ".join(row))
        else:
            self._blocks.open("table")
            header = rows_of_names(rows, int(len(rows) > 1))
            for place, row in enumerate(rows):
                self._blocks.row(row, header=place < header)
            self._blocks.close("table")
        if rows:
            self._add_notes()


def _again(text: str) -> str:
    return text if len(text) <= _LONGEST_REPEATED else ""


def _joined(pieces: list[str]) -> str:
    """The text, with characters that are written as two halves put together."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
