"""Questions that are alike, by their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qa.models import Vectors

# Measured on questions about the same paragraph of an encyclopedia, and the same page of a handbook
# (`tests/benchmarks/insights.py`); average linkage is no better.
ALIKE = 0.55


def groups(vectors: Vectors, alike: float = ALIKE) -> list[list[int]]:
    """The numbers of vectors by group, in the order in which they come; groups in that order, too.

    `vectors` are unit vectors, shape (number, dimension). Each joins the group whose mean it is
    closest to, by the cosine, if that is at least `alike`, or begins a group of its own.
    """
    found: list[list[int]] = []
    sums = np.zeros_like(vectors)
    for number, vector in enumerate(vectors):
        means = sums[: len(found)] / np.linalg.norm(sums[: len(found)], axis=1, keepdims=True)
        cosines = means @ vector
        nearest = int(cosines.argmax()) if found else 0
        if found and cosines[nearest] >= alike:
            found[nearest].append(number)
        else:
            nearest = len(found)
            found.append([number])
        sums[nearest] += vector
    return found


def most_typical(vectors: Vectors, members: Sequence[int]) -> int:
    """The member of a group that is closest to its mean."""
    own = vectors[list(members)]
    return members[int((own @ own.sum(axis=0)).argmax())]
