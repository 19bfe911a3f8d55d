"""Who asks, and what they may read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from qa.errors import ArgumentError

EVERYONE = "*"
"""In place of a group: everybody may read it."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks, and the groups that they are in; without a name, nobody knows who it is.

    An `owner` may read everything.

    Raises:
        ArgumentError: the name is no string, or the groups are no list of strings.
    """

    name: str = ""
    groups: Collection[str] = ()
    owner: bool = False

    def __post_init__(self) -> None:
        groups: object = self.groups
        named = isinstance(self.name, str)
        several = isinstance(groups, list | tuple | set | frozenset)
        if not named or not several or not all(isinstance(one, str) for one in self.groups):
            raise ArgumentError(
                'A viewer is a name and a list of groups, as qa.Viewer("ada", groups=["people"]), '
                f"not {self.name!r} and {groups!r}."
            )
        object.__setattr__(self, "groups", tuple(dict.fromkeys(self.groups)))

    def may_read(self, groups: Collection[str]) -> bool:
        """Whether they may read what these groups may read."""
        return self.owner or EVERYONE in groups or not set(groups).isdisjoint(self.groups)


OWNER = Viewer(owner=True)
"""Whoever owns the index: nothing is hidden from them."""
