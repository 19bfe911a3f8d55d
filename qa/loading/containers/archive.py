"""Archives (ZIP, TAR): each file in one that can be read is a section."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from qa.errors import (
    EmptyFileError,
    EncryptedFileError,
    LoadError,
    TooLargeError,
    UnsupportedFormatError,
)
from qa.limits import Limits
from qa.loading.archives import LARGEST_UNPACKED
from qa.loading.blocks import Blocks
from qa.loading.nested import add_file, readable_name
from qa.records import Document

MOST_FILES = 1000

_ZIP = b"PK\x03\x04"
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_MOST_MEMORY = 256 * 1024 * 1024  # bytes, which a file may ask for to unpack it
_IS_UTF8 = 0x800
_LEFT_OUT = ("__MACOSX", ".", "~$")


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The files in it, in their order; one that is damaged is named with the reason.

    Raises:
        EmptyFileError: none of them can be read.
        TooLargeError: there are too many of them, or they unpack to too much.
    """
    blocks = Blocks()
    first = ""
    read = _zipped(data, source) if data.startswith(_ZIP) else _taped(data, source)
    for name, content in read:
        limits.check(source, "max_file_megabytes", len(content) / 1e6, "holds a file of {} MB")
        try:
            add_file(blocks, content, name, readable_name(name), 1, limits)
        except UnsupportedFormatError as error:
            first = first or str(error)
            blocks.warn(f"Not read: {error}")
        except LoadError as error:
            blocks.heading(readable_name(name), 1)
            blocks.add(f"Not read: {error}")
            blocks.warn(f"Not read: {error}")
        limits.check(source, "max_characters", blocks.length, "has {} characters")
    if blocks.empty:
        reason = f" ({first})" if first else ""
        raise EmptyFileError(f"{source} holds no file that can be read{reason}. Unpack it.")
    return blocks.document(source, ())


class _Tally:
    """Counts what an archive unpacks to."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._files = self._bytes = 0

    def take(self, name: str, size: int) -> bool:
        """Whether a file is one to read.

        Raises:
            TooLargeError: there were too many before it, or they were too large.
        """
        self._files, self._bytes = self._files + 1, self._bytes + size
        if self._files > MOST_FILES or self._bytes > LARGEST_UNPACKED:
            raise TooLargeError(
                f"{self._source} holds more than {MOST_FILES:,} files, or unpacks to more than "
                f"{LARGEST_UNPACKED / 1e6:.0f} MB. Unpack it."
            )
        return not any(part.startswith(_LEFT_OUT) for part in PurePosixPath(name).parts)


def _zipped(data: bytes, source: str) -> Iterator[tuple[str, bytes]]:
    tally = _Tally(source)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if member.is_dir() or not tally.take(member.filename, member.file_size):
                continue
            if member.flag_bits & 1:
                raise EncryptedFileError(
                    f"{source} is protected by a password. Unpack it, or save it without one."
                )
            yield _name(member), archive.read(member)


def _name(member: zipfile.ZipInfo) -> str:
    """The name of a file; many programs write UTF-8 and do not say so."""
    if member.flag_bits & _IS_UTF8 or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _taped(data: bytes, source: str) -> Iterator[tuple[str, bytes]]:
    tally = _Tally(source)
    content, suffix = _unpacked(data)
    name = PurePosixPath(source).name.removesuffix(suffix)
    if suffix:
        _Tally(source).take(name, len(content))
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = None
                if tally.take(member.name, member.size) and member.isreg():
                    file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()
        return
    except tarfile.ReadError:
        if not suffix:
            raise
    # One file, packed by itself.
    if tally.take(name, len(content)):
        yield name, content


def _unpacked(data: bytes) -> tuple[bytes, str]:
    """What is packed, up to a byte more than is allowed, and the suffix of its way of packing."""
    most = LARGEST_UNPACKED + 1
    if data.startswith(_GZIP):
        with gzip.open(io.BytesIO(data)) as packed:
            return packed.read(most), ".gz"
    if data.startswith(_BZIP2):
        with bz2.open(io.BytesIO(data)) as packed:
            return packed.read(most), ".bz2"
    if data.startswith(_XZ):
        unpacking = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
        content = unpacking.decompress(data, most)
        if len(content) < most and not unpacking.eof:
            raise ValueError("it is cut off")
        return content, ".xz"
    return data, ""
