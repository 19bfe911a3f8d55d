"""A part of the web as a place that is mirrored: a site below a path, a sitemap, or a page."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urljoin

from qa.errors import LoadError, SettingsError, TooLargeError, UnsupportedFormatError
from qa.index import Entry
from qa.indexing.mirrored import KEPT, Fetched, Remembered, digest_of
from qa.indexing.web.addresses import Section, may_list, normal, with_path
from qa.indexing.web.fetching import (
    AGENT,
    GONE,
    MOVED,
    SAME,
    Fetching,
    Reply,
)
from qa.indexing.web.frontier import Frontier
from qa.indexing.web.notes import Note, unpacked
from qa.indexing.web.robots import Robots, robots
from qa.loading.html.leads import Leads, asks
from qa.loading.workers.pool import done
from qa.loading.workers.tasks import Following
from qa.places.private_folder import PrivateFolder
from qa.records import Progress, Skipped
from qa.settings import Settings

# So many pages, or what has come in so many seconds, are read before the next ones are fetched.
_BATCH, _BATCH_SECONDS = 50, 20.0
# After so many pages in a row that cannot be reached, the others are not asked for.
_MOST_FAILURES = 5
_MOST_SITEMAPS = 100
_MOST_REDIRECTS = 5
_PAGES = frozenset((".html", ".htm", ".xhtml"))


class Site:
    """The pages of a section, fetched one after another.

    A page that a link or a redirect leads to, within the section, is one of them; of several that
    give one of them as their `canonical` address, only that one is. `remembered` tells what the
    index has of a page.
    """

    def __init__(
        self,
        section: Section,
        settings: Settings,
        remembered: Callable[[str], Remembered],
        progress: Callable[[Progress], None],
    ) -> None:
        self._section, self._extent = section, section.extent
        self._settings = settings
        self._remembered = remembered
        self._progress = progress
        self._folder = PrivateFolder()
        self._fetching = Fetching(settings, self._folder.path)
        self._frontier = Frontier(section.extent, settings.max_web_pages)
        self._ends = time.monotonic() + settings.web_seconds
        self._asked = 0
        self._failures = 0  # in a row
        self._begun: list[Fetched] | None = None
        self._read: set[str] = set()
        self._copies: dict[str, Note] = {}
        self._notes: dict[str, str] = {}
        self.notes: Mapping[str, str] = self._notes
        self.unseen: list[Skipped] = []
        self.passed_over: list[Skipped] = []
        self.complete = False
        self.coming: Collection[str] = ()

    @property
    def names(self) -> list[str]:
        """That of the place."""
        return [self._section.name]

    @property
    def sources(self) -> list[str]:
        """That of the section."""
        return [self._section.source]

    def holds(self, entry: Entry) -> bool:
        """Whether a document is a page of the section."""
        return entry.folder == self._section.name and self._extent.holds(entry.source)

    def close(self) -> None:
        """End the connection, and delete what was fetched."""
        self._fetching.close()
        self._folder.close()

    def begin(self) -> None:
        """Ask for the first page.

        Raises:
            SettingsError: it cannot be reached, or is not to be read.
        """
        try:
            self._begun = self._first()
        except LoadError as error:
            raise SettingsError(str(error)) from error

    def batches(self) -> Iterator[list[Fetched]]:
        """The pages, as far as the limits allow; each batch can be opened until the next one."""
        batch: list[Fetched] = []
        since = time.monotonic()
        try:
            for page in self._pages():
                batch.append(page)
                if len(batch) >= _BATCH or time.monotonic() - since > _BATCH_SECONDS:
                    handed = time.monotonic()
                    yield batch
                    _drop(batch)
                    batch, since = [], time.monotonic()
                    self._ends += since - handed  # what reading takes does not count
        except LoadError as error:
            self.unseen.append(Skipped(self._section.source, f"{error} {KEPT}"))
        if forbidden := self._frontier.forbidden:
            reason = (
                f"{self._section.source} has pages that robots.txt asks not to read "
                f"({len(forbidden):,}, such as {next(iter(forbidden))})."
            )
            self.passed_over.append(Skipped(self._section.source, reason))
        self.complete = True
        yield batch
        _drop(batch)

    # The way through the pages

    def _first(self) -> list[Fetched]:
        """The page of the section's own address, if it is one; sitemaps say what else there is.

        Raises:
            LoadError: robots.txt or the page cannot be reached, or the page is not to be read.
        """
        start = self._extent.url
        self._frontier.robots = self._asked_robots()
        self._fetching.pause = max(self._fetching.pause, self._frontier.robots.delay)
        if not self._frontier.robots.allows(start):
            raise LoadError(f"{start} is not to be read: robots.txt asks for that.")
        reply = self._get(start)
        if reply.status in GONE:
            raise LoadError(
                f"{start} is not there (the server answers {reply.status}). If it is gone for "
                f"good, run: qa forget {self._section.name}"
            )
        if reply.status in MOVED and not self._extent.holds(target := _target(start, reply)):
            raise LoadError(
                f"{start} leads to {target or 'no address'}, which is not within it. "
                "Sync that address itself."
            )
        if self._extent.may_list and reply.file is not None:
            listing = self._leads(start, reply)
            if listing.sitemap:
                self._look_up(listing.links)
                return []
        elif self._extent.is_site:
            self._look_up(self._frontier.robots.sitemaps, sitemaps=True)
        page = self._found(start, reply)
        return [] if page is None else [page]

    def _asked_robots(self) -> Robots:
        url = with_path(self._extent.url, "/robots.txt")
        for _ in range(_MOST_REDIRECTS):
            reply = self._fetching.get(url, suffix=".txt")
            if reply.file is not None:
                return robots(reply.file.read_bytes(), AGENT)
            url = _target(url, reply)
            if not self._frontier.is_near(url):  # another server speaks for its own pages
                break
        return Robots()

    def _look_up(self, listed: Iterable[str], *, sitemaps: bool = False) -> None:
        """Note what sitemaps list, and what those list that they list."""
        waiting = deque((address, sitemaps) for address in listed)
        known: set[str] = set()
        while waiting:
            address, is_sitemap = waiting.popleft()
            url = normal(address)
            if not (is_sitemap or may_list(url)):
                self._frontier.add(url)
            elif url not in known and self._frontier.is_near(url) and len(known) < _MOST_SITEMAPS:
                known.add(url)
                try:
                    reply = self._fetching.get(url, suffix=".xml")
                except LoadError as error:  # what it lists is not known, so nothing is gone
                    self.unseen.append(Skipped(self._section.source, f"{error} {KEPT}"))
                    continue
                if reply.file is not None:
                    waiting.extend((link, False) for link in self._leads(url, reply).links)

    def _pages(self) -> Iterator[Fetched]:
        yield from self._first() if self._begun is None else self._begun
        while self._frontier:
            self._check_limits()
            url = self._frontier.next()
            self._tell(url)
            try:
                page = self._found(url, self._get(url))
            except (TooLargeError, UnsupportedFormatError) as error:
                self._failures = 0
                self.passed_over.append(Skipped(url, str(error)))
            except LoadError as error:
                self._keep(url, error)
                if self._fetching.overloaded or self._failures >= _MOST_FAILURES:
                    reason = f"{self._section.source} is not asked for more pages: {error}"
                    raise LoadError(reason) from error
            else:
                if page is not None:
                    yield page
        for url, note in self._copies.items():
            if page := self._copy(url, note):
                yield page

    def _check_limits(self) -> None:
        source, settings = self._section.source, self._settings
        if self._asked >= settings.max_web_pages:
            raise LoadError(
                f"{source} has more than {settings.max_web_pages:,} pages (max_web_pages). "
                "Sync a path below it, or raise that setting."
            )
        if time.monotonic() > self._ends:
            raise LoadError(
                f"{source} takes longer than {settings.web_seconds:g} seconds (web_seconds). "
                "Sync a path below it, or raise that setting."
            )

    def _tell(self, url: str) -> None:
        total = self._asked + 1 + len(self._frontier)
        self._progress(Progress("fetching", self._asked, total, url))

    def _keep(self, url: str, error: LoadError) -> None:
        """Leave a page that cannot be reached as it is; its links lead where they did before."""
        self.unseen.append(Skipped(url, str(error)))
        note = self._remembered(url).note
        self._notes[url] = note
        self._follow(unpacked(note))

    # One page

    def _get(self, url: str) -> Reply:
        self._asked += 1
        known = self._remembered(url)
        note = unpacked(known.note)
        self._failures += 1
        reply = self._fetching.get(url, note.conditions if note and known.enough else {})
        self._failures = 0
        return reply

    def _found(self, url: str, reply: Reply) -> Fetched | None:
        """The page that a reply holds; None if it is none to be read."""
        if reply.status in GONE:
            return None
        if reply.status in MOVED:
            target = _target(url, reply)
            if not self._frontier.add(target):
                reason = f"{url} leads to {target or 'no address'}, which is not synced with it."
                self.passed_over.append(Skipped(url, reason))
            return None
        page, note = self._page(url, reply)
        self._follow(note)
        if not note.indexed:
            self._pass_over(page, f"{url} asks not to be indexed (noindex).")
            return None
        if note.canonical not in ("", url) and self._frontier.add(note.canonical):
            self._copies[url] = note
            _drop([page])
            return None
        self._read.add(url)
        return page if page.digest else self._anew(url)

    def _anew(self, url: str) -> Fetched:
        """A page that was not read when it was fetched before, and is to be read now."""
        self._asked += 1
        return self._page(url, self._fetching.get(url))[0]

    def _page(self, url: str, reply: Reply) -> tuple[Fetched, Note]:
        known = self._remembered(url)
        if reply.status == SAME and (note := unpacked(known.note)) is not None:
            return Fetched(url, self._section.name, known.digest, known.note), note
        if reply.file is None or reply.sum is None:
            raise LoadError(f"{url} cannot be reached: the server answers {reply.status}.")
        note = self._noted(url, reply)
        digest = digest_of(reply.sum)
        named = Fetched(url, self._section.name, digest, note.packed())
        return replace(named, file=reply.file, suffix=reply.suffix, size=reply.size), note

    def _noted(self, url: str, reply: Reply) -> Note:
        found = self._leads(url, reply) if reply.suffix in _PAGES else Leads()
        asked = asks(reply.headers.get("x-robots-tag", ""))
        links = map(normal, found.links if found.followed and "nofollow" not in asked else ())
        return Note(
            reply.headers.get("etag", ""),
            reply.headers.get("last-modified", ""),
            tuple(dict.fromkeys(filter(self._frontier.is_near, links))),
            normal(found.canonical),
            found.indexed and "noindex" not in asked,
        )

    def _leads(self, url: str, reply: Reply) -> Leads:
        """Where it leads; a file that cannot be read leads nowhere."""
        assert reply.file is not None
        try:
            return done(reply.file, url, Following(url), self._settings.limits)
        except LoadError:
            return Leads()

    def _follow(self, note: Note | None) -> None:
        if self._extent.is_site and note is not None:
            for link in note.links:
                self._frontier.add(link)

    def _copy(self, url: str, note: Note) -> Fetched | None:
        """The page that named another one as the one to read, if that cannot be read."""
        if note.canonical in self._read:
            self._pass_over(
                Fetched(url, self._section.name, "", note.packed()),
                f"{url} is another address of a page that is read (its canonical address).",
            )
            return None
        return self._anew(url)

    def _pass_over(self, page: Fetched, reason: str) -> None:
        self.passed_over.append(Skipped(page.source, reason))
        self._notes[page.source] = page.note
        _drop([page])


def _drop(batch: Iterable[Fetched]) -> None:
    for page in batch:
        if page.file is not None:
            page.file.unlink(missing_ok=True)


def _target(url: str, reply: Reply) -> str:
    """Where a redirect leads; "" for nowhere."""
    try:
        return normal(urljoin(url, reply.headers.get("location", "")))
    except ValueError:
        return ""
