"""What a passage's record says of the blocks and units that begin in it."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.index.layout import passage_record
from qa.index.parts import Parts, directions, parts_record, parts_values, read_parts
from qa.models import Vectors
from qa.records import Block, BlockKind, Passage, Unit, UnitKind

OFFSETS = st.integers(0, 100_000)
BLOCKS = st.builds(
    Block,
    st.sampled_from(get_args(BlockKind)),
    OFFSETS,
    OFFSETS,
    st.integers(0, 9),
    st.sampled_from(["", "-", "3.", "“…”"]),
)
UNITS = st.builds(Unit, st.sampled_from(get_args(UnitKind)), OFFSETS, OFFSETS, OFFSETS)


def passage(start: int) -> Passage:
    return Passage("d:0:0", "d", "d.txt", "D", start, start + 9, "Pears are", heading="")


def vectors(rows: int, size: int) -> Vectors:
    drawn = np.random.default_rng(rows).standard_normal((rows, size)).astype(np.float32)
    unit: Vectors = drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-9)
    return unit


@settings(max_examples=60, deadline=None)
@given(OFFSETS, st.lists(BLOCKS, max_size=40), st.lists(UNITS, max_size=40), st.integers(1, 50))
def test_parts_are_read_as_they_were_written(
    start: int, blocks: list[Block], units: list[Unit], size: int
) -> None:
    rows = directions(vectors(len(units), size))
    at = passage(start)

    record = passage_record(at) | parts_record(Parts(tuple(blocks), tuple(units), rows), at)
    read = read_parts(json.loads(json.dumps(record)))

    assert (read.blocks, read.units) == (tuple(blocks), tuple(units))
    assert (read.vectors is None) == (not units)
    assert read.vectors is None or np.array_equal(read.vectors, rows)


def test_a_direction_is_kept_and_takes_few_characters() -> None:
    given = vectors(5, 384)
    rows = directions(given)
    units = tuple(Unit("item", place, place + 40, place) for place in range(5))

    kept = read_parts({"start": 0} | parts_record(Parts((), units, rows), passage(0))).vectors

    assert kept is not None
    lengths = np.linalg.norm(kept.astype(np.float32), axis=1)
    assert ((given * kept).sum(axis=1) / lengths).min() > 0.98
    values = parts_values(parts_record(Parts((), units, rows), passage(0)))
    assert sum(map(len, values)) < 5 * 384 / 2 * 1.25  # what four bits a number would take


def test_no_value_is_longer_than_an_index_page_has_room_for() -> None:
    units = tuple(Unit("item", place, place + 40, place) for place in range(30))
    record = parts_record(Parts((), units, directions(vectors(30, 384))), passage(0))

    assert len(record) > 1
    assert "".join(parts_values(record)) == "".join(record.values())
    assert max(len(value) for value in record.values()) <= 1002 - 30  # of 4,096 bytes, a quarter


def test_a_passage_without_parts_says_nothing_of_them() -> None:
    assert parts_record(Parts(), passage(7)) == {}
    assert read_parts(passage_record(passage(7))) == Parts()


def test_a_vector_of_zeros_stays_one() -> None:
    unit = Unit("item", 7, 20, 7)
    rows = directions(np.zeros((1, 8), dtype=np.float32))
    at = passage(7)

    read = read_parts(passage_record(at) | parts_record(Parts((), (unit,), rows), at))

    assert read.units == (unit,)
    assert read.vectors is not None
    assert read.vectors == pytest.approx(0)
