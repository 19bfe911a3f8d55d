"""What a server keeps of its use, summed up for whoever runs it; nobody's name is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qa.records.answers import Hit


@dataclass(frozen=True, slots=True)
class Day:
    """How many questions of a day (`date`, in UTC) ended how, and the opinions given on it.

    `failed` counts those that ended with an error, or were stopped by whoever asked.
    """

    date: str
    answered: int = 0
    unsure: int = 0
    not_said: int = 0
    failed: int = 0
    up: int = 0
    down: int = 0

    @property
    def questions(self) -> int:
        """All questions of the day."""
        return self.answered + self.unsure + self.not_said + self.failed


@dataclass(frozen=True, slots=True)
class Used:
    """A document, how many answers cited it, and how often it was opened."""

    source: str
    title: str
    cited: int
    opened: int


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """The seconds of a stage of answering: half, and 95 of 100 questions, took at most so long."""

    stage: str
    questions: int
    half: float
    most: float


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that was not answered, or whose answer was voted down, and how often."""

    question: str
    not_said: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """Questions that are alike, the most frequent first, and the passages closest to them."""

    questions: tuple[OpenQuestion, ...]
    closest: tuple[Hit, ...] = ()

    @property
    def not_said(self) -> int:
        """How often they were not answered."""
        return sum(one.not_said for one in self.questions)

    @property
    def down(self) -> int:
        """How often their answers were voted down."""
        return sum(one.down for one in self.questions)


@dataclass(frozen=True, slots=True)
class PastSync:
    """A sync that changed or skipped something, and when it ended (ISO 8601, UTC)."""

    time: str
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class EndedSync(PastSync):
    """A sync, whatever it changed; with an `error`, it failed, or did not see all places."""

    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Insights:
    """The use of an index from the day `since` to the day `until`, in UTC.

    Without an `audit`, only opinions are known. Without `questions_kept`, the words of questions
    that were not answered are not known, and without `feedback_texts`, those of questions whose
    answers were voted down. `days` has each day, `syncs` the latest first, `topics` those first
    that were asked most. `left_out` counts the open questions beyond the most that are grouped.
    """

    since: str
    until: str
    audit: bool
    questions_kept: bool
    days: tuple[Day, ...]
    used: tuple[Used, ...] = ()
    stages: tuple[StageSeconds, ...] = ()
    topics: tuple[OpenTopic, ...] = ()
    syncs: tuple[PastSync, ...] = ()
    left_out: int = 0
    feedback_texts: bool = False

    @property
    def total(self) -> Day:
        """All days together."""
        names = ("answered", "unsure", "not_said", "failed", "up", "down")
        sums = {name: sum(getattr(day, name) for day in self.days) for name in names}
        return Day(self.since, **sums)

    def to_dict(self) -> dict[str, Any]:
        """The insights as JSON, as `qa insights --json` gives them."""
        from qa.schemas import InsightsJSON

        return InsightsJSON.shown(self)
