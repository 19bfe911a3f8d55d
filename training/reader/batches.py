"""Examples -> windows of tokens -> batches of windows of similar length, with pairs together.

A window is [CLS] question [SEP] passage [SEP]; a long passage gives several overlapping ones. Spans
that begin or end within a token are left out, so that tokens express all spans exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm  # type: ignore[import-untyped]

from qa.reading.span_model import LONGEST_QUESTION
from qa.text.sentences import Range
from training.examples import Example

Integers = NDArray[np.int32]

_AT_ONCE = 512
# The windows of this many batches are sorted by length together: more need less padding, but mix
# less.
_SORTED_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows, flat: the tokens of all, one after the other, and where each begins.

    `offsets` are the characters of the passage that a token covers; `passage` is the first
    token of the passage within its window, up to the last [SEP]; `spans` are the first and
    last token, within the window, of each answer that it holds whole; `pair` is the number of
    the pair of examples that it is of, -1 if none.
    """

    example: Integers
    pair: Integers
    begins: NDArray[np.int64]
    tokens: Integers
    offsets: Integers
    passage: Integers
    spans: Integers
    span_begins: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.example)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of tokens of each window."""
        return np.diff(self.begins)

    def spans_of(self, window: int) -> list[Range]:
        """The answers in a window, first and last token of each."""
        held = self.spans[self.span_begins[window] : self.span_begins[window + 1]]
        return [(int(first), int(last)) for first, last in held]

    def characters(self, window: int, first: int, last: int) -> Range:
        """The characters of the passage from a token to another."""
        begin = self.begins[window]
        return int(self.offsets[begin + first, 0]), int(self.offsets[begin + last, 1])

    def only(self, kept: Sequence[int], example: Mapping[int, int]) -> Windows:
        """A selection of the windows; `example` gives the new positions of their examples."""

        def parts(values: Integers, begins: NDArray[np.int64]) -> Integers:
            return np.concatenate([values[begins[at] : begins[at + 1]] for at in kept])

        def new_begins(begins: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.cumsum([0, *np.diff(begins)[list(kept)]], dtype=np.int64)

        return Windows(
            example=np.array([example[int(self.example[at])] for at in kept], dtype=np.int32),
            pair=self.pair[list(kept)],
            begins=new_begins(self.begins),
            tokens=parts(self.tokens, self.begins),
            offsets=parts(self.offsets, self.begins),
            passage=self.passage[list(kept)],
            spans=parts(self.spans, self.span_begins),
            span_begins=new_begins(self.span_begins),
        )

    def save(self, file: Path) -> None:
        """Write them into one file."""
        np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, file: Path) -> Windows:
        """Read what `save` wrote."""
        with np.load(file) as kept:
            return cls(**{field.name: kept[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows as tensors, padded; the targets are distributions over the allowed tokens."""

    windows: NDArray[np.int64]
    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor
    allowed: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    answered: torch.Tensor
    pair: torch.Tensor

    def rows(self, chosen: torch.Tensor) -> Batch:
        """Some of its windows, those where `chosen`, of shape (windows,), is true."""
        tensors = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if field.name != "windows"
        }
        return Batch(self.windows[chosen.numpy()], **tensors)


def tokenised(
    examples: Sequence[Example], tokenizer: Tokenizer, max_tokens: int, stride: int
) -> tuple[list[Example], Windows]:
    """The examples whose answers can be expressed in tokens, and their windows."""
    tokenizer.no_padding()
    kept: list[Example] = []
    owner: list[int] = []
    encodings: list[Encoding] = []
    spans: list[list[Range]] = []
    for at in tqdm(range(0, len(examples), _AT_ONCE), desc="tokens"):
        batch = examples[at : at + _AT_ONCE]
        tokenizer.no_truncation()
        asked = [_cut(e.question, tokenizer.encode(e.question)) for e in batch]
        tokenizer.enable_truncation(max_tokens, stride=stride, strategy="only_second")
        pairs = list(zip(asked, (example.passage for example in batch), strict=True))
        for example, whole in zip(batch, tokenizer.encode_batch(pairs), strict=True):
            windows = [whole, *whole.overflowing]
            found = [_token_spans(window, example.spans) for window in windows]
            said = {range for window in found for _, range in window}
            if example.spans and not said:
                continue
            encodings.extend(windows)
            spans.extend([tokens for tokens, _ in window] for window in found)
            owner.extend([len(kept)] * len(windows))
            kept.append(replace(example, spans=tuple(s for s in example.spans if s in said)))
    return kept, _flat(owner, _pairs([kept[example].pair for example in owner]), encodings, spans)


def read(
    windows: Windows, chosen: NDArray[np.int64], smoothing: float = 0.0, pad: int = 0
) -> Batch:
    """The chosen windows as one batch; `smoothing` goes to the spans that overlap an answer."""
    longest = int(windows.lengths[chosen].max())
    shape = (len(chosen), longest)
    ids = np.full(shape, pad, dtype=np.int64)
    mask, types, allowed = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    start, end = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    answered = np.zeros(len(chosen), dtype=np.float32)
    for row, window in enumerate(chosen):
        begin, stop = windows.begins[window], windows.begins[window + 1]
        length, first = int(stop - begin), int(windows.passage[window])
        ids[row, :length] = windows.tokens[begin:stop]
        mask[row, :length] = 1
        types[row, first:length] = 1
        allowed[row, first : length - 1] = 1
        allowed[row, 0] = 1  # [CLS] means "not in this window"
        spans = windows.spans_of(int(window))
        answered[row] = bool(spans)
        for span in spans:
            starts, ends = _targets(span, first, length - 1, smoothing)
            start[row, first : length - 1] += starts / len(spans)
            end[row, first : length - 1] += ends / len(spans)
        if not spans:
            start[row, 0] = end[row, 0] = 1.0
    return Batch(
        chosen, torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(types),
        torch.from_numpy(allowed).bool(), torch.from_numpy(start), torch.from_numpy(end),
        torch.from_numpy(answered), torch.from_numpy(windows.pair[chosen]),
    )  # fmt: skip


