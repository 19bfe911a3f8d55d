"""A generation's manifest: the size, time and digest of each of its files.

There are two copies of a manifest, one beside the files and one as CURRENT, so that a damaged one
can be made again from the other. Each ends with its own digest.

Files are never written to after the manifest. So a file with the same size and time is taken to be
intact, unless a close look is requested; the files of a copied index, which have other times, are
digested. A generation that is made of another takes over the digests of what is the same in both.
For that, the digests of the pieces of all files are kept beside a manifest, in the order of names.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from qa.index.stores import pieces
from qa.index.stores.pieces import Original

FILE = "MANIFEST"
PIECES = "PIECES"
# In an index of a version without manifests, CURRENT is only the number.
_LONGEST_NUMBER = 18
# A file that is a folder, or that the disk can no longer read, is lost; one without permission to
# read is not.
_LOST = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO, errno.ELOOP, errno.ENXIO}


class Stamp(NamedTuple):
    """A file as it was published: bytes, nanoseconds, and its digest (`qa.index.stores.pieces`)."""

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
            close = closely or found.st_mtime_ns != stamp.time
            if close and not pieces.matches(folder / name, stamp.digest):
                return "is not as it was written"
        except OSError as error:
            if error.errno not in _LOST:
                raise
            return "is missing" if error.errno == errno.ENOENT else "cannot be read"
        return None


def manifest_of(
    folder: Path, generation: int, originals: Mapping[str, Original]
) -> tuple[Manifest, bytes]:
    """The manifest of all files that are in a folder now, and the content of its file of pieces.

    `originals` has the files that others, by their names in the folder, were made of.

    Raises:
        DamagedPieceError: what has been changed was damaged before.
        OSError: a file cannot be read.
    """
    stamps: dict[str, Stamp] = {}
    digests: list[bytes] = []
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name, file in sorted(files.items()):
        if file.is_file() and name not in (FILE, PIECES):
            found, original = file.stat(), originals.get(name)
            made = pieces.of(file) if original is None else pieces.of_changed(file, original)
            stamps[name] = Stamp(found.st_size, found.st_mtime_ns, pieces.whole(made))
            digests.append(made)
    return Manifest(generation, stamps), b"".join(digests)


def originals_of(folder: Path, manifest: Manifest, names: Collection[str]) -> dict[str, Original]:
    """These files of a generation, for others to be made of them.

    Digests that are not kept, or not as they were, are made again.

    Raises:
        DamagedPieceError: that needs a file that is damaged.
        OSError: a file cannot be read.
    """
    kept = b""
    with contextlib.suppress(OSError):
        kept = (folder / PIECES).read_bytes()
    found: dict[str, Original] = {}
    at = 0
    for name, stamp in manifest.files.items():
        end = at + pieces.count(stamp.size) * pieces.SIZE
        digests, at = kept[at:end], end
        if name in names:
            if pieces.whole(digests) != stamp.digest:
                if not pieces.matches(folder / name, stamp.digest):
                    raise pieces.DamagedPieceError(folder / name)
                digests = pieces.of(folder / name)
            found[name] = Original(folder / name, digests)
    return found


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


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
