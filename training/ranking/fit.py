"""One model that alternately learns to rank and to read.

As a ranker it learns which of some texts answers a question, and whether one does at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.ranking.groups import RIGHT, listwise_loss, pointwise_loss
from training.reader.batches import Batch, Integers, Windows, batches_of, read
from training.reader.fit import Fit, Recipe
from training.reader.model import ReaderModel

# Texts of a group differ much in length. Reading this many at a time, sorted by length, halves the
# padding.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Ranked:
    """Groups of texts as windows, with the role of each text, and the tokens of a batch.

    One step in `every` is a reader's.
    """

    windows: Windows
    labels: Integers
    tokens: int
    every: int = 2


class JointFit(Fit):
    """A run whose steps are a ranker's, on groups of texts, but for one in so many, a reader's."""

    def __init__(
        self, model: ReaderModel, passages: Windows, ranked: Ranked, recipe: Recipe
    ) -> None:
        super().__init__(model, passages, recipe)
        self.ranked = ranked
        self._labels = torch.from_numpy(ranked.labels)

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """Batches of groups and of passages by turns, epoch after epoch of each."""
        done, seed = self.step // self.ranked.every, self.recipe.seed
        ranks = _without_end(self.ranked.windows, self.ranked.tokens, seed, self.step - done)
        reads = _without_end(self.windows, self.recipe.tokens, seed, done)
        while self.step < self.steps:
            yield next(ranks if self._ranks else reads)

    def batch(self, chosen: NDArray[np.int64]) -> Batch:
        """The chosen windows of what this step learns from."""
        return read(self.ranked.windows, chosen) if self._ranks else super().batch(chosen)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch, for a ranker or a reader."""
        if not self._ranks:
            return super().loss(batch)
        loss = ranking_loss(self.model, batch, self._labels, self.recipe)
        if self.before is None:
            return loss
        right = batch.rows(self._labels[torch.from_numpy(batch.windows)] == RIGHT)
        if not len(right.windows):
            return loss
        # What a ranker learns from is nearest to what the reader is given in use.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bf16):
            start, end, _ = self.model(right.ids, right.mask, right.types, right.allowed)
        return loss + self.recipe.keep_weight * self.drift(self.before, right, (start, end))

    @property
    def _ranks(self) -> bool:
        return (self.step + 1) % self.ranked.every != 0


def _without_end(
    windows: Windows, tokens: int, seed: int, done: int
) -> Iterator[NDArray[np.int64]]:
    """The batches after those that are done, epoch after epoch, each in its own order."""
    while True:
        batches = batches_of(windows, tokens, seed)
        yield from batches[done:]
        done = max(0, done - len(batches))
        seed += 1


def ranking_loss(
    model: ReaderModel, batch: Batch, labels: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    """The loss if the right text is not above the others of its group, or a text is misjudged."""
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
        logits = logits_of(model, batch)
    known = labels[torch.from_numpy(batch.windows)]
    apart = listwise_loss(logits, known, batch.pair)
    return apart + recipe.answer_weight * pointwise_loss(logits, known)


def logits_of(model: ReaderModel, batch: Batch) -> torch.Tensor:
    """The logit of each text of a batch, shape (texts,)."""
    lengths = batch.mask.sum(1)
    order = torch.argsort(lengths, stable=True)
    read = []
    for rows in torch.split(order, _AT_ONCE):
        long = int(lengths[rows].max())
        parts = (batch.ids, batch.mask, batch.types, batch.allowed)
        read.append(model(*(part[rows, :long] for part in parts))[2])
    return torch.cat(read)[torch.argsort(order)]
