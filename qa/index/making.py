"""What the index is given to store, and how that was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa.index.layout import Entry
from qa.index.parts import Parts
from qa.records import Passage

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PreparedPassage:
    """A passage with its unit vector, and the blocks, units and links that begin in it."""

    passage: Passage
    vector: Vector
    parts: Parts


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, ready to be stored: its record and its passages.

    `passages` is empty where the index already holds them.
    """

    entry: Entry
    passages: tuple[PreparedPassage, ...] = ()


class Making(Protocol):
    """How documents are cut and embedded; an index can only be used with what made it."""

    @property
    def name(self) -> str:
        """The embedder's name in the settings."""
        ...

    @property
    def fingerprint(self) -> str:
        """A value that changes with the vectors."""
        ...

    @property
    def splitter(self) -> str:
        """A value that changes with the way documents are cut."""
        ...
