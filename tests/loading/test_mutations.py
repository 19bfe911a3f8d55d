"""Files that were damaged at random: each is read or refused, and only a worker may die of one.

Two thousand with FOOTNOTE_TESTS=whole, a sample of them otherwise; the same ones in every run.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.errors import LoadError
from qa.limits import Limits
from qa.loading import supported_suffixes
from qa.loading.workers import pool as workers
from qa.places import sample_folder
from tests.loading.examples import examples
from tests.loading.soundness import SHARED, check, check_problem

MUTATIONS, SAMPLE = 2000, 120
LIMITS = Limits(parsing_seconds=30, parsing_cpu_seconds=10, parsing_megabytes=400)


def originals() -> dict[Path, bytes]:
    """The samples, examples made by hand, and the test material beside the checkout."""
    found = [path for folder in (sample_folder(), SHARED) for path in folder.glob("*")]
    files = {path: path.read_bytes() for path in found if path.suffix in supported_suffixes()}
    files |= {Path(name): data for name, data in examples().items()}
    return {path: files[path] for path in sorted(files, key=lambda path: (path.suffix, path.name))}


def flipped(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 4, 40)) if data else 0):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    start, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    return dice.choice((data[:end], data[start:], data[:start] + data[end:]))


def joined(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    other = dice.choice(others)
    at = dice.randrange(len(data) + 1)
    return dice.choice((data + other, data[:at] + other + data[at:], data[:at] + other[at:]))


def renamed(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    return data


def flipped_inside(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """One part of an Office file, damaged so that the archive around it stays whole."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return flipped(data, dice, others)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        hit = dice.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            new.writestr(
                name, dice.choice((flipped, cut))(part, dice, others) if name == hit else part
            )
    return buffer.getvalue()


CHANGES: list[Callable[[bytes, random.Random, list[bytes]], bytes]] = [
    flipped, flipped_inside, cut, joined, renamed,
]  # fmt: skip


def mutation(number: int, folder: Path, files: dict[Path, bytes]) -> tuple[Path, str]:
    """The file of a mutation, and its name."""
    dice = random.Random(number)
    original, change = dice.choice(list(files)), dice.choice(CHANGES)
    data = change(files[original], dice, list(files.values()))
    keeps = change is not renamed and dice.random() < 0.9
    suffix = original.suffix if keeps else dice.choice(sorted(supported_suffixes()))
    path = folder / f"{number}-{change.__name__}{suffix}"
    path.write_bytes(data)
    return path, path.name


@pytest.mark.parametrize("part", range(4))
def test_a_damaged_file_is_read_or_refused(part: int, tmp_path: Path, whole: bool) -> None:
    files = originals()
    step = 1 if whole else MUTATIONS // SAMPLE
    numbers = range(part, MUTATIONS, 4 * step)
    mutated = [mutation(number, tmp_path, files) for number in numbers]
    with workers.loading(mutated, LIMITS) as documents:
        for (_, source), document in zip(mutated, documents, strict=True):
            try:
                found = document.result()
            except LoadError as error:
                check_problem(error, source)
            else:
                check(found)
