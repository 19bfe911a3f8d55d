"""A conversation, or one answer of it, as a download: Markdown, HTML or plain text."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from qa import answer_links, answer_markdown, plain_markdown
from ui.brand.brand import brand_of
from ui.page.conversations import Conversation
from ui.page.render import place
from ui.page.said import Said, harmless, plain
from ui.page.texts import TEXTS, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ui.page.conversations import Exchange
    from ui.page.texts import Texts

Format = Literal["markdown", "html", "text"]
MEDIA_TYPES = {"markdown": "text/markdown", "html": "text/html", "text": "text/plain"}

STYLE = """
body { font: 1.0625rem/1.6 Charter, "Iowan Old Style", Georgia, serif; max-width: 40rem;
  margin: 3rem auto; padding: 0 1rem; color: #1f2328; background: #fbfaf7; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
li { margin: .8rem 0; font-size: .92rem; color: #4d525b; }
blockquote { margin: .2rem 0; padding-left: .8rem; border-left: 2px solid #cbc6ba;
  white-space: pre-line; }
pre { white-space: pre-wrap; }
th, td { padding: .3rem 1rem .3rem 0; text-align: start; vertical-align: top; }
@media (prefers-color-scheme: dark) {
  body { color: #e4e2dc; background: #17181a; } li { color: #b3b1aa; }
}
"""


class Wanted(BaseModel):
    """A request for one exchange, or without a number, for all of them."""

    record: Conversation
    format: Format = "markdown"
    exchange: Annotated[int, Field(ge=0)] | None = None
    language: Annotated[str, Field(pattern=f"^(?:{'|'.join(TEXTS)})$")] = "en"


def routes() -> APIRouter:
    """`POST /api/export`."""
    router = APIRouter()

    @router.post("/api/export", response_model=None)
    def export(wanted: Wanted, request: Request) -> Response:
        exchanges = wanted.record.exchanges
        if wanted.exchange is not None:
            exchanges = exchanges[wanted.exchange : wanted.exchange + 1]
        texts = TEXTS[wanted.language].named(brand_of(request).name)
        text = exported(exchanges, wanted.format, texts)
        return Response(text, media_type=MEDIA_TYPES[wanted.format])

    return router


def exported(exchanges: list[Exchange], format: Format, texts: Texts) -> str:
    """The exchanges, with their footnotes."""
    if format == "html":
        return harmless(_as_html(exchanges, texts))
    one = _as_markdown if format == "markdown" else _as_text
    return harmless("\n\n".join(one(exchange, texts) for exchange in exchanges) + "\n")


def _as_markdown(exchange: Exchange, texts: Texts) -> str:
    answer = answer_markdown(_answer(exchange, texts), note=r"[^\1]")
    notes = []
    for cited in exchange.citations:
        lines = "\n".join(
            f"    > {plain_markdown(line)}" for line in cited.quote.strip().splitlines()
        )
        notes.append(f"[^{cited.number}]: {plain_markdown(place(cited, texts))}\n\n{lines}")
    return "\n\n".join([f"## {plain_markdown(_line(exchange.question))}", answer, *notes])


def _as_text(exchange: Exchange, texts: Texts) -> str:
    said = "".join(words for words, _ in answer_links(_answer(exchange, texts)))
    parts = [exchange.question.strip(), said]
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
    known = {cited.number for cited in exchange.citations}
    answer = _answer(exchange, texts)
    yield Said(answer, link=lambda note: plain(f" [{note}]") if note in known else "").html()
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


def _line(text: str) -> str:
    return " ".join(text.split())
