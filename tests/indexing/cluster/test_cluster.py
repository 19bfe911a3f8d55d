from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from typer.testing import CliRunner

import qa
from qa.access import OWNER
from qa.cli.app import app
from qa.index.layout import Entry
from qa.indexing import adding
from qa.places import sample_folder
from tests.indexing.cluster.machines import PROJECT, Machines, free_port, machines
from tests.indexing.mirroring import write

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason='needs Ray: pip install "footnote-qa[ray]"'
)
# Texts are encoded by fours and padded to the longest of them: elsewhere in other company.
TOLERANCE = 1e-5
SYNC = """
import sys
import qa
def tell(progress):
    print(progress.stage, progress.done, progress.source, flush=True)
try:
    qa.Assistant(sys.argv[1]).sync([sys.argv[2]], ray=sys.argv[3], progress=tell)
except qa.ClusterError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    """A cluster with a head of one processor."""
    with machines() as found:
        found.wait(1)
        yield found


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some sixty files of several formats, three of which cannot be read."""
    folder = tmp_path_factory.mktemp("papers") / "papers"
    for sample in sample_folder().iterdir():
        (folder / "samples").mkdir(parents=True, exist_ok=True)
        (folder / "samples" / sample.name).write_bytes(sample.read_bytes())
    for number in range(48):
        text = f"# Note {number}\n\nGate {number} opens at {number % 12}:30.\n\n"
        text += "- Bring a card.\n- Ask at the desk.\n" * (number % 5)
        text += f"\nWhoever is late waits for {number} minutes. " * (number % 7 * 3)
        write(folder / f"{number:02}{('.md', '.txt', '.html', '.rst')[number % 4]}", text)
    write(folder / "rooms.csv", "room,floor\nOak,2\nElm,3\n")
    write(folder / "broken.docx", "This is no archive.")
    write(folder / "empty.txt", "")
    (folder / "cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj")
    return folder


@pytest.fixture(scope="module")
def alone(papers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    """The index that one machine makes of the papers."""
    with qa.Assistant(tmp_path_factory.mktemp("alone") / "index") as assistant:
        assistant.sync([papers])
        yield assistant


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(tmp_path / "index") as assistant:
        yield assistant


def told(entry: Entry) -> Entry:
    """A record without what depends on when it was made."""
    return replace(entry, read="", stamp=(), headings=tuple(entry.headings))


def check_same(one: qa.Assistant, other: qa.Assistant) -> None:
    """Make sure that two indexes hold the same, passage by passage and vector by vector."""
    with one.index.reading(OWNER) as a, other.index.reading(OWNER) as b:
        assert {id: told(entry) for id, entry in a.entries.items()} == {
            id: told(entry) for id, entry in b.entries.items()
        }
        ids = [id for entry in a.entries.values() for id in entry.passage_ids]
        assert a.view.passages.count() == b.view.passages.count() == len(ids)
        mine, its = a.vectors(ids), b.vectors(ids)
        assert max(np.abs(mine[id] - its[id]).max() for id in ids) < TOLERANCE
        for left, right in zip(a.around(ids, 0, 0), b.around(ids, 0, 0), strict=True):
            assert (left.passage, left.blocks, left.units, left.links) == (
                *(right.passage, right.blocks, right.units, right.links),
            )
            # In four bits, numbers that are hardly different may become neighbours.
            difference = left.vectors.astype(int) - right.vectors.astype(int)
            assert np.abs(difference).max(initial=0) <= 1


def check_same_report(alone: qa.Assistant, papers: Path, report: qa.SyncReport) -> None:
    """Make sure that a first sync reports what one machine did."""
    unread = [(one.source, one.reason) for one in alone.status().failed]
    assert sorted((one.source, one.reason) for one in report.skipped) == sorted(unread)
    assert len(unread) == 3
    with alone.index.reading(OWNER) as snapshot:
        assert list(report.added) == sorted(snapshot.ids)
        assert report.passages == sum(one.passages for one in snapshot.entries.values())


@needs_ray
def test_two_machines_make_the_index_that_one_makes_though_one_is_killed(
    alone: qa.Assistant, papers: Path, cluster: Machines, assistant: qa.Assistant
) -> None:
    other = cluster.add()
    cluster.wait(2)
    done: list[int] = []
    both: list[bool] = []

    def kill(progress: qa.Progress) -> None:
        if progress.stage != "embedding":
            return
        done.append(progress.done)
        both.append(bool(cluster.head.busy() and other.busy()))
        if len(done) == 20:
            while not other.busy():  # it has a file
                time.sleep(0.01)
            other.kill()

    report = assistant.sync([papers], ray=cluster.address, progress=kill)

    assert any(both)
    assert done == list(range(1, len(done) + 1))
    check_same_report(alone, papers, report)
    check_same(alone, assistant)
    unchanged = assistant.sync([papers])
    assert sorted(unchanged.unchanged) == list(report.added)
    assert not unchanged.added + unchanged.changed + unchanged.removed


@needs_ray
def test_a_file_that_kills_its_workers_is_given_up_and_the_others_are_not(
    tmp_path: Path, cluster: Machines, assistant: qa.Assistant
) -> None:
    docs = tmp_path / "docs"
    for number in range(3):
        write(docs / f"{number}.txt", f"Note {number}.")
    write(docs / "deadly.txt", "It takes its time. " * 20_000)
    killed: set[int] = set()
    alone_with_it = Event()

    def kill() -> None:
        alone_with_it.wait()
        while len(killed) < 3:
            for pid in {*cluster.head.busy()} - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.1)

    thread = Thread(target=kill)
    thread.start()
    report = assistant.sync(
        [docs],
        ray=cluster.address,
        progress=lambda one: alone_with_it.set() if one.passages == 3 else None,
    )
    thread.join()

    assert report.added == ("docs/0.txt", "docs/1.txt", "docs/2.txt")
    (skipped,) = report.skipped
    assert "docs/deadly.txt was given up: 3 workers of the cluster died" in skipped.reason


