"""What a backup holds: the names of its files, and the two that describe it.

The first file says what the archive is and how much is in it, the last one has the digests of all
others. Without the last one, an archive was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.errors import ArgumentError, BackupError, described
from qa.index import REVIEW_FILE
from qa.places import BESIDE, beside
from qa.records import Progress

HEAD = "footnote-backup.json"
DIGESTS = "digests.json"
FORMAT = 1
# More of these two is not ours; the digests of a million files have about 150 bytes each.
LARGEST_HEAD = 100_000
LARGEST_DIGESTS = 200_000_000

INDEX, REVIEW, UPLOADS = "index", "review", "uploads"
# It is not replaced: what was done since the backup was done.
AUDIT = "audit"
PARTS = (INDEX, REVIEW, UPLOADS, *BESIDE)
_UNSAFE = re.compile(r"[\\\x00-\x1f\x7f]|(?:^|/)(?:\.{0,2})(?:/|$)")


@dataclass(frozen=True, slots=True)
class Head:
    """What an archive says of itself: the numbers of files by part, and their bytes."""

    made: str
    files: Mapping[str, int]
    size: int
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        """As it is kept."""
        return json.dumps(asdict(self), indent=1).encode()


def read_head(raw: bytes, archive: Path) -> Head:
    """The head that `Head.to_bytes` wrote.

    Raises:
        BackupError: the archive is something else, or of a later version.
    """
    try:
        said: dict[str, Any] = json.loads(raw)
        if said["format"] != FORMAT:
            raise BackupError(
                f"{archive} was made by another version of Footnote, in a form that this one does "
                "not know. Restore it with that version."
            )
        files = {part: int(said["files"].get(part, 0)) for part in PARTS}
        return Head(str(said["made"]), files, int(said["size"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise no_backup(archive) from error


def no_backup(archive: Path) -> BackupError:
    """The error for a file that is something else."""
    return BackupError(f"{archive} is no backup of Footnote. Name a file that `qa backup` made.")


def part_of(name: str) -> tuple[str, str]:
    """The part that a file's name belongs to, and its name in there.

    Raises:
        ValueError: no backup has a file of this name.
    """
    part, _, rest = name.partition("/")
    if part not in PARTS or not rest or _UNSAFE.search(rest):
        raise ValueError(f"no backup has a file called {name!r}")
    return part, rest


def path_of(file: object) -> Path:
    """The path of an archive.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(file, str | Path) and str(file).strip() and "\0" not in str(file):
        with contextlib.suppress(UnicodeError, RuntimeError):  # half a character; no such home
            os.fsencode(file)
            return Path(file).expanduser().absolute()
    raise ArgumentError(f"A backup is the path of a file, not {described(file)}.")


def told_to(progress: object) -> Callable[[Progress], None]:
    """Whoever is told how far something is.

    Raises:
        ArgumentError: it cannot be called.
    """
    if not callable(progress):
        raise ArgumentError(
            f"progress is called with a qa.Progress; {described(progress)} cannot be called."
        )
    return progress


def places(index: str, folder: Path, keep_uploads: Path | None) -> dict[str, Path]:
    """Where the parts but the index are; `folder` is the index's own.

    Without a folder for uploads, there is none of them.
    """
    found = {REVIEW: folder, **{part: beside(index, part) for part in BESIDE}}
    return found if keep_uploads is None else {**found, UPLOADS: keep_uploads}


def files_of(part: str, place: Path) -> list[Path]:
    """The files of a part at its place."""
    found = place.glob(REVIEW_FILE) if part == REVIEW else place.rglob("*")
    return sorted(file for file in found if file.is_file())
