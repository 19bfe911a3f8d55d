"""Whether questions that arrive together are better given to the models together.

python -m tests.benchmarks.load.together INDEX QUESTIONS
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import qa
from qa.models.fast_encoder import OnnxEncoder
from qa.reading.by_model import ExtractiveReader
from qa.reading.span_model import SpanModel

OUTPUTS = ["start", "end", "answer"]
ROUNDS = 20
Array = Any


def main() -> None:
    """The time of several at once against one after the other, and how many are the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("questions", type=Path, help='lines of JSON, each with a "question"')
    given = parser.parse_args()
    lines = given.questions.read_text(encoding="utf-8").splitlines()
    texts = random.Random(5).sample([str(json.loads(line)["question"]) for line in lines], k=160)
    with qa.Assistant(given.index) as assistant:
        assistant.ask(texts[0])  # which opens the models
        encoder, reader = vars(assistant.embedder)["_encoder"], assistant.reader
        assert isinstance(encoder, OnnxEncoder)
        assert isinstance(reader, ExtractiveReader)
        model = reader.model
        pairs = [
            (model.encoded(text).ids, model.encoded(hit.passage.text).ids[:220])
            for text in texts[:40]
            for hit in assistant.search(text, limit=1)
        ]
    for number in (2, 4, 8):
        _compare("encoder", number, texts, lambda some: encoder._run(list(some), ["vectors"])[1])
    for number in (2, 4):
        _compare("reader", number, pairs, lambda some: _read(model, some))


def _compare(
    name: str, number: int, inputs: Sequence[Any], run: Callable[[Sequence[Any]], list[Array]]
) -> None:
    ratios, same = [], []
    for batch in _batches(inputs, number):
        started = time.perf_counter()
        alone = [run([one]) for one in batch]
        between = time.perf_counter()
        together = run(batch)
        ratios.append((between - started) / (time.perf_counter() - between))
        for place, own in enumerate(alone):
            length = own[0].shape[-1]
            same.append(np.array_equal(own[0][0], together[0][place][:length]))
    print(
        f"{name}, {number} at once: {statistics.median(ratios):.2f} times as fast as one by one, "
        f"{sum(same)} of {len(same)} the same to the bit"
    )


def _batches(inputs: Sequence[Any], number: int) -> Iterator[Sequence[Any]]:
    for at in range(0, min(len(inputs), ROUNDS * number), number):
        yield inputs[at : at + number]


def _read(model: SpanModel, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Array]:
    """The reader's output for several questions, each with a text, padded to the longest."""
    opened = model._open()
    rows = [[opened.cls, *asked, opened.sep, *text, opened.sep] for asked, text in pairs]
    shape = (len(rows), max(map(len, rows)))
    ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    allowed = np.zeros(shape, dtype=bool)
    for at, (row, (asked, _)) in enumerate(zip(rows, pairs, strict=True)):
        lead, length = len(asked) + 2, len(row)
        ids[at, :length], mask[at, :length], types[at, lead:length] = row, 1, 1
        allowed[at, 0] = allowed[at, lead : length - 1] = True
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "allowed": allowed}
    found: list[Array] = opened.session.run(OUTPUTS, feed)
    return found


if __name__ == "__main__":
    main()
