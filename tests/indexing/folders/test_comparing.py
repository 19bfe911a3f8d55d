from __future__ import annotations

import time
from pathlib import Path

from qa.access import OWNER
from qa.index.index import Index
from qa.indexing.folders.comparing import stale
from tests.indexing.mirroring import SETTINGS, sync, write


def told(index: Index) -> dict[str, str]:
    with index.reading(OWNER) as snapshot:
        found = stale(snapshot, SETTINGS, index.store.folder)
    return {one.source: one.reason.removeprefix(one.source).strip() for one in found}


def test_changed_removed_and_added_files_are_reported(index: Index, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of that")
    sync(index, docs)
    assert told(index) == {}

    write(docs / "plums.txt", "Plums are red.")
    (docs / "pears.md").unlink()
    write(docs / "figs.txt", "Figs are brown.")
    write(docs / "broken.pdf", "%PDF-1.7\nagain")

    assert told(index) == {
        "docs/broken.pdf": "is new, or has changed, and was not read yet.",
        "docs/figs.txt": "is new, or has changed, and was not read yet.",
        "docs/pears.md": "is gone, or is left out by now.",
        "docs/plums.txt": "has changed since it was read.",
    }
    sync(index)
    assert told(index) == {}


def test_a_file_that_was_only_touched_is_not_stale(index: Index, docs: Path) -> None:
    sync(index, docs)
    time.sleep(0.01)
    (docs / "plums.txt").touch()

    assert told(index) == {}


def test_the_documents_of_a_vanished_folder_are_reported(index: Index, docs: Path) -> None:
    sync(index, docs)
    docs.rename(docs.with_name("away"))

    assert set(told(index)) == {"docs/deep/er/leeks.html", "docs/pears.md", "docs/plums.txt"}
    assert str(docs) in told(index)["docs/pears.md"]


def test_newly_ignored_files_are_reported(index: Index, docs: Path) -> None:
    sync(index, docs)
    write(docs / ".qaignore", "plums.*")

    assert told(index) == {"docs/plums.txt": "is gone, or is left out by now."}
