"""The trained reader's model: from a question and texts to logits of where an answer starts and
ends.

A cross-encoder of six layers (see `weights/MODEL_CARD.md` and `qa.models.cross_encoder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qa.models import Array, CrossEncoder, Kind, Tokens

PACKAGED = Path(__file__).resolve().parent / "weights"
MODEL_FILE, ABOUT_FILE = "reader.onnx", "reader.json"
# Raised whenever the inputs or outputs of the model change.
FORMAT = 1
_KIND = Kind(
    "reader", MODEL_FILE, ABOUT_FILE, FORMAT,
    "Install footnote-qa again, or name another folder with the setting reader.",
)  # fmt: skip

LONGEST_QUESTION = 64  # tokens; the rest of a longer one is not read
LONGEST_ANSWER = 30  # tokens


@dataclass(frozen=True, slots=True)
class Logits:
    """What the model says about some tokens: logits of start and end, of neither, and of an answer.

    `start` and `end` have shape (tokens,). `nothing` is the logit of a span that stands for “not in
    here”; `answer` is that of the model's second opinion, whether there is an answer at all.
    """

    tokens: Tokens
    start: Array
    end: Array
    nothing: float
    answer: float

    def best(self, begin: int, stop: int) -> tuple[int, int, float] | None:
        """The best span between two characters: its characters, and its logit above `nothing`.

        None if there is no token between them.
        """
        offsets = self.tokens.offsets
        inside = np.flatnonzero((offsets[:, 0] >= begin) & (offsets[:, 1] <= stop))
        if not len(inside):
            return None
        sums = self.start[inside, None] + self.end[None, inside]
        backwards = np.tri(len(inside), k=-1, dtype=bool)
        too_long = ~np.tri(len(inside), k=LONGEST_ANSWER - 1, dtype=bool)
        sums = np.where(backwards | too_long, -np.inf, sums)
        first, last = np.unravel_index(int(sums.argmax()), sums.shape)
        start, end = offsets[inside[first], 0], offsets[inside[last], 1]
        return int(start), int(end), float(sums[first, last]) - self.nothing


class SpanModel(CrossEncoder):
    """The model of one folder; opened when first used, safe to share between threads.

    Raises:
        ModelUnavailableError: the folder holds no reader, or one that cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _KIND)

    def read(self, question: str, texts: Sequence[Tokens]) -> list[Logits]:
        """What the model says about each text as an answer to the question."""
        asked = self.encoded(question).ids[:LONGEST_QUESTION]  # asked once, so it is not kept
        found = self.run_each(asked, [text.ids for text in texts], ("start", "end", "answer"))
        lead = len(asked) + 2
        return [
            Logits(
                text,
                start[0, lead : lead + len(text.ids)],
                end[0, lead : lead + len(text.ids)],
                float(start[0, 0] + end[0, 0]),
                float(answer[0]),
            )
            for text, (start, end, answer) in zip(texts, found, strict=True)
        ]
