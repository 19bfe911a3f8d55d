"""What the entailment model is trained on: a passage, a statement, and what the one says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from qa.checking.entailment import LONGEST_STATEMENT
from training.json_lines import read_prepared
from training.reader.batches import Integers, Windows

SUPPORTED, CONTRADICTED, NOT_SAID, UNSUPPORTED = range(4)
"""What a passage says of a statement; the last where it is one of the two before, either."""
LABELS = ("supported", "contradicted", "not said", "unsupported")


@dataclass(frozen=True, slots=True)
class Pair:
    """A passage and a statement."""

    id: str
    source: str
    passage: str
    statement: str
    label: int


def tokenised(pairs: Iterable[Pair], tokenizer: Tokenizer, max_tokens: int) -> Windows:
    """The pairs as windows, [CLS] statement [SEP] passage [SEP], cut at so many tokens.

    `example` is the place of a pair among all; no window has spans or belongs to others.
    """
    cls, sep = (int(tokenizer.token_to_id(mark) or 0) for mark in ("[CLS]", "[SEP]"))
    tokens: list[int] = []
    begins, passage = [0], []
    for pair in pairs:
        said = tokenizer.encode(pair.statement, add_special_tokens=False).ids[:LONGEST_STATEMENT]
        text = tokenizer.encode(pair.passage, add_special_tokens=False).ids
        lead = [cls, *said, sep]
        tokens += [*lead, *text[: max_tokens - len(lead) - 1], sep]
        begins.append(len(tokens))
        passage.append(len(lead))
    return Windows(
        example=np.arange(len(passage), dtype=np.int32),
        pair=np.full(len(passage), -1, dtype=np.int32),
        begins=np.array(begins, dtype=np.int64),
        tokens=np.array(tokens, dtype=np.int32),
        offsets=np.zeros((len(tokens), 2), dtype=np.int32),
        passage=np.array(passage, dtype=np.int32),
        spans=np.zeros((0, 2), dtype=np.int32),
        span_begins=np.zeros(len(passage) + 1, dtype=np.int64),
    )


def labels_of(pairs: Iterable[Pair]) -> Integers:
    """What each passage says of its statement, in the order of the windows."""
    return np.array([pair.label for pair in pairs], dtype=np.int32)


def counted(pairs: Iterable[Pair]) -> dict[str, int]:
    """How many there are, by source and label."""
    names = Counter(f"{pair.source}, {LABELS[pair.label]}" for pair in pairs)
    return dict(sorted(names.items()))


def read_pairs(file: Path) -> list[Pair]:
    """Read pairs that `write_lines` wrote.

    Raises:
        SystemExit: nothing was prepared there.
    """
    return [Pair(**entry) for entry in read_prepared(file, "training.entailment")]
