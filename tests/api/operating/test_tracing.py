"""Traces, received as a collector receives them: over HTTP, in OTLP's own encoding."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import qa
from qa.api import Traces
from qa.events import Asker, Searched, Synced, Unanswered
from tests.cli.forked import CHECKOUT
from tests.ui.serving import served

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

QUESTION = "Where might the second summit be held?"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
BY = Asker(qa.Viewer("ada-the-asker"), "rest")


class Collector(ThreadingHTTPServer):
    """What an OpenTelemetry collector does with traces, and `seconds` slower than it could."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.spans: list[Span] = []
        self.resource: dict[str, str] = {}
        self.headers: list[dict[str, str]] = []
        self.raw = b""
        self.seconds = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def named(self, name: str, number: int = 1) -> list[Span]:
        """So many spans of this name, as soon as they are here."""
        until = time.monotonic() + 30
        while len(found := [one for one in self.spans if one.name == name]) < number:
            assert time.monotonic() < until, (name, [one.name for one in self.spans])
            time.sleep(0.05)
        return found


class _Taken(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        time.sleep(self.server.seconds)
        assert self.path == "/v1/traces"
        self.server.raw += body
        self.server.headers.append({name.lower(): text for name, text in self.headers.items()})
        for told in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.server.resource = attributes(told.resource)
            for scope in told.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def attributes(of: Any) -> dict[str, Any]:
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in of.attributes
    }


@pytest.fixture
def collector() -> Iterator[Collector]:
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http", reason="the extra otel is not installed"
    )
    with Collector() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def traces(
    collector: Collector, assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Traces]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    made = Traces(assistant.settings, collector.url)
    assistant.listeners.add(made.hear)
    yield made
    assistant.listeners.remove(made.hear)
    made.close(10)


def test_a_question_has_a_span_and_one_for_each_stage(
    traces: Traces, assistant: qa.Assistant, collector: Collector
) -> None:
    before = time.time_ns()
    answer = assistant.ask(QUESTION)
    (question,) = collector.named("question")
    told = attributes(question)
    assert told == {
        "footnote.way": "library",
        "footnote.outcome": answer.outcome,
        "footnote.answerer": "quotes",
        "footnote.cited": len({one.source for one in answer.citations}),
    }
    stages = [collector.named(name)[0] for name in ("retrieve", "read", "answer")]
    at = question.start_time_unix_nano
    assert before - 1_000_000 < at < question.end_time_unix_nano <= time.time_ns()
    for stage in stages:
        assert (stage.trace_id, stage.parent_span_id) == (question.trace_id, question.span_id)
        assert stage.start_time_unix_nano >= at
        at = stage.end_time_unix_nano
    assert at <= question.end_time_unix_nano + 1_000_000
    assert collector.resource["service.name"] == "footnote"
    assert collector.resource["deployment.environment.name"] == "test"
    assert collector.headers[0]["x-tenant"] == "ours"


def test_no_question_name_or_source_is_sent(
    traces: Traces, assistant: qa.Assistant, collector: Collector
) -> None:
    assistant.ask(QUESTION, viewer=BY.viewer)
    assistant.search(QUESTION, viewer=BY.viewer)
    traces.hear(Unanswered(by=BY, question=QUESTION, error="GenerationError", seconds=1))
    report = qa.SyncReport(added=("handbook/secret.md",), seconds=2)
    traces.hear(Synced(by=BY, index=assistant.settings.index, report=report))
    traces.hear(Synced(by=BY, index="of a conversation", report=report))
    collector.named("question", 2)
    (sync,) = collector.named("sync")
    assert attributes(sync)["footnote.added"] == 1
    assert round((sync.end_time_unix_nano - sync.start_time_unix_nano) / 1e9, 3) == 2
    assert collector.named("search")
    sources = [source.source.encode() for source in assistant.status().sources]
    for secret in (b"summit", b"ada-the", b"secret.md", *sources):
        assert secret not in collector.raw


def test_what_fails_is_an_error_and_what_is_stopped_is_none(
    traces: Traces, collector: Collector
) -> None:
    for error in ("stopped", "GenerationError"):
        traces.hear(Unanswered(by=BY, question="?", error=error))
    traces.sync_failed()
    stopped, failed = collector.named("question", 2)
    assert (attributes(stopped)["error.type"], stopped.status.code) == ("stopped", 0)
    assert (attributes(failed)["error.type"], failed.status.code) == ("GenerationError", 2)
    assert collector.named("sync")[0].status.code == 2


