"""What the verbs of the command share: options by name, exit codes, and an open Assistant."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import Status
    from qa.terminal import Terminal

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
    str | None, typer.Option(metavar="NAME", help="Keep to sources below this one of `qa status`.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Question = Annotated[
    list[str], typer.Argument(metavar="QUESTION", help="The question; - reads standard input.")
]


def open_terminal() -> Terminal:
    """The two streams of this run."""
    from qa.terminal import Terminal

    return Terminal()


def joined(words: list[str]) -> str:
    """The words of a question as one text; - stands for standard input."""
    from qa.loading.blocks import clean

    # Bytes that are no text arrive as lone surrogates, which no model takes.
    return clean(sys.stdin.read() if words == ["-"] else " ".join(words)).strip()


@contextlib.contextmanager
def opened(terminal: Terminal, index: str | None, **settings: Any) -> Iterator[Assistant]:
    """An assistant on an index, which is closed when the block ends."""
    with terminal.waiting("Opening the index"):
        from qa.assistant import Assistant

        assistant = Assistant(index, **settings)
    with contextlib.closing(assistant):
        yield assistant


@contextlib.contextmanager
def ready(terminal: Terminal, index: str | None, **settings: Any) -> Iterator[Assistant]:
    """An assistant that has documents to answer from: on a fresh install, the samples."""
    with opened(terminal, index, **settings) as assistant:
        with terminal.waiting("Opening the index"):
            status = assistant.status()
        if _is_fresh(status):
            terminal.note("The index is new: reading sample documents. Your own: qa sync FOLDER")
            with terminal.progress() as progress:
                report = assistant.sync(progress=progress)
            from qa.reports import summary

            terminal.note(summary(report))
        yield assistant


def _is_fresh(status: Status) -> bool:
    # An index that was emptied on purpose is left empty: what was forgotten must not come back.
    from qa.settings import sample_folder

    interrupted = list(status.folders) == [str(sample_folder())]
    return not status.sources and (status.updated is None or interrupted)
