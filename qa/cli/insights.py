"""`qa insights`: how an index is used, and what its documents lack."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.cli.options import Index, Json, existing, open_terminal

EXAMPLES = """Examples:

  qa insights

  qa insights --days 7

  qa insights --days 90 --json"""


def insights(
    days: Annotated[int, typer.Option(min=1, max=3660, help="So many days, today included.")] = 30,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Sum up what was asked: how it ended, which documents answered, and which ones are missing.

    It needs the settings audit and, for the questions themselves, audit_questions and
    feedback_texts.
    """
    from qa.cli.output.insights import print_insights

    terminal = open_terminal()
    with existing(terminal, index) as assistant, terminal.waiting("Looking"):
        found = assistant.insights(days)
    if as_json:
        terminal.json(found.to_dict())
    else:
        print_insights(terminal, found)
