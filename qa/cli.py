"""The command `qa`: its verbs, and which parts of Footnote each of them puts together.

Nothing heavy is imported before a verb needs it, so that `qa --help` is quick.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from qa import __version__
from qa.command import (
    ERROR,
    FOUND,
    INTERRUPTED,
    NOT_FOUND,
    ChatModel,
    ChatModelUrl,
    Folder,
    Index,
    Json,
    Question,
    joined,
    open_terminal,
    opened,
    ready,
)
from qa.errors import QAError, SettingsError
from qa.evaluation_verb import EXAMPLES as EVAL_EXAMPLES
from qa.evaluation_verb import evaluate

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import Status, SyncReport
    from qa.terminal import Terminal

# Milliseconds without a change after which a watched folder is read again.
SETTLED = 800

ASK_EXAMPLES = """Examples:

  qa ask "Where might the second summit be held?"

  qa ask --folder handbook --json "How many days of leave do I have?"

  qa ask --chat-model ollama:llama3.2 "What does the travel policy say about trains?"

  echo "Who runs the IT help desk?" | qa ask -

Ends with 0 when the documents answer, 3 when they do not, 1 on an error, 2 on wrong use."""


class Verbs(TyperGroup):
    """All verbs; the one place where what goes wrong in any of them is told."""

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; an error is a line or two on standard error, never a traceback."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough; typer ends quietly
        except (QAError, OSError) as error:
            open_terminal().error(str(error) or type(error).__name__)
            raise typer.Exit(ERROR) from error
        except KeyboardInterrupt as interrupt:
            open_terminal().note("Interrupted.")
            raise typer.Exit(INTERRUPTED) from interrupt


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Answers from your own documents, with a footnote on everything.",
    epilog='Start with: qa ask "Where might the second summit be held?"\n\n'
    "Then with your own documents: qa sync FOLDER\n\n"
    "For Tab to complete in your shell: qa --install-completion",
)


def main() -> None:
    """The console script."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that cannot be shown is no reason to stop
    app(prog_name="qa")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"footnote-qa {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command(epilog=ASK_EXAMPLES)
def ask(
    question: Question,
    index: Index = None,
    folder: Folder = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with footnotes."""
    terminal, text = open_terminal(), joined(question)
    with ready(terminal, index, chat_model=chat_model, chat_model_url=chat_model_url) as assistant:
        if as_json:
            answer = assistant.ask(text, folder=folder)
            terminal.json(answer.to_dict())
        else:
            answer = terminal.stream(assistant.stream(text, folder=folder))
            terminal.answer(answer)
    raise typer.Exit(FOUND if answer.found else NOT_FOUND)


@app.command()
def search(
    question: Question,
    limit: Annotated[int | None, typer.Option(min=1, max=200, help="How many passages.")] = None,
    index: Index = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """List the passages that come closest to a question."""
    from qa.records import hit_to_dict

    terminal, text = open_terminal(), joined(question)
    with ready(terminal, index) as assistant:
        hits = assistant.search(text, limit=limit, folder=folder)
    if as_json:
        terminal.json({"question": text, "passages": [hit_to_dict(hit) for hit in hits]})
    else:
        terminal.hits(hits, text)
    raise typer.Exit(FOUND if hits else NOT_FOUND)


@app.command()
def chat(
    index: Index = None,
    folder: Folder = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
) -> None:
    """Talk with the documents; follow-ups are understood."""
    from qa.dialogue import converse

    terminal = open_terminal()
    with ready(terminal, index, chat_model=chat_model, chat_model_url=chat_model_url) as assistant:
        converse(terminal, assistant, folder)


@app.command()
def sync(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATHS", help="Folders or files; none: those synced before."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and sync at each change.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the index anew.")] = False,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Bring the index in line with folders: what is new, changed, renamed or gone."""
    terminal = open_terminal()
    if watch:
        _need_watchfiles()
    with opened(terminal, index) as assistant:
        try:
            with terminal.progress() as progress:
                report = assistant.sync(paths or None, progress=progress, rebuild=rebuild)
        except KeyboardInterrupt:
            terminal.note("What was read so far is kept; the next sync goes on from there.")
            raise
        _print_sync(terminal, report, as_json)
        if watch:
            with contextlib.suppress(KeyboardInterrupt):
                _watch(terminal, assistant, as_json)


@app.command()
def forget(
    source: Annotated[
        str, typer.Argument(help="A document or a whole folder, named as `qa status` has it.")
    ],
    index: Index = None,
) -> None:
    """Take a document out of the index, and prove that nothing of it is left there."""
    from qa.reports import print_forgotten

    terminal = open_terminal()
    with opened(terminal, index) as assistant:
        forgotten = assistant.forget(source)
        status = assistant.status()
    if forgotten.left:
        raise QAError(
            f"{forgotten.left} traces of {source} are still in the index. Run: qa sync --rebuild"
        )
    print_forgotten(terminal, forgotten)
    for path in filter(None, (_mirrored_file(name, status) for name in forgotten.sources)):
        terminal.note(
            f"Warning: {path} is still in a folder that is synced, so the next sync brings it "
            "back. Move or delete the file.",
            style="yellow",
        )


@app.command()
def status(index: Index = None, as_json: Json = False) -> None:
    """Tell what the index holds."""
    from qa.reports import print_status

    terminal = open_terminal()
    with opened(terminal, index) as assistant:
        found = assistant.status()
    if as_json:
        terminal.json(found.to_dict())
    else:
        print_status(terminal, found)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at.")] = 7860,
    embed_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="A site whose pages may show the chat, as https://portal.example; repeatable "
            "(or QA_EMBED_ORIGINS).",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A host name that the server goes by; repeatable."),
    ] = None,
    keep_uploads: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Let dropped files be kept here for everyone.",
        ),
    ] = None,
    index: Index = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
) -> None:
    """Put the chat on a web page."""
    terminal = open_terminal()
    origins = embed_origin or os.environ.get("QA_EMBED_ORIGINS", "").replace(",", " ").split()
    with ready(terminal, index, chat_model=chat_model, chat_model_url=chat_model_url) as assistant:
        with terminal.waiting("Getting the page ready"):
            from ui.server import serve as serve_page

        def announce(url: str) -> None:
            terminal.note(f"Footnote is at {url} (Ctrl-C ends it)")

        with contextlib.suppress(KeyboardInterrupt):
            serve_page(
                assistant,
                host,
                port,
                embed_origins=origins,
                allowed_hosts=allow_host or (),
                keep_uploads=keep_uploads,
                ready=announce,
            )


