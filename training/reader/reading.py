"""Windows -> what a reader says of them: the best span of each, and whether it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from qa.evaluation.scoring import auroc
from qa.reading.span_model import LONGEST_ANSWER
from training.examples import Example
from training.reader.batches import Batch, Windows, batches_of, read
from training.reader.model import ReaderModel
from training.reader.scores import Prediction, Scores, score

Logits = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
Reads = Callable[[Batch], Logits]

_TOKENS = 8192  # of a batch


def with_torch(model: ReaderModel, bf16: bool = False) -> Reads:
    """How a torch model reads a batch."""

    def reads(batch: Batch) -> Logits:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            start, end, answer = model(batch.ids, batch.mask, batch.types, batch.allowed)
        return start.numpy(), end.numpy(), answer.numpy()

    return reads


def best_span(start: NDArray[np.float32], end: NDArray[np.float32]) -> tuple[int, int, float]:
    """First and last token of the best span of a window, and its logit above that of none."""
    sums = start[1:, None] + end[None, 1:]
    sums = np.where(np.tri(len(sums), k=-1, dtype=bool), -np.inf, sums)
    sums = np.where(np.tri(len(sums), k=LONGEST_ANSWER - 1, dtype=bool), sums, -np.inf)
    first, last = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(first) + 1, int(last) + 1, float(sums[first, last] - start[0] - end[0])


def predict(
    examples: Sequence[Example], windows: Windows, reads: Reads, *, quiet: bool = False,
    alone: bool = False,
) -> list[Prediction]:  # fmt: skip
    """The best span over all windows of each example, and how likely it answers.

    `alone`: each window by itself, as in use; computed in 8 bits, what is said of one depends on
    those that it is read with.
    Two heads say whether there is an answer: one looks for it, the other compares the best
    span with none. They err in different places, so that their mean is better than either.
    """
    best: dict[int, tuple[float, float, str]] = {}
    for chosen in tqdm(
        batches_of(windows, 1 if alone else _TOKENS, 0), desc="reading", disable=quiet
    ):
        batch = read(windows, chosen)
        starts, ends, answers = reads(batch)
        for row, window in enumerate(map(int, chosen)):
            length = int(windows.lengths[window])
            first, last, above = best_span(starts[row, :length], ends[row, :length])
            sure = (float(answers[row]) + above / 2) / 2
            example = int(windows.example[window])
            if example not in best or sure > best[example][0]:
                begin, stop = windows.characters(window, first, last)
                best[example] = (sure, above, examples[example].passage[begin:stop])
    return [
        Prediction(best[index][2], float(1 / (1 + np.exp(-np.clip(best[index][0], -50, 50)))))
        for index in range(len(examples))
    ]


def held_back_scores(
    examples: Sequence[Example], predictions: Sequence[Prediction]
) -> tuple[Scores, float]:
    """SQuAD 2's scores on the examples as given, and the AUROC against retrieved passages."""
    pairs = list(zip(examples, predictions, strict=True))
    given = [(example, said) for example, said in pairs if example.kind == "given"]
    scores = score([said for _, said in given], [example.answers for example, _ in given])
    wrong = [said.answerable for example, said in pairs if example.kind == "retrieved"]
    right = [said.answerable for example, said in given if example.spans]
    return scores, auroc(right, wrong)


def subset(
    windows: Windows, examples: Sequence[Example], most: int
) -> tuple[list[Example], Windows]:
    """Evenly spaced examples with their windows, up to a limit: to score in passing."""
    step = max(1, -(-len(examples) // most))
    chosen = list(range(0, len(examples), step))
    place = {example: at for at, example in enumerate(chosen)}
    kept = [window for window in range(len(windows)) if int(windows.example[window]) in place]
    return [examples[index] for index in chosen], windows.only(kept, place)
