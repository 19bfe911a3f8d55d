"""What is given of the documents behind the footnotes, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import qa
from tests.indexing.mirroring import write
from tests.ui.arriving import arrived
from ui.routes.documents.sources import routes
from ui.uploads import Attachments

SUMMIT = "seeds/second-summit-brief.md"
CONVERSATION = "0123456789abcdef" * 2


def client_of(assistant: qa.Assistant, private: qa.Assistant | None = None) -> TestClient:
    class OneConversation:
        def assistant(self, conversation: str, viewer: str = "") -> qa.Assistant | None:
            return private if (conversation, viewer) == (CONVERSATION, "") else None

    server = FastAPI()
    server.include_router(routes(assistant, OneConversation()))
    return TestClient(server)


@pytest.fixture(scope="module")
def client(assistant: qa.Assistant) -> TestClient:
    return client_of(assistant)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[qa.Assistant]:
    """An Assistant on an index of the test's own."""
    assistant = qa.Assistant(tmp_path / "index")
    yield assistant
    assistant.close()


def test_a_source_is_given_as_it_was_read(client: TestClient, assistant: qa.Assistant) -> None:
    shown = client.get("/api/source", params={"source": SUMMIT}).json()
    document = assistant.document(SUMMIT)
    assert shown["text"] == document.text
    assert shown["title"] == document.title
    assert shown["source"] == SUMMIT
    assert shown["pages"] == []
    first = document.headings[0]
    assert shown["headings"][0] == {"start": first.start, "level": first.level, "text": first.text}


def test_the_original_of_a_page_of_the_web_is_at_its_address(own: qa.Assistant) -> None:
    address = "https://intranet.example/handbook/leave.html"
    own.add([qa.Document("Everyone has 30 days of leave.", address)])

    shown = client_of(own).get("/api/source", params={"source": address}).json()

    assert (shown["original"], shown["page"], shown["marks"]) == (address, None, None)


def test_pages_are_offsets_in_the_text(client: TestClient, assistant: qa.Assistant) -> None:
    source = "seeds/travel-and-expenses.pdf"
    shown = client.get("/api/source", params={"source": source}).json()
    assert shown["pages"] == list(assistant.document(source).pages)
    assert len(shown["pages"]) == 3


def test_the_original_is_reached_from_the_source(client: TestClient) -> None:
    for source in ("seeds/travel-and-expenses.pdf", SUMMIT, "seeds/leave-policy.docx"):
        reply = client.get("/api/source", params={"source": source})
        file = client.get(str(reply.url.join(reply.json()["original"])))
        assert file.content == Path(source).read_bytes()


@pytest.mark.parametrize(
    ("source", "kind", "disposition"),
    [
        ("seeds/travel-and-expenses.pdf", "application/pdf", "inline"),
        (SUMMIT, "text/plain; charset=utf-8", "inline"),
        ("seeds/glossary.txt", "text/plain; charset=utf-8", "inline"),
        ("seeds/employee-faq.html", "application/octet-stream", "attachment"),
        ("seeds/leave-policy.docx", "application/octet-stream", "attachment"),
    ],
)
def test_an_original_can_do_nothing_on_behalf_of_the_page(
    client: TestClient, source: str, kind: str, disposition: str
) -> None:
    headers = client.get("/api/original", params={"source": source}).headers
    assert headers["content-type"] == kind
    assert headers["content-disposition"].startswith(f"{disposition};")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox"


@pytest.mark.parametrize("path", ["/api/source", "/api/original"])
@pytest.mark.parametrize(
    "source",
    [
        "seeds/nothing.md",
        "seeds/../pyproject.toml",
        "seeds//etc/passwd",
        "/etc/passwd",
        "../seeds/README.md",
        "seeds/./README.md",
        "seeds\0/README.md",
        "",
        "x" * 10_000,
    ],
)
def test_what_is_not_in_the_index_is_not_found(client: TestClient, path: str, source: str) -> None:
    reply = client.get(path, params={"source": source})
    assert reply.status_code == 404
    assert reply.json()["error"]
    assert reply.headers["cache-control"] == "no-store"


def test_an_unchanged_source_is_sent_once(client: TestClient) -> None:
    first = client.get("/api/source", params={"source": SUMMIT})
    assert first.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    again = client.get("/api/source", params={"source": SUMMIT}, headers=known)
    assert again.status_code == 304
    assert again.content == b""
    other = client.get("/api/source", params={"source": "seeds/glossary.txt"}, headers=known)
    assert other.status_code == 200


def test_a_file_that_is_gone_leaves_its_text(own: qa.Assistant, docs: Path) -> None:
    own.sync([docs])
    client = client_of(own)
    (docs / "plums.txt").unlink()
    shown = client.get("/api/source", params={"source": "docs/plums.txt"}).json()
    assert shown["text"] == "Plums are blue and sour."
    assert shown["original"] is None
    reply = client.get("/api/original", params={"source": "docs/plums.txt"})
    assert reply.status_code == 404
    assert "docs/plums.txt" in reply.json()["error"]


def test_a_document_that_came_from_no_file_has_no_original(own: qa.Assistant) -> None:
    own.add([qa.Document(text="Soup on Mondays.", source="notes/soup.txt")])
    assert client_of(own).get("/api/source?source=notes/soup.txt").json()["original"] is None


