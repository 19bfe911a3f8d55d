"""`qa user`: the people who may sign in to a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import Index, Json, open_terminal
from qa.errors import ArgumentError

if TYPE_CHECKING:
    from qa.api import Users

USER_EXAMPLES = """Examples:

  qa user add ada --group people --group leads

  qa user password ada

  qa user groups ada --group people

  qa user list

  qa user remove ada

  qa user sign-out ada

A password is asked for without showing it, or read from standard input. To have people sign in: qa serve --sign-in password"""  # noqa: E501  (one paragraph)

Name = Annotated[str, typer.Argument(help="The name that they sign in with.")]

app = typer.Typer(
    no_args_is_help=True,
    help="Add, list, change, remove and sign out the people who may sign in to the server.",
    epilog=USER_EXAMPLES,
)


@app.command()
def add(
    name: Name,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP", help="A group that they are in; repeatable."),
    ] = None,
    index: Index = None,
) -> None:
    """Add somebody; only a hash of the password is stored."""
    terminal, users = open_terminal(), _users(index)
    users.add(name, _password(), group or ())
    terminal.say(f"{name} may sign in.")


@app.command("list")
def list_users(index: Index = None, as_json: Json = False) -> None:
    """List who may sign in, and their groups."""
    terminal, users = open_terminal(), _users(index).all()
    if as_json:
        terminal.json({"users": [user.to_dict() for user in users]})
        return
    for user in users:
        terminal.say(f"{user.name}: {', '.join(user.groups)}" if user.groups else user.name)
    if not users:
        terminal.note("There are no users. To add one: qa user add NAME")


@app.command()
def password(name: Name, index: Index = None) -> None:
    """Give somebody another password, which signs them out everywhere."""
    terminal, users = open_terminal(), _users(index)
    users.set_password(name, _password())
    terminal.say(f"{name} has a new password.")


@app.command()
def groups(
    name: Name,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP", help="A group that they are in from now on; repeatable."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="They are in no group any more.")] = False,
    index: Index = None,
) -> None:
    """Put somebody into other groups instead, which holds at once for whoever is signed in."""
    if bool(group) == none:
        raise ArgumentError("Name the groups with --group, or give --none.")
    user = _users(index).set_groups(name, group or ())
    held = f"in {', '.join(user.groups)}" if user.groups else "in no group"
    open_terminal().say(f"{name} is {held}.")


@app.command()
def remove(name: Name, index: Index = None) -> None:
    """Remove somebody, who is signed out at once."""
    terminal, users = open_terminal(), _users(index)
    users.remove(name)
    terminal.say(f"{name} may not sign in any more.")


@app.command()
def sign_out(
    name: Annotated[
        str | None, typer.Argument(help="Whom; by default, with --everyone, all.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="All who have signed in.")] = False,
    index: Index = None,
) -> None:
    """End somebody's sessions at once, however they sign in."""
    from qa.api import Sessions
    from qa.settings import Settings

    if (name is None) == (not everyone):
        raise ArgumentError("Name whom to sign out, or give --everyone.")
    ended = Sessions.of_settings(Settings.load(index=index)).end_all(name)
    who = "Everybody" if name is None else name
    open_terminal().say(f"{who} is signed out; sessions that ended: {ended:,}.")


def _password() -> str:
    """A password that is typed twice and not shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _users(index: str | None) -> Users:
    from qa.api import Users
    from qa.settings import Settings

    return Users.of(Settings.load(index=index).index)
