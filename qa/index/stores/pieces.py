"""The digests of files, of one piece after the other.

A file's digest is that of the digests of its pieces. So of a file that was made of another, only
the pieces that are not the same are digested; the others are compared, which is much faster, and
keep their digests. They also keep them if they have been damaged meanwhile: the damage is found by
whoever digests the new file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from qa.places.regular_file import sha256_of

# Bytes of a piece.
PIECE = 1 << 16
SIZE = hashlib.sha256().digest_size
_MARK = "pieces:"


class DamagedPieceError(Exception):
    """A file is not as it was when it was digested, and another is to be made of it."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is not as it was written")
        self.file = file


class Original(NamedTuple):
    """A file that another is made of, with the digests that its pieces had when it was written."""

    file: Path
    digests: bytes


def count(size: int) -> int:
    """The pieces of a file with so many bytes."""
    return -(-size // PIECE)


def whole(digests: bytes) -> str:
    """The digest of a file, from those of its pieces."""
    return _MARK + hashlib.sha256(digests).hexdigest()


def matches(file: Path, digest: str) -> bool:
    """Whether a file has a digest, which may also be the SHA-256 of an earlier version of Footnote.

    Raises:
        OSError: it cannot be read.
    """
    return (whole(of(file)) if digest.startswith(_MARK) else sha256_of(file)) == digest


def of(file: Path) -> bytes:
    """The digests of a file's pieces.

    Raises:
        OSError: it cannot be read.
    """
    return b"".join(map(_digest, _pieces(file)))


def of_changed(file: Path, original: Original) -> bytes:
    """The digests of the pieces of a file that was made of another.

    Raises:
        DamagedPieceError: a piece of the original that is not in the file is not as it was.
        OSError: a file cannot be read.
    """
    found: list[bytes] = []
    pairs = zip_longest(_pieces(file), _pieces(original.file), fillvalue=b"")
    for place, (piece, before) in enumerate(pairs):
        known = original.digests[place * SIZE : (place + 1) * SIZE]
        if piece == before:
            found.append(known)
            continue
        if before and _digest(before) != known:
            raise DamagedPieceError(original.file)
        if piece:
            found.append(_digest(piece))
    return b"".join(found)


def _digest(piece: bytes) -> bytes:
    return hashlib.sha256(piece).digest()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
