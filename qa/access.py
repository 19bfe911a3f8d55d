"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks, and their groups; without a name, it is not known who it is."""

    name: str = ""
    groups: tuple[str, ...] = ()
