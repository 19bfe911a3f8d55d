"""The digests of files, of one piece after the other.

A file's digest is that of the digests of its pieces. So of a file that was made of another, only
the pieces that are not the same are digested; the others are compared, which is much faster, and
keep their digests. They also keep them if they have been damaged meanwhile: the damage is found by
whoever digests the new file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from qa.places.regular_file import sha256_of

# Bytes of a piece, and those that are read at once.
PIECE = 1 << 16
_READ = 1 << 20
SIZE = hashlib.sha256().digest_size
_MARK = "pieces:"


class DamagedPieceError(Exception):
    """A piece is not as it was when it was digested, and the new file has another in its place."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is not as it was written")
        self.file = file


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
    return b"".join(_digest(piece) for block in _blocks(file) for piece in _pieces(block))


def of_changed(file: Path, original: Path, known: bytes) -> bytes:
    """The digests of a file's pieces, of which those of the `original` are `known`.

    Raises:
        DamagedPieceError: a piece of the original is not as it was.
        OSError: a file cannot be read.
    """
    found: list[bytes] = []
    old = _blocks(original)
    for block in _blocks(file):
        before = next(old, b"")
        start = len(found) * SIZE
        if block == before:
            found.extend(_pieces(known[start : start + count(len(block)) * SIZE], SIZE))
            continue
        pieces = list(_pieces(before))
        for place, piece in enumerate(_pieces(block)):
            own = pieces[place] if place < len(pieces) else b""
            if piece == own:
                found.append(known[start + place * SIZE :][:SIZE])
                continue
            if own and _digest(own) != known[start + place * SIZE :][:SIZE]:
                raise DamagedPieceError(original)
            found.append(_digest(piece))
    return b"".join(found)


def _digest(piece: bytes | memoryview) -> bytes:
    return hashlib.sha256(piece).digest()


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_READ):
            yield block


def _pieces(block: bytes, size: int = PIECE) -> Iterator[bytes]:
    for at in range(0, len(block), size):
        yield block[at : at + size]
