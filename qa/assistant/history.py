"""The earlier turns of a conversation, in any form that a program may have them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qa.assistant.arguments import encodable
from qa.errors import ArgumentError, described
from qa.records import Answer, Turn

_ASKS = frozenset(("user", "human"))
_ANSWERS = frozenset(("assistant", "ai"))
_NEITHER = frozenset(("system", "developer", "tool", "function"))
_ROLES = _ASKS | _ANSWERS | _NEITHER
_HISTORY = (
    "history takes qa.Turn(question, answer), (question, answer) or (role, text) pairs, "
    '{"question": …, "answer": …} or {"role": …, "content": …}, or LangChain messages, oldest first'
)


def turns_of(history: object) -> list[Turn]:
    """The earlier turns of a conversation, from any of the usual forms.

    System and tool messages are left out, and so are the assistant's messages before the first
    question.

    Raises:
        ArgumentError: it has none of these forms.
    """
    if history is None:
        return []
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Iterable):
        raise ArgumentError(f"{_HISTORY}; not {described(history)}.")
    items = list(history)
    pairs = [item for item in items if _is_pair(item)]
    by_role = all(isinstance(pair[0], str) and pair[0].lower() in _ROLES for pair in pairs)
    turns: list[Turn] = []
    for item in items:
        said = _turn(item) or (None if by_role or not _is_pair(item) else Turn(*item))
        if said is not None:
            turns.append(_checked(said))
            continue
        role, text = _message(item)
        if role in _ASKS:
            turns.append(Turn(text))
        elif role in _ANSWERS and turns:
            last = turns[-1]
            turns[-1] = Turn(last.question, "\n".join(filter(None, (last.answer, text))))
    return turns


def _is_pair(item: object) -> bool:
    return isinstance(item, tuple | list) and len(item) == 2


def _turn(item: object) -> Turn | None:
    """An item of a history that is a whole turn."""
    if isinstance(item, Turn):
        return item
    if isinstance(item, Answer):
        return Turn(item.question, item.text)
    if isinstance(item, Mapping) and "question" in item:
        return Turn(item["question"], item.get("answer") or "")
    return None


def _checked(turn: Turn) -> Turn:
    answer = "" if turn.answer is None else turn.answer
    if not isinstance(turn.question, str) or not isinstance(answer, str):
        raise ArgumentError(f"{_HISTORY}; not {described((turn.question, turn.answer))}.")
    return Turn(encodable(turn.question), encodable(answer))


def _message(item: Any) -> tuple[str, str]:
    """The role and text of an item of a history that is a message."""
    if _is_pair(item):
        role, content = item
    elif isinstance(item, Mapping):
        role, content = item.get("role"), item.get("content")
    else:  # a LangChain message; its type is "human", or "chat" with a separate role
        role = getattr(item, "role", None) or getattr(item, "type", None)
        content = getattr(item, "content", None)
    text = _text(content)
    if not isinstance(role, str) or role.lower() not in _ROLES or text is None:
        raise ArgumentError(f"{_HISTORY}; not {described(item)}.")
    return role.lower(), encodable(text)


def _text(content: object) -> str | None:
    """The text of a message, or of those of its parts that are text."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
    return "\n".join(part for part in parts if isinstance(part, str))
