"""The package of a Word document, mended where python-docx would not open it.

It knows neither the names that the strict form of the standard has for everything, nor relations
that lead to no part, which other programs leave behind.
"""

from __future__ import annotations

import posixpath
import zipfile
from io import BytesIO
from typing import Any

from qa.loading.archives import Element, resolved

_STRICT = b"http://purl.oclc.org/ooxml/"
_OFFICE_2006 = b"http://schemas.openxmlformats.org/"
# What the strict form calls otherwise than by the beginning; the longer names first.
_NAMES = (
    (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
    (b"officeDocument/math", b"officeDocument/2006/math"),
    (b"officeDocument/", b"officeDocument/2006/"),
    (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
    (b"spreadsheetml/main", b"spreadsheetml/2006/main"),
    (b"presentationml/main", b"presentationml/2006/main"),
    (b"drawingml/", b"drawingml/2006/"),
)


def opened(data: bytes) -> Any:
    """The document, as python-docx gives it."""
    import docx

    with zipfile.ZipFile(BytesIO(data)) as package:
        changed = _changed(package)
        if changed:
            data = _with_parts(package, changed)
    return docx.Document(BytesIO(data))


def _changed(package: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts that must be others for python-docx, by their names."""
    names = set(package.namelist())
    strict = any(_STRICT in package.read(name) for name in names if name == "_rels/.rels")
    changed = {}
    for name in names:
        if not name.endswith(".rels") and not (strict and name.endswith(".xml")):
            continue
        before = part = package.read(name)
        if strict:
            part = _transitional(part)
        if name.endswith(".rels"):
            part = _without_dead_ends(part, name, names)
        if part != before:
            changed[name] = part
    return changed


def _transitional(part: bytes) -> bytes:
    for strict, usual in _NAMES:
        part = part.replace(_STRICT + strict, _OFFICE_2006 + usual)
    return part


def _without_dead_ends(part: bytes, name: str, names: set[str]) -> bytes:
    """Relations without those that lead to a part that is not there."""
    from lxml import etree  # type: ignore[import-untyped]

    root = etree.fromstring(part)
    folder = posixpath.dirname(posixpath.dirname(name))
    dead = [one for one in root if _is_dead(one, folder, names)]
    for one in dead:
        root.remove(one)
    return etree.tostring(root) if dead else part


def _is_dead(relation: Element, folder: str, names: set[str]) -> bool:
    if relation.get("TargetMode") == "External":
        return False
    target = relation.get("Target") or ""
    return target not in names and resolved(folder, target) not in names


def _with_parts(package: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as copy:
        for name in dict.fromkeys(package.namelist()):
            copy.writestr(name, changed[name] if name in changed else package.read(name))
    return buffer.getvalue()
