"""`qa key`: the keys that programs send to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import Index, Json, open_terminal

if TYPE_CHECKING:
    from qa.api import Keys

KEY_EXAMPLES = """Examples:

  qa key add wiki

  qa key add nightly-report --right ask --expires 90 --group staff

  qa key list

  qa key remove wiki

With the first key, every program needs one: it sends the header Authorization: Bearer KEY."""

Name = Annotated[str, typer.Argument(help="The program, or who runs it.")]

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and remove the keys of programs that use the server.",
    epilog=KEY_EXAMPLES,
)


@app.command()
def add(
    name: Name,
    right: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RIGHT",
            help="What it may do: ask, read, status, feedback, metrics or admin; repeatable. By "
            "default, all but metrics and admin.",
        ),
    ] = None,
    expires: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Days after which it is refused.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP", help="A group whose documents it may read; repeatable."),
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Make a key, and print it this once; only its hash is stored."""
    terminal, keys = open_terminal(), _keys(index)
    free = not keys.asked
    secret, key = keys.add(name, right, expires, group or ())
    if as_json:
        terminal.json({"key": secret, **key.to_dict()})
    else:
        typer.echo(secret)  # alone and whole on its line, for a program to read
    terminal.note("Keep this key now: only its hash is stored, and it cannot be shown again.")
    if free:
        terminal.note("It is the first one: from now on, every program needs a key.")


@app.command("list")
def list_keys(index: Index = None, as_json: Json = False) -> None:
    """List the keys: their names, what they may do, and until when."""
    terminal, kept = open_terminal(), _keys(index)
    keys = kept.all()
    if as_json:
        terminal.json({"keys": [key.to_dict() for key in keys]})
        return
    for key in keys:
        until = f"until {key.expires}" if key.expires else "for good"
        state = "expired" if key.expired else until
        within = f"; groups: {', '.join(key.groups)}" if key.groups else ""
        terminal.say(f"{key.name}: {', '.join(key.rights)}; {state}{within}")
    if not keys:
        so = "but programs need one" if kept.asked else "so programs need none"
        terminal.note(f"There are no keys, {so}. To make one: qa key add NAME")


@app.command()
def remove(name: Name, index: Index = None) -> None:
    """Delete a key; programs that send it are refused from now on."""
    terminal, keys = open_terminal(), _keys(index)
    keys.remove(name)
    terminal.say(f"The key {name} is gone.")
    if not keys.asked:
        terminal.note(
            "It was the last one: programs need no key any more. "
            "To require one nevertheless, set QA_REQUIRE_API_KEY=true.",
            style="yellow",
        )


def _keys(index: str | None) -> Keys:
    from qa.api import Keys
    from qa.settings import Settings

    settings = Settings.load(index=index)
    return Keys.of(settings.index, needed=settings.programs_need_keys)
