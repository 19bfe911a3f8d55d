"""A reader that learns to say whether a passage supports a statement, and how well it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from qa.evaluation.scoring import auroc
from training.entailment.pairs import CONTRADICTED, SUPPORTED, UNSUPPORTED, Pair, labels_of
from training.reader.batches import Batch, Integers, Windows, batches_of, read
from training.reader.exported import average
from training.reader.fit import Fit, Recipe
from training.reader.model import ReaderModel, ReaderShape, new_reader

SHAPE = ReaderShape(dropout=0.0, answers=3)
_TOKENS = 4096  # of a batch that is only read
_REFUTED = 0.07  # the share of refuted claims that may pass

Values = NDArray[np.float32]


class EntailmentFit(Fit):
    """A run whose windows are a statement and a passage, each with a label."""

    def __init__(
        self, model: ReaderModel, windows: Windows, labels: Integers, recipe: Recipe
    ) -> None:
        super().__init__(model, windows, recipe)
        self._labels = torch.from_numpy(labels).long()

    def batch(self, chosen: NDArray[np.int64]) -> Batch:
        """The chosen windows as a batch."""
        return read(self.windows, chosen)

    def loss(self, batch: Batch) -> torch.Tensor:
        """What a batch costs."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bf16):
            logits = self.model(batch.ids, batch.mask, batch.types, batch.allowed)[2]
        return label_loss(logits, self._labels[torch.from_numpy(batch.windows)])


def label_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy; of what is unsupported one way or the other, that of both together."""
    said = functional.log_softmax(logits, dim=1)
    either = torch.logsumexp(said[:, SUPPORTED + 1 :], dim=1, keepdim=True)
    return functional.nll_loss(torch.cat([said, either], dim=1), labels)


def new_model(encoder: Path, start: Sequence[Path], seed: int) -> ReaderModel:
    """A model that begins with the weights of readers, or of others of its kind.

    What a reader knows of "is it in here" becomes what is known of "supported".
    """
    model = new_reader(encoder, SHAPE, seed)
    if start:
        weights = average(start)
        of_answer = {name: weights.pop(name) for name in ("answer.weight", "answer.bias")}
        model.load_state_dict(weights, strict=False)
        with torch.no_grad():
            model.answer.weight.zero_()
            model.answer.bias.zero_()
            for name, held in of_answer.items():
                model.get_parameter(name)[: len(held)] = held
    return model


def probabilities(model: ReaderModel, windows: Windows, *, bf16: bool = False) -> Values:
    """What a model says of each window, shape (windows, labels)."""
    said = np.zeros((len(windows), SHAPE.answers), dtype=np.float32)
    model.eval()
    for chosen in batches_of(windows, _TOKENS, 0):
        batch = read(windows, chosen)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = model(batch.ids, batch.mask, batch.types, batch.allowed)[2]
        said[chosen] = torch.softmax(logits, 1).numpy()
    return said


def scores(pairs: Sequence[Pair], said: Values) -> Mapping[str, float]:
    """AUROC of supported against not for each source, and what FEVER's claims come to.

    `fever_accepted`: the share of the supported at a threshold that 7% of the refuted pass.
    """
    supported = said[:, SUPPORTED]
    labels = labels_of(pairs)
    found: dict[str, float] = {}
    for source in sorted({pair.source.split()[0] for pair in pairs}):
        of_source = np.array([pair.source.split()[0] == source for pair in pairs])
        right = supported[of_source & (labels == SUPPORTED)]
        for label, name in ((CONTRADICTED, "contradicted"), (UNSUPPORTED, "unsupported")):
            wrong = supported[of_source & (labels == label)]
            if len(right) and len(wrong):
                found[f"{source}_{name}"] = round(auroc(list(right), list(wrong)), 4)
        if source == "fever":
            wrong = supported[of_source & (labels == CONTRADICTED)]
            least = float(np.quantile(wrong, 1 - _REFUTED))
            found["fever_accepted"] = round(float((right > least).mean()), 4)
            known = of_source & (labels != UNSUPPORTED)
            found["fever_right"] = round(float((said.argmax(1) == labels)[known].mean()), 4)
    return found
