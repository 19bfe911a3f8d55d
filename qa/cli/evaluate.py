"""`qa eval`: measure the answers to a set of questions, and compare settings."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.cli.options import ERROR, Index, Json, open_terminal, opened, ready
from qa.errors import EvaluationError, QAError, SettingsError

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.cli.output.terminal import Terminal
    from qa.evaluation import Evaluation, EvaluationSet

# A longer list of problems is cut.
MOST_TOLD = 10
PICTURES = (".png", ".svg", ".pdf")

EXAMPLES = """Examples:

  qa eval questions.jsonl

  qa eval questions.jsonl --plot reliability.png

  qa eval questions.jsonl --set threshold=0.4 --against threshold=0.3

  qa eval questions.jsonl --json > before.json

  qa eval questions.jsonl --against before.json

A line of the file: {"question": "…", "answer": "…", "source": "handbook/leave.md"}, or
{"question": "…", "answerable": false} where the documents do not say.

The exit code is 0, or 1 if a quote is not exact, a line cannot be used or something else failed."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The settings of a run, and its name beside another one."""

    label: str
    settings: Mapping[str, str]


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="SET", help="Questions in a JSONL file, or a folder that has its own documents."
        ),
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask only this many of the questions, evenly spread.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting; repeatable."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|FILE",
            help="Compare with another setting (repeatable), or with a saved result.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw reliability and latency: .png, .svg or .pdf."),
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Ask a set of questions and measure the answers; compare two settings."""
    from qa.evaluation import every, need_ranking_measures, read_set

    terminal = open_terminal()
    need_ranking_measures()
    _can_draw(plot)
    runs, saved = _runs(change or (), against or (), index)
    found = read_set(questions)
    _tell(terminal, found.problems)
    if found.unjudged:
        terminal.note(
            f"{found.unjudged:,} questions without a judgement or an answer are left out."
        )
    asked = every(found.questions, limit)
    with contextlib.ExitStack() as stack:
        assistants = _assistants(stack, terminal, found, runs)
        evaluations, stopped = _measured(terminal, assistants, runs, asked, found.name)
    # Inexact quotes in a saved evaluation may be fixed by now.
    inexact = [place for evaluation in evaluations for place in evaluation.inexact]
    if saved is not None:
        evaluations.append(saved)
    _report(terminal, evaluations, plot, as_json)
    if stopped is not None:
        raise stopped
    if inexact:
        _tell(terminal, [f"The quote is not what the document says there: {p}" for p in inexact])
    if inexact or found.problems:
        raise typer.Exit(ERROR)


def _measured(
    terminal: Terminal,
    assistants: Sequence[Assistant],
    runs: Sequence[_Run],
    questions: Sequence[Any],
    name: str,
) -> tuple[list[Evaluation], BaseException | None]:
    """The measurements, and what stopped them early, if anything did."""
    from qa.cli.output.evaluation_tables import counting
    from qa.evaluation import Evaluation, asked, settings_of

    done: list[tuple[Any, ...]] = []
    stopped: BaseException | None = None
    try:
        with counting(terminal, "Asking", len(questions), "question") as advance:
            for outcomes in asked(assistants, questions):
                done.append(outcomes)
                advance()
    except (KeyboardInterrupt, QAError) as error:
        if not done:
            raise
        stopped = error
        terminal.note(f"Stopped after {len(done):,} of {len(questions):,} questions.")
    names = [f"{name}, {run.label}" if len(runs) > 1 else name for run in runs]
    return [
        Evaluation(label, outcomes, settings_of(assistant))
        for label, outcomes, assistant in zip(
            names, zip(*done, strict=True), assistants, strict=True
        )
    ], stopped


def _report(
    terminal: Terminal, evaluations: Sequence[Evaluation], plot: Path | None, as_json: bool
) -> None:
    from qa.cli.output.evaluation_tables import print_comparison, print_evaluation

    if len(evaluations) == 1:
        if as_json:
            terminal.json(evaluations[0].to_dict())
        else:
            print_evaluation(terminal, evaluations[0])
    else:
        from qa.evaluation import compare

        with terminal.waiting("Telling differences from noise"):
            comparison = compare(*evaluations)
        evaluations = (comparison.evaluation, comparison.against)
        if as_json:
            terminal.json(comparison.to_dict())
        else:
            print_comparison(terminal, comparison)
    if plot is not None:
        from qa.evaluation import draw

        draw(evaluations, plot)
        terminal.note(f"Drawn: {plot}")


def _runs(
    change: Sequence[str], against: Sequence[str], index: str | None
) -> tuple[list[_Run], Evaluation | None]:
    from qa.evaluation import Evaluation, need_statistics

    base = {} if index is None else {"index": index}
    runs = [_Run(" ".join(change) or "as set", {**base, **_settings(change)})]
    if not against:
        return runs, None
    need_statistics()
    if len(against) == 1 and "=" not in against[0]:
        return runs, Evaluation.load(Path(against[0]))
    return [*runs, _Run(" ".join(against), {**base, **_settings(against)})], None


def _settings(given: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE, each -> the settings by name.

    Raises:
        SettingsError: there is no such setting, or its value does not fit.
    """
    from qa.settings import Settings

    settings = {}
    for one in given:
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals or not value:
            raise SettingsError(f"{one!r} is not a setting. Write NAME=VALUE: threshold=0.4")
        settings[name] = value
    Settings.load(**settings)
    return settings


