"""How well scores rank: is the right text first, among the first three, the first five."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.scoring import auroc
from training.ranking.fit import logits_of
from training.ranking.groups import PART, RIGHT, Group
from training.reader.batches import Windows, batches_of, read
from training.reader.model import ReaderModel

Scores = NDArray[np.float32]

_FIRST = (1, 3, 5)


def scores_of(model: ReaderModel, windows: Windows, tokens: int, *, bf16: bool = False) -> Scores:
    """The logit of every text, shape (texts,)."""
    import torch

    logits = np.zeros(len(windows), dtype=np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for chosen in batches_of(windows, tokens, 0):
            logits[chosen] = logits_of(model, read(windows, chosen)).float().numpy()
    return logits


def ranking(groups: Sequence[Group], scores: Scores) -> Mapping[str, float]:
    """Shares of right texts among the first 1, 3 and 5, their mean reciprocal rank, and an AUROC.

    The AUROC is that of the best text's score between answered and other groups. Parts of the right
    text, and texts that contain it, are left out; `whole_first` counts them.
    """
    places: list[int] = []
    strictly: list[int] = []
    best: tuple[list[float], list[float]] = ([], [])
    at = 0
    for group in groups:
        labels = np.array([candidate.label for candidate in group.candidates])
        said = scores[at : at + len(labels)]
        at += len(labels)
        best[group.answered].append(float(said.max()))
        if group.answered:
            right = said[labels == RIGHT].max()
            places.append(1 + int((said[(labels != PART) & (labels != RIGHT)] >= right).sum()))
            strictly.append(1 + int((said[labels != RIGHT] >= right).sum()))
    if not places:
        return {}
    ranks = np.array(places)
    told = {f"first_{n}": float((ranks <= n).mean()) for n in _FIRST}
    told |= {"mrr": float((1 / ranks).mean()), "whole_first": float(np.mean(np.equal(strictly, 1)))}
    if all(best):
        told["auroc"] = auroc(best[True], best[False])
    return {name: round(value, 4) for name, value in told.items()}
