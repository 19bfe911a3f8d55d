"""`qa chat`: a conversation in the terminal, or from a file of questions."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa.errors import QAError
from qa.loading.blocks import clean
from qa.records import Answer, Turn

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.terminal import Terminal

PROMPT = "> "
HELP = """/sources  the last answer's quotes in full
/new      begin another conversation
/quit     leave, as does Ctrl-D
Anything else is a question. A follow-up may refer to what was said before."""


def converse(terminal: Terminal, assistant: Assistant, folder: str | None = None) -> None:
    """Answer what is typed, line by line, until it ends; `folder` is as in `Assistant.ask`."""
    if sys.stdin.isatty():
        status = assistant.status()
        terminal.note(f"{len(status.sources):,} documents in {status.index}. /help tells more.")
    history: list[Turn] = []
    last: Answer | None = None
    for line in _lines(terminal):
        match line.split():
            case []:
                continue
            case ["/quit" | "/exit"]:
                return
            case ["/new"]:
                history, last = [], None
                terminal.note("A new conversation.")
            case ["/help"]:
                terminal.say(HELP)
            case ["/sources"]:
                if last is not None:
                    terminal.sources(last)
                else:
                    terminal.say("Nothing was asked yet.")
            case [command, *_] if command.startswith("/"):
                terminal.say(f"There is no {command}. /help lists what there is.")
            case _:
                last = _exchange(terminal, assistant, line, history, folder) or last


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
    """What is typed, line by line, until Ctrl-D; or the lines of a file."""
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
