"""The parts of a file that is a ZIP archive of XML: Office files, OpenDocument files, e-books."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from qa.errors import DamagedFileError, EncryptedFileError, TooLargeError
from qa.limits import Limits

Element = Any
"""An `lxml.etree` element; lxml brings no types."""

LARGEST_UNPACKED = 400_000_000
"""Bytes of all parts together, pictures included."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ANY_RATIO_MEGABYTES = 10  # a little that repeats itself packs well, and does no harm
_TEXTS = (".xml", ".rels", ".html", ".xhtml", ".htm", ".opf", ".ncx")


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part of an Office file refers to: another part, or an address outside."""

    kind: str
    """The last word of its type, such as "slide" or "hyperlink"."""
    target: str
    outside: bool = False


class Archive:
    """An archive that unpacks to no more than the limits allow."""

    def __init__(self, data: bytes, source: str, limits: Limits) -> None:
        self._zip = zipfile.ZipFile(BytesIO(data))
        self._source = source
        _check(self._zip.infolist(), source, limits)
        self._names = frozenset(self._zip.namelist())

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """The bytes of a part.

        Raises:
            DamagedFileError: there is no such part.
        """
        if name not in self._names:
            raise DamagedFileError(
                f"{self._source} lacks one of its parts ({name[:120]}). "
                "Open it in the program that made it and save it again."
            )
        return self._zip.read(name)

    def xml(self, name: str) -> Element:
        """The root of a part that is XML."""
        return parse_xml(self.read(name))

    def elements(self, name: str, *tags: str) -> Iterator[Element]:
        """The elements of a part that are called so, each complete and gone with the next one."""
        from lxml import etree  # type: ignore[import-untyped]

        options = {"resolve_entities": False, "no_network": True, "load_dtd": False}
        wanted = tuple(f"{{*}}{tag}" for tag in tags)
        for _, element in etree.iterparse(BytesIO(self.read(name)), tag=wanted, **options):
            yield element
            element.clear(keep_tail=False)
            while (before := element.getprevious()) is not None:
                element.getparent().remove(before)

    def title(self) -> str:
        """What the properties of an Office file say that its title is."""
        related = self.relations().values()
        part = next((one.target for one in related if one.kind == "core-properties"), "")
        if part not in self._names:
            return ""
        found = (child.text for child in self.xml(part) if local_name(child) == "title")
        return next(found, None) or ""

    def relations(self, part: str = "") -> dict[str, Relation]:
        """What a part refers to, by the names that it uses; of the archive itself without one."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self._names:
            return {}
        found = {}
        for element in self.xml(path):
            outside = element.get("TargetMode") == "External"
            target = element.get("Target") or ""
            kind = (element.get("Type") or "").rpartition("/")[2]
            place = target if outside else resolved(folder, target)
            found[element.get("Id") or ""] = Relation(kind, place, outside)
        return found


def resolved(folder: str, target: str) -> str:
    """The name of a part that is given relative to a folder of the archive."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")


def unescaped(text: str) -> str:
    """A text of an Office file with the characters that XML cannot hold: "_x000D_" is one."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def parse_xml(data: bytes, *, entities: bool = False) -> Element:
    """The root of an XML document; nothing outside of it is looked at.

    With `entities`, names for texts that it defines itself stand for these texts.
    """
    from lxml import etree

    options = {"no_network": True, "load_dtd": False, "remove_comments": True, "remove_pis": True}
    if entities:
        with suppress(etree.XMLSyntaxError):  # some may be defined elsewhere
            return etree.fromstring(data, etree.XMLParser(resolve_entities="internal", **options))
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, **options))


def local_name(element: Element) -> str:
    """What an element is called, without its namespace; nothing where it is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def local_attribute(element: Element, name: str) -> str:
    """An attribute, whichever namespace it has; nothing where it is missing."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def _check(members: list[zipfile.ZipInfo], source: str, limits: Limits) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise EncryptedFileError(f"{source} is protected by a password. Save it without one.")
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise TooLargeError(
            f"{source} unpacks to more than {LARGEST_UNPACKED / 1e6:.0f} MB, pictures included. "
            "Take pictures out, or leave it out."
        )
    texts = [member for member in members if member.filename.endswith(_TEXTS)]
    unpacked = sum(member.file_size for member in texts)
    megabytes = unpacked // 1_000_000
    limits.check(source, "max_unpacked_megabytes", megabytes, "unpacks to {} MB of XML")
    if megabytes >= _ANY_RATIO_MEGABYTES:
        ratio = unpacked // max(1, sum(member.compress_size for member in texts))
        limits.check(source, "max_unpacked_ratio", ratio, "unpacks to {} times its XML's size")