def test_a_request_that_is_over_has_nothing_more_below_it(
    traces: Traces, collector: Collector
) -> None:
    from opentelemetry import context, trace

    request = traces.request("POST", "/en/gradio_api/queue/join", [])
    before = context.attach(trace.set_span_in_context(request))
    traces.hear(Searched(by=BY, question="?"))
    traces.replied(request, "/en/gradio_api/queue/join", 200)
    traces.hear(Searched(by=BY, question="?"))
    context.detach(before)
    below, apart = collector.named("search", 2)
    (over,) = collector.named("POST page")
    assert (below.trace_id, below.parent_span_id) == (over.trace_id, over.span_id)
    assert (apart.trace_id == over.trace_id, apart.parent_span_id) == (False, b"")


@pytest.mark.parametrize(("audit", "kept"), [(True, True), (False, False)])
def test_questions_are_sent_only_where_the_audit_keeps_them(
    collector: Collector, audit: bool, kept: bool
) -> None:
    settings = qa.Settings.load(audit=audit, audit_questions=True)
    made = Traces(settings, f"{collector.url}/v1/traces")
    made.hear(Searched(by=BY, question=QUESTION, time=datetime.now(UTC)))
    made.close(10)
    (search,) = collector.named("search")
    assert (attributes(search).get("footnote.question") == QUESTION) is kept


def test_a_request_goes_on_with_its_trace(sample_index: Path, collector: Collector) -> None:
    way = {"QA_TRACE_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50",
           "OTEL_SERVICE_NAME": "handbook"}  # fmt: skip
    asked = {"question": QUESTION}
    with served(sample_index, **way) as url, httpx.Client(base_url=url, timeout=60) as client:
        carried = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "portal=1"}
        for route in ("/api/ask", "/api/v1/ask"):
            assert client.post(route, json=asked, headers=carried).status_code == 200
        client.get("/nobody/knows/ada")
        requests = [*collector.named("POST page"), *collector.named("POST rest")]
        questions = collector.named("question", 2)
    for request, question, way_in in zip(requests, questions, ("page", "rest"), strict=True):
        told = attributes(request)
        assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
        assert request.trace_state == "portal=1"
        assert told["footnote.way"] == attributes(question)["footnote.way"] == way_in
        assert told["http.response.status_code"] == 200
        assert told["url.path"].endswith("/ask")
        assert (question.trace_id, question.parent_span_id) == (request.trace_id, request.span_id)
    missing = collector.named("GET page")[0]
    assert attributes(missing)["http.response.status_code"] == 404
    assert b"ada" not in collector.raw
    assert collector.resource["service.name"] == "handbook"


def test_a_slow_collector_costs_no_answer(sample_index: Path, collector: Collector) -> None:
    collector.seconds = 30
    way = {"QA_TRACE_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "1"}
    with served(sample_index, **way) as url, httpx.Client(base_url=url, timeout=20) as client:
        for _ in range(5):
            answer = client.post("/api/ask", json={"question": QUESTION})
            assert answer.json()["found"]
    # It has ended by now, within the time that a server is given.
    assert collector.spans == []


@pytest.mark.usefixtures("collector")
def test_a_dead_collector_costs_no_answer(assistant: qa.Assistant) -> None:
    made = Traces(assistant.settings, "http://127.0.0.1:9")
    assistant.listeners.add(made.hear)
    assert assistant.ask(QUESTION).found
    assistant.listeners.remove(made.hear)
    made.close(1)


def test_without_the_setting_nothing_is_imported(sample_index: Path) -> None:
    program = (
        "import sys, qa\n"
        "from ui.server import build_server\n"
        "from ui.uploads import Attachments\n"
        f"made = qa.Assistant({str(sample_index)!r})\n"
        "build_server(made, Attachments(made))\n"
        # Chroma imports others of its modules.
        "print([name for name in sys.modules if 'otlp.proto.http' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])},
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(qa.ModelUnavailableError, match=r"trace_endpoint.*footnote-qa\[otel\]"):
        Traces(qa.Settings.load(), "http://localhost:4318")


@pytest.mark.parametrize("address", ["localhost:4318", "grpc://localhost:4317", "http://a b/"])
def test_an_endpoint_is_an_address_of_the_web(address: str) -> None:
    with pytest.raises(qa.SettingsError, match="trace_endpoint"):
        qa.Settings.load(trace_endpoint=address)
