"""The entailment model: from a passage and a statement to supported, contradicted, or not said.

A cross-encoder of six layers (see `weights/MODEL_CARD.md` and `qa.models.cross_encoder`), trained
on English; it is asked once for each statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from qa.models import CrossEncoder, Kind

PACKAGED = Path(__file__).resolve().parent / "weights"
MODEL_FILE, ABOUT_FILE = "entailment.onnx", "entailment.json"
# Raised whenever the inputs or outputs of the model change.
FORMAT = 1
LONGEST_STATEMENT = 96
"""Tokens; the rest of a longer one is not read."""
_KIND = Kind(
    "entailment model", MODEL_FILE, ABOUT_FILE, FORMAT, "Install footnote-qa again."
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """How likely a passage is to support a statement, to contradict it, or to say neither; 1 in
    all.
    """

    supported: float
    contradicted: float
    not_said: float


class Entailment(CrossEncoder):
    """The model of one folder; opened when first used, safe to share between threads.

    Raises:
        ModelUnavailableError: the folder holds no entailment model, or one that cannot be used.
    """

    def __init__(self, folder: Path = PACKAGED) -> None:
        super().__init__(folder, _KIND)

    def judge(self, passage: str, statement: str) -> Verdict:
        """What a passage says about a statement; the end of a longer passage is not read."""
        said = self.encoded(statement).ids[:LONGEST_STATEMENT]
        read = self.encoded(passage).ids[: self.max_tokens - len(said) - 3]
        (logits,) = self.run(said, read, ("answer",))
        shares = np.exp(logits[0] - logits[0].max())
        supported, contradicted, not_said = (float(share) for share in shares / shares.sum())
        return Verdict(supported, contradicted, not_said)


@cache
def packaged() -> Entailment:
    """The model of the package, the same object for all."""
    return Entailment()
