"""What the server tells people and programs is of what their groups may read."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import qa
from qa.api import Keys
from ui.server import build_server
from ui.uploads import Attachments

SECRET = "handbook/hr/pay.pdf"
QUESTION = "How much is the zorblax bonus?"
SAYS = "900 crowns"
PEOPLE = {"ada": "hr, leads", "bob": "works"}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    from fpdf import FPDF

    place = tmp_path_factory.mktemp("permissions")
    folder = place / "handbook"
    (folder / "hr").mkdir(parents=True)
    (folder / "travel.md").write_text(
        "# Travel\n\nTrains are booked at the counter. See [pay](hr/pay.pdf).\n", encoding="utf-8"
    )
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.write(text=f"The zorblax bonus is {SAYS} a year. The zorblax fair is held in June.")
    pdf.output(str(folder / "hr" / "pay.pdf"))
    (folder / ".qa-access.toml").write_text('[read]\n"hr/" = ["hr"]', encoding="utf-8")
    with qa.Assistant(index=place / "index", sign_in="proxy") as assistant:
        assert not assistant.sync([folder]).skipped
        yield assistant


@pytest.fixture(scope="module")
def attachments(assistant: qa.Assistant) -> Iterator[Attachments]:
    made = Attachments(assistant)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(assistant: qa.Assistant, attachments: Attachments) -> Iterator[TestClient]:
    server = build_server(assistant, attachments, trusted_proxies=["127.0.0.1"])
    with TestClient(server, base_url="http://127.0.0.1", client=("127.0.0.1", 9)) as client:
        yield client


@pytest.fixture(scope="module")
def keys(assistant: qa.Assistant) -> dict[str, dict[str, str]]:
    """The headers of a program in the group, and of one that is in none."""
    kept = Keys.of(assistant.settings.index)
    made = {"hr": kept.add("payroll", groups=["hr"])[0], "none": kept.add("wiki")[0]}
    return {name: {"authorization": f"Bearer {key}"} for name, key in made.items()}


def person(name: str) -> dict[str, str]:
    return {
        "X-Forwarded-User": name,
        "X-Forwarded-Groups": PEOPLE[name],
        "Sec-Fetch-Site": "same-origin",
    }


def test_the_routes_of_the_page(client: TestClient) -> None:
    citation = {"passage_id": "", "source": SECRET}
    for name, may in (("ada", True), ("bob", False)):
        who = person(name)
        number = 2 if may else 1
        assert client.get("/health", headers=who).json()["documents"] == number
        assert client.get("/api/state", headers=who).json()["documents"] == number
        assert client.get("/api/state", headers=who).json()["passages"] == number
        answer = client.post("/api/ask", json={"question": QUESTION}, headers=who).json()
        assert (SAYS in json.dumps(answer)) == may
        if may:
            citation["passage_id"] = answer["citations"][0]["passage_id"]
        for path in ("source", "original", "page", "marks"):
            asked: dict[str, str | int] = {"source": SECRET, "page": 1, "start": 0, "end": 5}
            reply = client.get(f"/api/{path}", params=asked, headers=who)
            assert reply.status_code == (200 if may else 404)
            unknown = client.get(f"/api/{path}", params={**asked, "source": "no.pdf"}, headers=who)
            if not may:
                assert reply.text == unknown.text.replace("no.pdf", SECRET)
        shown = client.get("/api/source", params={"source": "handbook/travel.md"}, headers=who)
        assert bool(shown.json()["links"]) == may
        assert ("zorblax" in client.get("/api/examples", headers=who).text.lower()) <= may
        related = {"question": "Who?", "citations": [citation], "passages": [citation]}
        reply = client.post("/api/related", json=related, headers=who)
        assert may or reply.json() == {"related": []}


def test_a_proxy_that_nobody_named_reads_what_everybody_may_read(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    index = shutil.copytree(assistant.settings.index, tmp_path / "index")
    routes = {
        "/api/ask": {"question": QUESTION},
        "/api/v1/ask": {"question": QUESTION},
        "/api/v1/search": {"question": QUESTION},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": QUESTION}]},
        "/v1/responses": {"input": QUESTION},
    }
    with qa.Assistant(index) as opened, contextlib.closing(Attachments(opened)) as files:
        server = build_server(opened, files)
        here = {"Sec-Fetch-Site": "same-origin"}
        with TestClient(server, base_url="http://127.0.0.1", client=("127.0.0.1", 9)) as client:
            for header in ("", "X-Forwarded-For", "Forwarded", "X-Real-IP"):
                headers = {**here, **({header: "for=10.0.0.9"} if header else {})}
                for path, asked in routes.items():
                    told = client.post(path, json=asked, headers=headers)
                    assert told.status_code == 200, path
                    assert (SAYS in told.text) == (not header), (path, header)
                for path in ("/api/source", "/api/original", "/api/page", "/api/v1/source"):
                    place: dict[str, str | int] = {"source": SECRET, "page": 1}
                    told = client.get(path, params=place, headers=headers)
                    assert told.status_code == (404 if header else 200), (path, header)
                for path in ("/api/state", "/health", "/api/v1/status"):
                    told = client.get(path, headers=headers)
                    assert told.json()["documents"] == (1 if header else 2), (path, header)
                for path in ("/api/v1/sources", "/en/", "/en/config"):
                    shown = "handbook/hr" in client.get(path, headers=headers).text
                    assert shown == (not header), (path, header)


def test_the_page_itself(client: TestClient) -> None:
    for name, may in (("ada", True), ("bob", False)):
        who = person(name)
        for path in ("/en/", "/en/config"):
            assert ("handbook/hr" in client.get(path, headers=who).text) == may
        config = client.get("/en/config", headers=who).json()
        ids = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
        asking, restoring = (
            next(e["id"] for e in config["dependencies"] if [ids[part], event] in e["targets"])
            for part, event in (("question", "submit"), ("restore", "click"))
        )
        said = _event(client, who, asking, [QUESTION, "", ""])
        assert (SAYS in said) == may
        assert (SECRET in said) == may
        if may:
            document = client.get("/api/source", params={"source": SECRET}, headers=who).json()
            start = document["text"].index(SAYS)
            cited = {
                "number": 1,
                "source": SECRET,
                "start": start,
                "end": start + len(SAYS),
                "quote": SAYS,
            }
            exchange = {"question": "Q?", "text": "It is so. [1]", "found": True}
            record = {"id": "a" * 32, "exchanges": [{**exchange, "citations": [cited]}]}
        # A conversation of somebody who might read it then, opened again.
        said = _event(client, who, restoring, [json.dumps(record)])
        assert ("#cite-0-1" in said) == may


def _event(client: TestClient, who: dict[str, str], event: int, data: list[str]) -> str:
    session = f"{who['X-Forwarded-User']}{event}"
    sent = {"data": data, "fn_index": event, "session_hash": session}
    client.post("/en/gradio_api/queue/join", json=sent, headers=who).raise_for_status()
    given = {"session_hash": session}
    with client.stream("GET", "/en/gradio_api/queue/data", params=given, headers=who) as reply:
        return "".join(reply.iter_text())


def test_the_interfaces_for_programs(client: TestClient, keys: dict[str, dict[str, str]]) -> None:
    for name, may in (("hr", True), ("none", False)):
        who = keys[name]
        assert client.get("/api/v1/sources", headers=who).json()["total"] == (2 if may else 1)
        assert client.get("/api/v1/status", headers=who).json()["documents"] == (2 if may else 1)
        for path in ("source", "page"):
            reply = client.get(f"/api/v1/{path}", params={"source": SECRET}, headers=who)
            assert reply.status_code == (200 if may else 404)
        asked = {"question": QUESTION}
        talk = {"messages": [{"role": "user", "content": QUESTION}]}
        for path, body in (
            ("/api/v1/ask", asked),
            ("/api/v1/ask", {**asked, "stream": True}),
            ("/api/v1/search", asked),
            ("/v1/chat/completions", talk),
            ("/v1/chat/completions", {**talk, "stream": True}),
            ("/v1/responses", {"input": QUESTION}),
            ("/v1/responses", {"input": QUESTION, "stream": True}),
        ):
            reply = client.post(path, json=body, headers=who)
            assert reply.status_code == 200
            assert (SAYS in reply.text) == may
            assert (SECRET in reply.text) == may
        folder = client.post("/api/v1/ask", json={**asked, "folder": "handbook/hr"}, headers=who)
        assert folder.status_code == (200 if may else 404)


def test_mcp(client: TestClient, keys: dict[str, dict[str, str]]) -> None:
    pytest.importorskip("mcp")
    reading = {"source": SECRET}
    for name, may in (("hr", True), ("none", False)):
        who = {**keys[name], "accept": "application/json, text/event-stream"}
        for method, given in (
            ("tools/call", {"name": "ask", "arguments": {"question": QUESTION}}),
            ("tools/call", {"name": "search", "arguments": {"question": QUESTION}}),
            ("tools/call", {"name": "read_source", "arguments": reading}),
            ("resources/read", {"uri": f"footnote:///{SECRET}"}),
            ("resources/list", {}),
        ):
            call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": given}
            reply = client.post("/mcp", json=call, headers=who)
            assert reply.status_code == 200
            told = reply.text.replace(f"source '{SECRET}'", "")  # the error names what was asked
            assert ((SECRET if method == "resources/list" else SAYS) in told) == may


def test_nothing_is_told_of_a_change_of_what_is_hidden(
    assistant: qa.Assistant,
    attachments: Attachments,
    client: TestClient,
    keys: dict[str, dict[str, str]],
) -> None:
    def told(reader: str, groups: str) -> list[object]:
        # The state is kept for a second, for each reader.
        who = {**person("bob"), "X-Forwarded-User": reader, "X-Forwarded-Groups": groups}
        program = keys["hr" if groups == "hr" else "none"]
        status = client.get("/api/v1/status", headers=program).json()
        state = client.get("/api/state", headers=who).json()
        assert state["reading"] is None
        return [state["updated"], status["updated"], status["documents"]]

    (folder,) = map(Path, assistant.status().folders)
    hidden, seen = told("eve", "hr"), told("dan", "works")
    time.sleep(1.1)  # times are told to the second
    (folder / "hr" / "fair.md").write_text("# Fair\n\nIt is held in July.\n", encoding="utf-8")
    with attachments.activity.told(lambda _: None) as progress:
        assert assistant.sync(progress=progress).added == ("handbook/hr/fair.md",)
        assert attachments.activity.reading is not None
        assert told("fay", "works") == seen
    now = told("gus", "hr")
    assert all(str(one) > str(other) for one, other in zip(now, hidden, strict=True))


def test_where_nobody_signs_in(assistant: qa.Assistant, tmp_path: Path) -> None:
    """On this machine alone, nothing is hidden; where everybody is let in, what has a rule is."""
    for how, may in ((None, True), ("none", False)):
        with qa.Assistant(index=assistant.settings.index, sign_in=how) as opened:
            attachments = Attachments(opened)
            with TestClient(build_server(opened, attachments)) as client:
                answer = client.post("/api/ask", json={"question": QUESTION})
                assert (SAYS in answer.text) == may
                with attachments.activity.told(lambda _: None) as told:
                    told(qa.Progress("reading", 3, 4, SECRET))
                    reading = client.get("/api/state").json()["reading"]
                    assert reading == ({"source": SECRET, "done": 3, "total": 4} if may else None)
            attachments.close()
