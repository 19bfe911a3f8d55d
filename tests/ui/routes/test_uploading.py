"""How files come in: streamed, within limits, under ids; and that a server can do without."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import qa
from qa.places.private_folder import LOCK, PREFIX, STARTING_SECONDS, PrivateFolder
from tests.cli.forked import Command
from tests.ui.events import Visitor, record, upload
from tests.ui.serving import served, start
from ui.incoming import (
    ARRIVING_AT_ONCE,
    FILE_ID,
    Arrived,
    ConversationKey,
    Incoming,
    Quotas,
    Share,
    UploadRefusedError,
)
from ui.incoming import counted_address as counted

MEGABYTE = 1_000_000
ONE, TWO = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def taking(
    served_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Command, str, Path]]:
    """A server with small limits, its URL, and its folder for temporary files."""
    place = tmp_path_factory.mktemp("temporary")
    process, url = start(
        served_index, TMPDIR=str(place), QA_MAX_FILE_MEGABYTES="60", QA_UPLOAD_SECONDS="3",
        QA_UPLOAD_MEGABYTES="80", QA_UPLOAD_FILES="3",
    )  # fmt: skip
    # The examples are made in the background at first, which takes memory of its own.
    httpx.get(f"{url}/api/examples", timeout=60).raise_for_status()
    yield process, url, place
    process.terminate()
    process.communicate(timeout=60)
    assert list(place.glob(f"{PREFIX}*")) == []


def files_in(place: Path) -> list[Path]:
    """What has come in and lies in a server's own folder."""
    return [path for path in place.glob(f"{PREFIX}*/incoming/*") if path.is_file()]


