"""The output of `qa eval`: a progress bar, the figures of an evaluation, or two side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qa.cli.output.terminal import count
from qa.evaluation import MEASURES, Measure, Unit

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from qa.cli.output.terminal import Terminal
    from qa.evaluation import Change, Comparison, Evaluation

# The figures shown for each kind of question, with their column names.
_OF_KINDS: tuple[tuple[str, str, str, Unit], ...] = (
    ("facts", "nuggets", "recall", "share"),
    ("complete", "nuggets", "complete", "share"),
    ("concise", "nuggets", "concise", "share"),
    ("both", "nuggets", "both", "share"),
    ("yes/no", "nuggets", "direct", "share"),
    ("words", "answers", "words", "words"),
)
_VERDICTS = {"better": "green", "worse": "bold red", "same": "dim"}


@contextlib.contextmanager
def counting(terminal: Terminal, what: str, total: int, noun: str) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; a single line if that is a file."""
    if not terminal.err.file.isatty():
        terminal.note(f"{what} {count(total, noun)}…")
        yield lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=terminal.err, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def print_evaluation(terminal: Terminal, evaluation: Evaluation) -> None:
    """The figures of an evaluation, and the reliability of its scores."""
    terminal.say(_title(evaluation))
    table = _table(("", "left"), ("value", "right"), ("over", "right"))
    for group, measures in _groups(list(evaluation.figures)):
        table.add_row(Text(group.capitalize(), style="bold"))
        for measure in measures:
            if measure.name in evaluation.figures[group]:
                value = shown(evaluation.figures[group][measure.name], measure.unit)
                over = int(measure.over(evaluation.columns).sum())
                table.add_row(f"  {measure.label}", value, f"{over:,}")
    _print(terminal, table)
    _print_kinds(terminal, evaluation)
    _print_bins(terminal, evaluation)


def print_comparison(terminal: Terminal, comparison: Comparison) -> None:
    """Two evaluations side by side, and which differences are more than noise."""
    terminal.say(_title(comparison.evaluation))
    terminal.say(Text(f"against {comparison.against.name}", style="dim"))
    table = _table(
        ("", "left"), ("this", "right"), ("against", "right"), ("change", "right"),
        ("95% interval", "right"), ("", "left"),
    )  # fmt: skip
    by_group: dict[str, list[Change]] = {}
    for change in comparison.changes:
        by_group.setdefault(change.measure.group, []).append(change)
    for group, changes in by_group.items():
        table.add_row(Text(group.capitalize(), style="bold"))
        for change in changes:
            table.add_row(*_cells(change))
    _print(terminal, table)
    terminal.say(
        "“better” and “worse” are more than noise (paired permutation test over "
        f"{count(len(comparison.evaluation.outcomes), 'question')}, p below 0.05 after adjusting "
        "for the number of figures). The interval, and p of times, are of a paired bootstrap."
    )
    if any(change.measure.unit == "ms" for change in comparison.changes):
        terminal.say(
            "Times of a saved evaluation depend on its machine and load: compare the ratio."
        )


def shown(value: float, unit: Unit, *, sign: bool = False) -> str:
    """A figure for reading: a share with three decimals, milliseconds with one, words without."""
    places = {"share": 3, "ms": 1, "times": 2, "words": 0}[unit]
    return f"{value:{'+' if sign else ''}.{places}f}"


def _cells(change: Change) -> Sequence[str | Text]:
    unit = change.measure.unit
    low, high = (shown(value, unit, sign=True) for value in (change.low, change.high))
    return (
        f"  {change.measure.label}",
        shown(change.value, unit),
        shown(change.against, unit),
        shown(change.difference, unit, sign=True),
        f"{low} … {high}",
        Text(change.verdict, style=_VERDICTS[change.verdict]),
    )


def _title(evaluation: Evaluation) -> Text:
    questions = len(evaluation.outcomes)
    refused = sum(not outcome.answerable for outcome in evaluation.outcomes)
    about = f"{count(questions, 'question')}, {refused:,} of them to be refused"
    return Text.assemble((evaluation.name, "bold"), f" · {about}")


def _groups(names: Sequence[str]) -> Iterator[tuple[str, list[Measure]]]:
    for name in names:
        yield name, [measure for measure in MEASURES if measure.group == name]


def _print_kinds(terminal: Terminal, evaluation: Evaluation) -> None:
    if not evaluation.kinds:
        return
    names = ("asked", "refused", *(name for name, *_ in _OF_KINDS))
    table = _table(("kind", "left"), *((name, "right") for name in names))
    for kind, one in evaluation.kinds.items():
        refused = sum(not outcome.found for outcome in one.outcomes) / len(one.outcomes)
        cells = [kind, f"{len(one.outcomes):,}", shown(refused, "share")]
        for _, group, name, unit in _OF_KINDS:
            value = one.figures.get(group, {}).get(name)
            cells.append("" if value is None else shown(value, unit))
        table.add_row(*cells)
    _print(terminal, table)


def _print_bins(terminal: Terminal, evaluation: Evaluation) -> None:
    if not evaluation.bins:
        return
    table = _table(
        ("score", "left"), ("answers given", "right"), ("mean score", "right"), ("right", "right")
    )
    for one in evaluation.bins:
        table.add_row(
            f"{one.low:.1f} to {one.high:.1f}",
            f"{one.count:,}",
            f"{one.score:.3f}",
            f"{one.right:.3f}",
        )
    _print(terminal, table)


def _table(*columns: tuple[str, str]) -> Table:
    # Two cells between columns and no lines: two settings fit side by side into 80 cells.
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, (name, side) in enumerate(columns):
        justify: JustifyMethod = "left" if side == "left" else "right"
        table.add_column(name, justify=justify, no_wrap=number > 0)
    return table


def _print(terminal: Terminal, table: Table) -> None:
    terminal.say()
    terminal.out.print(table)
    terminal.say()
