"""Folders that change while they are watched: real files, and the events of this system."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from qa.errors import QAError
from qa.index.index import Index
from qa.indexing import syncing
from qa.indexing.folders.events import is_elsewhere
from qa.indexing.watching import Syncing, watch
from qa.records import Progress, SyncReport
from qa.settings import Settings
from tests.indexing.mirroring import Counting, preparing_of, sync, texts, write

# A busy machine may need so long for what takes two seconds.
SECONDS = 60


class Watched:
    """What the watching of an index has told."""

    def __init__(self) -> None:
        self.told: Queue[SyncReport | QAError] = Queue()
        self.all: list[SyncReport] = []
        self.errors: list[QAError] = []

    def until(self, enough: Callable[[], bool]) -> None:
        """Take what is told until it is enough."""
        deadline = time.monotonic() + SECONDS
        while not enough():
            with contextlib.suppress(Empty):
                found = self.told.get(timeout=0.2)
                if isinstance(found, QAError):
                    self.errors.append(found)
                else:
                    self.all.append(found)
            assert time.monotonic() < deadline, (self.all, self.errors)

    def of(self, change: str) -> list[str]:
        """The sources that were added, changed or removed, in the order of the syncs."""
        return [source for report in self.all for source in getattr(report, change)]


def syncing_of(index: Index) -> Syncing:
    def syncs(
        settings: Settings, progress: Callable[[Progress], None], leave: Collection[str]
    ) -> SyncReport:
        return syncing.sync(
            index, preparing_of(index), None, settings, progress=progress, leave=leave
        )

    return syncs


@contextlib.contextmanager
def watching(
    index: Index, syncs: Syncing | None = None, settings: Settings | None = None
) -> Iterator[Watched]:
    stop, watched = threading.Event(), Watched()

    def run() -> None:
        for found in watch(index, settings or Settings(), syncs or syncing_of(index), stop):
            watched.told.put(found)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        watched.until(lambda: bool(watched.all or watched.errors))  # the sync at the beginning
        yield watched
    finally:
        stop.set()
        thread.join(SECONDS)
    assert not thread.is_alive()


def test_changes_are_synced(index: Index, docs: Path) -> None:
    sync(index, docs)
    with watching(index) as watched:
        write(docs / "figs.txt", "Figs are brown.")
        watched.until(lambda: "docs/figs.txt" in watched.of("added"))
        write(docs / "figs.txt", "Figs are purple.")
        watched.until(lambda: "docs/figs.txt" in watched.of("changed"))
        assert texts(index)["docs/figs.txt"].strip() == "Figs are purple."
        (docs / "pears.md").unlink()
        (docs / "new").mkdir()
        write(docs / "new" / "beets.txt", "Beets are red.")
        watched.until(lambda: "docs/pears.md" in watched.of("removed"))
        watched.until(lambda: "docs/new/beets.txt" in watched.of("added"))
        write(docs / ".qaignore", "figs.txt")
        watched.until(lambda: "docs/figs.txt" in watched.of("removed"))

    assert watched.errors == []
    assert sorted(texts(index)) == [
        "docs/deep/er/leeks.html",
        "docs/new/beets.txt",
        "docs/plums.txt",
    ]


def test_a_moved_file_stays_in_the_index_and_is_not_read_again(
    index: Index, docs: Path, counting: Counting, parsed: list[str]
) -> None:
    sync(index, docs)
    with watching(index) as watched:
        parsed.clear()
        counting.texts.clear()
        (docs / "deep").rename(docs / "low")
        watched.until(lambda: bool(watched.of("renamed")))

    assert counting.texts == parsed == watched.of("removed") == []


def test_a_file_that_is_being_written_is_waited_for_and_others_are_not(
    index: Index, docs: Path
) -> None:
    sync(index, docs)
    lines = [f"Line {number} of the minutes.\n" for number in range(45)]
    with watching(index) as watched:
        write(docs / "figs.txt", "Figs are brown.")
        with (docs / "minutes.txt").open("w") as file:
            for line in lines:
                file.write(line)
                file.flush()
                time.sleep(0.2)
        early = list(watched.told.queue)
        watched.until(lambda: "docs/minutes.txt" in watched.of("added"))
        time.sleep(2)
        watched.until(watched.told.empty)

    assert any("docs/figs.txt" in one.added for one in early if isinstance(one, SyncReport))
    assert watched.of("added").count("docs/minutes.txt") == 1
    assert "docs/minutes.txt" not in watched.of("changed")
    assert texts(index)["docs/minutes.txt"] == "".join(lines)


def test_many_changes_at_once_are_one_sync(index: Index, docs: Path) -> None:
    sync(index, docs)
    with watching(index) as watched:
        before = index.store.generation()
        for number in range(30):
            write(docs / f"{number}.txt", f"Fig {number} is brown.")
            time.sleep(0.03)
        watched.until(lambda: len(watched.of("added")) == 30)

    assert index.store.generation() - before <= 2


def test_another_folder_that_is_synced_meanwhile_is_watched_too(
    index: Index, docs: Path, tmp_path: Path
) -> None:
    sync(index, docs)
    more = tmp_path / "more"
    write(more / "figs.txt", "Figs are brown.")
    with watching(index) as watched:
        sync(index, more, settings=Settings(lock_timeout=30))
        write(more / "beets.txt", "Beets are red.")
        watched.until(lambda: "more/beets.txt" in texts(index))


def test_a_single_file_is_watched_and_so_is_a_folder_that_is_made_again(
    index: Index, docs: Path, tmp_path: Path
) -> None:
    single = write(tmp_path / "figs.txt", "Figs are brown.")
    sync(index, docs, single)
    with watching(index) as watched:
        write(tmp_path / "next", "Figs are purple.").rename(single)
        watched.until(lambda: "figs.txt" in watched.of("changed"))
        docs.rename(tmp_path / "away")
        watched.until(lambda: any(one.source == "docs" for r in watched.all for one in r.skipped))
        assert len(texts(index)) == 4
        (tmp_path / "away").rename(docs)
        write(docs / "plums.txt", "Plums are red.")
        watched.until(lambda: "docs/plums.txt" in watched.of("changed"))


def test_an_error_is_reported_once_and_watching_goes_on(index: Index, docs: Path) -> None:
    sync(index, docs)
    failing = True
    tried = 0
    real = syncing_of(index)

    def syncs(
        settings: Settings, progress: Callable[[Progress], None], leave: Collection[str]
    ) -> SyncReport:
        nonlocal tried
        tried += 1
        if failing:
            raise OSError(28, "No space left on device")
        return real(settings, progress, leave)

    with watching(index, syncs) as watched:
        write(docs / "figs.txt", "Figs are brown.")
        watched.until(lambda: tried >= 2)
        failing = False
        watched.until(lambda: "docs/figs.txt" in watched.of("added"))

    assert len(watched.errors) == 1
    assert "No space left on device" in str(watched.errors[0])


def test_another_writer_is_waited_for_without_an_error(index: Index, docs: Path) -> None:
    sync(index, docs)
    with watching(index) as watched:
        with index.writing(30):
            write(docs / "figs.txt", "Figs are brown.")
            time.sleep(3)
        watched.until(lambda: "docs/figs.txt" in watched.of("added"))

    assert watched.errors == []


def test_a_sync_is_stopped_in_the_middle(index: Index, docs: Path, counting: Counting) -> None:
    for number in range(300):
        write(docs / f"{number}.txt", f"Fig {number} is brown. " * 40)
    sync(index, docs / "plums.txt")
    stop = threading.Event()
    found: list[SyncReport | QAError] = []

    def run() -> None:
        found.extend(watch(index, Settings(), syncing_of(index), stop))

    with index.writing(30) as session:  # so that the whole folder is read at the beginning
        session.set_head(folders={"docs": str(docs)})
        session.publish()
    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + SECONDS
    while len(counting.texts) < 30 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    thread.join(SECONDS)

    assert not thread.is_alive()
    assert found == []
    assert 0 < len(texts(index)) < 300


MOUNTS = r"""
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
35 21 0:31 / /mnt/team\040files rw - nfs4 server:/files rw
36 21 0:32 / /mnt/cloud rw shared:7 - fuse.sshfs me@server: rw
37 35 8:1 / /mnt/team\040files/disk rw - ext4 /dev/sda rw
38 21 0:33 / /mnt/usb rw - fuseblk /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("folder", "elsewhere"),
    [
        ("/srv/docs", False),
        ("/mnt/team files/handbook", True),
        ("/mnt/team files", True),
        ("/mnt/team files2", False),
        ("/mnt/team files/disk/a", False),
        ("/mnt/cloud/a", True),
        ("/mnt/usb/a", False),
    ],
)
def test_a_folder_on_another_machine_is_looked_through_as_it_sends_no_events(
    folder: str, elsewhere: bool
) -> None:
    assert is_elsewhere(folder, MOUNTS) is elsewhere


def test_what_the_system_says_of_its_file_systems_may_be_anything() -> None:
    for text in ("", "-", " - \n - ", "1 2 3 4 \\777 - nfs x", "\udcff", "a b c d / - " * 9):
        is_elsewhere("/a", text)
    assert is_elsewhere("/proc/self", None) is False
