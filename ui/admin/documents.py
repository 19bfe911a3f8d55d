"""The view of documents: syncs, and each document with its state and readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ui.admin.frame import press
from ui.admin.tables import shown, table, time

if TYPE_CHECKING:
    from qa import Source, Status
    from ui.page.texts import Texts

# More would make the page slow; `qa status` and the interface for programs list all.
MOST = 2000


def html(status: Status, sync: str, texts: Texts, *, watch: bool) -> str:
    """The view; those that need attention come first."""
    rows = [*_unread(status, texts), *_held(status, texts)]
    more = ""
    if len(rows) > MOST:
        more = f"<p>{shown(texts.admin_more.format(number=len(rows) - MOST))}</p>"
    heads = (
        *(texts.admin_document, texts.admin_state, texts.admin_readers, texts.admin_passages),
        texts.admin_read,
    )
    held = table(heads, rows[:MOST], kind="documents") or f"<p>{shown(texts.state_none)}</p>"
    return f"""<section aria-labelledby="of-sync">
<h2 id="of-sync">{shown(texts.admin_sync)}</h2>
{press("sync", texts.admin_sync_start, texts)}
<div data-part="sync">{sync}</div>
<p class="note">{shown(texts.admin_watch_on if watch else texts.admin_watch_off)}</p>
</section>
<section aria-labelledby="of-documents">
<h2 id="of-documents">{shown(texts.admin_documents)} <span>{len(status.sources):,}</span></h2>
{held}{more}
</section>"""


def _unread(status: Status, texts: Texts) -> Iterator[tuple[str, ...]]:
    for words, files in (
        (texts.admin_unread, status.failed),
        (texts.admin_left_out, status.skipped),
    ):
        for one in files:
            state = f'<span class="problem">{shown(words.format(reason=one.reason))}</span>'
            yield f"<code>{shown(one.source)}</code>", state, "", "", time(one.since)


def _held(status: Status, texts: Texts) -> Iterator[tuple[str, ...]]:
    for one in sorted(status.sources, key=lambda one: (not one.reading.warnings, one.source)):
        title = f"<br>{shown(one.title)}" if one.title else ""
        yield (
            f"<code>{shown(one.source)}</code>{title}",
            _state(one, texts),
            _readers(one, texts),
            f"{one.passages:,}",
            time(one.read),
        )


def _state(one: Source, texts: Texts) -> str:
    if not one.reading.warnings:
        return shown(texts.admin_in_order)
    reasons = (shown(texts.admin_partly.format(reason=why)) for why in one.reading.warnings)
    return f'<span class="problem">{"<br>".join(reasons)}</span>'


def _readers(one: Source, texts: Texts) -> str:
    if one.groups is None:
        return shown(texts.admin_everybody)
    return ", ".join(map(shown, one.groups)) or shown(texts.admin_nobody)
