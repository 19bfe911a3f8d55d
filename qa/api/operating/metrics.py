"""Figures of a server for Prometheus: counts and times, without a question or a name in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qa.api.seeing import way_of
from qa.errors import QAError
from qa.events import WRONG_FOLDER, Answered, Event, Judged, Searched, Synced, Unanswered

if TYPE_CHECKING:
    from qa.api.line import Line
    from qa.assistant import Assistant

# The upper bounds of seconds: quotes take tenths of one, chat models minutes.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
# Statuses with which a server says that there is too much to do.
_REFUSALS = (429, 503)


class Metrics:
    """The figures since the server started; safe to share between threads.

    It hears events of an assistant, and is told of each request.
    """

    def __init__(self, assistant: Assistant, line: Line) -> None:
        self._assistant = assistant
        self._registry = registry = CollectorRegistry()
        self._questions = Counter(
            "footnote_questions", "Questions by interface and outcome", ("way", "outcome"),
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "footnote_question_seconds", "Seconds of answered questions by stage", ("stage",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._searches = Counter(
            "footnote_searches", "Searches by interface", ("way",), registry=registry
        )
        self._opinions = Counter(
            "footnote_opinions", "Opinions of answers", ("verdict",), registry=registry
        )
        self._requests = Counter(
            "footnote_requests", "Requests by interface and status", ("way", "status"),
            registry=registry,
        )  # fmt: skip
        self._refusals = Counter(
            "footnote_refusals", "Requests and connections refused as there were too many",
            ("status",), registry=registry,
        )  # fmt: skip
        for status in _REFUSALS:
            self._refusals.labels(status)
        self._syncs = Counter("footnote_syncs", "Syncs by outcome", ("outcome",), registry=registry)
        for outcome in ("done", "failed"):
            self._syncs.labels(outcome)
        self._synced = Gauge(
            "footnote_last_sync_timestamp_seconds", "When a sync of this server last succeeded",
            registry=registry,
        )  # fmt: skip
        self._connections = Gauge("footnote_connections", "Open connections", registry=registry)
        waiting = Gauge(
            "footnote_questions_in_line", "Questions that are answered or wait", registry=registry
        )
        waiting.set_function(lambda: line.inside)
        registry.register(_Holdings(assistant))

    def hear(self, event: Event) -> None:
        """Count something that happened."""
        if isinstance(event, Answered):
            self._questions.labels(event.by.way, event.outcome).inc()
            for stage, seconds in event.seconds.items():
                self._seconds.labels(stage).observe(seconds)
        elif isinstance(event, Unanswered) and event.error != WRONG_FOLDER:
            outcome = "stopped" if event.error == "stopped" else "failed"
            self._questions.labels(event.by.way, outcome).inc()
        elif isinstance(event, Searched):
            self._searches.labels(event.by.way).inc()
        elif isinstance(event, Judged):
            self._opinions.labels(event.verdict).inc()
        elif isinstance(event, Synced) and event.index == self._assistant.settings.index:
            self._syncs.labels("done").inc()
            self._synced.set(event.time.timestamp())

    def sync_failed(self) -> None:
        """Count a sync that ended with an error."""
        self._syncs.labels("failed").inc()

    def handled(self, path: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(way_of(path), status).inc()
        if status in _REFUSALS:
            self.refused(status)

    def refused(self, status: int = 503) -> None:
        """Count a refusal, such as that of a connection."""
        self._refusals.labels(status).inc()

    def count_connections(self, count: Callable[[], int]) -> None:
        """Ask this function for the number of connections."""
        self._connections.set_function(count)

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)


class _Holdings(Collector):
    """What the index holds when somebody looks; nothing, if it cannot be read."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def collect(self) -> Iterator[Metric]:
        try:
            status = self._assistant.status()
        except QAError:
            return
        for name, what, number in (
            ("documents", "Documents in the index", len(status.sources)),
            ("passages", "Passages in the index", status.passages),
            ("unread_files", "Files that could not be read", len(status.failed)),
        ):
            yield GaugeMetricFamily(f"footnote_{name}", what, number)
