"""The result of one check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from qa.errors import message_of

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: the state, and what to do about it."""

    name: str
    state: State
    message: str
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        """The check as JSON, as `qa doctor --json` lists it."""
        return asdict(self)


def told(error: Exception) -> str:
    """The message of an unforeseen error, with its kind."""
    return f"{type(error).__name__}: {message_of(error, 300)}"
