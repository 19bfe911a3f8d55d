"""Texts and tables as HTML; whatever a file or a reader says is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ui.page.said import harmless


def shown(text: object) -> str:
    """A text as HTML, on one line."""
    return escape(" ".join(harmless(str(text)).split()))


def quoted(text: str) -> str:
    """A text of several lines as HTML."""
    return escape("\n".join(map(harmless, text.splitlines())))


def time(when: str | None) -> str:
    """A time (ISO 8601, UTC), which the page's script writes as the reader is used to."""
    if not when:
        return ""
    return f'<time datetime="{escape(when)}">{escape(when[:16].replace("T", " "))} UTC</time>'


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "", kind: str = ""
) -> str:
    """A table of HTML cells, whose first column heads its rows; "" if there are no rows."""
    lines = ["".join((_head(row[0]), *(f"<td>{cell}</td>" for cell in row[1:]))) for row in rows]
    if not lines:
        return ""
    named = f"<caption>{shown(caption)}</caption>" if caption else ""
    top = "".join(f'<th scope="col">{shown(head)}</th>' for head in heads)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    # It may be wider than a phone; whoever uses the keyboard must be able to move it.
    label = shown(caption or heads[0])
    return (
        f'<div class="wide" role="group" aria-label="{label}" tabindex="0"><table class="{kind}">'
        f"{named}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(cell: str) -> str:
    return f'<th scope="row">{cell}</th>'
