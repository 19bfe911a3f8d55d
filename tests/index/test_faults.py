"""Every file operation of a sync and of a forgetting fails once, in turn, in three ways.

Whole, which takes an hour or two, with FOOTNOTE_TESTS=whole; a sample otherwise.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.client import Runner
from tests.faults.library import compiled
from tests.indexing.mirroring import write

SAMPLE = 2  # operations for each way of failing and each thing that is done
KINDS = {"error": 0, "full": 1, "kill": 2}
KILLED = 99


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with Runner(compiled(tmp_path_factory.mktemp("library"))) as runner:
        yield runner


def fill(docs: Path) -> None:
    for name in ("pears", "plums", "leeks"):
        write(docs / f"{name}.txt", f"The {name} are green and sweet and grow in a garden.")


def change(docs: Path) -> None:
    write(docs / "plums.txt", "Plums are red now, and a secret that nobody tells.")
    write(docs / "figs.txt", "Figs are new here.")
    (docs / "leeks.txt").unlink()


class Place:
    """An index and the folder that it mirrors, which can be put back as they were."""

    def __init__(self, folder: Path) -> None:
        self.index, self.docs = folder / "index", folder / "docs"
        self._kept = folder / "kept"
        self.docs.mkdir(parents=True)

    def keep(self) -> None:
        if self.index.exists():
            shutil.copytree(self.index, self._kept)

    def put_back(self) -> None:
        shutil.rmtree(self.index, ignore_errors=True)
        if self._kept.exists():
            shutil.copytree(self._kept, self.index)


def consistent(seen: dict[str, Any]) -> bool:
    """Whether what is found by vector and by word is what the texts are, and nothing else."""
    passages = [id for ids in seen["passages"] for id in ids]
    by_vector = {id for hits in seen["near"] for id, _ in hits}
    by_word = {id for ids in seen["found"] for id in ids}
    nearest = [hits[0][0] for hits in seen["near"][1:]]
    return (
        seen["count"] == len(passages)
        and by_vector | by_word <= set(passages)
        and by_word == set(passages)
        and all(id in ids for id, ids in zip(nearest, seen["passages"], strict=True))
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["first", "sync", "forget"])
def test_after_any_fault_the_index_is_old_or_new_and_the_next_run_completes(
    run: Runner, tmp_path: Path, what: str, kind: str, whole: bool
) -> None:
    place = Place(tmp_path / "place")
    fill(place.docs)
    how: dict[str, Any] = {"folders": [str(place.docs)]}
    old: dict[str, str] = {}
    if what != "first":
        assert "ok" in run("sync", place.index, **how)
        old = run("look", place.index)["ok"]["texts"]
        change(place.docs)
    do = "sync"
    if what == "forget":
        assert "ok" in run("sync", place.index, **how)
        old = run("look", place.index)["ok"]["texts"]
        do, how = "forget", {"source": "docs/plums.txt"}
    place.keep()

    done = run(do, place.index, fault=(0, 0), **how)
    assert "ok" in done, done
    new = run("look", place.index)["ok"]["texts"]
    assert new != old
    operations = range(1, done["operations"] + 1)
    for number in operations if whole else random.Random(what + kind).sample(operations, SAMPLE):
        place.put_back()
        told = run(do, place.index, fault=(number, KINDS[kind]), **how)
        where = (what, number, kind, told)
        assert "crash" not in told, where
        assert told["ended"] == (KILLED if kind == "kill" and "failed" not in told else 0), where
        seen = run("look", place.index)
        assert "ok" in seen, (where, seen)
        assert consistent(seen["ok"]), (where, seen)
        now = seen["ok"]["texts"]
        for source in now.keys() | old.keys() | new.keys():
            assert now.get(source) in (old.get(source), new.get(source)), (where, source)
        if "ok" in told:
            assert now == new, where
        again = run(do, place.index, **how)
        gone = what == "forget" and now == new and "holds no source" in again.get("error", "")
        assert "ok" in again or gone, (where, again)
        last = run("look", place.index)["ok"]
        assert last["texts"] == new, where
        assert consistent(last), where
        left = {path.name for path in (place.index / "generations").iterdir()}
        assert len(left) == 1, (where, left)
