"""A generation's manifest: the size, time and digest of each of its files.

There are two copies of a manifest, one beside the files and one as CURRENT, so that a damaged one
can be made again from the other. Each ends with its own digest.

Files are never written to after the manifest. So a file with the same size and time is taken to be
intact, unless a close look is requested; the files of a copied index, which have other times, are
digested.
"""

from __future__ import annotations

import errno
import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from qa.places.regular_file import sha256_of

FILE = "MANIFEST"
# In an index of a version without manifests, CURRENT is only the number.
_LONGEST_NUMBER = 18
# A file that is a folder, or that the disk can no longer read, is lost; one without permission to
# read is not.
_LOST = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO, errno.ELOOP, errno.ENXIO}


class Stamp(NamedTuple):
    """A file as it was published: bytes, nanoseconds, SHA-256."""

    size: int
    time: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation's number, and the stamps of its files by their names in its folder."""

    generation: int
    files: Mapping[str, Stamp] = field(default_factory=dict)

    def to_text(self) -> str:
        """As it is kept: a line of JSON, and a line with the digest of it."""
        body = json.dumps({"generation": self.generation, "files": self.files}, sort_keys=True)
        return f"{body}\n{_digest(body.encode())}\n"

    def problem(self, folder: Path, name: str, *, closely: bool) -> str | None:
        """What is wrong with a file, in words that follow its name; None if it is intact.

        Raises:
            PermissionError: it cannot be read.
        """
        stamp = self.files[name]
        try:
            found = (folder / name).stat()
            if not stat.S_ISREG(found.st_mode):
                return "is not a file"
            if found.st_size != stamp.size:
                return f"has {found.st_size:,} bytes, not {stamp.size:,}"
            untouched = found.st_mtime_ns == stamp.time
            if (closely or not untouched) and sha256_of(folder / name) != stamp.digest:
                return "is not as it was written"
        except OSError as error:
            if error.errno not in _LOST:
                raise
            return "is missing" if error.errno == errno.ENOENT else "cannot be read"
        return None


def manifest_of(folder: Path, generation: int) -> Manifest:
    """The manifest of all files that are in a folder now."""
    files = {
        file.relative_to(folder).as_posix(): _stamp(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != FILE
    }
    return Manifest(generation, files)


def parse(raw: bytes) -> Manifest:
    """The manifest that `to_text` wrote; a number alone is a manifest without files.

    Raises:
        ValueError: it is damaged.
    """
    if raw.isdigit() and len(raw) <= _LONGEST_NUMBER:
        return Manifest(int(raw))
    body, _, rest = raw.partition(b"\n")
    if rest.strip().decode() != _digest(body):
        raise ValueError("it is not as it was written")
    try:
        said: dict[str, Any] = json.loads(body)
        files = {name: Stamp(*stamp) for name, stamp in said["files"].items()}
        return Manifest(int(said["generation"]), files)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it is of another version of Footnote") from error


def _stamp(file: Path) -> Stamp:
    found = file.stat()
    return Stamp(found.st_size, found.st_mtime_ns, sha256_of(file))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
