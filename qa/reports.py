"""What the command line says of an index: what a sync did, what it holds, what was forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from qa.loading import supported_suffixes
from qa.terminal import count

if TYPE_CHECKING:
    from qa.doctor import Check
    from qa.records import Forgotten, Skipped, Status, SyncReport
    from qa.terminal import Terminal

# At a terminal a longer list is cut, and the rest counted.
LONGEST_LIST = 40
# From so many files on, those skipped for the same reason share a line.
MANY = 4

_CHECK_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def print_sync(terminal: Terminal, report: SyncReport, *, skipped: bool = True) -> None:
    """What a sync did, file by file, and a line that sums it up."""
    renamed = [f"{old} → {new}" for old, new in report.renamed]
    _list(terminal, "+", "green", report.added)
    _list(terminal, "~", "yellow", report.changed)
    _list(terminal, "→", "cyan", renamed)
    _list(terminal, "-", "red", report.removed)
    if skipped:
        _list(terminal, "!", "yellow", list(skipped_lines(report.skipped)))
    terminal.say(summary(report))


def summary(report: SyncReport) -> str:
    """A sync in one line."""
    numbers = [
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(report.renamed), "renamed"),
        (len(report.removed), "removed"),
        (len(report.unchanged), "unchanged"),
        (len(report.skipped), "skipped"),
    ]
    parts = [f"{number:,} {what}" for number, what in numbers if number]
    if report.passages:
        parts.append(f"{count(report.passages, 'passage')} embedded")
    return f"{', '.join(parts) or 'Nothing to read'} in {duration(report.seconds)}."


def duration(seconds: float) -> str:
    """How long something took, as one says it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def skipped_lines(skipped: Sequence[Skipped]) -> Iterable[str]:
    """What was skipped and why: a line for each file, or for each reason that many share."""
    readable = supported_suffixes()
    foreign = [item for item in skipped if _suffix(item.source) not in readable]
    reasons: dict[str, list[Skipped]] = defaultdict(list)
    for item in skipped:
        if len(foreign) < MANY or _suffix(item.source) in readable:
            reasons[item.reason.removeprefix(item.source).strip()].append(item)
    for reason, items in reasons.items():
        if len(items) < MANY:
            yield from (item.reason for item in items)
        else:
            yield f"{len(items):,} files: {reason} ({', '.join(item.source for item in items)})"
    if len(foreign) >= MANY:
        suffixes = Counter(_suffix(item.source) or "no suffix" for item in foreign).most_common()
        kinds = ", ".join(f"{number:,} × {suffix}" for suffix, number in suffixes)
        known = ", ".join(sorted(readable))
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
        return
    terminal.say()
    if terminal.width is not None and len(status.sources) > LONGEST_LIST:
        folders = Counter(str(PurePath(item.source).parent) for item in status.sources)
        for folder, number in folders.most_common(LONGEST_LIST):
            terminal.say(f"{number:>7,}  {folder}/")
        terminal.note("By folder, because there are many. Each document: qa status | less")
        return
    _documents(terminal, status)


def print_forgotten(terminal: Terminal, forgotten: Forgotten) -> None:
    """What is gone, and the proof of it."""
    _list(terminal, "-", "red", forgotten.sources)
    gone = f"{count(len(forgotten.sources), 'document')}, {count(forgotten.passages, 'passage')}"
    terminal.say(f"Forgotten: {gone}. A search of the whole index finds nothing left of it.")


def print_checks(terminal: Terminal, checks: Iterable[Check]) -> None:
    """A line for each check as it is made, and what to do where something is wrong."""
    for check in checks:
        state = (f"{check.state:8}", _CHECK_STYLES[check.state])
        terminal.say(Text.assemble(state, (f"{check.name}: ", "bold"), check.message))
        if check.advice:
            terminal.say(check.advice, indent=8)


def _documents(terminal: Terminal, status: Status) -> None:
    widest = max(cell_len(item.source) for item in status.sources)
    for item in sorted(status.sources, key=lambda item: item.source):
        line = Text(f"{item.passages:>7,}  {item.source}")
        if item.title:
            line.append(" " * (widest - cell_len(item.source)) + f"  {item.title}", style="dim")
        terminal.say(line, cut=True)


def _list(terminal: Terminal, sign: str, style: str, lines: Sequence[str]) -> None:
    shown = lines if terminal.width is None else lines[:LONGEST_LIST]
    for line in shown:
        terminal.say(Text.assemble((f"{sign} ", style), line))
    if len(shown) < len(lines):
        terminal.say(f"{sign} … and {len(lines) - len(shown):,} more; all of them: --json")


def _suffix(source: str) -> str:
    return PurePath(source).suffix.lower()


def _when(updated: str | None) -> str:
    if updated is None:
        return "never"
    return datetime.fromisoformat(updated).astimezone().strftime("%Y-%m-%d %H:%M")
