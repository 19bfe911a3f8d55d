"""How often something may be tried: several times at once, then once in a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network

# From as many on, those whose tries are long ago are forgotten.
_MANY = 10_000


class Throttle:
    """Counts tries by whose they are: `at_once` of them, and another one every `seconds`."""

    def __init__(
        self, at_once: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._ahead = (at_once - 1) * seconds
        self._clock = clock
        # When the tries so far would all have been due, had they come one by one.
        self._due: dict[str, float] = {}

    def wait(self, whose: str) -> float:
        """The seconds until the next try; 0 if it may be now."""
        now = self._clock()
        return max(0.0, self._due.get(whose, now) - self._ahead - now)

    def count(self, whose: str, tries: int = 1) -> None:
        """Note a try, or what counts as so many."""
        now = self._clock()
        if len(self._due) >= _MANY:
            self._due = {one: due for one, due in self._due.items() if due > now}
        self._due[whose] = max(self._due.get(whose, now), now) + tries * self._seconds

    def forgive(self, whose: str) -> None:
        """Take a try back: it was right."""
        if whose in self._due:
            self._due[whose] -= self._seconds


def household(address: str) -> str:
    """An address, or the network that one customer has all of, with IPv6."""
    with suppress(ValueError):
        if isinstance(ip_address(address), IPv6Address):
            return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address
