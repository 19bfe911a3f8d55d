"""Links within the documents that lead nowhere.

A link is one of these if its target is neither in the index nor on disk, in any of the ways in
which generators of sites read it: relative to the file, to a folder with the file's name, or to the
top of the site. Which folder is that top is told by the links that do lead somewhere. Nothing is
requested from the web.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from qa.index import Entry, named
from qa.indexing import is_there, original
from qa.places import folders_above, is_web
from qa.records import Link
from qa.text.markup.links import address, is_outside

LEAST_OF_ROOT = 0.2
"""How many of the links from the top of a site must lead somewhere for its folder to be the top."""
_MISSING, _MISSING_PLACE = 0.9, 0.7
# Where a page says by what other addresses it is found, and the last part of its address.
_OTHER_ADDRESSES = re.compile(r"redirect_?from|redirects?|permalink|alias(?:es)?|url", re.I)
_OTHER_NAME = re.compile(r"slug", re.I)
# A place that a link may lead to, in HTML and in some kinds of Markdown.
_PLACE = re.compile(r"""\b(?:id|name)\s?=\s?["']?([^\s"'<>]+)|\{#([^\s{}]+)\}""", re.I)
# What a site has besides pages.
_NO_PAGE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|json|xml|zip|gz|mp[34]|mov|woff2?|ya?ml|rss|atom)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link that leads nowhere; `place` says that its document is there, but not the heading.

    `meant` is the source of the document that may be meant.
    """

    document_id: str
    link: Link
    place: bool
    score: float
    meant: str = ""


def within(links: Sequence[Link], source: str, folders: Mapping[str, str]) -> list[Link]:
    """The links of a document that lead to others: relative ones, and those to mirrored sites."""
    sites = [folder for folder in folders.values() if is_web(folder)]
    found: list[Link] = []
    for link in links:
        target = _address(link)
        if is_web(source) and target:
            target = _joined(source, target)
        if not target or re.fullmatch(r"#(?:top)?|/(?:#.*)?", target):
            continue
        if not is_outside(target) or any(target.startswith(site) for site in sites):
            found.append(link)
    return found


class Links:
    """The links within some documents, and which of them lead nowhere."""

    def __init__(
        self,
        entries: Mapping[str, Entry],
        folders: Mapping[str, str],
        unread: Callable[[str], bool],
    ) -> None:
        """`unread` says whether a source is known, but could not be read."""
        self._entries = entries
        self._folders = folders
        self._unread = unread
        self._by_source = {entry.source: entry for entry in entries.values()}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem = {_stem(source): entry for source, entry in self._by_source.items()}
        self._inside = {folder for source in self._by_source for folder in folders_above(source)}
        self._by_address: dict[str, Entry] = {}
        self._by_slug: dict[str, Entry] = {}
        for entry in entries.values():
            self._by_name[_last(entry.source)].append(entry.source)
            for name, value in entry.metadata.items():
                if _OTHER_ADDRESSES.fullmatch(name):
                    for other in str(value).split(", "):
                        self._by_address.setdefault(_plain(other), entry)
                elif _OTHER_NAME.fullmatch(name):
                    self._by_slug.setdefault(_last(str(value)), entry)

    def dead(self, links: Mapping[str, Sequence[Link]]) -> Iterator[DeadLink]:
        """Those of each document, by its id, that lead nowhere."""
        tops = self._tops(links)
        for id, own in links.items():
            entry = self._entries[id]
            seen: set[str] = set()
            for link in own:
                found = self._checked(entry, link, tops)
                if found is None:
                    continue
                # Links to several places of one missing document are one finding.
                missing = link.target if found.place else link.target.partition("#")[0]
                if missing not in seen:
                    seen.add(missing)
                    yield found

    def leads_to(self, entry: Entry, link: Link) -> str | None:
        """The id of the document that a link leads to."""
        found = self._target(entry, _address(link).partition("#")[0])
        return found.id if found is not None else None

    def _checked(self, entry: Entry, link: Link, tops: Mapping[str, float]) -> DeadLink | None:
        path, _, anchor = _address(link).partition("#")
        target = self._target(entry, path)
        if target is None:
            missing = self._is_missing(entry, path, tops)
            return DeadLink(entry.id, link, False, _MISSING, self._meant(path)) if missing else None
        if not anchor or self._has_place(target, unquote(anchor)):
            return None
        return DeadLink(entry.id, link, True, _MISSING_PLACE, target.source)

    def _target(self, entry: Entry, path: str) -> Entry | None:
        if whole := _on_the_web(entry, path):
            ways = (whole, whole.rstrip("/"), f"{whole}/", whole.partition("?")[0])
            return next((self._by_source[way] for way in ways if way in self._by_source), None)
        path = unquote(path.partition("?")[0])
        if not path:
            return entry
        if (found := self._by_address.get(_plain(path))) is not None:
            return found
        folders = folders_above(entry.source)
        beside = f"{entry.source.partition('.')[0]}/" if not path.startswith("/") else ""
        for start in (entry.source, beside, *(f"{folder}/" for folder in reversed(folders))):
            if start and (found := named(path.lstrip("/"), start, self._by_source.get)):
                return found
            # The page of a site is made of a file with another suffix.
            whole = posixpath.normpath(posixpath.join(posixpath.dirname(start), path.lstrip("/")))
            if start and (found := self._by_stem.get(_stem(whole))):
                return found
        return self._by_slug.get(_last(path)) if path.strip("/") else None

    def _is_missing(self, entry: Entry, path: str, tops: Mapping[str, float]) -> bool:
        """Whether a target that is not in the index is nowhere else, as far as can be told."""
        if whole := _on_the_web(entry, path):
            return not (_NO_PAGE.search(urlsplit(whole).path) or self._unread(whole))
        path = unquote(path.partition("?")[0])
        folder = self._folders.get(entry.folder)
        if folder is None or is_web(folder):
            return False
        above = folders_above(entry.source)
        top = max((name for name in above if name in tops), key=lambda name: tops[name], default="")
        if path.startswith("/") and (not top or tops[top] < LEAST_OF_ROOT):
            return False
        first, _, rest = path.strip("/").partition("/")
        if path.startswith("/") and rest and f"{top}/{first}" not in self._inside:
            return False  # a part of the site that is made of something else
        starts = [posixpath.dirname(entry.source), entry.source.partition(".")[0], *above]
        ways = {posixpath.normpath(posixpath.join(start, path.lstrip("/"))) for start in starts}
        return not any(
            self._unread(way) or is_there(way, entry.folder, self._folders) for way in ways
        )

    def _has_place(self, target: Entry, anchor: str) -> bool:
        wanted = _anchor(anchor)
        slugs = {_anchor(heading.text) for heading in target.headings}
        if not wanted or wanted in slugs or wanted.rstrip("0123456789") in slugs:
            return True
        if is_web(target.source):
            return True  # a page may have places without headings, which its text does not tell
        file = original(target.source, target.folder, self._folders)
        try:
            raw = file.read_bytes() if file else b""
        except OSError:
            return True
        if b"\0" in raw:
            return True  # what is no text may have places that cannot be looked for
        text = raw.decode("utf-8", "replace")
        return any(anchor in place.groups() for place in _PLACE.finditer(text))

    def _tops(self, links: Mapping[str, Sequence[Link]]) -> Mapping[str, float]:
        """How many of the links that begin with “/” lead somewhere from each folder, as a share."""
        led, all_ = Counter[str](), Counter[str]()
        for id, own in links.items():
            entry = self._entries[id]
            above = folders_above(entry.source)
            for link in own:
                path = unquote(_address(link).partition("#")[0].partition("?")[0])
                if is_web(entry.source) or not path.startswith("/"):
                    continue
                all_.update(above)
                led.update(
                    folder
                    for folder in above
                    if named(path.lstrip("/"), f"{folder}/", self._by_source.get) is not None
                )
        return {folder: led[folder] / all_[folder] for folder in all_}

    def _meant(self, path: str) -> str:
        """The only document whose name is that of a missing one."""
        found = self._by_name.get(_last(unquote(path.partition("?")[0])), [])
        return found[0] if len(found) == 1 else ""


def _address(link: Link) -> str:
    """A link's address; what a template puts before one is read as “#”."""
    target = address(link.target)
    return target[1:] if target.startswith("#/") else target


