"""Pages of PDFs by the web: what is given, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

import qa
from qa.api import tell_errors
from tests.loading.pdf.test_file import STORY, paper
from ui.routes.documents import pages, sources

TRAVEL = "seeds/travel-and-expenses.pdf"
CONVERSATION = "0123456789abcdef" * 2


def client_of(assistant: qa.Assistant, private: qa.Assistant | None = None) -> TestClient:
    class OneConversation:
        def assistant(self, conversation: str, viewer: str = "") -> qa.Assistant | None:
            return private if (conversation, viewer) == (CONVERSATION, "") else None

    server = FastAPI()
    for routes in (sources.routes, pages.routes):
        server.include_router(routes(assistant, OneConversation()))
    tell_errors(server)
    return TestClient(server)


@pytest.fixture(scope="module")
def client(assistant: qa.Assistant) -> TestClient:
    return client_of(assistant)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[qa.Assistant]:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "paper.pdf").write_bytes(paper(STORY))
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.sync([folder])
        yield assistant


def test_pages_and_marks_are_reached_from_the_source(
    client: TestClient, assistant: qa.Assistant
) -> None:
    reply = client.get("/api/source", params={"source": TRAVEL})
    told = reply.json()
    page = client.get(f"{reply.url.join(told['page'])}&page=2&width=600")
    assert page.headers["content-type"] == "image/webp"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "private, no-cache"
    assert Image.open(BytesIO(page.content)).width in (600, 601)
    known = {"If-None-Match": page.headers["etag"]}
    assert client.get(str(page.url), headers=known).status_code == 304
    start = told["pages"][1] + 40
    marks = client.get(f"{reply.url.join(told['marks'])}&start={start}&end={start + 30}").json()
    assert [one["page"] for one in marks["pages"]] == [2]
    assert marks == {"pages": [one.to_dict() for one in assistant.marks(TRAVEL, start, start + 30)]}


def test_a_source_without_pages_has_none_to_show(client: TestClient) -> None:
    for source in ("seeds/glossary.txt", "seeds/leave-policy.docx"):
        told = client.get("/api/source", params={"source": source}).json()
        assert (told["page"], told["marks"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"page?source={TRAVEL}&page=9", 422),
        (f"page?source={TRAVEL}&page=-1", 422),
        (f"page?source={TRAVEL}&page=x", 422),
        (f"page?source={TRAVEL}", 422),
        (f"page?source={TRAVEL}&page=1&width=99999", 422),
        (f"marks?source={TRAVEL}&start=9&end=3", 422),
        (f"marks?source={TRAVEL}&start=0&end=99999999999999999999999", 422),
        ("page?source=seeds/glossary.txt&page=1", 415),
        ("marks?source=seeds/glossary.txt&start=0&end=9", 415),
        ("page?source=seeds/../pyproject.toml&page=1", 404),
        ("page?source=/etc/passwd&page=1", 404),
        ("marks?source=&start=0&end=9", 404),
        ("page?source=seeds%00/travel-and-expenses.pdf&page=1", 404),
    ],
)
def test_what_cannot_be_shown_has_a_status_and_a_reason(
    client: TestClient, path: str, status: int
) -> None:
    reply = client.get(f"/api/{path}")
    assert reply.status_code == status
    assert reply.json()["error"]


def test_a_file_that_changed_or_is_gone_leaves_its_text(own: qa.Assistant, tmp_path: Path) -> None:
    client = client_of(own)
    asked = (
        "/api/page?source=docs/paper.pdf&page=1",
        "/api/marks?source=docs/paper.pdf&start=0&end=9",
    )
    assert [client.get(path).status_code for path in asked] == [200, 200]
    own._showing.forget(own.index)
    (tmp_path / "docs" / "paper.pdf").write_bytes(paper("Other words."))
    for path in asked:
        reply = client.get(path)
        assert reply.status_code == 422
        assert "has changed" in reply.json()["error"]
    (tmp_path / "docs" / "paper.pdf").unlink()
    assert [client.get(path).status_code for path in asked] == [404, 404]
    told = client.get("/api/source?source=docs/paper.pdf").json()
    assert told["page"] is None
    assert "river" in told["text"]


def test_pages_of_a_conversation_are_for_it_alone(
    assistant: qa.Assistant, own: qa.Assistant
) -> None:
    client = client_of(assistant, own)
    asked = {"source": "docs/paper.pdf", "page": "1", "start": "0", "end": "9"}
    for path in ("/api/page", "/api/marks"):
        reply = client.get(path, params={**asked, "conversation": CONVERSATION})
        assert reply.status_code == 200
        for other in ("", "f" * 32, "../" * 8, CONVERSATION.upper()):
            reply = client.get(path, params={**asked, "conversation": other})
            assert reply.status_code == 404