@app.command()
def doctor(
    index: Index = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
    as_json: Json = False,
) -> None:
    """Check models, index, disk and memory, and say what to do about what is wrong."""
    from qa.doctor import examine
    from qa.reports import print_checks
    from qa.settings import Settings

    terminal = open_terminal()
    settings = Settings.load(index=index, chat_model=chat_model, chat_model_url=chat_model_url)
    with terminal.waiting("Looking"):
        checks = list(examine(settings))
    healthy = all(check.state != "problem" for check in checks)
    if as_json:
        terminal.json({"healthy": healthy, "checks": [check.to_dict() for check in checks]})
    else:
        print_checks(terminal, checks)
    raise typer.Exit(FOUND if healthy else ERROR)


app.command("eval", epilog=EVAL_EXAMPLES)(evaluate)


def _mirrored_file(source: str, status: Status) -> Path | None:
    """The file of a source, where it is there and the next sync would read it."""
    for folder in map(Path, status.folders):
        for depth in range(1, len(folder.parts) + 1):
            name = "/".join(folder.parts[-depth:]).replace("//", "/")
            if source == name or source.startswith(f"{name}/"):
                path = folder / source[len(name) + 1 :]
                if path.is_file():
                    return path
    return None


def _print_sync(
    terminal: Terminal, report: SyncReport, as_json: bool, *, skipped: bool = True
) -> None:
    from qa.reports import print_sync

    if as_json:
        terminal.json(report.to_dict())
    else:
        print_sync(terminal, report, skipped=skipped)


def _need_watchfiles() -> None:
    try:
        import watchfiles  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            '--watch needs the package watchfiles. Run: pip install "footnote-qa[watch]"'
        ) from error


def _watch(terminal: Terminal, assistant: Assistant, as_json: bool) -> None:
    from watchfiles import DefaultFilter, watch

    folders = [folder for folder in assistant.status().folders if Path(folder).exists()]
    # An index inside a folder that it mirrors must not set off a sync by being written.
    ours = DefaultFilter(ignore_paths=[Path(assistant.settings.index).expanduser().absolute()])
    terminal.note(f"Watching {', '.join(folders)}. Ctrl-C ends it.")
    told: set[str] = set()
    for _ in watch(*folders, watch_filter=ours, debounce=SETTLED, step=100):
        report = assistant.sync()
        new = {item.reason for item in report.skipped} - told
        told |= new
        if new or report.added or report.changed or report.renamed or report.removed:
            _print_sync(terminal, report, as_json, skipped=bool(new))
