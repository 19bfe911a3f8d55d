"""A question with texts of which at most one answers it, and their batches.

The texts of a group are read in one batch, so that they can be compared with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from qa.reading.span_model import LONGEST_QUESTION
from qa.records import context
from training.json_lines import read_prepared
from training.reader.batches import Integers, Windows

RIGHT, WRONG, PART = 1, 0, -1
"""What a text is to a question: its answer; another's; a part of the answer or more than it,
which ranks below the answer, but of which it cannot be said that it does not answer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text as the reader gets it, with the title and the headings above it."""

    text: str
    label: int


@dataclass(frozen=True, slots=True)
class Group:
    """A question, and texts of which at most one is right."""

    id: str
    source: str
    question: str
    candidates: tuple[Candidate, ...]

    @property
    def answered(self) -> bool:
        """Whether one of the texts answers."""
        return any(candidate.label == RIGHT for candidate in self.candidates)


def below(title: str, headings: Sequence[str], text: str) -> str:
    """A text below its title and headings, as the reader gets a unit."""
    return "\n".join(part for part in (context(title, " > ".join(headings)), text) if part)


def tokenised(groups: Sequence[Group], tokenizer: Tokenizer, max_tokens: int) -> Windows:
    """All texts as windows, [CLS] question [SEP] text [SEP], of limited length.

    The windows of a group have its number as `pair`; `spans` has a token for right texts, and none
    for others; `example` is the position of a text among all.
    """
    cls, sep = (int(tokenizer.token_to_id(mark) or 0) for mark in ("[CLS]", "[SEP]"))
    tokens: list[int] = []
    begins, passage, pair, spans, span_begins = [0], [], [], [], [0]
    for number, group in enumerate(groups):
        asked = tokenizer.encode(group.question, add_special_tokens=False).ids[:LONGEST_QUESTION]
        texts = [candidate.text for candidate in group.candidates]
        read = tokenizer.encode_batch(texts, add_special_tokens=False)
        for candidate, text in zip(group.candidates, read, strict=True):
            lead = [cls, *asked, sep]
            tokens += [*lead, *text.ids[: max_tokens - len(lead) - 1], sep]
            begins.append(len(tokens))
            passage.append(len(lead))
            pair.append(number)
            if candidate.label == RIGHT:
                spans.append((len(lead), len(lead)))
            span_begins.append(len(spans))
    return Windows(
        example=np.arange(len(pair), dtype=np.int32),
        pair=np.array(pair, dtype=np.int32),
        begins=np.array(begins, dtype=np.int64),
        tokens=np.array(tokens, dtype=np.int32),
        offsets=np.zeros((len(tokens), 2), dtype=np.int32),
        passage=np.array(passage, dtype=np.int32),
        spans=np.array(spans, dtype=np.int32).reshape(-1, 2),
        span_begins=np.array(span_begins, dtype=np.int64),
    )


def labels_of(groups: Iterable[Group]) -> Integers:
    """The role of each text, in the order of the windows."""
    return np.array(
        [candidate.label for group in groups for candidate in group.candidates], dtype=np.int32
    )


def listwise_loss(logits: torch.Tensor, labels: torch.Tensor, pair: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the right text among those of its group, averaged over groups that have one.

    All three have shape (texts,); a batch without a right text costs nothing.
    """
    right = labels == RIGHT
    if not right.any():
        return torch.zeros(())
    same = pair[right].unsqueeze(1) == pair
    others = logits.unsqueeze(0).masked_fill(~same, float("-inf"))
    return (torch.logsumexp(others, 1) - logits[right]).mean()


def pointwise_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of "this answers", over the texts for which it is known.

    The right and the wrong ones of a batch count half each, because there are far more wrong ones.
    """
    known = labels != PART
    costs = torch.nn.functional.binary_cross_entropy_with_logits(
        logits[known], (labels[known] == RIGHT).float(), reduction="none"
    )
    right = labels[known] == RIGHT
    parts = [costs[part].mean() for part in (right, ~right) if part.any()]
    return torch.stack(parts).mean() if parts else torch.zeros(())


def read_groups(file: Path) -> list[Group]:
    """Read groups that `write_lines` wrote.

    Raises:
        SystemExit: nothing was prepared there.
    """
    return [
        Group(**{**entry, "candidates": tuple(Candidate(**one) for one in entry["candidates"])})
        for entry in read_prepared(file, "training.ranking")
    ]
