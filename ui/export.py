"""A conversation, or one answer of it, as text to take away: Markdown, HTML or plain."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

from ui.exchanges import Record
from ui.render import place
from ui.texts import TEXTS, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter

    from ui.exchanges import Exchange
    from ui.texts import Texts

Format = Literal["markdown", "html", "text"]
MEDIA_TYPES = {"markdown": "text/markdown", "html": "text/html", "text": "text/plain"}

# What starts a heading, list, quote or emphasis in Markdown, or a tag.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~]")
_STARTS = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))", re.M)
_MARKER = re.compile(r"\\\[(\d+)\\\]")

STYLE = """
body { font: 1.0625rem/1.6 Charter, "Iowan Old Style", Georgia, serif; max-width: 40rem;
  margin: 3rem auto; padding: 0 1rem; color: #1f2328; background: #fbfaf7; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
li { margin: .8rem 0; font-size: .92rem; color: #4d525b; }
blockquote { margin: .2rem 0; padding-left: .8rem; border-left: 2px solid #cbc6ba;
  white-space: pre-line; }
@media (prefers-color-scheme: dark) {
  body { color: #e4e2dc; background: #17181a; } li { color: #b3b1aa; }
}
"""


class Wanted(BaseModel):
    """What is taken away: one exchange, or (without a number) all of them."""

    record: Record
    format: Format = "markdown"
    exchange: Annotated[int, Field(ge=0)] | None = None
    language: Literal["en", "de"] = "en"


def routes() -> APIRouter:
    """`POST /api/export`."""
    from fastapi import APIRouter, Response

    router = APIRouter()

    def export(wanted: Wanted) -> Response:
        exchanges = wanted.record.exchanges
        if wanted.exchange is not None:
            exchanges = exchanges[wanted.exchange : wanted.exchange + 1]
        text = exported(exchanges, wanted.format, TEXTS[wanted.language])
        return Response(text, media_type=MEDIA_TYPES[wanted.format])

    export.__annotations__.update(wanted=Wanted, **{"return": Response})
    router.post("/api/export", response_model=None)(export)
    return router


def exported(exchanges: list[Exchange], format: Format, texts: Texts) -> str:
    """The exchanges, with their footnotes."""
    if format == "html":
        return _as_html(exchanges, texts)
    one = _as_markdown if format == "markdown" else _as_text
    return "\n\n".join(one(exchange, texts) for exchange in exchanges) + "\n"


def _as_markdown(exchange: Exchange, texts: Texts) -> str:
    answer = _MARKER.sub(r"[^\1]", _markdown(_answer(exchange, texts)))
    notes = []
    for cited in exchange.citations:
        lines = "\n".join(f"    > {_markdown(line)}" for line in cited.quote.strip().splitlines())
        notes.append(f"[^{cited.number}]: {_markdown(place(cited, texts))}\n\n{lines}")
    return "\n\n".join([f"## {_markdown(_line(exchange.question))}", answer, *notes])


def _as_text(exchange: Exchange, texts: Texts) -> str:
    parts = [exchange.question.strip(), _answer(exchange, texts)]
    parts += [
        f"[{cited.number}] {place(cited, texts)}\n    “{_line(cited.quote)}”"
        for cited in exchange.citations
    ]
    return "\n\n".join(parts)


def _as_html(exchanges: list[Exchange], texts: Texts) -> str:
    body = "".join(part for exchange in exchanges for part in _html_parts(exchange, texts))
    return (
        f'<!doctype html>\n<html lang="{texts.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(texts.title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{html.escape(texts.title)}</h1>{body}</body></html>\n"
    )


def _html_parts(exchange: Exchange, texts: Texts) -> Iterator[str]:
    yield f"\n<h2>{html.escape(_line(exchange.question))}</h2>"
    for paragraph in _answer(exchange, texts).split("\n\n"):
        yield f"<p>{html.escape(paragraph)}</p>"
    if exchange.citations:
        notes = (
            f'<li value="{cited.number}">{html.escape(place(cited, texts))}'
            f"<blockquote>{html.escape(cited.quote.strip())}</blockquote></li>"
            for cited in exchange.citations
        )
        yield f"<ol>{''.join(notes)}</ol>"


def _answer(exchange: Exchange, texts: Texts) -> str:
    if exchange.problem:
        return exchange.problem
    return exchange.text.strip() if exchange.found else refusal(exchange.reason, texts)


def _markdown(text: str) -> str:
    """The text, so that Markdown shows it as it is."""
    return _STARTS.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", text))


def _line(text: str) -> str:
    return " ".join(text.split())
