"""Hard negatives: questions with retrieved passages that do not answer.

A reader meets them in use. The passages are found as by the assistant, with the same stems and
vectors, fused by rank; those that contain the words of an answer are left out.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from qa.evaluation.scoring import normalised
from qa.models.embedders import Embedder
from qa.text.terms import stems
from training.examples.sources import Example, order

Scores = NDArray[np.float32]

_SATURATION, _LENGTH_SHARE = 1.2, 0.75  # of BM25: k1 and b
_RANK_OFFSET = 20  # of the fusion of ranks
_CANDIDATES = 10
_BATCH = 256


class PassageSearch:
    """BM25, and vectors if there is an embedder, over a few thousand passages in memory."""

    def __init__(self, passages: Mapping[str, str], embedder: Embedder | None) -> None:
        self.ids = list(passages)
        self._texts = list(passages.values())
        self._weights = _weights(self._texts)
        self._embedder = embedder
        self._vectors = None if embedder is None else _encoded(embedder, self._texts, "passages")

    def search(self, questions: Sequence[str]) -> Iterator[list[str]]:
        """For each question, the ids of the best passages, best first."""
        for at in range(0, len(questions), _BATCH):
            batch = questions[at : at + _BATCH]
            near = None
            if self._embedder is not None and self._vectors is not None:
                near = self._embedder.encode(batch) @ self._vectors.T
            for row, question in enumerate(batch):
                fused = _by_rank(self._keyword_scores(question))
                if near is not None:
                    fused += _by_rank(near[row])
                best = np.argsort(-fused, kind="stable")[:_CANDIDATES]
                yield [self.ids[index] for index in best]

    def _keyword_scores(self, question: str) -> Scores:
        scores = np.zeros(len(self.ids), dtype=np.float32)
        for stem in dict.fromkeys(stems(question)):
            if stem in self._weights:
                places, weights = self._weights[stem]
                scores[places] += weights
        return scores


def retrieved(
    examples: Sequence[Example], passages: Mapping[str, str], search: PassageSearch, share: float
) -> list[Example]:
    """For a share of the examples, the same question with a wrong passage from the search.

    With a share above 1, some get several.
    """
    drawn = [(example, random.Random(order(example.id))) for example in examples if example.spans]
    numbers = [int(share) + (generator.random() < share - int(share)) for _, generator in drawn]
    asked = [(*pair, wanted) for pair, wanted in zip(drawn, numbers, strict=True) if wanted]
    found: list[Example] = []
    brought = search.search([example.question for example, _, _ in asked])
    progress = tqdm(zip(asked, brought, strict=True), total=len(asked), desc="negatives")
    for (example, generator, wanted), ids in progress:
        wrong = [id for id in ids if _is_wrong(example, id, passages[id])]
        # The best ones most often, because the reader gets those in use.
        weights = [1 / (rank + 1) for rank in range(len(wrong))]
        chosen = set(generator.choices(wrong, weights, k=wanted)) if wrong else set()
        found.extend(
            replace(
                example, id=f"{example.id}/{id}", passage_id=id, passage=passages[id],
                spans=(), kind="retrieved",
            )
            for id in sorted(chosen)
        )  # fmt: skip
    return found


def _is_wrong(example: Example, id: str, passage: str) -> bool:
    words = f" {normalised(passage)} "
    return id != example.passage_id and not any(
        f" {normalised(answer)} " in words for answer in example.answers
    )


def _weights(texts: Sequence[str]) -> dict[str, tuple[NDArray[np.int64], Scores]]:
    counts = [Counter(stems(text)) for text in texts]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / max(1, len(lengths))
    places: dict[str, list[int]] = defaultdict(list)
    values: dict[str, list[float]] = defaultdict(list)
    for index, count in enumerate(counts):
        long = 1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[index] / max(1.0, mean)
        for stem, number in count.items():
            places[stem].append(index)
            values[stem].append(number * (_SATURATION + 1) / (number + _SATURATION * long))
    weights: dict[str, tuple[NDArray[np.int64], Scores]] = {}
    for stem, held in places.items():
        rarity = math.log(1 + (len(texts) - len(held) + 0.5) / (len(held) + 0.5))
        score = np.array(values[stem], dtype=np.float32) * np.float32(rarity)
        weights[stem] = np.array(held, dtype=np.int64), score
    return weights


def _by_rank(scores: Scores) -> Scores:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    fused: Scores = (1 / (_RANK_OFFSET + ranks)).astype(np.float32)
    return fused


def _encoded(embedder: Embedder, texts: Sequence[str], what: str) -> Scores:
    batches = range(0, len(texts), _BATCH)
    return np.concatenate(
        [embedder.encode(texts[at : at + _BATCH]) for at in tqdm(batches, desc=what)]
    )
