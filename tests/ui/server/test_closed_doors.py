"""No event of the page opens, deletes or fetches anything, whatever is sent with it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Mount

import qa
from tests.ui.events import Visitor, record, upload
from tests.ui.serving import served
from ui.server import build_server
from ui.uploads import Attachments

SECRET = "The vault opens with 4711."
SAUNA = b"The sauna on deck 9 opens at 6:45."
# The types that each event takes; any other must be examined and listed here first.
PLAIN: dict[str, Any] = {"textbox": "", "dropdown": "", "checkbox": False}


class Elsewhere(ThreadingHTTPServer):
    """Another server, which counts its requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counting)
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_port}/secret.txt"


class _Counting(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@dataclass
class Machine:
    """A server, and what is around it on its machine."""

    url: str
    place: Path
    elsewhere: Elsewhere
    conversations: list[str] = field(default_factory=list)

    @property
    def outside(self) -> dict[str, Path]:
        """Files and the like, none of which the server may touch."""
        return {name: self.place / name for name in ("secret.txt", "link.txt", "pipe.txt")}

    def payloads(self) -> Iterator[Any]:
        """What an attacker may send in place of text."""
        paths = [*map(str, self.outside.values()), "/dev/zero", self.elsewhere.url, "../secret.txt"]
        for path in paths:
            for more in ({}, {"is_stream": True}, {"url": self.elsewhere.url}):
                file = {"path": path, "meta": {"_type": "gradio.FileData"}, **more}
                yield file
            yield [file]
            yield {"value": file, "text": file, "files": [file]}
            yield path
        yield from ([], {}, 7, 1.5, "\ud800", ["text"], {"__type__": "update", "value": "x"})

    def untouched(self) -> None:
        """Make sure that nothing outside was read, changed, deleted or fetched."""
        assert self.elsewhere.asked == 0
        secret, link, pipe = self.outside.values()
        assert secret.stat().st_atime == 0, "it was read"
        assert link.is_symlink()
        assert pipe.is_fifo()
        assert not any(path.is_file() for path in (self.place / "gradio").rglob("*"))
        assert secret.read_text() == SECRET
        os.utime(secret, (0, 0))
        with httpx.Client(base_url=self.url) as client:
            for conversation in self.conversations:
                for name in ("secret.txt", "link.txt", "zero"):
                    query = {"source": f"uploads/{name}", "conversation": conversation}
                    assert client.get("/api/source", params=query).status_code == 404


@pytest.fixture(scope="module")
def machine(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    place = tmp_path_factory.mktemp("machine")
    (place / "secret.txt").write_text(SECRET)
    os.utime(place / "secret.txt", (0, 0))
    (place / "link.txt").symlink_to(place / "secret.txt")
    os.mkfifo(place / "pipe.txt")
    (place / "gradio").mkdir()
    with Elsewhere() as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        with served(served_index, GRADIO_TEMP_DIR=str(place / "gradio")) as url:
            # The first visit makes the server find examples, which takes some time.
            with Visitor(url, patience=60) as first:
                first.send(first.event("load"), [])
            yield Machine(url, place, elsewhere)
        elsewhere.shutdown()


@pytest.fixture
def visitor(machine: Machine) -> Iterator[Visitor]:
    with Visitor(machine.url) as visitor:
        yield visitor


@pytest.mark.parametrize("page", ["en", "de", "es", "fr"])
def test_every_event_takes_only_text_and_yes_or_no(machine: Machine, page: str) -> None:
    with Visitor(machine.url, page) as visitor:
        assert len(visitor.events) > 5
        for event in visitor.events:
            for part in event["inputs"]:
                assert visitor.kind(part) in PLAIN, "an event takes something new; is it safe?"


def test_nothing_outside_is_read_deleted_or_fetched_by_any_event(
    machine: Machine, visitor: Visitor
) -> None:
    tried = 0
    for event in visitor.events:
        for at, _ in enumerate(event["inputs"]):
            conversation = secrets.token_hex(16)
            machine.conversations.append(conversation)
            for payload in machine.payloads():
                data = [PLAIN[visitor.kind(part)] for part in event["inputs"]]
                if event["inputs"]:
                    data[-1] = record(conversation)
                data[at] = payload
                # Written as ASCII, which can say half a character.
                body = {"data": data, "fn_index": event["id"], "session_hash": visitor.session}
                reply = visitor.client.post(
                    "gradio_api/queue/join",
                    content=json.dumps(body),
                    headers={"Content-Type": "application/json"},
                )
                if reply.status_code == 400:  # not even connected
                    assert "\\ud800" in json.dumps(payload)
                    continue
                ended = [one for one in visitor.listen() if one["msg"] == "process_completed"]
                tried += reply.status_code == 200
                if type(payload) is not str:
                    assert [one["success"] for one in ended] == [False], payload
    assert tried > 200
    machine.untouched()
    assert httpx.get(f"{machine.url}/health", timeout=5).status_code == 200


def test_fields_beside_the_data_open_nothing_either(machine: Machine, visitor: Visitor) -> None:
    files = [one for one in machine.payloads() if isinstance(one, dict) and "path" in one]
    for event in visitor.events:
        data = [PLAIN[visitor.kind(part)] for part in event["inputs"]]
        for number, file in enumerate(files):
            beside = {"path": file["path"], "text": file} if number % 2 else {"value": file}
            visitor.join(event["id"], data, event_data=beside, trigger_id=number, batched=True)
        assert any(one["msg"] == "process_completed" for one in visitor.listen())
    machine.untouched()
    assert httpx.get(f"{machine.url}/health", timeout=5).status_code == 200


@pytest.mark.parametrize("event", [-1, 99, None])
def test_an_unknown_event_is_refused(visitor: Visitor, event: int) -> None:
    assert visitor.join(event, []).status_code == 400


@pytest.mark.parametrize("page", ["en", "de", "es", "fr"])
def test_gradio_accepts_and_sends_no_files(machine: Machine, page: str) -> None:
    secret = machine.outside["secret.txt"]
    file = {"files": ("a.txt", b"x")}
    with Visitor(machine.url, page) as visitor:
        client = visitor.client
        for path in ("upload", "upload/", "upload?upload_id=1"):
            assert client.post(f"gradio_api/{path}", files=file).status_code == 404, path
        for path in (
            "upload_progress?upload_id=1", f"file={secret}", f"file/{secret}", f"proxy={secret}",
            f"proxy={machine.elsewhere.url}", "stream/a/b/1/playlist.m3u8", "heartbeat/abc",
            "component_server", "deep_link?session_hash=abc",
        ):  # fmt: skip
            assert client.get(f"gradio_api/{path}").status_code == 404, path
        for path in ("component_server", "run/answer", "api/answer", "call/answer", "stream/abc"):
            assert client.post(f"gradio_api/{path}", json={"data": []}).status_code == 404, path
    machine.untouched()


# The open routes of Gradio; all others are closed, whatever a release adds.
OPEN = {
    "", "theme.css", "config", "static/{path:path}", "assets/{path:path}",
    "gradio_api/queue/join", "gradio_api/queue/data", "gradio_api/cancel", "gradio_api/reset",
    "gradio_api/app_id", "gradio_api/startup-events",
}  # fmt: skip


def gradios_routes(assistant: qa.Assistant) -> set[tuple[str, str]]:
    """The method and the path of every route that Gradio has."""
    with contextlib.closing(Attachments(assistant)) as attachments:
        built = build_server(assistant, attachments)
        gradio = next(one for one in built.routes if isinstance(one, Mount) and one.path == "/en")
        return {
            (method, str(getattr(route, "path", "")).strip("/"))
            for one in gradio.routes
            # An included router keeps its own routes.
            for route in getattr(getattr(one, "original_router", None), "routes", [one])
            for method in getattr(route, "methods", None) or ("GET",)
        }


# Gradio leaves an event loop open when its page is built; collecting garbage finds it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_route_of_gradio_is_closed_but_those_that_the_page_needs(
    machine: Machine, assistant: qa.Assistant
) -> None:
    routes = gradios_routes(assistant)
    gc.collect()  # here, where it is the current folder
    closed = [(method, path) for method, path in sorted(routes) if path not in OPEN]
    assert len(closed) > 20
    assert {"gradio_api/upload", "gradio_api/file={path_or_url:path}"} <= {p for _, p in closed}
    with httpx.Client(base_url=machine.url) as client:
        for method, path in closed:
            told = client.request(method, "/en/" + re.sub(r"{[^}]*}", "x", path))
            assert told.status_code == 404, (method, path)
            assert method == "HEAD" or told.json() == {"error": "There is nothing here."}


def test_only_its_own_conversation_can_use_a_file(machine: Machine, visitor: Visitor) -> None:
    own, other = secrets.token_hex(16), secrets.token_hex(16)
    id = upload(machine.url, own, "sauna.txt", SAUNA)
    read = visitor.event("click", "read")

    def said(ids: str, conversation: str) -> str:
        ended = visitor.send(read, [ids, record(conversation)])
        return str(ended["output"]["data"])

    for ids in (id, f"{id} {id}", id.upper(), f"../{id}", f"{id}/../{id}", f"{id}%00", "*", ""):
        assert "no longer here" in said(ids, other), ids
    httpx.delete(f"{machine.url}/api/uploads", params={"conversation": other})
    for wrong in ("", "..", own[:31], own.upper(), f"{own}/..", own + "\n"):
        httpx.delete(f"{machine.url}/api/uploads", params={"conversation": wrong})
        assert "no longer here" in said(id, wrong)
    assert "sauna&#46;txt" in said(id, own)
    assert "no longer here" in said(id, own)  # an id is good once
    query = {"source": "uploads/sauna.txt"}
    source = f"{machine.url}/api/source"
    assert httpx.get(source, params={**query, "conversation": other}).status_code == 404
    assert httpx.get(source, params={**query, "conversation": own}).json()["text"]
    httpx.delete(f"{machine.url}/api/uploads", params={"conversation": own})
    assert httpx.get(source, params={**query, "conversation": own}).status_code == 404


@pytest.fixture(scope="module")
def people(served_index: Path) -> Iterator[tuple[Visitor, Visitor]]:
    """Two people at a server whose proxy knows them."""
    way = ("--sign-in", "proxy", "--trusted-proxy", "127.0.0.1")
    ada, bob = (
        {"X-Forwarded-User": name, "Sec-Fetch-Site": "same-origin"} for name in ("ada", "bob")
    )
    with (
        served(served_index, *way) as url,
        Visitor(url, patience=60, headers=ada) as first,
        Visitor(url, patience=60, headers=bob) as second,
    ):
        yield first, second


def test_only_whoever_began_a_conversation_reaches_its_files(
    people: tuple[Visitor, Visitor],
) -> None:
    ada, bob = people
    own, unknown = secrets.token_hex(16), secrets.token_hex(16)
    id = upload(ada.url, own, "sauna.txt", SAUNA, ada.headers)

    def said(visitor: Visitor, button: str, *data: str) -> str:
        ended = visitor.send(visitor.event("click", button), list(data))
        return str(ended["output"]["data"])

    def opened(visitor: Visitor, conversation: str, route: str = "source") -> tuple[int, bytes]:
        query = {"source": "uploads/sauna.txt", "conversation": conversation,
                 "page": "1", "start": "0", "end": "5"}  # fmt: skip
        reply = visitor.client.get(f"{visitor.url}/api/{route}", params=query)
        return reply.status_code, reply.content

    def asked(visitor: Visitor) -> str:
        data = ["When does the sauna on deck 9 open?", "", record(own)]
        visitor.join(visitor.event("submit"), data).raise_for_status()
        return str(visitor.listen())

    def delete(visitor: Visitor) -> None:
        query = {"conversation": own}
        reply = visitor.client.delete(f"{visitor.url}/api/uploads", params=query)
        assert reply.status_code == 204

    delete(bob)
    assert said(bob, "read", id, record(own)) == said(bob, "read", id, record(unknown))
    assert "sauna&#46;txt" in said(ada, "read", id, record(own))

    assert opened(ada, own)[0] == 200
    for route in ("source", "original", "page", "marks"):
        assert opened(bob, own, route) == opened(bob, unknown, route), route
    assert opened(bob, own)[0] == 404
    assert "sauna" not in said(bob, "restore", record(own))
    assert said(bob, "remove", "sauna.txt", record(own)) == "['']"
    answer = asked(bob)
    assert "6:45" not in answer
    assert "sauna.txt" not in answer

    # In his own conversation of that id, he has files of his own.
    his = upload(bob.url, own, "pool.txt", b"The pool is closed.", bob.headers)
    assert "pool&#46;txt" in said(bob, "read", his, record(own))
    assert "pool" not in said(ada, "restore", record(own))
    delete(bob)
    assert "sauna&#46;txt" in said(ada, "restore", record(own))
    assert "6:45" in asked(ada)
    delete(ada)
    assert opened(ada, own)[0] == 404


def test_only_whoever_sent_an_event_hears_what_becomes_of_it(
    people: tuple[Visitor, Visitor],
) -> None:
    ada, bob = people
    data = ["When does the sauna on deck 9 open?", "", record(secrets.token_hex(16))]
    asked = ada.join(ada.event("submit"), data)
    assert asked.status_code == 200
    unknown, bob.session = bob.session, ada.session
    heard = bob.listen()
    cancelled = {"session_hash": ada.session, "fn_index": ada.event("submit"), "event_id": ""}
    reply = bob.client.post("gradio_api/cancel", json=cancelled)
    assert reply.json() == {"success": True}, "as for a session that there is not"
    assert bob.join(bob.event("submit"), data).status_code == 400
    bob.session = unknown
    assert heard == bob.listen(), "there is no such session for him"
    ended = [one["event_id"] for one in ada.listen() if one["msg"] == "process_completed"]
    assert ended == [asked.json()["event_id"]]
    assert bob.send(bob.event("submit"), data)["success"]


def test_one_person_s_events_leave_room_for_others(people: tuple[Visitor, Visitor]) -> None:
    ada, bob = people
    data = ["When does the sauna on deck 9 open?", "", record(secrets.token_hex(16))]
    replies: list[httpx.Response] = []
    while not replies or (replies[-1].status_code == 200 and len(replies) < 60):
        replies.append(ada.join(ada.event("submit"), data))
    assert replies[-1].status_code == 503, "the page says then that the server is busy"
    assert bob.send(bob.event("submit"), data)["success"]
    ended = [one for one in ada.listen() if one["msg"] == "process_completed"]
    assert len(ended) == len(replies) - 1
