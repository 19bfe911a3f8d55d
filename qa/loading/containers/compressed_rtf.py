"""The compressed RTF in which Outlook keeps the text of some messages (MS-OXRTFCP)."""

from __future__ import annotations

import struct

_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n\\par "
    rb"\pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the text begins with for what refers to earlier parts of it."""
_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_LARGEST = 50_000_000  # bytes


def decompressed(data: bytes) -> bytes:
    """The RTF; nothing where it is not what it should be."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    packed = data[_HEADER.size :]
    if kind == _PLAIN:
        return packed[:size]
    return bytes(_unpacked(packed, min(size, _LARGEST))) if kind == _COMPRESSED else b""


def _unpacked(packed: bytes, size: int) -> bytearray:
    """Each byte of flags says of the eight parts that follow: a byte, or a place and a length."""
    window = bytearray(_KNOWN.ljust(_WINDOW, b"\0"))
    written = len(_KNOWN)
    found = bytearray()
    at = 0
    while at < len(packed) and len(found) < size:
        flags = packed[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                part = packed[at : at + 1]
                at += 1
            elif at + 1 < len(packed):
                place, length = packed[at] << 4 | packed[at + 1] >> 4, (packed[at + 1] & 15) + 2
                at += 2
                if place == written % _WINDOW:  # the end
                    return found
                part = b""
                for step in range(length):
                    byte = window[(place + step) % _WINDOW]
                    window[(written + step) % _WINDOW] = byte
                    part += bytes((byte,))
            else:
                return found
            for byte in part:
                window[written % _WINDOW] = byte
                written += 1
            found += part
            if len(found) >= size:
                break
    return found
