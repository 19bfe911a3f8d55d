"""Damaged files of an index: reported by name, or without effect, and repaired as advised.

Every file is damaged in every way with FOOTNOTE_TESTS=whole; a sample otherwise.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.client import Runner
from tests.indexing.mirroring import write
from tests.whole import WHOLE

ROUNDS, SAMPLE = (4, None) if WHOLE else (1, 14)
# Added by a program, and in no folder: only the records in the index have it.
NOTE = ("note", "Wombats dig at night.")
VECTORS = ("data_level0", "header", "index_metadata", "length", "link_lists")
FILES = (
    *("CURRENT", "MANIFEST", "chroma.sqlite3", "keywords.sqlite3"),
    *(f"{of}/{name}" for of in ("passages", "documents") for name in VECTORS),
)


def flip(file: Path, dice: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    file.write_bytes(raw)


def scramble(file: Path, dice: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    at = dice.randrange(len(raw))
    raw[at : at + 512] = dice.randbytes(len(raw[at : at + 512]))
    file.write_bytes(raw)


def rot(file: Path, dice: random.Random) -> None:
    """As a disk does it: only the content shows it."""
    before = file.stat()
    scramble(file, dice)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def truncate(file: Path, dice: random.Random) -> None:
    os.truncate(file, dice.randrange(file.stat().st_size))


def delete(file: Path, dice: random.Random) -> None:
    file.unlink()


def zero(file: Path, dice: random.Random) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def swap(file: Path, dice: random.Random) -> None:
    others = [path for path in file.parent.iterdir() if path.is_file() and path != file]
    other = dice.choice(sorted(others))
    aside = file.with_name("aside")
    file.rename(aside)
    other.rename(file)
    aside.rename(other)


WAYS: tuple[Callable[[Path, random.Random], None], ...] = (
    flip, scramble, rot, truncate, delete, zero, swap,
)  # fmt: skip


def cases() -> list[tuple[str, Callable[[Path, random.Random], None], int]]:
    every = [(name, way, seed) for seed in range(ROUNDS) for name in FILES for way in WAYS]
    return every if SAMPLE is None else random.Random(5).sample(every, SAMPLE)


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    if not hasattr(os, "fork"):
        pytest.skip("the processes that may crash are forked")
    with Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirrored") / "docs"
    for number in range(30):
        word = "quartz" if number % 2 else "basalt"
        write(folder / f"{number:02}.txt", f"Stone {number} is {word}{number}, found in a garden. ")
    return folder


@pytest.fixture(scope="module")
def sound(run: Runner, docs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An intact index, which must not be changed."""
    index = tmp_path_factory.mktemp("sound") / "index"
    assert "ok" in run("sync", index, folders=[str(docs)])
    assert "ok" in run("add", index, source=NOTE[0], text=NOTE[1])
    return index


@pytest.fixture(scope="module")
def right(run: Runner, sound: Path) -> dict[str, Any]:
    """What a sound index answers."""
    answers: dict[str, Any] = run("look", sound)["ok"]
    return answers


def damaged_file(index: Path, name: str) -> Path:
    if name == "CURRENT":
        return index / name
    (generation,) = (index / "generations").iterdir()
    if "/" not in name:
        return generation / name
    folders = sorted(generation.glob("*/"), key=lambda it: (it / "data_level0.bin").stat().st_size)
    documents, passages = [folder for folder in folders if folder.is_dir()]
    of, _, stem = name.partition("/")
    return next({"passages": passages, "documents": documents}[of].glob(f"{stem}.*"))


def without_note(answers: dict[str, Any]) -> dict[str, str]:
    return {source: text for source, text in answers["texts"].items() if source != NOTE[0]}


@pytest.mark.parametrize(
    ("name", "way", "seed"), cases(), ids=lambda it: getattr(it, "__name__", str(it))
)
def test_damage_is_reported_or_harmless_and_the_advice_repairs_it(
    run: Runner, tmp_path: Path, docs: Path, sound: Path, right: dict[str, Any], name: str,
    way: Callable[[Path, random.Random], None], seed: int,
) -> None:  # fmt: skip
    index = tmp_path / "index"
    shutil.copytree(sound, index)
    file = damaged_file(index, name)
    before = {path: path.read_bytes() for path in index.rglob("*") if path.is_file()}
    way(file, random.Random(seed))
    after = {path: path.read_bytes() for path in index.rglob("*") if path.is_file()}
    touched = [path for path in before if after.get(path) != before[path]]

    seen = run("look", index)
    assert seen["ended"] == 0, seen
    if "ok" in seen:
        assert seen["ok"] == right or way is rot
    else:
        told(seen, index, touched if way is not rot else [index])

    if way is rot:  # `qa doctor` looks for it
        run("examine", index)
    synced = run("sync", index)
    assert synced["ended"] == 0, synced
    if "ok" in synced:
        assert run("look", index)["ok"] == right
        # Everything is embedded again only if vectors were damaged.
        assert bool(synced["ok"]["added"]) == (synced["ok"]["passages"] > 0)
        assert not synced["ok"]["added"] or any(
            path.parent.parent.parent == index / "generations" for path in touched
        )
    else:
        told(synced, index, touched)
        assert "qa sync --rebuild FOLDER" in synced["error"]
        assert "ok" in run("sync", index, folders=[str(docs)], rebuild=True)
        assert without_note(run("look", index)["ok"]) == without_note(right)
    assert run("examine", index)["ok"] == {"damage": {}}


def told(outcome: dict[str, Any], index: Path, files: list[Path]) -> None:
    assert "error" in outcome, outcome
    message = outcome["error"]
    assert any(str(file) in message for file in files), (message, files)
    assert "qa sync" in message
    assert str(index) in message
    assert "elete" not in message