@needs_ray
def test_an_interrupted_sync_keeps_what_is_done_and_the_next_one_goes_on(
    papers: Path,
    cluster: Machines,
    assistant: qa.Assistant,
    alone: qa.Assistant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adding, "CHARACTERS_AT_ONCE", 1000)

    def interrupt(progress: qa.Progress) -> None:
        if progress.stage == "embedding" and progress.done == 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assistant.sync([papers], ray=cluster.address, progress=interrupt)

    kept = {one.source for one in assistant.status().sources}
    assert 0 < len(kept) < 15
    report = assistant.sync(ray=cluster.address)
    assert {*report.unchanged} == kept
    check_same(alone, assistant)


@needs_ray
def test_a_machine_with_another_version_is_refused(
    papers: Path, cluster: Machines, assistant: qa.Assistant, tmp_path: Path
) -> None:
    about = tmp_path / "old" / "footnote_qa-0.0.7.dist-info" / "METADATA"
    write(about, "Metadata-Version: 2.4\nName: footnote-qa\nVersion: 0.0.7\n")
    old = cluster.add(environment={"PYTHONPATH": str(about.parents[1])})
    cluster.wait(2)

    with pytest.raises(qa.ClusterError) as raised:
        assistant.sync([papers], ray=cluster.address)

    old.kill()
    assert f"another version of footnote-qa: 0.0.7; this one has {qa.__version__}" in str(
        raised.value
    )


@needs_ray
def test_nobody_at_the_address_is_said_at_once(papers: Path, assistant: qa.Assistant) -> None:
    address = f"127.0.0.1:{free_port()}"

    with pytest.raises(qa.ClusterError, match=f"There is no Ray cluster at {address}"):
        assistant.sync([papers], ray=address)

    assert assistant.status().updated is None


@needs_ray
def test_something_else_at_the_address_is_said_after_a_while(papers: Path, tmp_path: Path) -> None:
    code = f"from qa.indexing.cluster import connecting; connecting._JOIN_SECONDS = 2.0\n{SYNC}"
    with socket.create_server(("127.0.0.2", 0)) as server:
        address = f"127.0.0.2:{server.getsockname()[1]}"
        command = [sys.executable, "-c", code, str(tmp_path / "index"), str(papers), address]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)

    assert f"There is no Ray cluster at {address}: what answers" in done.stdout


@needs_ray
def test_what_is_stored_is_kept_when_the_cluster_is_lost(
    papers: Path, cluster: Machines, assistant: qa.Assistant
) -> None:
    code = f"""
from qa.indexing import adding; adding.CHARACTERS_AT_ONCE = 1000
from qa.indexing.cluster import cluster; cluster._LOOK_SECONDS = 1.0
{SYNC}"""
    index = assistant.settings.index
    command = [sys.executable, "-c", code, index, str(papers), cluster.address]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as syncing:
        assert syncing.stdout is not None
        for line in syncing.stdout:
            if line.startswith("embedding 15 "):
                cluster.kill()
        assert syncing.wait(60) == 0
        assert f"The Ray cluster at {cluster.address} does not answer any more" in line

    kept = [one.source for one in assistant.status().sources]
    assert 0 < len(kept) < 50
    assert sorted(assistant.sync([papers]).unchanged) == sorted(kept)


def test_without_ray_the_extra_is_named(
    papers: Path, assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(qa.ModelUnavailableError, match=r'pip install "footnote-qa\[ray\]"'):
        assistant.sync([papers], ray="auto")

    assert assistant.status().updated is None


@pytest.mark.parametrize("address", ["", "host", "http://host:1", "host:1 ", "host:x", 6379])
def test_what_is_no_address_is_refused(assistant: qa.Assistant, address: object) -> None:
    with pytest.raises(qa.ArgumentError, match="ray is "):
        assistant.sync(ray=address)  # type: ignore[arg-type]


def test_the_setting_takes_the_same_addresses() -> None:
    assert qa.Settings.load(ray="[::1]:6379").ray == "[::1]:6379"
    assert qa.Settings.load(ray="auto").ray == "auto"
    with pytest.raises(qa.SettingsError, match="ray"):
        qa.Settings.load(ray="ray://head:10001")


def test_the_command_line_takes_it_as_an_option_or_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"127.0.0.1:{free_port()}"
    write(tmp_path / "docs" / "a.txt", "A note.")
    command = ["sync", str(tmp_path / "docs"), "--index", str(tmp_path / "index")]
    monkeypatch.setitem(sys.modules, "ray", None)

    by_option = CliRunner().invoke(app, [*command, "--ray", address])
    monkeypatch.setenv("QA_RAY", address)
    by_setting = CliRunner().invoke(app, command)

    for told in (by_option, by_setting):
        assert told.exit_code == 1
        assert 'pip install "footnote-qa[ray]"' in " ".join(told.stderr.split())
