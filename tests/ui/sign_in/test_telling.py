"""Every way in tells once what happened, and by whose doing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

import qa
from qa.api import Keys
from ui.page.app import Page
from ui.page.conversations import Conversation
from ui.page.examples import Examples
from ui.page.texts import TEXTS
from ui.server import build_server
from ui.uploads import Attachments

QUESTION = "How much is the zorblax bonus?"
SOURCE = "handbook/pay.md"
PERSON = {"X-Forwarded-User": "ada", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    place = tmp_path_factory.mktemp("telling")
    (folder := place / "handbook").mkdir()
    (folder / "pay.md").write_text("The zorblax bonus is 900 crowns a year.", encoding="utf-8")
    with qa.Assistant(index=place / "index", sign_in="proxy") as assistant:
        assistant.sync([folder])
        yield assistant


@pytest.fixture(scope="module")
def attachments(
    assistant: qa.Assistant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attachments]:
    attachments = Attachments(assistant, tmp_path_factory.mktemp("kept") / "files")
    yield attachments
    attachments.close()


@pytest.fixture(scope="module")
def client(assistant: qa.Assistant, attachments: Attachments) -> Iterator[TestClient]:
    server = build_server(assistant, attachments, trusted_proxies=["127.0.0.1"])
    with TestClient(server, base_url="http://127.0.0.1", client=("127.0.0.1", 9)) as client:
        yield client


@pytest.fixture(scope="module")
def program(assistant: qa.Assistant) -> dict[str, str]:
    """The headers of a program."""
    key, _ = Keys.of(assistant.settings.index).add("wiki")
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def told(assistant: qa.Assistant) -> Iterator[list[qa.Event]]:
    events: list[qa.Event] = []
    assistant.listeners.add(events.append)
    yield events
    assistant.listeners.remove(events.append)


def who(events: list[qa.Event]) -> list[tuple[type[qa.Event], str, str]]:
    return [(type(event), event.by.viewer.name, event.by.way) for event in events]


def call(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def test_programs(client: TestClient, program: dict[str, str], told: list[qa.Event]) -> None:
    asked = {"question": QUESTION}
    source = {"source": SOURCE}
    answer = client.post("/api/v1/ask", json=asked, headers=program).json()
    client.post("/api/v1/ask", json={**asked, "stream": True}, headers=program)
    client.post("/api/v1/search", json=asked, headers=program)
    client.get("/api/v1/source", params=source, headers=program)
    client.get("/api/v1/source", params={"source": "handbook/none.md"}, headers=program)
    opinion = {**asked, "answer": answer["text"], "verdict": "up", "citations": answer["citations"]}
    client.post("/api/v1/feedback", json=opinion, headers=program).raise_for_status()
    assert who(told) == [
        (event, "wiki", "rest")
        for event in (qa.Answered, qa.Answered, qa.Searched, qa.SourceOpened, qa.Judged)
    ]
    assert isinstance(told[-1], qa.Judged)
    assert (told[-1].verdict, told[-1].sources) == ("up", (SOURCE,))

    told.clear()
    messages = [{"role": "user", "content": QUESTION}]
    for stream in (False, True):
        chat = {"model": "footnote", "messages": messages, "stream": stream}
        client.post("/v1/chat/completions", json=chat, headers=program).raise_for_status()
    client.post("/v1/responses", json={"input": QUESTION}, headers=program).raise_for_status()
    assert who(told) == [(qa.Answered, "wiki", "openai")] * 3

    told.clear()
    accepting = {**program, "accept": "application/json, text/event-stream"}
    for name, arguments in (("ask", asked), ("search", asked), ("read_source", source)):
        called = call("tools/call", name=name, arguments=arguments)
        assert "900" in client.post("/mcp", json=called, headers=accepting).text
    uri = call("resources/read", uri=f"footnote:///{SOURCE}")
    assert "900" in client.post("/mcp", json=uri, headers=accepting).text
    assert who(told) == [
        (event, "wiki", "mcp")
        for event in (qa.Answered, qa.Searched, qa.SourceOpened, qa.SourceOpened)
    ]


def test_the_page(
    assistant: qa.Assistant, attachments: Attachments, client: TestClient, told: list[qa.Event]
) -> None:
    client.post("/api/ask", json={"question": QUESTION}, headers=PERSON).raise_for_status()
    for path in ("source", "original"):
        client.get(f"/api/{path}", params={"source": SOURCE}, headers=PERSON).raise_for_status()
    assert who(told) == [
        (event, "ada", "page") for event in (qa.Answered, qa.SourceOpened, qa.SourceOpened)
    ]
    assert [event.part for event in told if isinstance(event, qa.SourceOpened)] == ["text", "file"]

    told.clear()
    page = Page(assistant, attachments, TEXTS["en"], Examples(assistant))
    scope = {
        "type": "http",
        "path": "/en/gradio_api/queue/join",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "state": {"viewer": qa.Viewer("ada")},
    }
    asking = Request(scope)
    sent = Conversation.new().model_dump_json()
    *_, (_, answered, *_) = page.answer(QUESTION, None, sent, asking)
    assert isinstance(answered, str)
    page.restored(answered, asking)  # its footnotes are checked, and nothing is shown anew
    assert who(told) == [(qa.Answered, "ada", "page")]


def test_files(
    assistant: qa.Assistant, attachments: Attachments, client: TestClient, told: list[qa.Event]
) -> None:
    conversation = "c" * 32
    place = {"conversation": conversation, "name": "plums.txt"}
    sent = client.post("/api/uploads", params=place, content=b"Plums are blue.", headers=PERSON)
    files = attachments.incoming.take(conversation, [sent.json()["id"]], "ada")
    attachments.add(conversation, files, viewer="ada")
    opened = {"source": "uploads/plums.txt", "conversation": conversation}
    assert client.get("/api/source", params=opened, headers=PERSON).status_code == 200
    attachments.keep(conversation, by=assistant.seen_by(qa.Viewer("ada"), way="page").by)

    by_ada = [event for event in told if event.by.viewer.name == "ada"]
    assert who(by_ada) == [
        (event, "ada", "page") for event in (qa.Uploaded, qa.SourceOpened, qa.Published)
    ]
    assert isinstance(by_ada[0], qa.Uploaded)
    assert (by_ada[0].name, by_ada[0].size) == ("plums.txt", len("Plums are blue."))
    assert isinstance(by_ada[2], qa.Published)
    assert by_ada[2].sources == ("files/plums.txt",)


def test_the_command_line(assistant: qa.Assistant, tmp_path: Path) -> None:
    from qa.cli.options import open_terminal, opened

    told: list[qa.Event] = []
    with opened(open_terminal(), assistant.settings.index) as own:
        own.listeners.add(told.append)
        own.ask(QUESTION)
    assert [(type(one), one.by) for one in told] == [
        (qa.Answered, qa.Asker(own.viewer, "command line"))
    ]
