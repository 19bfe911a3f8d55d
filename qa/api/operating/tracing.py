"""Traces of a server for OpenTelemetry: requests, questions with their stages, searches, syncs.

Spans are made of what is told anyway: of events once they have happened, and of requests. There is
no answer, no name and no source in them, and a question only if the audit may keep questions, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any

from qa import __version__
from qa.api.seeing import way_of
from qa.errors import extra, needed_for
from qa.events import Answered, Event, Searched, Synced, Unanswered

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa.settings import Settings

_PATH = "/v1/traces"
_PURPOSE, _PACKAGE = "The setting trace_endpoint", "opentelemetry-exporter-otlp-proto-http"
# In the order in which a question goes through them.
_STAGES = ("retrieve", "read", "answer")
_NANO = 1_000_000_000
# What a client that left before its reply began is noted with, as in the log.
_LEFT = 499
# Where clients write names of their own into the path.
_NAMED_BY_CLIENTS = "/v1/models/"
# A page asks for dozens of them.
_PARTS_OF_PAGES = ("/static/", "/assets/", "/brand/")


class Traces:
    """What is sent to the collector in `Settings.trace_endpoint`, by a thread of its own.

    Nothing waits for the collector: what it does not take in time is dropped. The SDK reads the
    `OTEL_…` variables of the environment for all else (headers, sampling, sizes, resource).

    Raises:
        ModelUnavailableError: the extra `otel` is not installed.
    """

    def __init__(self, settings: Settings, endpoint: str) -> None:
        with needed_for(_PURPOSE, _PACKAGE, extra("otel")):
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        own = {"service.name": "footnote", "service.version": __version__}
        address = endpoint.rstrip("/").removesuffix(_PATH) + _PATH
        self._index = settings.index
        self._with_questions = settings.audit and settings.audit_questions
        self._provider = TracerProvider(
            # The environment may give the service another name.
            resource=Resource.create(own).merge(OTELResourceDetector().detect()),
            shutdown_on_exit=False,  # it would wait for a collector that is away
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address)))
        self._tracer = self._provider.get_tracer("footnote", __version__)

    def hear(self, event: Event) -> None:
        """Make spans of something that happened, below the request that is being answered."""
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Unanswered):
            span = self._span("question", event, event.seconds, {"footnote.way": event.by.way})
            self._asked(span, event.question)
            # Whoever stopped it got what they wanted.
            self._fail(span, event.error, is_error=event.error != "stopped")
            self._end(span, event)
        elif isinstance(event, Searched):
            told = {"footnote.way": event.by.way, "footnote.found": len(event.sources)}
            span = self._span("search", event, event.seconds, told)
            self._asked(span, event.question)
            self._end(span, event)
        elif isinstance(event, Synced) and event.index == self._index:
            report = event.report
            told = {
                f"footnote.{name}": len(getattr(report, name))
                for name in ("added", "changed", "renamed", "removed", "skipped")
            }
            span = self._span("sync", event, report.seconds, told)
            self._end(span, event)

    def sync_failed(self) -> None:
        """Note a sync that ended with an error."""
        span = self._tracer.start_span("sync")
        self._fail(span, "QAError")
        span.end()

    def request(self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Span:
        """The span of a request that has come; it goes on with the trace in its headers."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carried = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name in (b"traceparent", b"tracestate")
        }
        way = way_of(path)
        told = {"http.request.method": method, "footnote.way": way}
        before = TraceContextTextMapPropagator().extract(carried)
        return self._tracer.start_span(
            f"{method} {way}", before, kind=SpanKind.SERVER, attributes=told
        )

    def replied(self, span: Span, path: str, status: int) -> None:
        """End the span of a request."""
        if not span.is_recording():
            return
        span.set_attribute("http.response.status_code", status)
        # What is not there is whatever its sender made up.
        if status != 404 and not path.startswith(_NAMED_BY_CLIENTS):
            span.set_attribute("url.path", path)
        if status >= 500:
            self._fail(span, str(status))
        span.end()

    def close(self, seconds: float) -> None:
        """Send what is left, for so many seconds at most."""
        ending = Thread(target=self._provider.shutdown, name="footnote traces", daemon=True)
        ending.start()
        ending.join(seconds)

    def _answered(self, event: Answered) -> None:
        told = {
            "footnote.way": event.by.way,
            "footnote.outcome": event.outcome,
            "footnote.answerer": event.answerer,
            "footnote.cited": len(event.cited),
            **({"footnote.reason": event.reason} if event.reason else {}),
        }
        span = self._span("question", event, event.seconds.get("total", 0.0), told)
        self._asked(span, event.question)
        at = _nano(event) - _of(event.seconds.get("total", 0.0))
        for name in _STAGES:
            if seconds := event.seconds.get(name):
                stage = self._tracer.start_span(name, _within(span), start_time=at)
                at += _of(seconds)
                stage.end(at)
        self._end(span, event)

    def _span(self, name: str, event: Event, seconds: float, told: Mapping[str, Any]) -> Span:
        """A span that began so long before its event."""
        begun = _nano(event) - _of(seconds)
        return self._tracer.start_span(name, _here(), attributes=dict(told), start_time=begun)

    def _asked(self, span: Span, question: str) -> None:
        if self._with_questions:
            span.set_attribute("footnote.question", question)

    def _fail(self, span: Span, error: str, *, is_error: bool = True) -> None:
        from opentelemetry.trace import StatusCode

        span.set_attribute("error.type", error)
        if is_error:
            span.set_status(StatusCode.ERROR)

    def _end(self, span: Span, event: Event) -> None:
        span.end(_nano(event))


class Traced:
    """The middleware that makes a span of each request; what it leads to is below that span."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self.app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or any(folder in path for folder in _PARTS_OF_PAGES):
            await self.app(scope, receive, send)
            return
        from opentelemetry import context

        status = _LEFT
        span = self._traces.request(scope["method"], path, scope["headers"])
        before = context.attach(_within(span))

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:
            status = 500 if status == _LEFT else status
            raise
        finally:
            context.detach(before)
            self._traces.replied(span, path, status)


def _here() -> Context | None:
    """Below what something that happens now belongs; None: below the request that is current."""
    from opentelemetry.context import Context
    from opentelemetry.trace import get_current_span

    # Gradio's queue answers all questions in the context of the request that has started it.
    return Context() if getattr(get_current_span(), "end_time", None) is not None else None


def _within(span: Span) -> Context:
    from opentelemetry.trace import set_span_in_context

    return set_span_in_context(span)


def _nano(event: Event) -> int:
    return _of(event.time.timestamp())


def _of(seconds: float) -> int:
    return int(seconds * _NANO)
