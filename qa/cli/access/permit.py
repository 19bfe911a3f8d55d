"""`qa permit`: who may read what, and changes of that."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.cli.options import Index, Json, existing, open_terminal
from qa.errors import ArgumentError

EXAMPLES = """Examples:

  qa permit                                                      who may read what

  qa permit handbook/salaries/ --group people --group board

  qa permit "*.pdf" --nobody --dry-run                           what that would change

  qa permit handbook/salaries/ --reset                           as its own rules say again"""


def permit(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERNS",
            help="Documents as in .gitignore, from their folder's name on; by default, all.",
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP", help='Only this group may read them; repeatable. "*": all.'),
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Only the owner may read them.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget what was said here of these patterns.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Show or change who may read documents, without a sync; a server that runs follows at once.

    What is said here counts before the rules in folders, for what is synced later, too.
    """
    from qa.cli.output.permits import print_permitted, print_readers

    terminal = open_terminal()
    changes = sum((bool(group), nobody, reset))
    if changes > 1:
        raise ArgumentError("Give --group, --nobody or --reset, and only one of them.")
    if changes and not patterns:
        raise ArgumentError("Name the documents by patterns, such as handbook/salaries/.")
    with existing(terminal, index) as assistant:
        if not changes:
            readers, permits = assistant.readers(patterns), assistant.permits()
            if as_json:
                terminal.json({"permits": permits, "documents": readers})
            else:
                print_readers(terminal, permits, readers)
            return
        groups = None if reset else [] if nobody else group
        report = assistant.permit(patterns or [], groups=groups, dry_run=dry_run)
    if as_json:
        terminal.json(report.to_dict())
    else:
        print_permitted(terminal, report, reset=reset, dry_run=dry_run)
