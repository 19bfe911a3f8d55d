"""What all interfaces for programs share: one assistant, and one queue of questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.api.keys import Keys
from qa.api.line import Line, at_once
from qa.api.rest.feedback import Pace
from qa.index import Verdicts

if TYPE_CHECKING:
    from qa.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that routes need."""

    assistant: Assistant
    line: Line
    verdicts: Verdicts
    keys: Keys
    pace: Pace = field(default_factory=Pace)

    @classmethod
    def of(cls, assistant: Assistant) -> Service:
        """The parts for an assistant, as its settings say.

        Raises:
            SettingsError: the keys cannot be read.
        """
        settings = assistant.settings
        waiting, seconds = settings.max_waiting_questions, settings.question_timeout
        keys = Keys.of(settings.index, needed=settings.programs_need_keys)
        keys.all()  # a server that cannot tell who may ask does not start
        return cls(
            assistant,
            Line(at_once(settings), waiting, seconds),
            Verdicts.of(settings.index),
            keys,
        )
