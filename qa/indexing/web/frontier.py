"""The pages of a section that are to be looked at, each once."""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

from qa.indexing.web.addresses import Extent, normal
from qa.indexing.web.robots import Robots

_MOST_FORBIDDEN = 10_000


class Frontier:
    """Addresses that were found and not asked for yet, in the order in which they were found.

    When there are more than `most`, which nobody will ask for, no further ones are noted.
    """

    def __init__(self, extent: Extent, most: int) -> None:
        self._extent = extent
        self._most = most
        self._added = 0
        self._waiting: deque[str] = deque()
        self._seen = {extent.url}
        self.robots = Robots()
        self.forbidden: dict[str, None] = {}
        """Those that robots.txt asks not to read."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, address: str) -> bool:
        """Note an address; whether it is one of the section's, and may be read."""
        url = normal(address)
        if not self._extent.holds(url):
            return False
        if url in self._seen or self._added > self._most:
            return url not in self.forbidden
        if not self.robots.allows(url):
            if len(self.forbidden) < _MOST_FORBIDDEN:
                self.forbidden[url] = None
            return False
        self._seen.add(url)
        self._added += 1
        self._waiting.append(url)
        return True

    def next(self) -> str:
        """The address that has waited longest."""
        return self._waiting.popleft()

    def is_near(self, url: str) -> bool:
        """Whether an address is on the server of the section."""
        return urlsplit(url)[:2] == urlsplit(self._extent.url)[:2]
