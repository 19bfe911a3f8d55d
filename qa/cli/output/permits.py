"""Who may read what, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from qa.cli.output.reports import groups_named, skipped_lines
from qa.cli.output.terminal import count
from qa.text.cleaning import one_line

if TYPE_CHECKING:
    from qa.cli.output.terminal import Terminal
    from qa.records import PermitReport

Groups = Sequence[str] | None


def print_readers(
    terminal: Terminal, permits: Mapping[str, Groups], readers: Mapping[str, Groups]
) -> None:
    """What was said with `qa permit`, and the groups that may read each document."""
    if permits:
        terminal.say("Said with qa permit; of several patterns that match, the last counts:")
        for pattern, groups in permits.items():
            terminal.say(
                Text.assemble(one_line(pattern), ("  ", ""), (groups_named(groups), "bold")), 2
            )
        terminal.say()
    for source, groups in readers.items():
        terminal.say(Text.assemble(one_line(source), ("  ", ""), (groups_named(groups), "bold")))
    closed = sum(groups is not None for groups in readers.values())
    terminal.say(f"{count(len(readers), 'document')}, {closed:,} not for everybody.")


def print_permitted(
    terminal: Terminal, report: PermitReport, *, reset: bool, dry_run: bool
) -> None:
    """What `qa permit` changed, document by document."""
    for one in report.changed:
        terminal.say(
            Text.assemble(
                one_line(one.source), ("  ", ""), (groups_named(one.before), "dim"), " → ",
                (groups_named(one.groups), "bold"),
            )
        )  # fmt: skip
    unmatched = (
        "{} was not said here, so there is nothing to forget; `qa permit` shows what was."
        if reset
        else "{} matches no document; it holds for what comes later."
    )
    for pattern in report.unmatched:
        terminal.note(unmatched.format(one_line(pattern)), style="yellow")
    for line in skipped_lines(report.skipped):
        terminal.note(line, style="yellow")
    documents = count(len(report.changed), "document")
    would = "would change; nothing was changed" if dry_run else "changed"
    terminal.say(f"Who may read {documents} {would}.")
