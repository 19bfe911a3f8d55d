"""What the verbs share: options, exit codes, and opening an Assistant."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.cli.output.terminal import Terminal
    from qa.records import Status

FOUND, ERROR, NOT_FOUND, INTERRUPTED = 0, 1, 3, 130

Index = Annotated[
    str | None,
    typer.Option(metavar="DIR|URL", help="Folder or Chroma server of the index (or QA_INDEX)."),
]
ChatModel = Annotated[
    str | None,
    typer.Option(metavar="PROVIDER:NAME", help="Let a chat model word the answer."),
]
ChatModelUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Base URL of the chat model's server.")
]
Folder = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only use sources below this one of `qa status`.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Question = Annotated[
    list[str], typer.Argument(metavar="QUESTION", help="The question; - reads standard input.")
]


def open_terminal() -> Terminal:
    """The two streams of this run."""
    from qa.cli.output.terminal import Terminal

    return Terminal()


def joined(words: list[str]) -> str:
    """The words of a question as one text; - stands for standard input."""
    from qa.text.cleaning import clean

    # Invalid bytes arrive as lone surrogates, which no model accepts.
    return clean(sys.stdin.read() if words == ["-"] else " ".join(words)).strip()


@contextlib.contextmanager
def opened(terminal: Terminal, index: str | None, **settings: Any) -> Iterator[Assistant]:
    """An assistant on an index, which is closed when the block ends."""
    with terminal.waiting("Opening the index"):
        from qa.assistant import Assistant

        whole = Assistant(index, **settings)
        assistant = whole.seen_by(whole.viewer, way="command line")
    with contextlib.closing(assistant):
        yield assistant


@contextlib.contextmanager
def existing(terminal: Terminal, index: str | None, **settings: Any) -> Iterator[Assistant]:
    """An assistant on an index that exists, as the default one does before its first sync.

    Raises:
        SettingsError: an index was named, and there is none.
    """
    with _found(terminal, index, settings) as (assistant, status):
        _refuse_if_missing(status)
        yield assistant


@contextlib.contextmanager
def _found(
    terminal: Terminal, index: str | None, settings: Mapping[str, Any]
) -> Iterator[tuple[Assistant, Status]]:
    with opened(terminal, index, **settings) as assistant:
        with terminal.waiting("Opening the index"):
            status = assistant.status()
        yield assistant, status


def _refuse_if_missing(status: Status) -> None:
    from qa.settings import refuse_unless_default

    if status.updated is None:
        refuse_unless_default(status.index)


@contextlib.contextmanager
def ready(
    terminal: Terminal, index: str | None, *, notes: bool = True, **settings: Any
) -> Iterator[Assistant]:
    """An assistant with documents to answer from: on a fresh install, the samples.

    With `notes`, a line on standard error says that they are samples.

    Raises:
        SettingsError: an index was named, and there is none.
    """
    with _found(terminal, index, settings) as (assistant, status):
        _refuse_if_missing(status)
        _prepare(terminal, assistant, status, notes=notes)
        yield assistant


@contextlib.contextmanager
def waiting_for_documents(
    terminal: Terminal, index: str | None, **settings: Any
) -> Iterator[Assistant]:
    """The same, but where an index was named that is not there, a line on standard error says so.

    Documents may come while the block runs.
    """
    from qa.settings import is_default_index, no_index

    with _found(terminal, index, settings) as (assistant, status):
        _prepare(terminal, assistant, status, notes=True)
        if status.updated is None and not is_default_index(status.index):
            terminal.note(no_index(status.index))
        yield assistant


def _prepare(terminal: Terminal, assistant: Assistant, status: Status, *, notes: bool) -> None:
    if _is_fresh(status):
        terminal.note("The index is new: reading sample documents. Your own: qa sync FOLDER")
        from qa.cli.output.progress import shown
        from qa.cli.output.reports import summary

        with shown(terminal) as progress:
            report = assistant.sync(progress=progress)
        terminal.note(summary(report))
    elif status.samples and notes:
        terminal.note("The index holds sample documents. Your own: qa sync FOLDER")


def _is_fresh(status: Status) -> bool:
    # An index that was emptied stays empty: forgotten documents must not come back.
    from qa.places import sample_folder
    from qa.settings import is_default_index

    if not is_default_index(status.index):
        return False
    interrupted = list(status.folders) == [str(sample_folder())]
    return not status.sources and (status.updated is None or interrupted)
