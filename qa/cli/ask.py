"""`qa ask` and `qa search`: one question."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.cli.options import (
    FOUND,
    NOT_FOUND,
    ChatModel,
    ChatModelUrl,
    Folder,
    Index,
    Json,
    Question,
    joined,
    open_terminal,
    ready,
)

ASK_EXAMPLES = """Examples:

  qa ask "Where might the second summit be held?"

  qa ask --folder handbook --json "How many days of leave do I have?"

  qa ask --chat-model ollama:llama3.2 "What does the travel policy say about trains?"

  echo "Who runs the IT help desk?" | qa ask -

The exit code is 0 if the documents have an answer, 3 if not, 1 on an error, 2 on wrong usage."""


def ask(
    question: Question,
    index: Index = None,
    folder: Folder = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
    related: Annotated[
        bool, typer.Option("--related", help="Also give other questions that the documents answer.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with footnotes."""
    terminal, text = open_terminal(), joined(question)
    settings = {"chat_model": chat_model, "chat_model_url": chat_model_url}
    with ready(terminal, index, notes=not as_json, **settings) as assistant:
        if as_json:
            answer = assistant.ask(text, folder=folder)
            more = {"related": assistant.related(answer)} if related else {}
            terminal.json({**answer.to_dict(), **more})
        else:
            answer = terminal.stream(assistant.stream(text, folder=folder))
            terminal.answer(answer)
            if related and (questions := assistant.related(answer)):
                terminal.say()
                terminal.related(questions)
    raise typer.Exit(FOUND if answer.found else NOT_FOUND)


def search(
    question: Question,
    limit: Annotated[
        int | None, typer.Option(min=1, max=200, help="The number of passages.")
    ] = None,
    index: Index = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """List the passages closest to a question."""
    terminal, text = open_terminal(), joined(question)
    with ready(terminal, index, notes=not as_json) as assistant:
        hits = assistant.search(text, limit=limit, folder=folder)
    if as_json:
        terminal.json({"question": text, "passages": [hit.to_dict() for hit in hits]})
    else:
        terminal.hits(hits, text)
    raise typer.Exit(FOUND if hits else NOT_FOUND)
