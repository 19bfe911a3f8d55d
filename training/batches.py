"""Examples -> windows of tokens -> batches of windows of about one length.

A window is [CLS] question [SEP] passage [SEP]; a passage that is too long gives several, which
overlap. Spans that begin or end within a token are left out, so that what is learned can be
said in tokens exactly.
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

from qa.sentences import Range
from qa.span_model import LONGEST_QUESTION
from training.examples import Example

Integers = NDArray[np.int32]

_AT_ONCE = 512
# So many batches' windows are sorted by length together: more waste less, but mix less.
_SORTED_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows, flat: the tokens of all, one after the other, and where each begins.

    `offsets` are the characters of the passage that a token covers; `passage` is the first
    token of the passage within its window, up to the last [SEP]; `spans` are the first and
    last token, within the window, of each answer that it holds whole.
    """

    example: Integers
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
        """Some of the windows; `example` gives their examples' new places."""

        def parts(values: Integers, begins: NDArray[np.int64]) -> Integers:
            return np.concatenate([values[begins[at] : begins[at + 1]] for at in kept])

        def new_begins(begins: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.cumsum([0, *np.diff(begins)[list(kept)]], dtype=np.int64)

        return Windows(
            example=np.array([example[int(self.example[at])] for at in kept], dtype=np.int32),
            begins=new_begins(self.begins),
            tokens=parts(self.tokens, self.begins),
            offsets=parts(self.offsets, self.begins),
            passage=self.passage[list(kept)],
            spans=parts(self.spans, self.span_begins),
            span_begins=new_begins(self.span_begins),
        )

    def save(self, file: Path) -> None:
        """Keep them in one file."""
        np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, file: Path) -> Windows:
        """What `save` kept."""
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


def tokenised(
    examples: Sequence[Example], tokenizer: Tokenizer, max_tokens: int, stride: int
) -> tuple[list[Example], Windows]:
    """The examples whose answers can be said in tokens, and their windows."""
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
    return kept, _flat(owner, encodings, spans)


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
        allowed[row, 0] = 1  # [CLS] stands for "not in here"
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
        torch.from_numpy(answered),
    )  # fmt: skip


def batches_of(windows: Windows, tokens: int, seed: int) -> list[NDArray[np.int64]]:
    """All windows in batches of at most so many tokens, padding included, shuffled by a seed."""
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(windows))
    lengths = windows.lengths
    together = max(1, int(_SORTED_TOGETHER * tokens / max(1.0, float(lengths.mean()))))
    batches: list[NDArray[np.int64]] = []
    for at in range(0, len(shuffled), together):
        chunk = shuffled[at : at + together]
        batches.extend(_filled(chunk[np.argsort(lengths[chunk], kind="stable")], lengths, tokens))
    return [batches[index] for index in generator.permutation(len(batches))]


def _filled(
    chunk: NDArray[np.int64], lengths: NDArray[np.int64], tokens: int
) -> Iterator[NDArray[np.int64]]:
    begin = 0
    for at, window in enumerate(chunk):
        # The longest comes last, and all are padded to it.
        if at > begin and (at - begin + 1) * lengths[window] > tokens:
            yield chunk[begin:at]
            begin = at
    if begin < len(chunk):
        yield chunk[begin:]


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


def _flat(owner: list[int], encodings: list[Encoding], spans: list[list[Range]]) -> Windows:
    lengths = [len(encoding.ids) for encoding in encodings]
    pairs = [span for window in spans for span in window]
    return Windows(
        example=np.array(owner, dtype=np.int32),
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
    # To the fourth power, or a far longer span would get nearly as much as a near miss.
    sharp = goodness**4
    shared: NDArray[np.float64] = sharp / sharp.sum()
    return shared
