"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks, and the groups that they are in; without a name, nobody knows who it is."""

    name: str = ""
    groups: tuple[str, ...] = ()
