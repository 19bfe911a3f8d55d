"""Links in the text of an answer, and where a link of a document may lead.

An answer's links are Markdown with the address in angle brackets, `[label](<address>)`. Nothing
else is a link: text that only looks like one stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.text.cleaning import one_line

LINK = re.compile(r"\[([^\[\]\n]+)\]\(<([^<>\s]+)>\)")
"""A link in an answer's text: its label, and its address."""
SOURCE = "#source:"
"""The beginning of an address that leads to a document of the index; its source follows, quoted."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SCHEMES = frozenset(("http", "https", "mailto"))
_LONGEST = 2000
_UNFIT = re.compile(r"[\s<>\"'`\\^{|}]")
_LIKE_A_MARKER = re.compile(r"\s*\d+\s*")


def address(target: str) -> str:
    """A link's address if it is safe to follow, or "".

    Safe are addresses of the web, of mail, or relative to the document; not those that run
    something, or that a browser would read differently than they look.
    """
    target = target.strip()
    if not 0 < len(target) <= _LONGEST or not target.isprintable() or _UNFIT.search(target):
        return ""
    scheme = _SCHEME.match(target)
    if scheme is not None:
        return target if scheme[1].lower() in _SCHEMES else ""
    return "" if target.startswith("//") else target


def is_outside(target: str) -> bool:
    """Whether a safe address leads out of the documents."""
    return _SCHEME.match(target) is not None


def web_address(source: str) -> str:
    """The address of a document that is on the web and named by it, or "" for any other."""
    target = address(source)
    return target if target.lower().startswith(("http://", "https://")) else ""


def linked(label: str, target: str) -> str:
    """A label as a link, or only the label if the link could be misread."""
    words = one_line(label)
    if not words or _LIKE_A_MARKER.fullmatch(words) or re.search(r"[\[\]|]", words):
        return label
    return f"[{words}](<{target}>)"


def answer_links(text: str) -> Iterator[tuple[str, str]]:
    """An answer's text in pieces, each with its address, or "" for plain text.

    An address is one of the web or of mail, or `#source:` and a document's quoted source.
    """
    before = 0
    for link in LINK.finditer(text):
        if link.start() > before:
            yield text[before : link.start()], ""
        target = link[2] if link[2].startswith(SOURCE) or is_outside(link[2]) else ""
        yield link[1], address(target)
        before = link.end()
    if before < len(text):
        yield text[before:], ""


def without_links(text: str) -> str:
    """An answer's text with only the label of each link."""
    return LINK.sub(r"\1", text)


def unlinked(text: str) -> str:
    """A document's own text, changed so that nothing in it looks like one of our links."""
    return text.replace("](<", "](‹")
