"""How syncs ended is known to all processes, for each place by itself."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest
from filelock import FileLock

import qa
from tests.cli import forked
from tests.indexing.mirroring import write
from tests.indexing.web.serving import page, serving


def test_another_process_that_fails_is_known_until_a_sync_succeeds(tmp_path: Path) -> None:
    docs, index = tmp_path / "docs", tmp_path / "index"
    write(docs / "pears.md", "Pears are green.")

    def synced(*named: Path) -> None:
        forked.run("sync", *named, "--index", index, env={**os.environ, "QA_LOCK_TIMEOUT": "0"})

    with qa.Assistant(index) as assistant:
        assert (assistant.syncs.latest, assistant.syncs.failing) == ((), {})
        synced(docs)
        (first,) = assistant.syncs.latest
        assert (first.added, first.error) == (1, "")
        assert first.seconds > 0

        with FileLock(index / "lock"):
            synced()
        assert "another process" in assistant.syncs.failing[str(docs)].lower()
        assert assistant.syncs.latest[0].error == assistant.syncs.failing[str(docs)]
        synced(tmp_path / "mistyped")
        assert len(assistant.syncs.latest) == 2, "whoever named it was told"
        synced()
        assert assistant.syncs.failing == {}

        docs.rename(tmp_path / "away")
        synced()
        assert "is gone" in assistant.syncs.failing[str(docs)]
        assert len(assistant.status().sources) == 1
        assistant.forget("docs")
        assert assistant.syncs.failing == {}, "nobody misses it"
        assert [bool(one.error) for one in assistant.syncs.latest] == [True, False, True, False]


def test_a_sync_of_other_places_hides_no_failure(tmp_path: Path) -> None:
    docs, more = (write(tmp_path / name / "a.md", "Plums.").parent for name in ("docs", "more"))
    with (
        serving() as web,
        qa.Assistant(tmp_path / "index", web_networks=["127.0.0.1"], web_pause=0) as assistant,
    ):
        web.pages["/a/"] = page("Leave", "Everyone has 30 days of leave.")
        address = f"{web.url}/a/"
        assistant.sync([docs, more, address])
        there = web.pages.pop("/a/")
        report = assistant.sync()
        assert report.skipped
        assert assistant.syncs.failing.keys() == {address}
        assert "is not there" in assistant.syncs.latest[0].error

        write(docs / "b.md", "Figs.")
        stop = Event()
        for found in assistant.watch(stop):
            assert isinstance(found, qa.SyncReport)
            stop.set()
        assert assistant.syncs.latest[0].added == 1
        assert assistant.syncs.failing.keys() == {address}, "a watch asks nothing of the web"
        more.rename(tmp_path / "away")
        with pytest.raises(qa.SettingsError):
            assistant.sync([more])
        assert assistant.syncs.failing.keys() == {address, str(more)}
        assistant.sync([docs])
        assert assistant.syncs.failing.keys() == {address, str(more)}
        (tmp_path / "away").rename(more)
        web.pages["/a/"] = there
        assistant.sync()
        assert assistant.syncs.failing == {}


def test_a_record_that_cannot_be_written_fails_no_sync(tmp_path: Path) -> None:
    docs, index = tmp_path / "docs", tmp_path / "index"
    write(docs / "pears.md", "Pears are green.")
    (index / "syncs.json").mkdir(parents=True)
    with qa.Assistant(index, lock_timeout=0) as assistant:
        assert assistant.sync([docs]).added == ("docs/pears.md",)
        with FileLock(index / "lock"), pytest.raises(qa.IndexLockedError):
            assistant.sync()
        assert assistant.syncs.failing.keys() == {str(docs)}, "this process knows it"
        (index / "syncs.json").rmdir()
        assistant.sync()
        assert len(assistant.syncs.latest) == 3
    with qa.Assistant(index) as another:
        assert len(another.syncs.latest) == 3
        (index / "syncs.json").write_text('{"places": ', encoding="utf-8")
        assert (another.syncs.latest, another.syncs.failing) == ((), {}), "half of it is none"


def test_nothing_is_left_in_a_folder_that_is_no_index(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "pears.md", "Pears are green.")
    with qa.Assistant(tmp_path) as assistant, pytest.raises(qa.IndexUnavailableError):
        assistant.sync([tmp_path / "docs"])
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]
