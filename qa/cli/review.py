"""`qa review`: what in the documents their owner may want to mend."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.cli.options import Index, Json, existing, open_terminal

EXAMPLES = """Examples:

  qa review

  qa review --set-aside 3f9a0c1b2d    this is right as it is

  qa review --all --json"""


def review(
    set_aside: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Leave this finding out until one of its texts changes."),
    ] = None,
    bring_back: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Show a finding again.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List every finding, and those that were set aside.")
    ] = False,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Read the documents against each other: contradictions, duplicates, old versions, dead links.

    What was compared is kept, so that later reviews only look at what has changed.
    """
    from qa.cli.output.findings import print_review
    from qa.cli.output.progress import shown

    terminal = open_terminal()
    with existing(terminal, index) as assistant:
        try:
            with shown(terminal) as progress:
                found = assistant.review(progress=progress)
        except KeyboardInterrupt:
            terminal.note("What was compared so far is kept; the next review goes on from there.")
            raise
        for id in set_aside or ():
            assistant.set_aside(id)
        for id in bring_back or ():
            assistant.bring_back(id)
        if set_aside or bring_back:
            found = assistant.review()
    if as_json:
        terminal.json(found.to_dict())
    else:
        print_review(terminal, found, everything=everything)
