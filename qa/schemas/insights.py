"""The use of an index: days, documents, stages, and questions without an answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qa.schemas.answers import HitJSON
from qa.schemas.fields import Rounded, Schema


class DayJSON(Schema):
    """How many questions of a day ended how, and the opinions given on it."""

    date: str
    questions: int
    answered: int
    unsure: int
    not_said: int
    failed: int
    up: int
    down: int


class UsedJSON(Schema):
    """A document, how many answers cited it, and how often it was opened."""

    source: str
    title: str
    cited: int
    opened: int


class StageSecondsJSON(Schema):
    """The seconds of a stage: half, and 95 of 100 questions, took at most so long."""

    stage: str
    questions: int
    half: Rounded
    most: Rounded


class OpenQuestionJSON(Schema):
    """A question that was not answered, or whose answer was voted down, and how often."""

    question: str
    not_said: int
    down: int


class OpenTopicJSON(Schema):
    """Questions that are alike, and the passages that are closest to them."""

    not_said: int
    down: int
    questions: tuple[OpenQuestionJSON, ...]
    closest: tuple[HitJSON, ...]


class PastSyncJSON(Schema):
    """A sync that changed or skipped something, in numbers of files."""

    time: str
    added: int
    changed: int
    renamed: int
    removed: int
    skipped: int


class InsightsJSON(Schema):
    """The use of an index, as `qa insights --json` gives it."""

    since: str
    until: str
    audit: bool
    questions_kept: bool
    feedback_texts: bool
    total: Annotated[DayJSON, Field(description="All days; its date is the first of them.")]
    days: tuple[DayJSON, ...]
    used: tuple[UsedJSON, ...]
    stages: tuple[StageSecondsJSON, ...]
    topics: tuple[OpenTopicJSON, ...]
    left_out: int
    syncs: tuple[PastSyncJSON, ...]
