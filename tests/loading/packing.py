"""Files that hold others, put together by hand: ZIP archives and compound files."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

_SECTOR, _SMALL = 512, 64
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_CUTOFF = 4096


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive with these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return buffer.getvalue()


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file with these streams; a name may have storages before it: "a/b"."""
    file = _Sectors()
    small, small_fat = b"", list[int]()
    places = {}
    for path, data in streams.items():
        if len(data) >= _CUTOFF:
            places[path] = file.chain(data)
            continue
        places[path] = len(small_fat) if data else _END
        count = -(-len(data) // _SMALL)
        small += data.ljust(count * _SMALL, b"\0")
        small_fat += [len(small_fat) + at + 1 for at in range(count)]
        if count:
            small_fat[-1] = _END
    root = file.chain(small)
    packed = struct.pack(f"<{len(small_fat)}I", *small_fat)
    first_small = file.chain(packed, b"\xff")
    directory = file.chain(_directory(streams, {**places, "": root}, len(small)))
    return file.whole(directory, first_small, -(-len(packed) // _SECTOR))


class _Sectors:
    """The sectors of a compound file, and how they follow each other."""

    def __init__(self) -> None:
        self._sectors: list[bytes] = []
        self._fat: list[int] = []

    def chain(self, data: bytes, padding: bytes = b"\0") -> int:
        """Add a stream; where it begins."""
        if not data:
            return _END
        first = len(self._sectors)
        for start in range(0, len(data), _SECTOR):
            self._sectors.append(data[start : start + _SECTOR].ljust(_SECTOR, padding))
            self._fat.append(len(self._sectors))
        self._fat[-1] = _END
        return first

    def whole(self, directory: int, small: int, smalls: int) -> bytes:
        """The file."""
        count = 1
        while count * 128 < len(self._fat) + count:
            count += 1
        first = len(self._sectors)
        fat = [*self._fat, *[_FAT] * count]
        fat += [_FREE] * (-len(fat) % 128)
        header = struct.pack(
            "<8s16sHHHHH6xIIIIIIIII",
            *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6),
            *(0, count, directory, 0, _CUTOFF, small, smalls, _END, 0),
        )
        table = [*range(first, first + count), *[_FREE] * (109 - count)]
        packed = struct.pack(f"<109I{len(fat)}I", *table, *fat)
        return header + packed[: 4 * 109] + b"".join(self._sectors) + packed[4 * 109 :]


def _directory(streams: Mapping[str, bytes], places: Mapping[str, int], small: int) -> bytes:
    tree: dict[str, list[str]] = {"": []}
    for path in streams:
        parts = path.split("/")
        for depth in range(len(parts)):
            parent, name = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
            if name not in tree.setdefault(parent, []):
                tree[parent].append(name)
    names: list[str] = [""]
    for name in names:
        names.extend(tree.get(name, ()))
    entries = b""
    for path in names:
        siblings: list[str] = tree[path.rpartition("/")[0]] if path else [path]
        after = siblings.index(path) + 1
        right = names.index(siblings[after]) if after < len(siblings) else _FREE
        child = names.index(tree[path][0]) if tree.get(path) else _FREE
        kind = 5 if not path else 2 if path in streams else 1
        size = len(streams.get(path, b"")) if path else small
        said = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
        entries += said.ljust(64, b"\0") + struct.pack("<HBB", len(said) + 2, kind, 1)
        entries += struct.pack("<III36xIQ", _FREE, right, child, places.get(path, 0), size)
    return entries
