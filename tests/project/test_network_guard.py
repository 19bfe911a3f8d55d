from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

REACH = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=5)"


@pytest.fixture
def forgiven() -> Iterator[None]:
    """For a test that uses the network on purpose."""
    yield
    pytest.network_attempts.clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("forgiven")
def test_a_test_cannot_reach_beyond_this_machine() -> None:
    with pytest.raises(BaseException, match="A test reached for"):
        socket.create_connection(("192.0.2.1", 9), timeout=5)


@pytest.mark.usefixtures("forgiven")
def test_a_test_cannot_look_up_a_name() -> None:
    with pytest.raises(BaseException, match="A test reached for"):
        socket.getaddrinfo("example.com", 443)


def test_a_process_that_a_test_starts_cannot_reach_beyond_this_machine() -> None:
    done = subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True)

    assert done.returncode != 0
    assert "NetworkTouchedError" in done.stderr


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()
