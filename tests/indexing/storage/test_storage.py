from __future__ import annotations

from pathlib import Path

from qa.index.index import Index
from qa.indexing import syncing
from qa.records import SyncReport
from qa.settings import Settings
from tests.indexing.mirroring import SETTINGS, preparing_of, texts
from tests.indexing.storage.serving import Shelf


def sync(index: Index, *places: str | Path, settings: Settings = SETTINGS) -> SyncReport:
    return syncing.sync(index, preparing_of(index), places or None, settings)


def filled(shelf: Shelf) -> Shelf:
    shelf.put("leave.md", "# Leave\n\nEveryone has 30 days of leave.")
    shelf.put("travel/trains.txt", "Trains are paid in second class.")
    shelf.put("travel/abroad/visa.html", "<h1>Visa</h1><p>The office gets every visa.</p>")
    return shelf


def test_all_files_of_a_storage_are_read(index: Index, shelf: Shelf) -> None:
    filled(shelf)

    report = sync(index, shelf.url)

    assert report.skipped == ()
    assert sorted(report.added) == [
        f"{shelf.url}/leave.md",
        f"{shelf.url}/travel/abroad/visa.html",
        f"{shelf.url}/travel/trains.txt",
    ]
    assert "30 days" in texts(index)[f"{shelf.url}/leave.md"]
    assert shelf.fetched() == ["leave.md", "travel/abroad/visa.html", "travel/trains.txt"]
