"""What a review found, in the terminal: by kind, each with its quotes and where to open them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from qa.cli.output.terminal import EXCERPT, count
from qa.records import headings_below, in_file
from qa.text.cleaning import clean, one_line
from qa.text.excerpts import excerpt

if TYPE_CHECKING:
    from qa.cli.output.terminal import Terminal
    from qa.records import Citation, FindingKind, Review, ReviewFinding

# Of each kind, as many are shown; the rest is counted.
SHOWN = 20

_TITLES: dict[FindingKind, str] = {
    "contradiction": "Documents that contradict each other",
    "replaced": "Documents that another one replaces",
    "duplicate document": "Documents that are kept twice",
    "duplicate passage": "Passages that are kept twice",
    "dead link": "Links that lead nowhere",
}


def print_review(terminal: Terminal, review: Review, *, everything: bool = False) -> None:
    """The findings by kind, the likeliest of each first; with `everything`, all of them."""
    for kind, title in _TITLES.items():
        of_kind = [one for one in review.findings if one.kind == kind]
        if of_kind:
            _section(terminal, f"{title} ({len(of_kind):,})", of_kind, everything=everything)
    if everything and review.aside:
        _section(terminal, f"Set aside ({len(review.aside):,})", review.aside, everything=True)
    documents = count(review.documents, "document")
    if not review.findings:
        terminal.say(f"Nothing found in {documents}.")
        return
    aside = f", {len(review.aside):,} set aside" if review.aside else ""
    terminal.say(f"{count(len(review.findings), 'finding')} in {documents}{aside}.")
    terminal.note("If one is right as it is: qa review --set-aside ID")


def _section(
    terminal: Terminal, title: str, findings: Sequence[ReviewFinding], *, everything: bool
) -> None:
    shown = findings if everything or terminal.width is None else findings[:SHOWN]
    terminal.say(Text(title, style="bold"))
    terminal.say()
    for finding in shown:
        _finding(terminal, finding)
    if len(shown) < len(findings):
        terminal.say(f"… and {len(findings) - len(shown):,} more; all of them: qa review --all")
        terminal.say()


def _finding(terminal: Terminal, finding: ReviewFinding) -> None:
    terminal.say(Text.assemble((finding.id, "cyan"), (f"  {finding.score:.2f}", "dim")))
    for citation, date in zip(finding.citations, finding.dates, strict=True):
        terminal.say(_place(citation, date, newer=citation.number == finding.newer), indent=2)
        quote = excerpt(citation.quote, EXCERPT)
        terminal.say(Text(f"“{quote}”", style="dim italic"), indent=4)
    if finding.target:
        terminal.say(Text.assemble("leads to ", (one_line(finding.target), "yellow")), indent=4)
    if finding.meant:
        terminal.say(Text.assemble("perhaps meant: ", one_line(finding.meant)), indent=4)
    terminal.say()


def _place(citation: Citation, date: str, *, newer: bool) -> Text:
    """Which document to open, and at which heading or page."""
    parts = [" > ".join(one_line(clean(part)) for part in headings_below(citation))]
    parts += [one_line(in_file(citation, None, "p.")), date]
    place = Text.assemble((one_line(clean(citation.source)), "bold"))
    for part in filter(None, parts):
        place.append(f" · {part}", style="dim")
    if newer:
        place.append(" · newer", style="green")
    return place
