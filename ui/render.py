"""An `Answer` as the HTML that the page shows; nothing in it but our own tags and plain text.

The page's conversation is Markdown with sanitised HTML in it. Text of a
document or of a model must come out as it is, so every character that could
mean something in either is written as a character reference: these never
start a heading, a link, an image or a tag.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa import Answer, Citation, Hit, Passage

# What is shown of a passage that only came close.
EXCERPT = 160
CLOSEST = 3

_SPECIAL = re.compile(r"[!-/:-@\[-`{-~]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PARAGRAPHS = re.compile(r"\n\s*\n")


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


def message(answer: Answer) -> str:
    """All of an answer: its text, then its footnotes or the passages that came closest."""
    if not answer.found:
        return f'<div class="refusal">{paragraphs(answer.text)}</div>{_closest(answer.hits)}'
    text = paragraphs(answer.text)
    if answer.short:
        short = plain(answer.short)
        text = text.replace(short, f"<strong>{short}</strong>", 1)
    notes = "".join(_footnote(citation) for citation in answer.citations)
    return f'<div class="answer">{text}</div><div class="footnotes">{notes}</div>'


def partial(text: str) -> str:
    """What there is of an answer while it is being written."""
    return f'<div class="answer">{paragraphs(text)}</div>'


def problem(text: str) -> str:
    """What went wrong, in place of an answer."""
    return f'<div class="problem">{paragraphs(text)}</div>'


def place(passage: Citation | Passage) -> str:
    """Title, heading, page and source, as HTML."""
    headings = [part for part in passage.heading.split(" > ") if part and part != passage.title]
    page = f"p. {passage.page}" if passage.page else ""
    rest = [" > ".join(headings), page, passage.source if passage.title else ""]
    parts = "".join(f" · {plain(part)}" for part in rest if part)
    return f"<strong>{plain(passage.title or passage.source)}</strong>{parts}"


def _footnote(citation: Citation) -> str:
    head = f"<p>{plain(citation.marker)} {place(citation)}</p>"
    return f"{head}<blockquote>{paragraphs(citation.quote)}</blockquote>"


def _closest(hits: Iterable[Hit]) -> str:
    shown = []
    for hit, _ in zip(hits, range(CLOSEST), strict=False):
        words = " ".join(hit.passage.text.split())
        cut = words if len(words) <= EXCERPT else words[:EXCERPT].rsplit(" ", 1)[0] + " …"
        shown.append(f"<p>{place(hit.passage)}</p><blockquote><p>{plain(cut)}</p></blockquote>")
    return f'<div class="footnotes">{"".join(shown)}</div>' if shown else ""
