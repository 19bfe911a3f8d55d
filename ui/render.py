"""An exchange as the HTML that the page shows; nothing in it but our own tags and plain text.

The page's conversation is Markdown with sanitised HTML in it. Text of a
document or of a model must come out as it is, so every character that could
mean something in either is written as a character reference: these never
start a heading, a link, an image or a tag. What can be pressed is a link into
the page, `#cite-2-1` for the first footnote of the third answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ui.texts import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ui.exchanges import Cited, Exchange
    from ui.texts import Texts

# What is shown of a passage that only came close.
EXCERPT = 160

_SPECIAL = re.compile(r"[!-/:-@\[-`{-~]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_MARKER = re.compile(r"\s*&#91;(\d+)&#93;")
_UNCHECKED_MARKER = re.compile(r"\s*\[\d+\]")


def plain(text: str) -> str:
    """The text as HTML that shows exactly this text, on one line."""
    line = " ".join(_UNSEEN.sub("", text).split())
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line)


def paragraphs(text: str) -> str:
    """The text as HTML paragraphs, its line ends kept."""
    shown = []
    for paragraph in _PARAGRAPHS.split(text.strip()):
        lines = [plain(line) for line in paragraph.splitlines()]
        shown.append(f"<p>{'<br>'.join(line for line in lines if line)}</p>")
    return "".join(shown)


def question(exchange: Exchange, number: int) -> str:
    """What was asked; `number` counts the exchanges of the conversation from 0."""
    return f'<div class="asked exchange-{number}">{paragraphs(exchange.question)}</div>'


def message(exchange: Exchange, number: int, texts: Texts) -> str:
    """All of an answer: its text, then its footnotes or the passages that came closest."""
    done = f"done exchange-{number}"
    if exchange.problem is not None:
        return f'<div class="problem {done}">{paragraphs(exchange.problem)}</div>'
    if exchange.stopped:
        note = f'<p class="aside">{plain(texts.stopped)}</p>'
        return f'<div class="answer {done}">{_unchecked(exchange.text)}{note}</div>'
    if not exchange.found:
        said = paragraphs(refusal(exchange.reason, texts))
        return f'<div class="refusal {done}">{said}{_closest(exchange, number, texts)}</div>'
    said = _marked(_with_short(paragraphs(exchange.text), exchange), exchange, number)
    differ = f'<p class="aside">{plain(texts.disagreement)}</p>' if exchange.disagreement else ""
    return f'<div class="answer {done}">{differ}{said}{_footnotes(exchange, number, texts)}</div>'


def partial(text: str, texts: Texts) -> str:
    """What there is of an answer while it is being written; its markers are not checked yet."""
    if not text.strip():
        return f'<div class="answer waiting"><p>{plain(texts.looking)}</p></div>'
    return f'<div class="answer growing">{_unchecked(text)}</div>'


def place(cited: Cited, texts: Texts) -> str:
    """Title, heading, page and source, as plain text."""
    headings = [part for part in cited.heading.split(" > ") if part and part != cited.title]
    page = f"{texts.page} {cited.page}" if cited.page else ""
    parts = [cited.title, " › ".join(headings), page, cited.source]
    return " · ".join(part for part in parts if part)


def _unchecked(text: str) -> str:
    return paragraphs(_UNCHECKED_MARKER.sub("", text))


def _with_short(said: str, exchange: Exchange) -> str:
    if not exchange.short:
        return said
    short = plain(exchange.short)
    return said.replace(short, f"<strong>{short}</strong>", 1)


def _marked(said: str, exchange: Exchange, number: int) -> str:
    """The text with its markers as links; one that points nowhere is left out."""
    known = {cited.number for cited in exchange.citations}

    def link(found: re.Match[str]) -> str:
        note = int(found[1])
        if note not in known:
            return ""
        return f'<a href="#cite-{number}-{note}" class="cite" target="_self">{note}</a>'

    return _MARKER.sub(link, said)


def _footnotes(exchange: Exchange, number: int, texts: Texts) -> str:
    shown = (_note(cited, f"cite-{number}", cited.quote, texts) for cited in exchange.citations)
    return _list("footnotes", shown)


def _closest(exchange: Exchange, number: int, texts: Texts) -> str:
    better = ""
    if exchange.suggestion:
        better = (
            f'<p class="aside">{plain(texts.suggestion)} <a href="#ask" class="suggestion" '
            f'target="_self">{plain(exchange.suggestion)}</a></p>'
        )
    if not exchange.passages:
        return better
    shown = (_note(cited, f"close-{number}", _excerpt(cited), texts) for cited in exchange.passages)
    return f'{better}<p class="aside">{plain(texts.closest)}</p>{_list("footnotes close", shown)}'


def _note(cited: Cited, anchor: str, quote: str, texts: Texts) -> str:
    label = plain(place(cited, texts))
    return (
        f'<p><a href="#{anchor}-{cited.number}" class="footnote" target="_self">'
        f'<span class="number">{cited.number}</span> {label}</a></p>'
        f"<blockquote>{paragraphs(quote)}</blockquote>"
    )


def _list(name: str, notes: Iterable[str]) -> str:
    return f'<div class="{name}">{"".join(notes)}</div>'


def _excerpt(cited: Cited) -> str:
    """Some words of a passage, from below the title and headings that stand above it already."""
    lines = [line for line in cited.quote.splitlines() if line.strip()]
    above = {cited.title, *cited.heading.split(" > ")}
    told = 0
    while told < len(lines) - 1 and lines[told].strip() in above:
        told += 1
    words = " ".join(" ".join(lines[told:]).split())
    return words if len(words) <= EXCERPT else words[:EXCERPT].rsplit(" ", 1)[0] + " …"