def batches_of(windows: Windows, tokens: int, seed: int) -> list[NDArray[np.int64]]:
    """All windows in batches of at most `tokens` tokens, padding included, shuffled by a seed.

    The windows of a pair are in one batch, even if they exceed its size.
    """
    generator = np.random.default_rng(seed)
    units = _units(windows.pair)
    longest = np.array([windows.lengths[unit].max() for unit in units])
    shuffled = generator.permutation(len(units))
    together = max(1, int(_SORTED_TOGETHER * tokens * len(units) / max(1, len(windows.tokens))))
    batches: list[NDArray[np.int64]] = []
    for at in range(0, len(shuffled), together):
        chunk = shuffled[at : at + together]
        chunk = chunk[np.argsort(longest[chunk], kind="stable")]
        batches.extend(_filled([units[unit] for unit in chunk], longest[chunk], tokens))
    return [batches[index] for index in generator.permutation(len(batches))]


def _units(pair: Integers) -> list[NDArray[np.int64]]:
    """The windows that stay together: those of a pair, and each of the others by itself."""
    unit = np.where(pair < 0, np.arange(len(pair)), len(pair) + pair)
    _, sizes = np.unique(unit, return_counts=True)
    return np.split(np.argsort(unit, kind="stable"), np.cumsum(sizes)[:-1])


def _filled(
    units: Sequence[NDArray[np.int64]], longest: NDArray[np.int64], tokens: int
) -> Iterator[NDArray[np.int64]]:
    batch: list[int] = []
    for unit, long in zip(units, longest, strict=True):
        # The longest is the last, and all are padded to its length.
        if batch and (len(batch) + len(unit)) * long > tokens:
            yield np.array(batch)
            batch = []
        batch.extend(map(int, unit))
    if batch:
        yield np.array(batch)


def _cut(question: str, encoding: Encoding) -> str:
    shown = [range for range in encoding.offsets if range[1] > range[0]]
    return question if len(shown) <= LONGEST_QUESTION else question[: shown[LONGEST_QUESTION][0]]


def _token_spans(encoding: Encoding, spans: Sequence[Range]) -> list[tuple[Range, Range]]:
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for at, (sequence, (start, end)) in enumerate(
        zip(encoding.sequence_ids, encoding.offsets, strict=True)
    ):
        if sequence == 1 and end > start:
            begins.setdefault(start, at)
            ends[end] = at
    return [
        ((begins[start], ends[end]), (start, end))
        for start, end in spans
        if start in begins and end in ends
    ]


def _pairs(names: Sequence[str]) -> Integers:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    return np.array([numbers.get(name, -1) for name in names], dtype=np.int32)


def _flat(
    owner: list[int], pair: Integers, encodings: list[Encoding], spans: list[list[Range]]
) -> Windows:
    lengths = [len(encoding.ids) for encoding in encodings]
    pairs = [span for window in spans for span in window]
    return Windows(
        example=np.array(owner, dtype=np.int32),
        pair=pair,
        begins=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        tokens=_joined([np.array(e.ids, dtype=np.int32) for e in encodings]),
        offsets=_joined([np.array(e.offsets, dtype=np.int32) for e in encodings]),
        passage=np.array([_passage_begin(e) for e in encodings], dtype=np.int32),
        spans=np.array(pairs, dtype=np.int32).reshape(-1, 2),
        span_begins=np.cumsum([0, *map(len, spans)], dtype=np.int64),
    )


def _passage_begin(encoding: Encoding) -> int:
    sequences: list[int | None] = encoding.sequence_ids
    return sequences.index(1) if 1 in sequences else len(sequences) - 1


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)


def _targets(
    span: Range, first: int, stop: int, smoothing: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where a span starts and ends, over the tokens first..stop, softened by overlap.

    A start is as good as the F1 of the span from there to the right end; an end alike.
    """
    places = np.arange(first, stop)
    begin, last = span
    long = last - begin + 1
    starts, ends = ((places == place).astype(np.float32) for place in span)
    if smoothing:
        from_here = last - places + 1
        good_starts = 2 * np.minimum(from_here, long) / (np.maximum(from_here, 1) + long)
        to_here = places - begin + 1
        good_ends = 2 * np.minimum(to_here, long) / (np.maximum(to_here, 1) + long)
        starts = (1 - smoothing) * starts + smoothing * _shared(good_starts * (from_here > 0))
        ends = (1 - smoothing) * ends + smoothing * _shared(good_ends * (to_here > 0))
    return starts.astype(np.float32), ends.astype(np.float32)


def _shared(goodness: NDArray[np.float64]) -> NDArray[np.float64]:
    # To the fourth power, so that a far longer span gets much less than a near miss.
    sharp = goodness**4
    shared: NDArray[np.float64] = sharp / sharp.sum()
    return shared
