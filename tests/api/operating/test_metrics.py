"""The figures for Prometheus: what they count, and who may read them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

import qa
from qa.api import Keys, Metrics, Service, tell_errors
from qa.errors import QAError
from qa.events import Asker, Synced, Unanswered
from ui.routes.operating.metrics import routes

QUESTION = "Where might the second summit be held?"


def figures(text: str) -> dict[str, float]:
    """Each figure by its name and labels."""
    return {
        " ".join([one.name, *(f"{name}={value}" for name, value in sorted(one.labels.items()))]): (
            one.value
        )
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.fixture
def metrics(assistant: qa.Assistant) -> Iterator[Metrics]:
    made = Metrics(assistant, Service.of(assistant).line)
    assistant.listeners.add(made.hear)
    yield made
    assistant.listeners.remove(made.hear)


def test_questions_are_counted_by_way_and_outcome(
    metrics: Metrics, assistant: qa.Assistant
) -> None:
    assistant.ask(QUESTION)
    assistant.seen_by(assistant.viewer, way="rest").ask("What is the capital of France?")
    assistant.search(QUESTION)
    by = Asker(assistant.viewer, "page")
    for error in ("stopped", "GenerationError", "UnknownSourceError"):
        metrics.hear(Unanswered(by=by, question="?", error=error))

    told = figures(metrics.text().decode())
    assert told["footnote_questions_total outcome=answered way=library"] == 1
    assert told["footnote_questions_total outcome=not said way=rest"] == 1
    assert told["footnote_questions_total outcome=stopped way=page"] == 1
    assert told["footnote_questions_total outcome=failed way=page"] == 1
    assert told["footnote_searches_total way=library"] == 1
    assert told["footnote_question_seconds_count stage=total"] == 2
    assert told["footnote_question_seconds_sum stage=total"] > 0
    assert told["footnote_documents"] == len(assistant.status().sources)
    assert "summit" not in metrics.text().decode()


def test_syncs_of_this_index_are_counted(metrics: Metrics, assistant: qa.Assistant) -> None:
    by, report = Asker(assistant.viewer), qa.SyncReport()
    metrics.hear(Synced(by=by, index=assistant.settings.index, report=report))
    metrics.hear(Synced(by=by, index="of a conversation", report=report))
    metrics.sync_failed()

    told = figures(metrics.text().decode())
    assert told["footnote_syncs_total outcome=done"] == 1
    assert told["footnote_syncs_total outcome=failed"] == 1
    assert told["footnote_last_sync_timestamp_seconds"] > 1e9


def test_refusals_are_counted(metrics: Metrics) -> None:
    for status in (200, 503, 429):
        metrics.handled("/api/v1/ask", status)
    metrics.refused()

    told = figures(metrics.text().decode())
    assert told["footnote_refusals_total status=503"] == 2
    assert told["footnote_refusals_total status=429"] == 1
    assert told["footnote_requests_total status=200 way=rest"] == 1


def test_an_index_that_cannot_be_read_has_no_figures(
    metrics: Metrics, assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise QAError("broken")

    monkeypatch.setattr(assistant, "status", broken)
    told = figures(metrics.text().decode())
    assert "footnote_documents" not in told
    assert "footnote_connections" in told


def test_the_servers_own_machine_may_read_them(server: str) -> None:
    with httpx.Client(base_url=server, timeout=60) as client:
        client.post("/api/v1/ask", json={"question": QUESTION})
        reply = client.get("/metrics")
        assert reply.headers["content-type"].startswith("text/plain")
        told = figures(reply.text)
        assert told["footnote_questions_total outcome=answered way=rest"] >= 1
        assert told["footnote_connections"] >= 1
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):  # by a proxy for anybody
            refused = client.get("/metrics", headers={header: "127.0.0.1"})
            assert refused.status_code == 403
            assert "footnote_" not in refused.text


def test_others_need_a_key_with_the_right(metrics: Metrics, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    server = FastAPI()
    server.include_router(routes(metrics, keys, [IPv4Network("10.9.9.0/24")]))
    tell_errors(server)

    def status(secret: str = "", host: str = "10.0.0.5") -> int:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        with TestClient(server, client=(host, 5000)) as client:
            return client.get("/metrics", headers=headers).status_code

    assert status() == 403
    assert status("fnk_x") == 403, "there is no key yet, and a stranger has none"
    assert status(host="10.9.9.7") == 200
    secret, _ = keys.add("prometheus", ["metrics"])
    usual, key = keys.add("portal", groups=["staff"])
    admin, _ = keys.add("runner", ["admin"])
    assert "status" in key.rights, "which shows what its groups may read, and no more"
    assert [status(), status("fnk_x")] == [403, 401]
    assert [status(usual), status(admin), status(secret)] == [403, 403, 200]


@pytest.mark.parametrize("sign_in", ["none", "password", "proxy"])
def test_with_a_sign_in_this_machine_is_like_any_other(sign_in: str) -> None:
    assert qa.Settings.load(sign_in=sign_in).metrics_open_to == ()
    named = qa.Settings.load(sign_in=sign_in, metrics_networks="127.0.0.1, 10.9.9.0/24")
    assert [str(one) for one in named.metrics_open_to] == ["127.0.0.1/32", "10.9.9.0/24"]
    assert qa.Settings.load(metrics_networks=()).metrics_open_to == ()
