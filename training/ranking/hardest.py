"""What a reader takes for the answer most, though it is not: the hardest texts to learn from.

Neighbours and results of a search are mostly told from an answer with ease. Those that the reader
of before puts above it are what is left to learn (Xiong et al., "Approximate Nearest Neighbor
Negative Contrastive Learning", 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from qa.reading.span_model import SpanModel
from training.ranking.groups import WRONG
from training.ranking.pages import Asked, Pages, PageUnit, others_in_reach

_READ, _LONGEST = 14, 90  # texts of a question, and the words of one: reading takes long
_KEPT = 8


def hardest(
    pages: Pages, asked: Sequence[Asked], reader: Path
) -> Iterator[tuple[str, list[PageUnit]]]:
    """The texts that do not answer each question, by its id, likeliest first in a reader's view."""
    model = SpanModel(reader)
    brought = zip(asked, pages.brought(asked), strict=True)
    for one, found in tqdm(brought, total=len(asked), desc="hardest"):
        reach = others_in_reach(pages, one, found)
        wrong = [unit for unit, label in reach if label == WRONG and unit.words <= _LONGEST]
        units = wrong[:_READ]
        read = model.read(one.question, [model.encoded(unit.under(0)) for unit in units])
        order = sorted(range(len(units)), key=lambda place: -read[place].answer)
        yield one.id, [units[place] for place in order[:_KEPT]]
