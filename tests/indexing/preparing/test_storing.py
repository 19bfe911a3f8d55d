"""A document's passages, and the vectors of its units."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from qa.index.making import PreparedPassage
from qa.indexing.preparing.splitting import passage_limit, unit_text
from qa.indexing.preparing.storing import Incoming, Preparing, cut
from qa.loading import read
from qa.models.embedders import Embedder
from qa.models.fast_encoder import Vectors
from qa.records import Document, UnitKind
from tests.indexing.mirroring import Counting

PAGE = """# Travel

How trips are booked and paid.

## Booking

Trains are booked by the office, and so are flights:

1. Ask your manager for leave to travel.
2. Write to the travel desk, two weeks ahead.
3. Keep the confirmation that you get.

## Meals

Breakfast is paid in full.

Dinner is paid up to forty euros a day.
"""


@pytest.fixture(scope="module")
def page() -> Document:
    return read(PAGE.encode(), "docs/travel.md")


def passages_of(document: Document, embedder: Embedder) -> tuple[PreparedPassage, ...]:
    (prepared,) = Preparing(embedder, 200).prepared([Incoming(document)])
    return prepared.passages


def rows_of(passage: PreparedPassage) -> Vectors:
    """The unit vectors of its units."""
    assert passage.parts.vectors is not None
    rows = passage.parts.vectors.astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def kinds_of(document: Document, embedder: Embedder) -> dict[tuple[UnitKind, str], Vectors]:
    """The vectors of its units, by what these are and what they begin with."""
    return {
        (unit.kind, document.text[unit.start : unit.end].split()[0]): row
        for one in passages_of(document, embedder)
        for unit, row in zip(one.parts.units, rows_of(one), strict=True)
    }


def test_each_unit_is_near_to_what_asks_for_it(page: Document, embedder: Embedder) -> None:
    found = kinds_of(page, embedder)

    for question, kind, word in (
        ("How do I book a train or a flight?", "steps", "Trains"),
        ("How early do I write to the travel desk?", "item", "2."),
        ("How much is paid for dinner?", "paragraph", "Dinner"),
    ):
        vector = embedder.encode([question])[0]
        alike = {unit: float(row @ vector) for unit, row in found.items() if unit[0] == kind}
        assert max(alike, key=lambda unit: alike[unit]) == (kind, word)


def test_an_outline_is_encoded_from_its_headings(page: Document, embedder: Embedder) -> None:
    passages = passages_of(page, embedder)
    (unit,) = {u for one in passages for u in one.parts.units if u.kind == "outline"}
    alone = unit_text(page, unit, embedder.tokenizer, embedder.max_tokens)

    found = kinds_of(page, embedder)

    assert found["outline", "Booking"] @ embedder.encode([alone])[0] > 0.99


def test_a_unit_that_goes_on_in_the_next_passage_has_the_vector_of_its_beginning(
    embedder: Embedder,
) -> None:
    lines = "".join(
        f"- Item {number} of the long list of things to bring.\n" for number in range(60)
    )
    document = read(f"# Things\n\nBring these:\n\n{lines}".encode(), "docs/things.md")
    first = passages_of(document, embedder)[0]
    (place,) = [place for place, unit in enumerate(first.parts.units) if unit.kind == "list"]
    assert first.parts.units[place].end > first.passage.end
    assert np.linalg.norm(first.vector) == pytest.approx(1, abs=1e-5)
    assert rows_of(first)[place] @ first.vector > 0.9


def test_what_is_cut_is_the_same_in_another_process(page: Document, embedder: Embedder) -> None:
    limit = passage_limit(embedder.max_tokens, 200)
    given = (page, "0", embedder.tokenizer, limit, embedder.max_tokens)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(cut, *given).result() == cut(*given)


def test_passages_that_are_held_are_not_embedded_again(page: Document, counting: Counting) -> None:
    other = replace(page, source="docs/other.md", id="other")
    told: list[tuple[int, int]] = []

    held, new = Preparing(counting, 200).prepared(
        [Incoming(page), Incoming(other)],
        lambda entry: entry.source == page.source,
        lambda done, whole: told.append((done, whole)),
    )

    assert held.passages == ()
    assert held.entry.passages == new.entry.passages == len(new.passages)
    assert told == [(0, len(new.passages)), (len(new.passages), len(new.passages))]
    assert len(counting.texts) == len(new.passages)