def resident(process: int) -> int:
    """The bytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("the system does not tell what a process holds")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_a_large_file_is_streamed_to_a_folder_that_nobody_else_reads(
    taking: tuple[Command, str, Path],
) -> None:
    process, url, place = taking
    before = resident(process.pid)
    piece = b"x" * MEGABYTE
    query = {"conversation": ONE, "name": "large.txt"}
    highest = before

    def pieces() -> Iterator[bytes]:
        nonlocal highest
        for _ in range(50):
            highest = max(highest, resident(process.pid))
            yield piece

    reply = httpx.post(f"{url}/api/uploads", params=query, content=pieces(), timeout=60)
    assert reply.status_code == 201
    id = reply.json()["id"]
    assert FILE_ID.fullmatch(id)
    assert highest - before < 15 * MEGABYTE
    assert [(file.name, file.stat().st_size) for file in files_in(place)] == [(id, 50 * MEGABYTE)]
    for part in (*files_in(place), *(file.parents[0] for file in files_in(place))):
        assert part.stat().st_mode & 0o077 == 0
    assert next(place.glob(f"{PREFIX}*")).stat().st_mode & 0o777 == 0o700
    # The conversation's share is nearly used up now; what is refused leaves nothing behind.
    reply = httpx.post(f"{url}/api/uploads", params=query, content=iter([piece] * 40), timeout=60)
    assert (reply.status_code, "80 MB together" in reply.json()["error"]) == (413, True)
    assert len(files_in(place)) == 1
    httpx.delete(f"{url}/api/uploads", params={"conversation": ONE})
    assert files_in(place) == []


def test_a_file_that_is_too_large_is_refused_before_it_arrives(
    taking: tuple[Command, str, Path],
) -> None:
    _, url, place = taking
    said = asked(url, f"name=a.txt&conversation={ONE}", "Content-Length: 300000000", b"x" * 1000)
    assert said.startswith("HTTP/1.1 413 ")
    assert "It is larger than 60 MB." in said
    assert files_in(place) == []


def test_a_file_that_arrives_too_slowly_is_given_up(
    taking: tuple[Command, str, Path],
) -> None:
    _, url, place = taking
    began = time.monotonic()
    said = asked(url, f"name=a.txt&conversation={ONE}", "Content-Length: 1000", b"x")
    assert said.startswith("HTTP/1.1 408 ")
    assert time.monotonic() - began < 30
    assert files_in(place) == []


def test_a_visitor_who_goes_away_leaves_nothing(
    taking: tuple[Command, str, Path],
) -> None:
    _, url, place = taking
    at = urlsplit(url)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as sender:
        sender.sendall(posting(at.netloc, f"conversation={TWO}", "Content-Length: 1000") + b"x")
        wait_for(lambda: len(files_in(place)) == 1)
    wait_for(lambda: files_in(place) == [])


@pytest.mark.parametrize("conversation", ["", "..", "A" * 32, "a" * 31, f"../{'a' * 29}", "a" * 33])
def test_only_a_conversation_of_the_proper_form_can_have_files(
    taking: tuple[Command, str, Path], conversation: str
) -> None:
    query = {"conversation": conversation, "name": "a.txt"}
    reply = httpx.post(f"{taking[1]}/api/uploads", params=query, content=b"x")
    assert reply.status_code == 400
    assert "Reload the page" in reply.json()["error"]


def test_a_page_of_another_site_can_send_no_file(
    taking: tuple[Command, str, Path],
) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        reply = httpx.post(
            f"{taking[1]}/api/uploads", params={"conversation": ONE}, headers=headers, content=b"x"
        )
        assert reply.status_code == 403


def test_one_file_too_many_is_refused(taking: tuple[Command, str, Path]) -> None:
    _, url, _ = taking
    conversation = secrets.token_hex(16)
    for number in range(3):
        upload(url, conversation, f"{number}.txt", b"x")
    query = {"conversation": conversation, "name": "4.txt"}
    reply = httpx.post(f"{url}/api/uploads", params=query, content=b"x")
    assert (reply.status_code, reply.json()["error"]) == (
        429,
        "3 files can be added to a conversation.",
    )
    httpx.delete(f"{url}/api/uploads", params={"conversation": conversation})


def test_a_server_can_take_no_files_at_all(served_index: Path) -> None:
    with served(served_index, "--no-uploads") as url, Visitor(url) as visitor:
        query = {"conversation": ONE, "name": "a.txt"}
        reply = httpx.post(f"{url}/api/uploads", params=query, content=b"x")
        assert (reply.status_code, reply.json()["error"]) == (403, "Files cannot be added here.")
        shown = {
            one["props"].get("elem_id"): one["props"].get("visible", True)
            for one in visitor.config["components"]
        }
        assert shown["attach"] is False
        with pytest.raises(StopIteration):
            visitor.event("click", "read")
        assert visitor.send(visitor.event("click", "restore"), [record(ONE)])["success"]


@pytest.fixture
def quotas() -> Quotas:
    return Quotas(qa.Settings())


@pytest.fixture
def incoming(tmp_path: Path, quotas: Quotas) -> Incoming:
    return Incoming(tmp_path / "incoming", qa.Settings(), quotas)


def came(incoming: Incoming, conversation: str) -> str:
    with incoming.begin(conversation, "192.0.2.1", "a.txt") as arriving:
        arriving.write(b"x")
        return arriving.done()


def test_a_file_that_nobody_uses_is_deleted(
    incoming: Incoming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = came(incoming, ONE)
    incoming.forget_untaken()
    assert (tmp_path / "incoming" / id).exists()
    monkeypatch.setattr("ui.incoming.UNTAKEN_SECONDS", -1)
    incoming.forget_untaken()
    assert list((tmp_path / "incoming").iterdir()) == []
    with pytest.raises(qa.QAError, match="no longer here"):
        incoming.take(ONE, [id])


def test_of_several_ids_all_are_the_conversations_or_none_is_taken(incoming: Incoming) -> None:
    own, other = came(incoming, ONE), came(incoming, TWO)
    with pytest.raises(qa.QAError, match="no longer here"):
        incoming.take(ONE, [own, other])
    assert [one.path.name for one in incoming.take(ONE, [own])] == [own]
    assert [one.path.name for one in incoming.take(TWO, [other])] == [other]


def test_one_address_cannot_keep_many_files_arriving(incoming: Incoming) -> None:
    with contextlib.ExitStack() as arriving:
        for number in range(ARRIVING_AT_ONCE):
            arriving.enter_context(incoming.begin(ONE, "192.0.2.1", f"{number}.txt"))
        with pytest.raises(UploadRefusedError, match="from this address"):
            incoming.begin(TWO, "192.0.2.1", "a.txt")
        arriving.enter_context(incoming.begin(TWO, "192.0.2.2", "a.txt"))
    with incoming.begin(ONE, "192.0.2.1", "a.txt"):
        pass


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_network_of_addresses_counts_as_one_visitor(address: str, one: str) -> None:
    assert counted(address) == one


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("here")
    link, pipe = tmp_path / "link.txt", tmp_path / "pipe.txt"
    link.symlink_to(file)
    os.mkfifo(pipe)
    with qa.open_regular(file) as stream:
        assert stream.read() == b"here"
    for other in (link, pipe, tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(OSError):  # noqa: PT011
            Arrived("a.txt", other, Share(ConversationKey(ONE), ""), 0).open()


def test_folders_of_servers_that_died_are_deleted_and_of_the_living_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = PrivateFolder()
    dead, starting, foreign = (tmp_path / f"{PREFIX}{name}" for name in ("a", "b", "c"))
    elsewhere = tmp_path / "elsewhere"
    for folder in (dead, starting, foreign, elsewhere):
        folder.mkdir()
        (folder / "text.txt").write_text("here")
    for folder in (living.path, dead, starting, elsewhere):
        (folder / LOCK).touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    old = time.time() - STARTING_SECONDS - 1
    for folder in (living.path, dead, elsewhere):
        os.utime(folder / LOCK, (old, old))
    another = PrivateFolder()
    assert not dead.exists()
    for folder in (living.path, starting, foreign, elsewhere, another.path):
        assert folder.is_dir()
    assert (elsewhere / "text.txt").exists()
    living.close()
    another.close()
    assert not living.path.exists()
    shutil.rmtree(foreign)


def posting(host: str, query: str, *headers: str) -> bytes:
    lines = [f"POST /api/uploads?{query} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def asked(url: str, query: str, header: str, body: bytes) -> str:
    """What the server says to a request that is never finished."""
    at = urlsplit(url)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=40) as sender:
        sender.sendall(posting(at.netloc, query, header) + body)
        said = b""
        while b'"}' not in said and (piece := sender.recv(65_536)):
            said += piece
    return said.decode()


def wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
