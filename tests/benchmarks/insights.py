"""Which likeness groups questions best: by threshold, and against average linkage, in one run.

python -m tests.benchmarks.insights FOLDER   (with `squad1-dev` and `handbook` in it)

A group is right if its questions are about the same page of the handbook, or the same paragraph.
Precision and recall are B-cubed: of the questions in one's group, the share that belongs there, and
of those that belong there, the share that is in it; the mean over all questions.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from qa.insights.likeness import groups
from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER

_THRESHOLDS = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
_PARAGRAPHS, _EACH = 80, 5

Labelled = list[tuple[str, str]]


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    embedder = open_embedder(PACKAGED_EMBEDDER)
    for name, labelled in (("paragraphs", paragraphs(folder)), ("handbook", handbook(folder))):
        random.Random(0).shuffle(labelled)
        vectors = np.asarray(embedder.encode([question for question, _ in labelled]))
        right = [label for _, label in labelled]
        tree = linkage(squareform(np.clip(1 - vectors @ vectors.T, 0, 2), checks=False), "average")
        table = Table(title=f"{name}: {len(labelled)} questions, {len(set(right))} groups")
        for column in ("likeness", "groups", "average linkage", "ours"):
            table.add_column(column)
        for alike in _THRESHOLDS:
            found = groups(vectors, alike)
            ours = np.zeros(len(labelled), int)
            for number, members in enumerate(found):
                ours[members] = number
            linked = fcluster(tree, 1 - alike, "distance")
            cells = (shown(linked, right), shown(ours, right))
            table.add_row(f"{alike}", f"{len(found)}", *cells)
        Console().print(table)


def paragraphs(folder: Path) -> Labelled:
    """Questions of SQuAD, up to five on each of some paragraphs."""
    asked = defaultdict(list)
    for row in _rows(folder / "squad1-dev" / "queries.jsonl"):
        asked[row["doc_ids"][0]].append(row["question"])
    chosen = random.Random(1).sample(sorted(asked), _PARAGRAPHS)
    return [(question, name) for name in chosen for question in asked[name][:_EACH]]


def handbook(folder: Path) -> Labelled:
    """The questions on a handbook by the pages that answer them."""
    rows = _rows(folder / "handbook" / "questions.jsonl")
    return [(row["question"], str(row["sources"] or row["id"])) for row in rows]


def shown(found: NDArray[np.int_], right: Sequence[str]) -> str:
    """B-cubed precision and recall, and their harmonic mean."""
    labels = {label: number for number, label in enumerate(dict.fromkeys(right))}
    ours, theirs = found, np.asarray([labels[label] for label in right])
    together, belong = ours[:, None] == ours, theirs[:, None] == theirs
    both = (together & belong).sum(1)
    precision, recall = (both / together.sum(1)).mean(), (both / belong.sum(1)).mean()
    return f"{precision:.2f} {recall:.2f} {2 * precision * recall / (precision + recall):.3f}"


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
