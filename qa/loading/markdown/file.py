"""Markdown: CommonMark with tables and strikethrough, as plain text without its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks, is_question, superscript
from qa.loading.html import render_fragment
from qa.loading.html.boilerplate import is_hidden
from qa.loading.html.tree import tree_of
from qa.loading.links import Linked
from qa.loading.markdown import front_matter
from qa.loading.markdown.dialects import INCLUDED
from qa.loading.markdown.shortcodes import NOTE_BEGINS, NOTE_ENDS, plain_markdown
from qa.loading.plain import decode_or_raise
from qa.loading.symbols import task
from qa.records import BlockKind, Document
from qa.text.cleaning import clean

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_RAISED = re.compile(r"<(/?)sup\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(\w{1,20})(?=[\s>/])")
_VOID = frozenset(("br", "img", "hr", "input", "wbr"))
_NUMBERED = re.compile(r"\d{1,9}[.)] ")
_UNDERLINE = re.compile(r"={4,}|-{4,}")  # three are a line across the page
_NEARLY_AS_LONG = 3  # characters
_CONTAINERS: dict[str, BlockKind] = {
    "bullet_list": "list",
    "ordered_list": "list",
    "list_item": "item",
    "table": "table",
    "blockquote": "note",
}
_DEEPEST = 200
# The time to look for the ends of links and emphasis grows with the square of this.
_LONGEST_INLINE = 50_000


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The text of the Markdown; front matter becomes title and metadata."""
    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    pairs, body = front_matter.split(text.lstrip("\n"))
    blocks = Blocks()
    for name in INCLUDED.findall(body):
        blocks.warn(f"Not read: {name}, which it includes")
    tokens = _tokens(plain_markdown(body))
    for line in front_matter.said(pairs):
        blocks.item(line)
    told = blocks.length
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        blocks.add(body)  # deeper text is not in the tokens: better with its marks than lost
    else:
        _Renderer(blocks).render(tokens)
    if blocks.length == told:
        raise EmptyFileError(f"{source} holds no text, only marks. Leave it out, or write into it.")
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    title = pairs.pop("title", "")
    return blocks.document(source, [title, *tops[:1]], pairs)


def _tokens(text: str) -> Sequence[Token]:
    from markdown_it import MarkdownIt

    # The preset's limit of 20 nested blocks silently drops the text of deeper ones.
    reader = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    reader.block.ruler.before("list", "numbered_heading", _numbered_heading)
    reader.core.ruler.at("inline", _parse_inline)
    return reader.parse(text)


def _numbered_heading(state: StateBlock, first_line: int, last_line: int, silent: bool) -> bool:
    """Read "1. Scope" as a heading where a line of its length is below it.

    CommonMark sees a list of one item there, and a line across the page.
    """
    from markdown_it.rules_block import lheading

    if silent or first_line + 1 >= last_line:
        return False
    title, line = (
        state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]].rstrip()
        for at in (first_line, first_line + 1)
    )
    underlined = _UNDERLINE.fullmatch(line) and abs(len(line) - len(title)) <= _NEARLY_AS_LONG
    if not underlined or not _NUMBERED.match(title):
        return False
    return lheading(state, first_line, last_line, silent)


def _parse_inline(state: StateCore) -> None:
    """Like the parser's own rule, but a huge paragraph keeps its marks."""
    from markdown_it.token import Token

    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        if len(token.content) > _LONGEST_INLINE:
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)


