"""Slow connections, and too many of them, against a server on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn

from ui import connections
from ui.connections import affordable, protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

MOST, SECONDS = 12, 0.5
# Far above what the server waits; only reached if it does not hang up.
FOREVER = 20.0
LARGE = b"x" * 20_000_000
HALF = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads each request; `/large` gives a large reply, `/slow` one that takes long.

    `/early` is answered before the request was read.
    """
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    body = LARGE if scope["path"] == "/large" else b"done"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/slow":
        await receive()  # until they are gone
    await send({"type": "http.response.body", "body": body})


@contextmanager
def listening(most: int = MOST, seconds: float = SECONDS) -> Iterator[int]:
    """The port of a server."""
    config = uvicorn.Config(
        application, http=protocol(most, seconds), lifespan="off", log_config=None, ws="none"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = server.force_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with listening() as port:
        yield port


@pytest.fixture
def call(port: int) -> Iterator[Callable[..., socket.socket]]:
    """Connects, and sends something."""
    with ExitStack() as ending:

        def connected(data: bytes = b"", at: int = port) -> socket.socket:
            made = ending.enter_context(socket.create_connection(("127.0.0.1", at), FOREVER))
            made.sendall(data)
            return made

        yield connected


def heard(connection: socket.socket) -> bytes:
    """All that is received until the server hangs up."""
    said = b""
    try:
        while piece := connection.recv(1_000_000):
            said += piece
    except ConnectionResetError:
        pass
    return said


def hung_up_on(connection: socket.socket, piece: bytes, pause: float = 0) -> bool:
    """Whether it is closed while a piece is sent again and again."""
    until = time.monotonic() + FOREVER
    try:
        while time.monotonic() < until:
            connection.sendall(piece)
            time.sleep(pause)
    except OSError:
        return True
    return False


def test_a_request_is_answered(call: Callable[..., socket.socket]) -> None:
    sent = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    )
    assert heard(call(sent)).endswith(b"done")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        HALF,
        HALF + b"Content-Length: 3\r\n\r\nab",
        HALF + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + HALF,  # the second of one connection
    ],
)
def test_a_request_that_does_not_arrive_ends_the_connection(
    call: Callable[..., socket.socket], sent: bytes
) -> None:
    connection = call(sent)
    said = heard(connection)
    assert said == b"" or b"408" in said or b"done" in said


def test_a_request_that_arrives_drop_by_drop_ends_the_connection(
    call: Callable[..., socket.socket],
) -> None:
    connection = call(HALF + b"Content-Length: 100000\r\n\r\n")
    assert hung_up_on(connection, b"x", pause=SECONDS / 10)


def test_a_large_request_gets_the_time_that_it_needs(call: Callable[..., socket.socket]) -> None:
    size = int(connections.BYTES_PER_SECOND * SECONDS * 6)
    connection = call(HALF + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(12):
        connection.sendall(b"x" * (size // 12))
        time.sleep(SECONDS / 4)
    assert heard(connection).endswith(b"done")


def test_a_request_that_goes_on_after_its_answer_ends_the_connection(
    call: Callable[..., socket.socket],
) -> None:
    """However fast it arrives, which would give more time to a request that is still awaited."""
    chunk = b"%x\r\n%b\r\n" % (len(LARGE) // 10, LARGE[: len(LARGE) // 10])
    head = b"POST /early HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = call(head + chunk)
    assert connection.recv(12) == b"HTTP/1.1 200"

    def go_on(until: float) -> None:
        while time.monotonic() < until:
            connection.sendall(chunk)

    with pytest.raises(ConnectionError):
        go_on(time.monotonic() + FOREVER)


def test_a_reply_that_nobody_takes_is_given_up(call: Callable[..., socket.socket]) -> None:
    connection = call(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    time.sleep(SECONDS * 3)
    assert len(heard(connection)) < len(LARGE)


def test_incomplete_requests_give_way_to_complete_ones(call: Callable[..., socket.socket]) -> None:
    with listening(seconds=FOREVER * 2) as port:
        halves = [call(HALF, port) for _ in range(10 * MOST)]
        whole = call(HALF + b"Content-Length: 0\r\nConnection: close\r\n\r\n", port)
        assert heard(whole).endswith(b"done")
        assert b"408" in heard(halves[0])
        for half in halves:
            half.close()


def test_a_new_request_is_told_to_come_back_if_all_connections_are_busy(
    call: Callable[..., socket.socket],
) -> None:
    with listening() as port:
        for _ in range(MOST):
            slow = call(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n", port)
            assert slow.recv(12) == b"HTTP/1.1 200"
        head, _, body = heard(call(HALF, port)).partition(b"\r\n\r\n")
        assert b" 503 " in head
        assert b"retry-after: " in head
        assert json.loads(body)["error"]


def test_input_that_is_not_http_gets_an_error_in_json(call: Callable[..., socket.socket]) -> None:
    head, _, body = heard(call(b"\x16\x03\x01 what?\r\n\r\n")).partition(b"\r\n\r\n")
    assert b" 400 " in head
    assert json.loads(body)["error"]


def test_a_header_without_end_is_refused(call: Callable[..., socket.socket]) -> None:
    connection = call(HALF)
    assert hung_up_on(connection, b"X-Long: " + b"x" * 10_000 + b"\r\n")


def test_connections_are_limited_by_the_open_files_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resource = pytest.importorskip("resource", reason="this machine has no limits of its own")
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: set_to.append(limits))

    def with_limits(soft: int, hard: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
        return affordable(1000)

    assert with_limits(4096, 4096) == 1000
    assert set_to == []
    assert with_limits(1024, 8192) == 1000
    assert set_to.pop() == (1000 + connections.OTHER_FILES, 8192)
    assert with_limits(256, 1024) == 1024 - connections.OTHER_FILES
    assert with_limits(64, 64) == 32
