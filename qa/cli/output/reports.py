"""Reports about an index in the terminal: a sync, its status, what was forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from qa.access import EVERYONE
from qa.cli.output.terminal import count
from qa.loading import supported_suffixes
from qa.places import is_web
from qa.records import Skipped
from qa.text.cleaning import one_line

if TYPE_CHECKING:
    from qa.cli.output.terminal import Terminal
    from qa.doctor import Check
    from qa.records import Forgotten, Status, SyncReport

# In a terminal, a longer list is cut, and the rest counted.
LONGEST_LIST = 40
# As many files that were skipped for the same reason share a line.
MANY = 4

_CHECK_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def print_sync(terminal: Terminal, report: SyncReport, *, skipped: bool = True) -> None:
    """The result of a sync, file by file, and a summary line."""
    renamed = [f"{old} → {new}" for old, new in report.renamed]
    readers = [
        f"{one.source}: {groups_named(one.before)} → {groups_named(one.groups)}"
        for one in report.readers
    ]
    _list(terminal, "+", "green", report.added)
    _list(terminal, "~", "yellow", report.changed)
    _list(terminal, "→", "cyan", renamed)
    _list(terminal, "-", "red", _own_removed(report))
    _list(terminal, "·", "cyan", readers)
    if report.samples:
        samples = count(len(report.samples), "sample document")
        terminal.say(f"{samples} removed to make room for your own.")
    if skipped:
        _list(terminal, "!", "yellow", list(skipped_lines(report.skipped)))
    terminal.say(summary(report))


def summary(report: SyncReport) -> str:
    """A sync in one line."""
    readers = {one.source for one in report.readers}
    numbers = [
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(report.renamed), "renamed"),
        (len(_own_removed(report)), "removed"),
        (len(set(report.unchanged) - readers), "unchanged"),
        (len(readers), "with other readers"),
        (len(report.skipped), "skipped"),
    ]
    parts = [f"{number:,} {what}" for number, what in numbers if number]
    if report.passages:
        parts.append(f"{count(report.passages, 'passage')} embedded")
    return f"{', '.join(parts) or 'Nothing to read'} in {duration(report.seconds)}."


def changed(report: SyncReport) -> bool:
    """Whether a sync has changed a document, or who may read it."""
    done = report.added or report.changed or report.renamed or report.removed
    return bool(done or report.readers)


def groups_named(groups: Sequence[str] | None) -> str:
    """Groups in words; None is everybody."""
    if groups is None or EVERYONE in groups:
        return "everybody"
    return one_line(", ".join(groups)) or "nobody"


def _own_removed(report: SyncReport) -> list[str]:
    """What was removed, apart from the samples."""
    samples = set(report.samples)
    return [source for source in report.removed if source not in samples]


def duration(seconds: float) -> str:
    """A duration in words."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def skipped_lines(skipped: Sequence[Skipped]) -> Iterable[str]:
    """What was skipped and why: a line for each file, or for each frequent reason."""
    foreign = [item for item in skipped if _is_foreign(item.source)]
    reasons: dict[str, list[Skipped]] = defaultdict(list)
    for item in skipped:
        if len(foreign) < MANY or not _is_foreign(item.source):
            reasons[item.reason.removeprefix(item.source).strip()].append(item)
    for reason, items in reasons.items():
        if len(items) < MANY:
            yield from (item.reason for item in items)
        else:
            yield f"{len(items):,} files: {reason} ({', '.join(item.source for item in items)})"
    if len(foreign) >= MANY:
        suffixes = Counter(_suffix(item.source) or "no suffix" for item in foreign).most_common()
        kinds = ", ".join(f"{number:,} × {suffix}" for suffix, number in suffixes)
        known = ", ".join(sorted(supported_suffixes()))
        yield f"{len(foreign):,} files of other kinds: {kinds}. What can be read: {known}."


def print_status(terminal: Terminal, status: Status) -> None:
    """The state of an index, and its documents."""
    documents = count(len(status.sources), "document")
    facts = [
        ("Index", status.index),
        ("Holds", f"{documents}, {count(status.passages, 'passage')}"),
        ("Folders", "\n".join(status.folders) or "none"),
        ("Embedder", status.embedder),
        ("Changed", _when(status.updated)),
    ]
    for name, value in facts:
        for line in value.split("\n"):
            terminal.say(Text.assemble((f"{name:9}", "dim"), line))
            name = ""
    if not status.sources:
        terminal.note("The index is empty. To fill it: qa sync FOLDER")
        _print_unread(terminal, status)
        return
    terminal.say()
    _print_documents(terminal, status)
    _print_unread(terminal, status)


