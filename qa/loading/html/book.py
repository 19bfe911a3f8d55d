"""E-books (EPUB): the chapters, which are web pages, in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from qa.errors import EmptyFileError, EncryptedFileError
from qa.limits import Limits
from qa.loading.archives import Archive, Element, local_name, resolved
from qa.loading.blocks import Blocks, telling_title
from qa.loading.html.page import render_fragment
from qa.loading.html.tree import decode
from qa.records import Document, Link
from qa.text.cleaning import clean, one_line
from qa.text.markup.links import is_outside

_CONTAINER = "META-INF/container.xml"
_LOCKS = ("META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl")
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/xml"))
_CONTENTS = "application/x-dtbncx+xml"
_HEADING = re.compile(r"<h[1-6][\s>]", re.IGNORECASE)


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The chapters; one without a heading has the one that the table of contents gives it.

    Raises:
        EncryptedFileError: it is locked by the shop that sold it.
        EmptyFileError: there is no text in it.
    """
    archive = Archive(data, source, limits)
    if any(name in archive for name in _LOCKS):
        raise EncryptedFileError(
            f"{source} is locked to one reader. Get it without copy protection."
        )
    root = archive.xml(_CONTAINER)
    place = next((e.get("full-path") or "" for e in root.iter("{*}rootfile")), "")
    package = archive.xml(place)
    folder = place.rpartition("/")[0]
    names = _names_of_chapters(archive, package, folder)
    blocks = Blocks()
    chapters = [name for name in _chapters(package, folder) if name in archive]
    for chapter in chapters:
        markup = clean(decode(archive.read(chapter), source))
        if chapter in names and not _HEADING.search(markup):
            blocks.heading(names[chapter], 1)
        render_fragment(markup, blocks)
        limits.check(source, "max_characters", blocks.length, "has {} characters")
    if blocks.empty:
        raise EmptyFileError(f"{source} has no text; its pages may be pictures. Leave it out.")
    about = {"author": writer} if (writer := _said(package, "creator")) else {}
    document = blocks.document(source, [telling_title(_said(package, "title"))], about)
    folders = {chapter.rpartition("/")[0] for chapter in chapters}
    links = tuple(_led(link, folders, frozenset(chapters)) for link in document.links)
    return replace(document, links=links)


def _led(link: Link, folders: Collection[str], chapters: Collection[str]) -> Link:
    """A link to another chapter as one within the document that the book becomes."""
    path, _, anchor = link.target.partition("#")
    if not path or is_outside(path):
        return link
    if any(resolved(folder, path) in chapters for folder in folders):
        return replace(link, target=f"#{anchor}")
    return link


def _said(package: Element, name: str) -> str:
    return next((one_line(e.text or "") for e in package.iter(f"{{*}}{name}")), "")


def _items(package: Element) -> dict[str, Element]:
    return {element.get("id") or "": element for element in package.iter("{*}item")}


def _chapters(package: Element, folder: str) -> Iterator[str]:
    """The parts of the book in order, but for a table of contents made by a program."""
    items = _items(package)
    for element in package.iter("{*}itemref"):
        item = items.get(element.get("idref") or "")
        if item is None or (item.get("media-type") or "") not in _PAGES:
            continue
        if not _is_contents(item):
            yield resolved(folder, item.get("href") or "")


def _is_contents(item: Element) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _names_of_chapters(archive: Archive, package: Element, folder: str) -> dict[str, str]:
    """What the table of contents calls the beginning of each part."""
    found: dict[str, str] = {}
    for item in _items(package).values():
        listing = resolved(folder, item.get("href") or "")
        nav = "nav" in (item.get("properties") or "").split()
        if listing not in archive or not (
            nav or item.get("media-type") == "application/x-dtbncx+xml"
        ):
            continue
        around = listing.rpartition("/")[0]
        for entry in archive.xml(listing).iter("{*}a", "{*}navPoint"):
            target, label = entry.get("href") or "", one_line("".join(entry.itertext()))
            if local_name(entry) == "navPoint":
                target = next((e.get("src") or "" for e in entry.iterchildren("{*}content")), "")
                texts = (e.text or "" for e in entry.iterfind("{*}navLabel/{*}text"))
                label = one_line(next(texts, ""))
            if label and "#" not in target:
                found.setdefault(resolved(around, target), label)
    return found
