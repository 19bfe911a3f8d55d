"""The view of documents: syncs, and each document with its state and readers, to be looked for."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ui.admin.frame import press
from ui.admin.tables import shown, table, time

if TYPE_CHECKING:
    from qa import Source, Status, Unread
    from ui.page.texts import Texts

# More would make the page slow; `qa status` and the interface for programs list all.
MOST = 2000
# Of the words that are looked for.
LONGEST = 300

State = Literal["unread", "left_out", "partly", "in_order"]
"""What became of a file; what needs attention comes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents to show: those whose source or title has all `words`, and of one state."""

    words: str = ""
    state: State | None = None

    @property
    def everything(self) -> bool:
        """Whether all documents are shown."""
        return not self.words and self.state is None

    def has_words(self, *texts: str) -> bool:
        """Whether each of the words is in these texts, in capitals or not."""
        text = _compared(" ".join(texts))
        return all(word in text for word in _compared(self.words).split())


@dataclass(frozen=True, slots=True)
class _Row:
    state: State
    cells: tuple[str, ...]


def html(status: Status, wanted: Wanted, sync: str, texts: Texts, *, watch: bool) -> str:
    """The view; documents that need attention come first."""
    found = [*_unread(status, wanted, texts), *_held(status, wanted, texts)]
    numbers = Counter(row.state for row in found)
    rows = [row.cells for row in found if wanted.state in (None, row.state)]
    total = len(status.failed) + len(status.skipped) + len(status.sources)
    number = f"{len(status.sources):,}"
    if not wanted.everything:
        number = texts.admin_found.format(number=f"{len(rows):,}", total=f"{total:,}")
    return f"""<section aria-labelledby="of-sync">
<h2 id="of-sync">{shown(texts.admin_sync)}</h2>
{press("sync", texts.admin_sync_start, texts)}
<div data-part="sync">{sync}</div>
<p class="note">{shown(texts.admin_watch_on if watch else texts.admin_watch_off)}</p>
</section>
<section aria-labelledby="of-documents">
<h2 id="of-documents">{shown(texts.admin_documents)} <span>{shown(number)}</span></h2>
{_search(wanted, numbers, texts) if total else ""}{_table(rows, wanted, texts)}
</section>"""


def _search(wanted: Wanted, numbers: Counter[State], texts: Texts) -> str:
    """The form; each state says how many documents with these words are in it."""
    named: dict[State | Literal[""], str] = {
        "": texts.admin_find_all,
        "unread": texts.admin_find_unread,
        "left_out": texts.admin_find_left_out,
        "partly": texts.admin_find_partly,
        "in_order": texts.admin_in_order,
    }
    options = "".join(
        f'<option value="{state}"{" selected" if state == (wanted.state or "") else ""}>'
        f"{shown(name)} ({numbers[state] if state else numbers.total():,})</option>"
        for state, name in named.items()
    )
    words = f'name="find" type="search" maxlength="{LONGEST}" value="{shown(wanted.words)}"'
    # The page is shown from its list on, whose heading says how many there are.
    return f"""<form class="find" role="search" action="admin#of-documents">
<input type="hidden" name="lang" value="{texts.language}">
<div><label for="find">{shown(texts.admin_find)}</label>
<input id="find" {words}></div>
<div><label for="state">{shown(texts.admin_state)}</label>
<select id="state" name="state">{options}</select></div>
<button>{shown(texts.admin_find_start)}</button>
</form>"""


def _table(rows: Sequence[tuple[str, ...]], wanted: Wanted, texts: Texts) -> str:
    if not rows and wanted.everything:
        return f"<p>{shown(texts.state_none)}</p>"
    heads = (
        *(texts.admin_document, texts.admin_state, texts.admin_readers, texts.admin_passages),
        texts.admin_read,
    )
    found = table(heads, rows[:MOST], kind="documents") or f"<p>{shown(texts.admin_found_none)}</p>"
    if len(rows) > MOST:
        found += f"<p>{shown(texts.admin_more.format(number=f'{len(rows) - MOST:,}'))}</p>"
    if not wanted.everything:
        every = f"admin?lang={texts.language}#of-documents"
        found += f'<p><a href="{every}">{shown(texts.admin_find_all)}</a></p>'
    return found


def _unread(status: Status, wanted: Wanted, texts: Texts) -> Iterator[_Row]:
    kinds: tuple[tuple[State, str, Sequence[Unread]], ...] = (
        ("unread", texts.admin_unread, status.failed),
        ("left_out", texts.admin_left_out, status.skipped),
    )
    for state, words, files in kinds:
        for one in files:
            if wanted.has_words(one.source):
                told = f'<span class="problem">{shown(words.format(reason=one.reason))}</span>'
                source = f"<code>{shown(one.source)}</code>"
                yield _Row(state, (source, told, "", "", time(one.since)))


def _held(status: Status, wanted: Wanted, texts: Texts) -> Iterator[_Row]:
    for one in sorted(status.sources, key=lambda one: (not one.reading.warnings, one.source)):
        if not wanted.has_words(one.source, one.title):
            continue
        title = f"<br>{shown(one.title)}" if one.title else ""
        cells = (
            f"<code>{shown(one.source)}</code>{title}",
            _state(one, texts),
            _readers(one, texts),
            f"{one.passages:,}",
            time(one.read),
        )
        yield _Row("partly" if one.reading.warnings else "in_order", cells)


def _state(one: Source, texts: Texts) -> str:
    if not one.reading.warnings:
        return shown(texts.admin_in_order)
    reasons = (shown(texts.admin_partly.format(reason=why)) for why in one.reading.warnings)
    return f'<span class="problem">{"<br>".join(reasons)}</span>'


def _readers(one: Source, texts: Texts) -> str:
    if one.groups is None:
        return shown(texts.admin_everybody)
    return ", ".join(map(shown, one.groups)) or shown(texts.admin_nobody)


def _compared(text: str) -> str:
    # Some systems store a letter and its accent as two characters.
    return unicodedata.normalize("NFC", text).casefold()
