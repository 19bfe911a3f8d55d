from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread

import pytest

from qa.access import OWNER
from qa.errors import LoadError, SettingsError
from qa.index.index import Index
from qa.indexing import syncing
from qa.indexing.web.connecting import Connecting, is_public
from qa.indexing.web.fetching import Fetching
from qa.settings import Settings
from tests.indexing.mirroring import preparing_of, texts
from tests.indexing.web.serving import LOOPBACK, Web


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1",
        "192.168.1.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "fe80::1",
        "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "::127.0.0.1",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"]
)
def test_a_name_that_stands_for_loopback_is_refused_before_a_connection_is_made(
    index: Index, web: Web, host: str
) -> None:
    place = f"http://{host}:{web.port}/handbook/"

    with pytest.raises(SettingsError, match=r"not a public address.*QA_WEB_NETWORKS="):
        syncing.sync(index, preparing_of(index), [place], Settings())

    assert web.asked == []
    with index.reading(OWNER) as snapshot:
        assert snapshot.head is None  # nothing was written


def test_what_is_allowed_is_a_network_and_no_more(web: Web) -> None:
    connecting = Connecting([ip_network("127.0.0.1/32")])

    connecting.connect_tcp("localhost", web.port, 5).close()
    connecting.connect_tcp("::ffff:127.0.0.1", web.port, 5).close()
    for other in ("127.0.0.2", "::1", "10.0.0.1"):
        with pytest.raises(LoadError, match="not a public address"):
            connecting.connect_tcp(other, web.port, 5)


def test_an_allowed_name_is_synced(index: Index, web: Web) -> None:
    place = f"http://localhost:{web.port}/handbook/"

    syncing.sync(index, preparing_of(index), [place], LOOPBACK)

    assert len(texts(index)) == 3


def test_a_network_is_checked_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_WEB_NETWORKS", "10.0.0.0/8, ::1")
    assert Settings.load().web_networks == (ip_network("10.0.0.0/8"), ip_network("::1"))
    monkeypatch.setenv("QA_WEB_NETWORKS", "intranet.example")
    with pytest.raises(SettingsError, match="web_networks"):
        Settings.load()


@contextmanager
def dripping() -> Iterator[int]:
    """A server that sends its headers a byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                    while True:
                        connection.sendall(b"x")
                        time.sleep(0.02)
                except OSError:
                    pass

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(tmp_path: Path) -> None:
    fetching = Fetching(LOOPBACK.model_copy(update={"web_page_seconds": 0.5}), tmp_path)

    with dripping() as port, pytest.raises(LoadError, match=r"does not arrive within 0\.5 seconds"):
        fetching.get(f"http://127.0.0.1:{port}/")

    fetching.close()


def test_proxies_of_the_environment_are_not_asked(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetching = Fetching(LOOPBACK, tmp_path)

    assert fetching.get(f"{web.url}/press").status == 200

    fetching.close()
