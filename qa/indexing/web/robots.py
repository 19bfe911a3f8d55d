"""What a server's robots.txt asks of us, by RFC 9309.

Python's own parser knows no wildcards, and takes the first rule that fits instead of the longest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

LARGEST = 500_000
"""Bytes; what follows is ignored."""

_MOST_RULES = 5000


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one robot: (allowed, pattern); the longest pattern that fits decides.

    `delay` is in seconds; `sitemaps` are addresses.
    """

    rules: Sequence[tuple[bool, str]] = ()
    delay: float = 0.0
    sitemaps: Sequence[str] = ()

    def allows(self, url: str) -> bool:
        """Whether a page may be read."""
        parts = urlsplit(url)
        path = unquote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        fitting = [(len(one), allowed) for allowed, one in self.rules if _fits(one, path)]
        return max(fitting, default=(0, True))[1]


@dataclass(slots=True)
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[bool, str]] = field(default_factory=list)
    delay: float = 0.0
    begun: bool = False
    """Whether a line other than `User-agent` came."""


def robots(data: bytes, agent: str) -> Robots:
    """What a robots.txt says to a robot; where it does not name it, what it says to all."""
    groups, sitemaps = [_Group()], []
    for name, value in _lines(data[:LARGEST].decode("utf-8", "replace")):
        group = groups[-1]
        if name == "sitemap":
            sitemaps.append(value)
        elif name == "user-agent":
            if group.begun:
                groups.append(group := _Group())
            group.agents.add(value.partition("/")[0].strip().lower())
        else:
            group.begun = True
            if name in ("allow", "disallow") and value:
                group.rules.append((name == "allow", unquote(value)))
            elif name == "crawl-delay":
                group.delay = _seconds(value)
    own = [group for group in groups if agent.lower() in group.agents]
    chosen = own or [group for group in groups if "*" in group.agents]
    return Robots(
        [rule for group in chosen for rule in group.rules][:_MOST_RULES],
        max((group.delay for group in chosen), default=0.0),
        sitemaps,
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins with a pattern, in which `*` is anything and `$` is its end."""
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    ends = pattern.endswith("$")
    if not others:
        return not ends or path == first
    at = len(first)
    for piece in others[:-1] if ends else others:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ends or (path.endswith(others[-1]) and len(path) - len(others[-1]) >= at)
