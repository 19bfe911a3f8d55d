"""What the server answers, and to whom."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from tests.cli.forked import run
from tests.ui.serving import FROM_OTHER_SITES

QUESTION = "Where might the second summit be held?"


def test_health_says_what_is_in_the_index(server: str) -> None:
    reply = httpx.get(f"{server}/health")
    assert reply.status_code == 200
    assert reply.json()["status"] == "ok"
    assert reply.json()["documents"] > 5
    assert reply.json()["passages"] > reply.json()["documents"]


def test_a_question_is_answered_with_the_same_object_as_everywhere(server: str) -> None:
    answer = httpx.post(f"{server}/api/ask", json={"question": QUESTION}, timeout=60).json()
    assert answer["found"] is True
    assert "Hanoi" in answer["citations"][0]["quote"]
    assert answer["citations"][0]["source"] == "seeds/second-summit-brief.md"


def test_a_follow_up_is_understood_from_the_history(server: str) -> None:
    history = [{"question": "Who is Kim Yong Chol?", "answer": "Pyongyang's lead negotiator."}]
    asked = {"question": "And when did he last visit?", "history": history}
    answer = httpx.post(f"{server}/api/ask", json=asked, timeout=60).json()
    assert "June" in answer["text"]


def test_an_unknown_folder_gets_an_error_with_the_known_ones(server: str) -> None:
    asked = {"question": QUESTION, "folder": "seedz"}
    reply = httpx.post(f"{server}/api/ask", json=asked, timeout=60)
    assert reply.status_code == 404
    assert "no folder 'seedz'" in reply.json()["error"]
    assert "seeds" in reply.json()["error"]


def test_a_refusal_is_an_answer_too(server: str) -> None:
    asked = {"question": "What is the capital of France?"}
    reply = httpx.post(f"{server}/api/ask", json=asked, timeout=60)
    assert reply.status_code == 200
    assert reply.json()["found"] is False


def test_an_answer_that_is_sent_back_gives_next_questions(server: str) -> None:
    asked = {"question": "When do I get my salary?"}
    answer = httpx.post(f"{server}/api/ask", json=asked, timeout=60).json()
    reply = httpx.post(f"{server}/api/related", json=answer, timeout=60)
    assert reply.status_code == 200
    related = reply.json()["related"]
    assert 1 <= len(related) <= 3
    before = [{"question": related[0], "answer": "Yes."}]
    other = {**answer, "history": before, "limit": 1}
    left = httpx.post(f"{server}/api/related", json=other, timeout=60).json()["related"]
    assert len(left) <= 1
    assert related[0] not in left
    nothing = {"question": "Hello!", "citations": []}
    assert httpx.post(f"{server}/api/related", json=nothing).json() == {"related": []}


@pytest.mark.parametrize(
    "passage_id", ["", "x", "a:b", "a:b:c", "x:0a:1-", "x:0a:-1", "x:0a:99999999999", "x:0a:1:2"]
)
def test_an_invalid_place_gets_an_error(server: str, passage_id: str) -> None:
    place = {"passage_id": passage_id, "source": "a.md", "start": 0}
    reply = httpx.post(f"{server}/api/related", json={"question": "Why?", "citations": [place]})
    assert reply.status_code == 422


def test_missing_places_lead_nowhere(server: str) -> None:
    asked = {"question": "When do I get my salary?"}
    answer = httpx.post(f"{server}/api/ask", json=asked, timeout=60).json()
    document, _, _ = answer["citations"][0]["passage_id"].split(":")
    for passage_id in ("gone:0a:1", f"{document}:0a:1", f"{document}:0a:999999999-2"):
        place = {"passage_id": passage_id, "source": "a.md", "start": 7}
        reply = httpx.post(f"{server}/api/related", json={**asked, "passages": [place]}, timeout=60)
        assert reply.status_code == 200


@pytest.mark.parametrize(
    "asked",
    [{}, {"question": 7}, {"question": "x", "history": [{}]}, {"question": "x", "history": 1}],
)
def test_a_malformed_question_gets_an_error_that_says_what_is_wrong(
    server: str, asked: dict[str, object]
) -> None:
    reply = httpx.post(f"{server}/api/ask", json=asked)
    assert reply.status_code == 422
    assert reply.json()["detail"]


@pytest.mark.parametrize("headers", FROM_OTHER_SITES)
@pytest.mark.parametrize("path", ["/api/ask", "/api/feedback", "/en/gradio_api/queue/join"])
def test_a_page_of_another_site_cannot_ask(server: str, path: str, headers: dict[str, str]) -> None:
    reply = httpx.post(f"{server}{path}", json={"question": QUESTION}, headers=headers)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", ["/en/", "/health", "/de/config", "/embed.js"])
def test_nothing_is_readable_from_another_origin(server: str, path: str) -> None:
    reply = httpx.get(f"{server}{path}", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in reply.headers
    asked = httpx.options(
        f"{server}{path}",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "POST",
        },
    )
    assert "access-control-allow-origin" not in asked.headers


def test_a_request_from_our_own_page_is_accepted_whatever_a_proxy_did_to_the_host(
    server: str,
) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "https://portal.example"}
    asked = {"question": "What is the capital of France?"}
    assert httpx.post(f"{server}/api/ask", json=asked, headers=headers, timeout=60).is_success


@pytest.mark.parametrize(
    ("path", "liked", "expected"),
    [
        ("/", "de-AT,de;q=0.9,en;q=0.5", "de/"),
        ("/", "fr", "fr/"),
        ("/", "it", "en/"),
        ("/?lang=en&q=a%26b", "de", "en/?lang=en&q=a%26b"),
        ("/?theme=dark", "", "en/?theme=dark"),
        ("/de", "en", "de/"),
        ("/en?q=1", "de", "en/?q=1"),
    ],
)
def test_the_way_to_a_page_is_relative_and_in_a_language_of_the_reader(
    server: str, path: str, liked: str, expected: str
) -> None:
    reply = httpx.get(f"{server}{path}", headers={"Accept-Language": liked})
    assert reply.status_code == 307
    assert reply.headers["location"] == expected


def test_the_state_of_the_index_is_given(server: str) -> None:
    state = httpx.get(f"{server}/api/state").json()
    assert state["documents"] > 5
    assert state["passages"] > state["documents"]
    assert state["updated"].startswith("20")
    assert state["reading"] is None


def test_the_parts_of_the_page_can_be_reached(server: str) -> None:
    asked = {"source": "seeds/second-summit-brief.md"}
    assert "Hanoi" in httpx.get(f"{server}/api/source", params=asked).json()["text"]
    record = {"record": {"id": "0" * 32, "exchanges": [{"question": "Why?"}]}, "format": "text"}
    assert "Why?" in httpx.post(f"{server}/api/export", json=record).text
    verdict = {"conversation": "0" * 32, "question": "a", "answer": "b", "verdict": "up"}
    assert httpx.post(f"{server}/api/feedback", json=verdict).status_code == 204


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc"])
def test_no_description_of_the_interface_is_published(server: str, path: str) -> None:
    assert httpx.get(f"{server}{path}").status_code == 404


def test_a_port_that_is_taken_is_an_error_of_one_line(served_index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--index", served_index)
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_invalid_origin_is_an_error_of_one_line(served_index: Path) -> None:
    index, origin = ("--index", served_index), ("--embed-origin", "portal.example/wiki")
    done = run("serve", "--port", "0", *index, *origin)
    assert done.returncode == 1
    assert "portal.example/wiki" in done.stderr
    assert "https://portal.example" in done.stderr
