"""Where a web page or a sitemap leads, and what it asks of programs that read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from qa.loading.archives import local_name, parse_xml
from qa.loading.html.boilerplate import Element
from qa.loading.html.tree import decode, tree_of
from qa.text.cleaning import clean

MOST_LINKS = 5000
"""Of one page."""
MOST_LISTED = 50_000
"""Of one sitemap, as its format allows."""

_LONGEST = 2000
_SITEMAP = re.compile(rb"<(?:[\w-]{1,40}:)?(?:urlset|sitemapindex)[\s>]")
_BEGINNING = 4096
_DIRECTIVES = frozenset(("noindex", "nofollow"))


@dataclass(frozen=True, slots=True)
class Leads:
    """The addresses that a page links to or a sitemap lists, whole and without repetition.

    `canonical` is the address that the page gives as its own ("" for none). `indexed` and
    `followed` are False if it asks to be left out, or that its links are (`noindex`, `nofollow`).
    """

    links: tuple[str, ...] = ()
    canonical: str = ""
    indexed: bool = True
    followed: bool = True
    sitemap: bool = False


def leads(data: bytes, source: str, address: str) -> Leads:
    """Where the page or sitemap at an address leads.

    Raises:
        LoadError: its bytes are no text.
    """
    if _SITEMAP.search(data, 0, _BEGINNING):
        return _listed(data, address)
    root = tree_of(clean(decode(data, source)))
    if root is None:
        return Leads()
    base = next((tag.get("href") for tag in root.iter("base") if tag.get("href")), "")
    base = _joined(address, base) or address
    asked = asks(",".join(_robots(root)))
    found = dict.fromkeys(_joined(base, target) for target in _targets(root))
    found.pop("", None)
    return Leads(
        tuple(found)[:MOST_LINKS],
        next((_joined(base, link.get("href") or "") for link in _canonical(root)), ""),
        "noindex" not in asked,
        "nofollow" not in asked,
    )


def asks(directives: str) -> frozenset[str]:
    """Of what a page or its header asks of robots: `noindex`, `nofollow`, or both."""
    # "max-image-preview: none" is about pictures, and "otherbot: noindex" for others.
    parts = [part for part in directives.lower().split(",") if ":" not in part]
    said = {word for part in parts for word in part.split()}
    return _DIRECTIVES if "none" in said else _DIRECTIVES & said


def _targets(root: Element) -> Iterator[str]:
    for element in root.iter("a", "area", "frame"):
        if "nofollow" not in (element.get("rel") or "").lower().split():
            yield element.get("src" if element.tag == "frame" else "href") or ""


def _robots(root: Element) -> Iterator[str]:
    for meta in root.iter("meta"):
        if (meta.get("name") or "").strip().lower() in ("robots", "footnote"):
            yield meta.get("content") or ""


def _canonical(root: Element) -> Iterator[Element]:
    return (
        link for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split()
    )


def _joined(base: str, target: str) -> str:
    """A whole address of the web without its fragment; "" for anything else."""
    try:
        whole = urljoin(base, target.strip()).partition("#")[0]
    except ValueError:  # no address, such as "http://[x"
        return ""
    fits = whole.lower().startswith(("http://", "https://")) and len(whole) <= _LONGEST
    return whole if fits and target.strip() else ""


def _listed(data: bytes, address: str) -> Leads:
    from lxml.etree import XMLSyntaxError  # type: ignore[import-untyped]

    try:
        root = parse_xml(data)
    except XMLSyntaxError:
        return Leads(sitemap=True)
    places = (e.text or "" for e in root.iter("{*}loc") if local_name(e) == "loc")
    found = dict.fromkeys(_joined(address, place) for place in places)
    found.pop("", None)
    return Leads(tuple(found)[:MOST_LISTED], sitemap=True)
