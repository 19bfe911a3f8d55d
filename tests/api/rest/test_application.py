"""REST below `/api/v1`, asked as a program asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import qa

QUESTION = "Where might the second summit be held?"
SOURCE = "seeds/second-summit-brief.md"


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        yield client


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "seconds": None}


def events(text: str) -> list[tuple[str, Any]]:
    """The names and the data of events."""
    read = []
    for event in text.strip().split("\n\n"):
        name, data = event.split("\n")
        read.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return read


def test_an_answer_is_the_same_object_as_everywhere(
    client: httpx.Client, library: qa.Assistant
) -> None:
    reply = client.post("/ask", json={"question": QUESTION})
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    own = library.ask(QUESTION).to_dict()
    assert without_times(reply.json()) == without_times(own)


@pytest.mark.parametrize("how", ["stream", "accept"])
def test_an_answer_comes_as_events(client: httpx.Client, how: str) -> None:
    asked = {"question": QUESTION, "stream": how == "stream"}
    accepted = {"Accept": "text/event-stream"} if how == "accept" else {}
    reply = client.post("/ask", json=asked, headers=accepted)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *pieces, (last, answer) = events(reply.text)
    assert {name for name, _ in pieces} == {"piece"}
    assert last == "answer"
    assert "".join(data["text"] for _, data in pieces) == answer["text"]
    whole = client.post("/ask", json={"question": QUESTION}).json()
    assert without_times(answer) == without_times(whole)


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_before_the_answer_is_a_problem_with_its_status(
    client: httpx.Client, stream: bool
) -> None:
    asked = {"question": QUESTION, "folder": "seedz", "stream": stream}
    reply = client.post("/ask", json=asked)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert "no folder 'seedz'" in problem.pop("detail")
    assert problem == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "kind": "UnknownSourceError",
    }


def test_an_unknown_address_says_where_the_known_ones_are(
    client: httpx.Client, server: str
) -> None:
    problem = client.get("/no-such-route").json()
    assert problem["detail"] == (
        "There is no such address. /api/v1/openapi.json lists those that exist."
    )
    told = httpx.get(f"{server}/v1/no-such-route").json()["error"]["message"]
    assert "/v1/chat/completions" in told
    assert httpx.get(f"{server}/no-such-route").json() == {"error": "There is no such address."}
    assert client.get("/openapi.json").status_code == 200


def test_a_follow_up_a_folder_and_metadata_are_taken_into_account(client: httpx.Client) -> None:
    history = [{"question": "Who is Kim Yong Chol?", "answer": "Pyongyang's lead negotiator."}]
    asked = {"question": "And when did he last visit?", "history": history}
    assert "June" in client.post("/ask", json=asked).json()["text"]
    folder = {"question": QUESTION, "folder": "seeds/it-help.md"}
    sources = {hit["source"] for hit in client.post("/ask", json=folder).json()["passages"]}
    assert sources <= {"seeds/it-help.md"}
    nowhere = {"question": QUESTION, "where": {"year": [1700, 1701]}}
    assert client.post("/ask", json=nowhere).json()["found"] is False


def test_passages_are_searched(client: httpx.Client, library: qa.Assistant) -> None:
    found = client.post("/search", json={"question": QUESTION, "limit": 3}).json()
    assert found["question"] == QUESTION
    assert found["passages"] == [hit.to_dict() for hit in library.search(QUESTION, limit=3)]


def test_documents_are_listed_page_by_page(client: httpx.Client, library: qa.Assistant) -> None:
    read: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get("/sources", params={"offset": offset, "limit": 4}).json()
        assert len(page["sources"]) <= 4
        assert page["offset"] == offset
        read += page["sources"]
        offset = page["next"]
    assert read == library.status().to_dict()["sources"]
    assert page["total"] == len(read)
    beyond = client.get("/sources", params={"offset": len(read)}).json()
    assert (beyond["sources"], beyond["next"]) == ([], None)


def test_every_citation_is_the_text_between_its_offsets(client: httpx.Client) -> None:
    answer = client.post("/ask", json={"question": QUESTION}).json()
    assert answer["citations"]
    for cited in answer["citations"]:
        asked = {name: cited[name] for name in ("source", "start", "end")}
        stretch = client.get("/source", params=asked).json()
        assert stretch["text"] == cited["quote"]
        assert (stretch["start"], stretch["end"]) == (cited["start"], cited["end"])


def test_a_document_is_read_whole_or_from_anywhere(
    client: httpx.Client, library: qa.Assistant
) -> None:
    text = library.document(SOURCE).text
    whole = client.get("/source", params={"source": SOURCE}).json()
    assert (whole["text"], whole["characters"], whole["start"]) == (text, len(text), 0)
    assert whole["headings"][0]["text"] in text
    beyond = client.get("/source", params={"source": SOURCE, "start": len(text) + 9}).json()
    assert (beyond["text"], beyond["start"], beyond["end"]) == ("", len(text), len(text))
    turned = client.get("/source", params={"source": SOURCE, "start": 9, "end": 3}).json()
    assert (turned["text"], turned["start"], turned["end"]) == ("", 9, 9)
    assert client.get("/source", params={"source": "no.md"}).status_code == 404


def test_a_page_of_a_pdf_is_drawn(client: httpx.Client, library: qa.Assistant) -> None:
    source = next(one.source for one in library.status().sources if one.source.endswith(".pdf"))
    asked: dict[str, Any] = {"source": source, "page": 1, "width": 600}
    reply = client.get("/page", params=asked)
    assert reply.headers["content-type"] == "image/webp"
    assert reply.content == library.page(source, 1, 600)
    beyond = client.get("/page", params={**asked, "page": 9_999})
    assert (beyond.status_code, beyond.json()["kind"]) == (422, "ArgumentError")
    assert client.get("/page", params={**asked, "width": 601}).status_code == 422
    no_pdf = client.get("/page", params={"source": SOURCE})
    assert (no_pdf.status_code, no_pdf.json()["kind"]) == (415, "UnsupportedFormatError")


def test_the_state_of_the_index_is_given(client: httpx.Client, library: qa.Assistant) -> None:
    held, own = client.get("/status").json(), library.status()
    assert held["documents"] == len(own.sources)
    assert (held["passages"], held["updated"]) == (own.passages, own.updated)
    assert (held["failed"], held["skipped"], held["stale"]) == (
        len(own.failed),
        len(own.skipped),
        len(own.stale),
    )
    assert str(own.index) not in json.dumps(held), "nobody's business elsewhere"


def test_an_opinion_is_stored_without_words(client: httpx.Client, library: qa.Assistant) -> None:
    answer = client.post("/ask", json={"question": QUESTION}).json()
    opinion = {
        "question": QUESTION,
        "answer": answer["text"],
        "verdict": "up",
        "comment": "Found by a program.",
        "citations": answer["citations"],
    }
    assert client.post("/feedback", json=opinion).status_code == 204
    stored = qa.Verdicts.of(library.settings.index).file.read_text(encoding="utf-8")
    line = json.loads(stored.splitlines()[-1])
    assert [line[name] for name in ("question", "answer", "comment")] == ["", "", ""]
    assert (line["verdict"], line["sources"]) == ("up", [SOURCE])
    assert {one["source"] for one in line["ranges"]} == {SOURCE}
    for wrong in ({"end": True}, {"rows": [1, True]}, {"rows": [1]}, {"start": "0"}):
        cited = {**answer["citations"][0], **wrong}
        assert client.post("/feedback", json={**opinion, "citations": [cited]}).status_code == 422
    in_a_sheet = {**answer["citations"][0], "rows": [2, 3.0], "sheet": "Prices"}
    assert client.post("/feedback", json={**opinion, "citations": [in_a_sheet]}).is_success


@pytest.mark.parametrize(
    "asked",
    [{}, {"question": 7}, {"question": "x", "folders": "a"}, {"question": "x", "history": [{}]}],
)
def test_the_error_for_an_invalid_request_says_where_it_is_wrong(
    client: httpx.Client, asked: dict[str, Any]
) -> None:
    reply = client.post("/ask", json=asked)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["errors"][0]["loc"][0] == "body"
    assert ".".join(map(str, problem["errors"][0]["loc"])) in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/ask", 405), ("DELETE", "/sources", 405)],
)
def test_a_missing_source_is_a_problem_too(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    reply = client.request(method, path)
    assert (reply.status_code, reply.json()["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert ("allow" in reply.headers) == (status == 405)


def test_a_body_that_is_no_json_or_does_not_say_so_is_told_what_to_send(
    client: httpx.Client,
) -> None:
    said = b'{"question": "Who approves leave?"}'
    # What `curl -d` sends by itself.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    unnamed = client.post("/ask", content=said, headers=form)
    assert unnamed.status_code == 422
    assert "Content-Type: application/json" in unnamed.json()["detail"]
    cut = client.post("/ask", content=said[:-1], headers={"Content-Type": "application/json"})
    assert cut.status_code == 400
    assert "not JSON" in cut.json()["detail"]
    assert cut.json()["errors"][0]["loc"][0] == "body"


def test_the_limits_of_the_server_apply_here(client: httpx.Client) -> None:
    large = client.post("/ask", content=b" " * 2_100_000)
    assert (large.status_code, large.json()["status"]) == (413, 413)
    no_text = client.post("/ask", content=b"\xff\xfe")
    assert (no_text.status_code, no_text.json()["title"]) == (400, "Bad Request")
    elsewhere = {"Origin": "https://elsewhere.example"}
    refused = client.post("/ask", json={"question": QUESTION}, headers=elsewhere)
    assert (refused.status_code, refused.json()["status"]) == (403, 403)
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_description_has_every_route_and_loads_nothing(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/ask", "/search", "/sources", "/source", "/page", "/status", "/feedback",
        "/admin/alerts", "/admin/documents", "/admin/insights", "/admin/review", "/admin/sync",
        "/admin/review/set-aside", "/admin/review/bring-back", "/admin/voted-down",
    }  # fmt: skip
    assert described["servers"] == [{"url": "/api/v1"}]
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["responses"]["422"]["content"].keys() == {"application/problem+json"}
    answer = described["components"]["schemas"]["AnswerJSON"]
    assert "citations" in answer["properties"]
