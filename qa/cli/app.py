"""The command `qa` with its verbs.

Nothing heavy is imported until a verb needs it, so that `qa --help` is fast.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from qa import __version__
from qa.cli.access.key import app as key
from qa.cli.access.permit import EXAMPLES as PERMIT_EXAMPLES
from qa.cli.access.permit import permit
from qa.cli.access.user import app as user
from qa.cli.ask import ASK_EXAMPLES, ask, search
from qa.cli.backup import BACKUP_EXAMPLES, backup, restore
from qa.cli.chat import chat
from qa.cli.evaluate import EXAMPLES as EVAL_EXAMPLES
from qa.cli.evaluate import evaluate
from qa.cli.insights import EXAMPLES as INSIGHTS_EXAMPLES
from qa.cli.insights import insights
from qa.cli.mcp import mcp
from qa.cli.options import (
    ERROR,
    FOUND,
    INTERRUPTED,
    ChatModel,
    ChatModelUrl,
    Index,
    Json,
    open_terminal,
)
from qa.cli.review import EXAMPLES as REVIEW_EXAMPLES
from qa.cli.review import review
from qa.cli.serve import serve
from qa.cli.sync import forget, status, sync
from qa.errors import QAError


class Verbs(TyperGroup):
    """All verbs; the errors of all of them are reported here."""

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; an error is a line or two on standard error, never a traceback."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # our output was closed; typer ends quietly
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
            stream.reconfigure(errors="replace")  # a name that cannot be displayed must not stop us
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


def doctor(
    index: Index = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
    as_json: Json = False,
) -> None:
    """Check models, index, disk and memory, and say how to fix problems."""
    from qa.cli.output.reports import print_checks
    from qa.doctor import examine
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


app.command(epilog=ASK_EXAMPLES)(ask)
app.command()(search)
app.command()(chat)
app.command()(sync)
app.command()(forget)
app.command()(status)
app.command(epilog=PERMIT_EXAMPLES)(permit)
app.command(epilog=REVIEW_EXAMPLES)(review)
app.command(epilog=INSIGHTS_EXAMPLES)(insights)
app.command()(serve)
app.command(epilog=BACKUP_EXAMPLES)(backup)
app.command()(restore)
app.add_typer(key, name="key")
app.add_typer(user, name="user")
app.command()(mcp)
app.command()(doctor)
app.command("eval", epilog=EVAL_EXAMPLES)(evaluate)