def test_a_document_named_like_a_file_elsewhere_brings_no_file(
    own: qa.Assistant, docs: Path, tmp_path: Path
) -> None:
    write(tmp_path / "secret.txt", "the password")
    own.sync([docs])
    for source in ("docs/../secret.txt", f"docs/{tmp_path}/secret.txt", "docs//secret.txt"):
        own.add([qa.Document(text="Soup on Mondays.", source=source)])
        reply = client_of(own).get("/api/original", params={"source": source})
        assert reply.status_code == 404, source
        assert "password" not in reply.text


def test_a_link_out_of_the_folder_is_not_followed(
    own: qa.Assistant, docs: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside" / "pay.txt", "Everybody's pay.")
    (docs / "pay.txt").symlink_to(outside)
    (docs / "pears.txt").symlink_to(docs / "plums.txt")
    own.sync([docs])
    (docs / "deep" / "er" / "leeks.html").unlink()
    (docs / "deep" / "er").rmdir()
    (docs / "deep" / "er").symlink_to(outside.parent)
    write(outside.parent / "leeks.html", "outside")
    assert "docs/pay.txt" not in [source.source for source in own.status().sources]
    assert own.original("docs/deep/er/leeks.html") is None
    (docs / "plums.txt").rename(docs / "apples.txt")
    (docs / "plums.txt").symlink_to(docs / "apples.txt")
    assert own.original("docs/plums.txt") == (docs / "apples.txt").resolve()
    (docs / "plums.txt").unlink()
    (docs / "plums.txt").symlink_to(outside)
    assert own.original("docs/plums.txt") is None


def test_a_single_file_that_was_synced_is_its_own_original(own: qa.Assistant, docs: Path) -> None:
    own.sync([docs / "plums.txt"])
    assert client_of(own).get("/api/original?source=plums.txt").text == "Plums are blue and sour."


def test_of_two_folders_of_one_name_the_right_file_comes(own: qa.Assistant, tmp_path: Path) -> None:
    for year in ("2024", "2025"):
        write(tmp_path / year / "hr" / "leave.txt", f"Leave in {year}.")
    own.sync([tmp_path / "2024" / "hr", tmp_path / "2025" / "hr"])
    client = client_of(own)
    sources = [source.source for source in own.status().sources]
    assert sources == ["2025/hr/leave.txt", "hr/leave.txt"]
    assert client.get("/api/original?source=hr/leave.txt").text == "Leave in 2024."
    assert client.get("/api/original?source=2025/hr/leave.txt").text == "Leave in 2025."
    (tmp_path / "2024" / "hr" / "leave.txt").unlink()
    assert client.get("/api/original?source=hr/leave.txt").status_code == 404


@pytest.mark.parametrize(
    ("data", "charset"),
    [("Grüße".encode(), "utf-8"), ("Grüße".encode("cp1252"), "windows-1252"),
     ("Grüße".encode("utf-16"), "utf-16")],
)  # fmt: skip
def test_the_encoding_of_a_text_is_sent(
    own: qa.Assistant, tmp_path: Path, data: bytes, charset: str
) -> None:
    write(tmp_path / "docs" / "a.txt", "Greetings").write_bytes(data)
    own.sync([tmp_path / "docs"])
    reply = client_of(own).get("/api/original?source=docs/a.txt")
    assert reply.headers["content-type"] == f"text/plain; charset={charset}"
    assert reply.text.strip("\ufeff") == "Grüße"


def test_files_of_a_conversation_are_for_it_alone(
    assistant: qa.Assistant, own: qa.Assistant, tmp_path: Path
) -> None:
    write(tmp_path / "uploads" / "offer.txt", "The offer is 4,000 euros.")
    own.sync([tmp_path / "uploads"])
    client = client_of(assistant, own)
    source = {"source": "uploads/offer.txt"}
    reply = client.get("/api/source", params={**source, "conversation": CONVERSATION})
    assert "4,000" in reply.json()["text"]
    assert "4,000" in client.get(str(reply.url.join(reply.json()["original"]))).text
    common = client.get("/api/source", params={"source": SUMMIT, "conversation": CONVERSATION})
    assert common.status_code == 200
    for other in ("", "f" * 32, "../" * 8, CONVERSATION.upper()):
        for path in ("/api/source", "/api/original"):
            reply = client.get(path, params={**source, "conversation": other})
            assert reply.status_code == 404


def test_a_dropped_file_is_a_source_with_its_original(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    file = write(tmp_path / "offer.txt", "The offer is 4,000 euros.")
    attachments = Attachments(assistant)
    attachments.add(CONVERSATION, arrived(attachments, CONVERSATION, [file]))
    server = FastAPI()
    server.include_router(routes(assistant, attachments))
    client = TestClient(server)
    params = {"source": "uploads/offer.txt", "conversation": CONVERSATION}
    reply = client.get("/api/source", params=params)
    assert client.get(str(reply.url.join(reply.json()["original"]))).text == file.read_text()
    attachments.close()
    assert client.get("/api/source", params=params).status_code == 404


def test_without_attachments_there_are_only_the_documents_of_all(assistant: qa.Assistant) -> None:
    server = FastAPI()
    server.include_router(routes(assistant, None))
    params = {"source": SUMMIT, "conversation": CONVERSATION}
    assert TestClient(server).get("/api/source", params=params).status_code == 200
