"""Asking writes nothing: an index is read where it may not be written, and with a full disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa.index.stores.folder_store import FolderStore
from qa.places.private_folder import LOCK, STARTING_SECONDS
from tests.faults.client import Runner
from tests.faults.library import compiled
from tests.indexing.mirroring import write

NOBODY = 65534
FULL = 1
# Mounts the folder over itself, and runs the rest of the command in there.
MOUNT = (
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
)  # fmt: skip
ASK = """
import contextlib, sys, qa
with contextlib.closing(qa.Assistant(index=sys.argv[1])) as assistant:
    print(assistant.ask("Where might the second summit be held?").text)
    print(len(assistant.search("summit")), len(assistant.status().sources))
"""

# A reader that is killed while it has the records open as a copy.
KILLED = """
import os, signal, sys
from pathlib import Path
from qa.index.stores.folder_store import FolderStore
view = FolderStore(Path(sys.argv[1])).open(1, vectors=False)
assert view.lent
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    if not hasattr(os, "fork"):
        pytest.skip("needs processes of another user")
    # Their own: other tests make copies of their indexes at the same time.
    with tempfile.TemporaryDirectory(prefix="footnote-test-") as temporary:
        Path(temporary).chmod(0o777)
        with Runner(temporary=Path(temporary)) as runner:
            yield runner


@pytest.fixture
def place(run: Runner) -> Iterator[Path]:
    """A folder that any user may read, with an index in it."""
    folder = Path(tempfile.mkdtemp(prefix="footnote-test-"))
    folder.chmod(0o755)
    for name in ("pears", "plums"):
        write(folder / "docs" / f"{name}.txt", f"The {name} are green and sweet.")
    assert "ok" in run("sync", folder / "index", folders=[str(folder / "docs")])
    yield folder
    shutil.rmtree(folder)


def read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def copies(temporary: Path) -> set[str]:
    return {path.name for path in temporary.glob("footnote-*")}


def test_an_index_that_may_not_be_written_answers(run: Runner, place: Path) -> None:
    right = run("look", place / "index")
    read_only(place / "index")

    seen = run("look", place / "index", user=NOBODY if os.geteuid() == 0 else 0)
    synced = run("sync", place / "index", user=NOBODY if os.geteuid() == 0 else 0)

    assert seen == right
    assert not copies(run.temporary)
    assert "cannot be written" in synced["error"]
    assert "elete" not in synced["error"]
    read_only_folders = [path for path in (place / "index").rglob("*") if path.is_dir()]
    for path in [place / "index", *read_only_folders]:
        path.chmod(0o755)


def test_the_copy_of_a_reader_that_was_killed_goes_with_the_next_copy(
    sample_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reader = subprocess.run([sys.executable, "-c", KILLED, str(sample_index)], check=False)
    assert reader.returncode == -signal.SIGKILL
    (left,) = copies(tmp_path)
    long_ago = time.time() - STARTING_SECONDS - 1
    os.utime(tmp_path / left / LOCK, (long_ago, long_ago))

    store = FolderStore(sample_index)
    view = store.open(1, vectors=False)

    assert view is not None
    assert len(copies(tmp_path)) == 1
    assert left not in copies(tmp_path)
    store.close(view)
    assert not copies(tmp_path)


def test_a_keyword_index_that_cannot_be_repaired_is_made_in_memory(
    run: Runner, place: Path
) -> None:
    right = run("look", place / "index")
    next(place.rglob("keywords.sqlite3")).write_bytes(b"not a database")
    read_only(place / "index")

    seen = run("look", place / "index", user=NOBODY if os.geteuid() == 0 else 0)

    assert seen == right
    assert next(place.rglob("keywords.sqlite3")).read_bytes() == b"not a database"


def test_missing_permission_to_read_is_reported_as_such(run: Runner, place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs the right to become another user")
    (place / "index" / "CURRENT").chmod(0)
    told = [run("look", place / "index", user=NOBODY)["error"]]
    (place / "index" / "CURRENT").chmod(0o644)
    next(place.rglob("header.bin")).chmod(0)
    told.append(run("look", place / "index", user=NOBODY)["error"])

    for message in told:
        assert "Permission denied" in message
        assert "Change its permissions" in message
        assert "rebuild" not in message


def test_a_full_disk_answers_and_a_sync_says_that_it_is_full(place: Path, tmp_path: Path) -> None:
    with Runner(compiled(tmp_path)) as run:
        right = run("look", place / "index")["ok"]
        seen = run("look", place / "index", fault=(1, FULL))
        write(place / "docs" / "figs.txt", "Figs are new.")
        # While files are copied, SQLite writes, and Chroma moves records out of its log.
        places = (20, 40, 52, 100, 200, 300)
        told = [run("sync", place / "index", fault=(at, FULL)) for at in places]

        assert seen["ok"] == right
        assert seen["operations"] == 0  # not one that would change anything
        for synced in told:
            assert "There is no room" in synced["error"], synced
            assert "elete" not in synced["error"]
        assert run("look", place / "index")["ok"] == right
        assert [path.name for path in (place / "index" / "generations").iterdir()] == ["1"]


def test_every_question_is_answered_from_a_read_only_mount(
    sample_index: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    shutil.copytree(sample_index, index)
    if subprocess.run(within(index, "true"), capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")

    done = subprocess.run(
        within(index, sys.executable, "-c", ASK, str(index)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    answer, counts = done.stdout.strip().splitlines()
    assert "[1]" in answer
    assert all(int(count) > 1 for count in counts.split())


def within(index: Path, *command: Any) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", MOUNT, str(index), *map(str, command)]
