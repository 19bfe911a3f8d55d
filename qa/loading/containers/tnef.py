"""The file "winmail.dat", in which Outlook packs what other programs get as attachments (TNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from qa.loading.containers.compressed_rtf import decompressed
from qa.loading.decoding import decode
from qa.text.cleaning import one_line

_SIGNATURE = struct.pack("<I", 0x223E9F78)
_ATTRIBUTE = struct.Struct("<BII")  # level, name, length; two bytes of a sum follow the data
_BEGINS, _TITLE, _DATA, _MORE = 0x00069002, 0x00018010, 0x0006800F, 0x00069005  # of an attachment
_PROPERTIES = 0x00069003
_NAME, _RTF = 0x3707, 0x1009
_MOST = 1000  # properties
# The bytes of a value of each kind; others have a length before them.
_SIZES = {
    **{0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4},
    **{0x0014: 8, 0x0040: 8, 0x0048: 16},
}
_TEXTS = {0x001E: "", 0x001F: "utf-16-le"}
_NAMED = 0x8000


@dataclass(slots=True)
class Unpacked:
    """What is in such a file."""

    attachments: list[tuple[str, bytes]] = field(default_factory=list)
    rtf: bytes = b""
    """The text of the message, where it is kept so."""


def is_packed(data: bytes) -> bool:
    """Whether it is such a file."""
    return data.startswith(_SIGNATURE)


def unpacked(data: bytes) -> Unpacked:
    """What is in such a file, as far as it can be read."""
    found = Unpacked()
    name, content = "", b""
    for number, value in [*_attributes(data), (_BEGINS, b"")]:
        if number == _BEGINS:
            if content:
                found.attachments.append((name or "unnamed", content))
            name, content = "", b""
        elif number == _TITLE:
            name = name or one_line(decode(value.rstrip(b"\0")) or "")
        elif number == _DATA:
            content = value
        elif number == _MORE:
            name = one_line(str(dict(_properties(value)).get(_NAME, b""), "utf-8")) or name
        elif number == _PROPERTIES:
            found.rtf = decompressed(dict(_properties(value)).get(_RTF, b"")) or found.rtf
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(_SIGNATURE) + 2
    while at + _ATTRIBUTE.size <= len(data):
        _, number, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        yield number, data[at : at + length]
        at += length + 2


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values of properties by their numbers, texts in UTF-8; up to one that is not known."""
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(min(count, _MOST)):
            kind, number = struct.unpack_from("<HH", data, at)
            at += 4
            if number >= _NAMED:
                named, length = struct.unpack_from("<16xII", data, at)
                at += 24 + (_padded(length) if named else 0)
            size = _SIZES.get(kind)
            if size is None:
                many, length = struct.unpack_from("<II", data, at)
                if many != 1:
                    return
                at += 8
            else:
                length = size
            value = data[at : at + length]
            if kind in _TEXTS:
                text = value.decode(_TEXTS[kind] or "cp1252", "replace").rstrip("\0")
                value = text.encode("utf-8", "replace")
            yield number, value
            at += _padded(length)
    except struct.error:
        return


def _padded(length: int) -> int:
    return length + -length % 4