def _anchor(heading: str) -> str:
    """A heading as any site may name it: with an “and” for “&” or not, with dots or not."""
    words = re.findall(r"[^\W_]+", heading.replace("&", " ").casefold())
    return "".join(word for word in words if word != "and")


def _plain(path: str) -> str:
    """An address within a site without what makes no difference."""
    return path.strip().strip("/").removesuffix(".html").lower()


def _joined(source: str, target: str) -> str:
    try:
        return address(urljoin(source, target)).partition("#")[0]
    except ValueError:
        return ""


def _on_the_web(entry: Entry, path: str) -> str:
    """The whole address of a link that leads to a page of the web; "" for one to a file."""
    if is_web(path):
        return path
    if not is_web(entry.source):
        return ""
    return _joined(entry.source, path) if path else entry.source


def _stem(source: str) -> str:
    """A source without its suffixes: “a/b” of “a/b.html.md”."""
    folder, _, name = source.rstrip("/").rpartition("/")
    return f"{folder}/{name.partition('.')[0]}".lower()


def _last(path: str) -> str:
    """The name of a document or of a target, without its suffix."""
    parts = [part for part in path.split("/") if part]
    name = parts[-1].partition(".")[0].lower() if parts else ""
    return parts[-2].lower() if name in ("index", "readme") and len(parts) > 1 else name
