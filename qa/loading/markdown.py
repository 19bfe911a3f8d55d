"""Markdown: CommonMark with tables and strikethrough, as plain text without its marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import EmptyFileError
from qa.loading.blocks import Blocks, clean
from qa.loading.html import render_fragment
from qa.loading.plain import decode_or_raise
from qa.records import Document

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"(?:#.*\n)*[A-Za-z][\w-]*[ \t]*:")
_SCALAR = re.compile(r"([A-Za-z][\w-]*)[ \t]*:[ \t]+(\S.*)")
_NOT_A_SCALAR = ("[", "{", "|", ">", "&", "*", "!", "#", "- ")
_DEEPEST = 200


def parse(data: bytes, source: str) -> Document:
    """The text of the Markdown; YAML front matter goes to title and metadata."""
    text = clean(decode_or_raise(data, source))
    front, body = _split_front_matter(text.lstrip("\n"))
    blocks = Blocks()
    tokens = _tokens(body)
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        blocks.add(body)  # what lies deeper is not in the tokens: better the marks than a loss
    else:
        _Renderer(blocks).render(tokens)
    if blocks.empty:
        raise EmptyFileError(f"{source} holds no text, only marks. Leave it out, or write into it.")
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    title = front.pop("title", "")
    return blocks.document(source, [title, *tops[:1]], front)


def _tokens(text: str) -> Sequence[Token]:
    from markdown_it import MarkdownIt

    # The preset's limit of 20 nested blocks silently drops the text of deeper ones.
    reader = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    return reader.parse(text)


def _split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The one-line `key: value` pairs of the front matter, and the text after it."""
    found = _FRONT_MATTER.match(text)
    if not found or not _KEY.match(found[1] or ""):
        return {}, text
    pairs = {}
    for line in found[1].splitlines():
        scalar = _SCALAR.fullmatch(line.rstrip())
        if scalar and not scalar[2].startswith(_NOT_A_SCALAR):
            pairs[scalar[1]] = _unquoted(scalar[2])
    return pairs, text[found.end() :]


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


@dataclass(slots=True)
class _List:
    number: int | None  # of the next item; None where the items have bullets

    def marker(self) -> str:
        if self.number is None:
            return "-"
        self.number += 1
        return f"{self.number - 1}."


class _Renderer:
    """Writes a flat list of tokens into blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._lists: list[_List] = []
        self._marker: str | None = None
        self._heading: int | None = None
        self._row: list[str] | None = None

    def render(self, tokens: Sequence[Token]) -> None:
        """Write every block."""
        for token in tokens:
            if token.type == "inline":
                self._write(_inline_text(token.children or []))
            elif token.type in ("fence", "code_block"):
                self._end_item()
                self._blocks.add(token.content, "verbatim")
            elif token.type == "html_block":
                render_fragment(token.content, self._blocks)
            elif token.nesting == 1:
                self._open(token)
            elif token.nesting == -1:
                self._close(token)

    def _open(self, token: Token) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            if not self._lists:
                self._blocks.end_group()
            self._lists.append(_List(_first_number(token)))
        elif kind == "list_item_open":
            self._marker = self._lists[-1].marker()
        elif kind == "heading_open":
            self._heading = int(token.tag[1])
        elif kind == "table_open":
            self._blocks.end_group()
        elif kind == "tr_open":
            self._row = []

    def _close(self, token: Token) -> None:
        kind = token.type
        if kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            if not self._lists:
                self._blocks.end_group()
        elif kind == "list_item_close":
            self._end_item()
        elif kind == "heading_close":
            self._heading = None
        elif kind == "table_close":
            self._blocks.end_group()
        elif kind == "tr_close":
            self._blocks.row(self._row or [])
            self._row = None

    def _write(self, text: str) -> None:
        if self._row is not None:
            self._row.append(text)
        elif self._heading is not None:
            self._end_item()
            self._blocks.heading(text, self._heading)
        elif self._marker is not None:
            self._blocks.item(text, self._marker, len(self._lists) - 1)
            self._end_item()
        else:
            self._blocks.add(text)

    def _end_item(self) -> None:
        """What follows inside the same item stands without a marker."""
        self._marker = None


def _first_number(token: Token) -> int | None:
    if token.type == "bullet_list_open":
        return None
    start = token.attrGet("start")
    return 1 if start is None else int(start)


def _inline_text(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "image":
            parts.append(_inline_text(token.children or []))
        elif token.type == "html_inline":
            parts.append("\n" if token.content.lower().startswith("<br") else "")
        else:  # text and code; the marks of emphasis and links have no content
            parts.append(token.content)
    return re.sub(" {2,}", " ", "".join(parts))
