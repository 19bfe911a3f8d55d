"""The use of an index in figures, and what was asked that its documents do not answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.access import OWNER
from qa.events import WRONG_FOLDER
from qa.index import Index, Snapshot, Verdicts
from qa.insights.kept import audited, opinions, when
from qa.insights.likeness import groups, most_typical
from qa.models import Embedder, Vectors
from qa.records import (
    Day,
    Insights,
    OpenQuestion,
    OpenTopic,
    PastSync,
    StageSeconds,
    Used,
)
from qa.retrieval import Query, Retrieval
from qa.text.cleaning import one_line

if TYPE_CHECKING:
    from qa.settings import Settings

MOST_USED = 20
MOST_SYNCS = 20
MOST_TOPICS = 20
# Encoding so many takes seconds; the latest of them are enough to see what is missing.
MOST_OPEN = 500
CLOSEST = 3
# Other reasons, such as a greeting, do not say that a document is missing.
_MISSING = ("not said", "nothing close", "no documents")
_OUTCOMES = {"answered": "answered", "unsure": "unsure", "not said": "not_said"}
_CHANGES = ("added", "changed", "renamed", "removed", "skipped")


@dataclass(slots=True)
class _Counts:
    """What is counted while lines are read."""

    days: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cited: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    syncs: list[PastSync] = field(default_factory=list)
    not_said: Counter[str] = field(default_factory=Counter)
    down: Counter[str] = field(default_factory=Counter)
    latest: dict[str, datetime] = field(default_factory=dict)

    def asked(self, question: object, at: datetime, counter: Counter[str]) -> None:
        """Count an open question, if its words are known."""
        text = one_line(question).strip() if isinstance(question, str) else ""
        if text:
            counter[text] += 1
            self.latest[text] = max(at, self.latest.get(text, at))


def insights(
    index: Index, settings: Settings, embedder: Embedder, days: int, now: datetime | None = None
) -> Insights:
    """What is known of the last `days` days, today included; see `Insights`.

    Raises:
        IndexUnavailableError: the index, the audit or the opinions cannot be read.
    """
    until = (now or datetime.now(UTC)).date()
    since = until - timedelta(days=days - 1)
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    counts = _Counts()
    for line in audited(settings.index, start):
        _count(counts, line, settings.index)
    for line in opinions(Verdicts.of(settings.index).file, start):
        at, verdict = when(line), line.get("verdict")
        if verdict in ("up", "down"):
            counts.days[at.date().isoformat()][verdict] += 1
        if verdict == "down":
            counts.asked(line.get("question"), at, counts.down)
    latest = sorted(counts.latest, key=lambda one: counts.latest[one], reverse=True)
    with index.reading(OWNER) as snapshot:
        return Insights(
            since=since.isoformat(),
            until=until.isoformat(),
            audit=settings.audit,
            questions_kept=settings.audit and settings.audit_questions,
            days=tuple(
                Day(date, **counts.days[date])
                for date in ((since + timedelta(days=n)).isoformat() for n in range(days))
            ),
            used=_used(counts, snapshot),
            stages=_stages(counts.seconds),
            topics=_topics(counts, latest[:MOST_OPEN], snapshot, embedder, settings),
            syncs=tuple(sorted(counts.syncs, key=lambda one: one.time, reverse=True)[:MOST_SYNCS]),
            left_out=max(0, len(latest) - MOST_OPEN),
            feedback_texts=settings.feedback_texts,
        )


def _count(counts: _Counts, line: Mapping[str, Any], index: str) -> None:
    event, at = line.get("event"), when(dict(line))
    day = counts.days[at.date().isoformat()]
    if event == "Answered":
        outcome = _OUTCOMES.get(str(line.get("outcome")))
        if outcome is None:
            return
        day[outcome] += 1
        counts.cited.update(_texts(line.get("cited")))
        for stage, seconds in _numbers(line.get("seconds")):
            counts.seconds[stage].append(seconds)
        if outcome == "not_said" and line.get("reason") in _MISSING:
            counts.asked(line.get("question"), at, counts.not_said)
    elif event == "Unanswered" and line.get("error") != WRONG_FOLDER:
        day["failed"] += 1
    elif event == "SourceOpened":
        counts.opened.update(_texts([line.get("source")]))
    elif event == "Synced" and line.get("index") == index:
        numbers = {name: number for name, number in _numbers(line) if name in _CHANGES}
        time = at.isoformat(timespec="seconds")
        counts.syncs.append(PastSync(time, **{name: int(one) for name, one in numbers.items()}))


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _numbers(value: object) -> list[tuple[str, float]]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return [
        (str(name), float(one))
        for name, one in pairs
        if isinstance(one, int | float) and not isinstance(one, bool)
    ]


def _used(counts: _Counts, snapshot: Snapshot) -> tuple[Used, ...]:
    """The documents that are there, the most used first; names of others are nobody's business."""
    titles = {entry.source: entry.title for entry in snapshot.entries.values()}
    found = [
        Used(source, titles[source], counts.cited[source], counts.opened[source])
        for source in {*counts.cited, *counts.opened}
        if source in titles
    ]
    return tuple(sorted(found, key=lambda one: (-one.cited, -one.opened, one.source))[:MOST_USED])


def _stages(seconds: Mapping[str, list[float]]) -> tuple[StageSeconds, ...]:
    found = []
    for stage, values in seconds.items():
        half, most = np.percentile(values, (50, 95))
        found.append(StageSeconds(stage, len(values), float(half), float(most)))
    return tuple(sorted(found, key=lambda one: (one.stage != "total", -one.half)))


def _topics(
    counts: _Counts,
    texts: list[str],
    snapshot: Snapshot,
    embedder: Embedder,
    settings: Settings,
) -> tuple[OpenTopic, ...]:
    if not texts:
        return ()
    questions = [OpenQuestion(one, counts.not_said[one], counts.down[one]) for one in texts]
    # The most frequent come first, so that groups form around them.
    questions.sort(key=lambda one: (-one.not_said - one.down, one.question))
    vectors = embedder.encode([one.question for one in questions])
    found = groups(vectors)
    found.sort(key=lambda group: -sum(questions[n].not_said + questions[n].down for n in group))
    retrieval = Retrieval(
        embedder, candidates=settings.candidates, dense_weight=settings.dense_weight
    )
    return tuple(
        _topic(questions, group, vectors, snapshot, retrieval) for group in found[:MOST_TOPICS]
    )


def _topic(
    questions: list[OpenQuestion],
    group: list[int],
    vectors: Vectors,
    snapshot: Snapshot,
    retrieval: Retrieval,
) -> OpenTopic:
    typical = most_typical(vectors, group)
    text, vector = questions[typical].question, vectors[typical].tolist()
    query = Query(text, snapshot, CLOSEST, vector=vector, misspelt={})
    closest = retrieval(query) if snapshot.entries else []
    return OpenTopic(tuple(questions[number] for number in group), tuple(closest))
