"""`qa chat`: a conversation in the terminal, or from a file of questions."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from qa.cli.options import (
    ERROR,
    ChatModel,
    ChatModelUrl,
    Folder,
    Index,
    open_terminal,
    ready,
)
from qa.errors import QAError
from qa.records import Answer, Turn
from qa.text.cleaning import clean

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.cli.output.terminal import Terminal

PROMPT = "> "
HELP = """1, 2, 3   ask one of the questions that the last answer offered
/sources  the last answer's quotes in full
/new      start another conversation
/quit     leave, as does Ctrl-D
Anything else is a question. A follow-up may refer to earlier turns."""


def converse(terminal: Terminal, assistant: Assistant, folder: str | None = None) -> int:
    """Answer the questions typed, line by line, and count those that ended with an error.

    `folder` is as in `Assistant.ask`.
    """
    if sys.stdin.isatty():
        status = assistant.status()
        terminal.note(f"{len(status.sources):,} documents in {status.index}. Type /help for help.")
    history: list[Turn] = []
    last: Answer | None = None
    offered: list[str] = []
    failed = 0
    for line in _lines(terminal):
        if chosen := _chosen(line.strip(), offered):
            terminal.say(Text(chosen, style="bold"))
            line = chosen
        match line.split():
            case []:
                continue
            case ["/quit" | "/exit"]:
                break
            case ["/new"]:
                history, last, offered = [], None, []
                terminal.note("A new conversation.")
            case ["/help"]:
                terminal.say(HELP)
            case ["/sources"]:
                if last is not None:
                    terminal.sources(last)
                else:
                    terminal.say("There is no answer yet.")
            case [command, *_] if command.startswith("/"):
                terminal.say(f"There is no {command}. /help lists the commands.")
            case _:
                answer = _exchange(terminal, assistant, line, history, folder)
                failed += answer is None
                last = answer or last
                offered = _offered(terminal, assistant, answer, history)
    return failed


def _chosen(number: str, offered: Sequence[str]) -> str | None:
    """The question of a number, where that many were offered."""
    named = {str(place): question for place, question in enumerate(offered, 1)}
    return named.get(number)


def _offered(
    terminal: Terminal, assistant: Assistant, answer: Answer | None, history: Sequence[Turn]
) -> list[str]:
    """Questions to go on with, shown below an answer that is there already; a file needs none."""
    if answer is None or not sys.stdin.isatty():
        return []
    try:
        questions = assistant.related(answer, asked=[turn.question for turn in history])
    except QAError:  # the answer is there, whatever becomes of these
        return []
    terminal.related(questions)
    if questions:
        terminal.say()
    return questions


def _exchange(
    terminal: Terminal, assistant: Assistant, line: str, history: list[Turn], folder: str | None
) -> Answer | None:
    question = clean(line).strip()
    try:
        answer = terminal.stream(assistant.stream(question, history=history, folder=folder))
    except QAError as error:  # the conversation goes on
        terminal.error(str(error))
        return None
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        terminal.note("Stopped.")
        return None
    terminal.answer(answer, brief=True)
    terminal.say()
    history.append(Turn(question, answer.text))
    return answer


def _lines(terminal: Terminal) -> Iterator[str]:
    """The lines typed until Ctrl-D, or the lines of a file."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (gives `input` its editing keys and its history)
    while True:
        try:
            line = input(PROMPT)
        except EOFError:
            terminal.say()
            return
        except KeyboardInterrupt:
            terminal.say()
            terminal.note("/quit or Ctrl-D leaves.")
            continue
        yield line


def chat(
    index: Index = None,
    folder: Folder = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
) -> None:
    """Talk with the documents; follow-ups are understood."""
    terminal = open_terminal()
    with ready(terminal, index, chat_model=chat_model, chat_model_url=chat_model_url) as assistant:
        failed = converse(terminal, assistant, folder)
    # A person has seen the error; a script needs the exit code.
    if failed and not sys.stdin.isatty():
        raise typer.Exit(ERROR)
