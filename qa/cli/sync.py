"""`qa sync`, `qa forget` and `qa status`: what is in the index."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import Index, Json, existing, open_terminal, opened
from qa.errors import QAError, UnknownSourceError
from qa.places import is_remote

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.cli.output.terminal import Terminal
    from qa.records import SyncReport


def sync(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATHS", help="Folders, files or URLs; by default, those synced before."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running, and sync after each change.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the index from scratch.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try files again that could not be read before.")
    ] = False,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP",
            help="A group that alone may read what is at the given addresses; repeatable.",
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT|auto", help="Read and embed on the machines of a Ray cluster."
        ),
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Bring the index in line with folders: new, changed, renamed and removed files."""
    from qa.cli.output.progress import shown

    terminal = open_terminal()
    with opened(terminal, index, ray=ray) as assistant:
        try:
            cluster = assistant.settings.ray
            # Ray prints there what happens to machines.
            away = contextlib.redirect_stdout(sys.stderr) if cluster else contextlib.nullcontext()
            with shown(terminal) as progress, away:
                report = assistant.sync(
                    paths or None,
                    progress=progress,
                    rebuild=rebuild,
                    retry=retry,
                    groups=group or None,
                    ray=cluster,
                )
            assistant.expire()
        except KeyboardInterrupt:
            terminal.note("What was read so far is kept; the next sync continues from there.")
            raise
        _print_sync(terminal, report, as_json)
        if watch:
            with contextlib.suppress(KeyboardInterrupt):
                _watch(terminal, assistant, as_json)


def forget(
    source: Annotated[
        str, typer.Argument(help="A document or a whole folder, by its name in `qa status`.")
    ],
    index: Index = None,
) -> None:
    """Remove a document from the index, and prove that nothing of it is left there."""
    from qa.cli.output.reports import print_forgotten

    terminal = open_terminal()
    with existing(terminal, index) as assistant:
        forgotten = assistant.forget(source)
    if forgotten.left:
        raise QAError(
            f"The index still has traces of {source} ({forgotten.left}). Run: qa sync --rebuild"
        )
    print_forgotten(terminal, forgotten)
    for path in forgotten.files:
        terminal.note(
            f"Warning: {path} is still in a synced folder, so the next sync brings it "
            "back. Move or delete the file.",
            style="yellow",
        )
    for page in forgotten.pages:
        terminal.note(
            f"Warning: {page} is still below a synced address, so the next sync brings it back.",
            style="yellow",
        )


def status(
    source: Annotated[
        str | None,
        typer.Argument(help="A document, to see how it was read, or a folder; by default, all."),
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Show what the index holds, what could not be read, and what has changed since."""
    from qa.cli.output.reports import print_source, print_status

    terminal = open_terminal()
    looking = terminal.waiting("Looking through the folders")
    with existing(terminal, index) as assistant, looking:
        found = assistant.status(compare=True)
    if source is not None:
        found = found.of(source)
        if not (found.sources or found.failed or found.skipped or found.stale):
            raise UnknownSourceError(
                f"The index holds no source {source!r}. `qa status` lists what it holds."
            )
    if as_json:
        terminal.json(found.to_dict())
    elif [one.source for one in found.sources] == [source]:
        print_source(terminal, found)
    else:
        print_status(terminal, found)


def _print_sync(
    terminal: Terminal, report: SyncReport, as_json: bool, *, skipped: bool = True
) -> None:
    from qa.cli.output.reports import print_sync

    if as_json:
        terminal.json(report.to_dict())
    else:
        print_sync(terminal, report, skipped=skipped)


def _watch(terminal: Terminal, assistant: Assistant, as_json: bool) -> None:
    from qa.cli.output.reports import changed

    folders = [folder for folder in assistant.status().folders if not is_remote(folder)]
    if not folders:
        terminal.note("There is no folder to watch; what is elsewhere is only read by qa sync.")
        return
    terminal.note(f"Watching {', '.join(folders)}. Ctrl-C to stop.")
    told: set[str] = set()
    for found in assistant.watch():
        if isinstance(found, QAError):
            terminal.error(str(found))
            continue
        new = {item.reason for item in found.skipped} - told
        told |= new
        if new or changed(found):
            _print_sync(terminal, found, as_json, skipped=bool(new))