def print_source(terminal: Terminal, status: Status) -> None:
    """How one document was read, or why it was not."""
    for one in status.sources:
        pages = [count(one.pages, "page")] if one.pages else []
        facts = [
            ("Source", one.source),
            ("Title", one.title),
            ("Read", f"{_when(one.read or None)} as {', '.join(one.reading.formats) or 'text'}"),
            ("Holds", ", ".join([*pages, count(one.passages, "passage")])),
            *([("Readers", ", ".join(one.groups) or "nobody")] if one.groups is not None else []),
            *((name, str(value)) for name, value in one.metadata.items()),
        ]
        for name, value in facts:
            terminal.say(Text.assemble((f"{name:9}", "dim"), one_line(value)))
    _print_unread(terminal, status)


def _print_unread(terminal: Terminal, status: Status) -> None:
    """What could not be read, wholly or in part, and what has changed since."""
    partly = [
        Skipped(one.source, f"{one.source}: {warning}")
        for one in status.sources
        for warning in one.reading.warnings
    ]
    reasons = [[Skipped(one.source, one.reason) for one in status.failed]]
    reasons.append([Skipped(one.source, one.reason) for one in status.skipped])
    for title, found in (
        ("Could not be read (try again: qa sync --retry)", reasons[0]),
        ("Skipped", reasons[1]),
        ("Read in part", partly),
        ("Stale (read again: qa sync)", list(status.stale)),
    ):
        if found:
            terminal.say()
            terminal.say(Text(title, style="bold"))
            _list(terminal, "!", "yellow", list(skipped_lines(found)))


def _print_documents(terminal: Terminal, status: Status) -> None:
    if terminal.width is not None and len(status.sources) > LONGEST_LIST:
        folders = Counter(item.source.rpartition("/")[0] or "." for item in status.sources)
        for folder, number in folders.most_common(LONGEST_LIST):
            terminal.say(f"{number:>7,}  {folder}/")
        terminal.note("By folder, because there are many. Each document: qa status | less")
        return
    _documents(terminal, status)


def print_forgotten(terminal: Terminal, forgotten: Forgotten) -> None:
    """What was removed, and the proof."""
    _list(terminal, "-", "red", forgotten.sources)
    gone = f"{count(len(forgotten.sources), 'document')}, {count(forgotten.passages, 'passage')}"
    terminal.say(f"Forgotten: {gone}. A search of the whole index finds nothing left of it.")


def print_checks(terminal: Terminal, checks: Iterable[Check]) -> None:
    """A line for each check, and what to do if something is wrong."""
    for check in checks:
        state = (f"{check.state:8}", _CHECK_STYLES[check.state])
        terminal.say(Text.assemble(state, (f"{check.name}: ", "bold"), check.message))
        if check.advice:
            terminal.say(check.advice, indent=8)


def _documents(terminal: Terminal, status: Status) -> None:
    widest = max(cell_len(one_line(item.source)) for item in status.sources)
    for item in sorted(status.sources, key=lambda item: item.source):
        source = one_line(item.source)  # a file's name may contain a line break
        line = Text(f"{item.passages:>7,}  {source}")
        if item.title:
            line.append(
                " " * (widest - cell_len(source)) + f"  {one_line(item.title)}", style="dim"
            )
        terminal.say(line, cut=True)


def _list(terminal: Terminal, sign: str, style: str, lines: Sequence[str]) -> None:
    shown = lines if terminal.width is None else lines[:LONGEST_LIST]
    for line in shown:
        terminal.say(Text.assemble((f"{sign} ", style), one_line(line)))
    if len(shown) < len(lines):
        terminal.say(f"{sign} … and {len(lines) - len(shown):,} more; all of them: --json")


def _suffix(source: str) -> str:
    return PurePath(source).suffix.lower()


def _is_foreign(source: str) -> bool:
    """Whether a file's name says that it cannot be read; the address of a page says nothing."""
    return not is_web(source) and _suffix(source) not in supported_suffixes()


def _when(updated: str | None) -> str:
    if updated is None:
        return "never"
    return datetime.fromisoformat(updated).astimezone().strftime("%Y-%m-%d %H:%M")
