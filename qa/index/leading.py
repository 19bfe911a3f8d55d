"""Where the links of a document lead: out, or to a document that the index holds."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, unquote, urljoin

from qa.index.layout import Entry
from qa.places import is_web
from qa.records import Link
from qa.text.markup.links import SOURCE, address, is_outside

# The files that a folder's address stands for on a site.
_ENDINGS = ("", ".md", ".html", "/index.md", "/index.html", "/README.md")


def leading(
    links: Sequence[Link], own: Entry, entry_of: Callable[[str], Entry | None]
) -> Iterator[Link]:
    """The links that lead somewhere; those to other documents lead to their place in the index.

    `own` is the document that contains the links; those of a page of the web are relative to its
    address. An address within the index is `#source:` and the
    quoted source, followed by the range of the heading, if the link names one: `:120-134`.
    """
    for link in links:
        target = address(link.target)
        if not target:
            continue
        if is_web(own.source) and (whole := _joined(own.source, target)):
            yield replace(link, target=_within(whole, own, entry_of) or whole)
        elif is_outside(target):
            yield link
        elif found := _within(target, own, entry_of):
            yield replace(link, target=found)


def _within(target: str, own: Entry, entry_of: Callable[[str], Entry | None]) -> str:
    path, _, anchor = target.partition("#")
    if not is_web(target):
        path = unquote(path.partition("?")[0])
    entry = own if path in ("", own.source) else named(path, own.source, entry_of)
    if entry is None:
        return ""
    wanted = _slug(unquote(anchor))
    for heading in entry.headings if wanted else ():
        if _slug(heading.text) == wanted:
            start, end = heading.start, heading.start + len(heading.text)
            return f"{SOURCE}{quote(entry.source, safe='/')}:{start}-{end}"
    # A link to a missing place still opens the other document; this one is open already.
    return "" if entry is own else f"{SOURCE}{quote(entry.source, safe='/')}"


def _joined(source: str, target: str) -> str:
    """The whole address of a link of a page; "" for none, such as one of mail."""
    with contextlib.suppress(ValueError):
        whole = address(urljoin(source, target))
        return whole if is_web(whole) else ""
    return ""


def named(path: str, source: str, entry_of: Callable[[str], Entry | None]) -> Entry | None:
    """The document that a path in the document `source` stands for."""
    if is_web(path):
        return entry_of(path)
    scheme, mark, place = source.rpartition("://")
    if path.startswith("/"):  # from the top of the site, which is the folder that was read
        whole = place.partition("/")[0] + path
    else:
        whole = posixpath.join(posixpath.dirname(place), path)
    whole = scheme + mark + posixpath.normpath(whole)
    found = (entry_of(whole + ending) for ending in _ENDINGS)
    return next((entry for entry in found if entry is not None), None)


def _slug(text: str) -> str:
    """A heading as sites name it in an address."""
    return "-".join(re.findall(r"\w+", text.casefold()))