class _Renderer:
    """Writes a flat list of tokens into blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._numbers: list[int | None] = []  # the next number of each open list; None for bullets
        self._heading: int | None = None
        self._header = False
        self._row: list[Sequence[Token]] | None = None
        self._notes: list[int] = []  # the token levels of the tags of remarks

    def render(self, tokens: Sequence[Token]) -> None:
        """Write every block."""
        table = ""  # a table of HTML that blank lines cut into several tokens
        for token in tokens:
            if table and token.type != "html_block":
                render_fragment(table, self._blocks)
                table = ""
            if token.type == "inline":
                self._write(token.children or [])
            elif token.type in ("fence", "code_block"):
                self._blocks.add(token.content, "code")
            elif token.type == "html_block":
                table += token.content if table or _opens_table(token.content) else ""
                if table and not _opens_table(table):
                    render_fragment(table, self._blocks)
                    table = ""
                elif not table:
                    self._write_html(token)
            elif token.nesting == 1:
                self._open(token)
            elif token.nesting == -1:
                self._close(token)
        if table:
            render_fragment(table, self._blocks)

    def _open(self, token: Token) -> None:
        kind = token.type.removesuffix("_open")
        if kind in _CONTAINERS:
            if kind.endswith("_list"):
                self._numbers.append(_first_number(token))
            self._blocks.open(_CONTAINERS[kind], self._next_marker() if kind == "list_item" else "")
        elif kind == "heading":
            self._heading = int(token.tag[1])
        elif kind == "thead":
            self._header = True
        elif kind == "tr":
            self._row = []

    def _close(self, token: Token) -> None:
        kind = token.type.removesuffix("_close")
        if kind in _CONTAINERS:
            self._end_notes(token.level + 1)
            if kind.endswith("_list"):
                self._numbers.pop()
            self._blocks.close(_CONTAINERS[kind])
        elif kind == "heading":
            self._heading = None
        elif kind == "thead":
            self._header = False
        elif kind == "tr":
            cells, since = self._row or [], self._blocks.here
            self._blocks.row(map(_inline_text, cells), header=self._header)
            self._link(cells, since)
            self._row = None

    def _write_html(self, token: Token) -> None:
        mark = token.content.strip()
        if mark == NOTE_BEGINS:
            self._notes.append(token.level)
            self._blocks.open("note")
        elif mark == NOTE_ENDS:
            if self._notes and self._notes[-1] == token.level:
                self._end_notes(token.level)
        else:
            render_fragment(token.content, self._blocks)

    def _end_notes(self, level: int) -> None:
        """End the open remarks that began at this level or deeper."""
        while self._notes and self._notes[-1] >= level:
            self._notes.pop()
            self._blocks.close("note")

    def _write(self, inline: Sequence[Token]) -> None:
        if self._row is not None:
            self._row.append(inline)
            return
        since = self._blocks.here
        if self._heading is not None:
            self._blocks.heading(_inline_text(inline), self._heading)
        else:
            asked = _bold_question(inline)
            if asked:
                self._blocks.add(_inline_text(inline[:asked]), "question")
            self._blocks.add(task(_inline_text(inline[asked:])))
        self._link([inline], since)

    def _link(self, written: Sequence[Sequence[Token]], since: int) -> None:
        """Add the links of what was written since then."""
        if any(token.type == "link_open" for inline in written for token in inline):
            pieces: list[str] = []
            linked = Linked()
            for inline in written:
                _read(inline, pieces, linked)
                pieces.append(" ")
            self._blocks.link(linked.links(pieces), "".join(pieces), since)

    def _next_marker(self) -> str:
        number = self._numbers[-1]
        if number is None:
            return "-"
        self._numbers[-1] = number + 1
        return f"{number}."


def _opens_table(markup: str) -> bool:
    """Whether a table of HTML begins in it that does not end in it."""
    markup = markup.lower()
    return markup.count("<table") > markup.count("</table")


def _is_hidden(tag: str) -> bool:
    """Whether a tag within a text says that what follows is not seen."""
    root = tree_of(tag)
    return root is not None and any(map(is_hidden, root.iter()))


def _bold_question(inline: Sequence[Token]) -> int:
    """The number of tokens at the start of a paragraph that are a question in bold."""
    told = [place for place, token in enumerate(inline) if token.type != "text" or token.content]
    if not told or inline[told[0]].type != "strong_open":
        return 0
    close = next(place for place in told if inline[place].type == "strong_close")
    following = next((inline[place].type for place in told if place > close), "softbreak")
    asks = following.endswith("break") and is_question(_inline_text(inline[:close]))
    return close + 1 if asks else 0


def _first_number(token: Token) -> int | None:
    if token.type == "bullet_list_open":
        return None
    start = token.attrGet("start")
    return 1 if start is None else int(start)


def _inline_text(tokens: Sequence[Token]) -> str:
    """The words of a paragraph, without struck-through ones."""
    pieces: list[str] = []
    _read(tokens, pieces, Linked())
    text = "".join(pieces)
    return re.sub(" {2,}", " ", text) if "  " in text else text


def _seen(tokens: Sequence[Token]) -> Iterator[Token]:
    """The parts of a paragraph without those in hidden or struck-through elements."""
    unseen: list[str] = []  # the hidden element that is open, and those of its kind within
    for token in tokens:
        tag = _TAG.match(token.content) if token.type == "html_inline" else None
        if tag is None:
            if not unseen:
                yield token
            continue
        closes, name = bool(tag[1]), tag[2].lower()
        if unseen:
            if name == unseen[0] and not token.content.endswith("/>"):
                unseen = unseen[:-1] if closes else [*unseen, name]
        elif not closes and name not in _VOID and _is_hidden(token.content):
            unseen = [name]
        else:
            yield token


def _read(tokens: Sequence[Token], parts: list[str], linked: Linked) -> None:
    """Add the words of a paragraph in order, and its links."""
    struck = 0
    raised = False
    for token in _seen(tokens):
        if token.type in ("s_open", "s_close"):
            struck += token.nesting
        elif token.type == "html_inline":
            if mark := _RAISED.match(token.content):
                raised = not mark[1]
            elif token.content.lower().startswith("<br"):
                parts.append("\n")
        elif token.type in ("link_open", "link_close"):
            linked.turn(len(parts), token.attrGet("href"))
        elif struck:
            continue
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "image":
            parts.append(_inline_text(token.children or []))
        else:  # text and code; marks of emphasis and links have no content
            parts.append(superscript(token.content) if raised else token.content)
