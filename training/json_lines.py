"""Records in a file, one JSON object a line; and on the screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The object of each line that is not empty."""
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def read_prepared(file: Path, program: str) -> Iterator[dict[str, Any]]:
    """What a program's `prepare` wrote with `write_lines`.

    Raises:
        SystemExit: nothing was prepared there.
    """
    if not file.is_file():
        raise SystemExit(f"There is no {file}. Run: python -m {program} prepare")
    return read_lines(file)


def write_lines(file: Path, records: Iterable[DataclassInstance]) -> None:
    """Write dataclasses, one a line."""
    with file.open("w", encoding="utf-8") as stream:
        for record in records:
            stream.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")


def show(about: object) -> None:
    """Print something as indented JSON."""
    print(json.dumps(about, indent=2))