def _assistants(
    stack: contextlib.ExitStack, terminal: Terminal, found: EvaluationSet, runs: Sequence[_Run]
) -> list[Assistant]:
    """An open assistant for each run, with the documents of the set."""
    if found.corpus is None:
        assistants = []
        for run in runs:
            index, settings = _split(run)
            assistants.append(stack.enter_context(ready(terminal, index, **settings)))
        _warn_of_unknown_sources(terminal, assistants, found)
        return assistants
    # Runs with the same embedding settings share an index.
    own: dict[tuple[object, ...], str] = {}
    filled: set[str] = set()
    assistants = []
    for run in runs:
        index, settings = _split(run)
        kept = index is not None
        if index is None:
            key = tuple(settings.get(name) for name in ("embedder", "passage_tokens"))
            if key not in own:
                own[key] = stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="qa-eval-", ignore_cleanup_errors=True)
                )
            index = own[key]
        assistant = stack.enter_context(opened(terminal, index, **settings))
        assistants.append(assistant)
        if index not in filled:
            _fill(terminal, assistant, found, kept)
            filled.add(index)
    return assistants


def _split(run: _Run) -> tuple[str | None, dict[str, Any]]:
    settings = dict(run.settings)
    return settings.pop("index", None), settings


def _fill(terminal: Terminal, assistant: Assistant, found: EvaluationSet, kept: bool) -> None:
    """Add the set's own documents to an index that holds nothing else."""
    from qa.cli.output.evaluation_tables import counting

    documents = list(found.documents())
    if kept:
        sources = {document.source for document in documents}
        others = [one.source for one in assistant.status().sources if one.source not in sources]
        if others:
            raise EvaluationError(
                f"The index {assistant.settings.index} holds other documents than this set "
                f"({others[0]}). Name a folder of its own with --index, or leave it out."
            )
    with counting(terminal, "Indexing", len(documents), "document") as advance:

        def passing() -> Iterator[Any]:
            for document in documents:
                yield document
                advance()

        assistant.add(passing())


def _warn_of_unknown_sources(
    terminal: Terminal, assistants: Sequence[Assistant], found: EvaluationSet
) -> None:
    known = {one.source for assistant in assistants for one in assistant.status().sources}
    named = {source for question in found.questions for source in question.sources}
    if missing := sorted(named - known):
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        terminal.note(
            f"The index holds no source {missing[0]}{more}: questions cannot find it. "
            "To list the sources: qa status",
            style="yellow",
        )


def _tell(terminal: Terminal, problems: Sequence[str]) -> None:
    for problem in problems[:MOST_TOLD]:
        terminal.error(problem)
    if len(problems) > MOST_TOLD:
        terminal.note(f"… and {len(problems) - MOST_TOLD:,} more like these.")


def _can_draw(plot: Path | None) -> None:
    """Check before any question is asked whether the picture can be drawn."""
    if plot is None:
        return
    if plot.suffix.lower() not in PICTURES:
        raise EvaluationError(f"{plot}: the name of a picture ends with {', '.join(PICTURES)}.")
    if not plot.absolute().parent.is_dir():
        raise EvaluationError(f"{plot}: there is no folder {plot.absolute().parent}.")
    from qa.evaluation import need_matplotlib

    need_matplotlib()
