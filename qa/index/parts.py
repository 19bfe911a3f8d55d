"""The parts of a document that answers are made of, as the index stores them.

Each passage's record holds the blocks, units and links that begin in it, and a vector for each
unit, in at most four bits a number: only the direction counts, and so few bits rank just as well.
Chroma stores a string twice, as a value and in an index of all values, so it is kept short.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count, takewhile, zip_longest
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from qa.records import (
    Block,
    BlockKind,
    Heading,
    Link,
    Passage,
    Unit,
    UnitKind,
    outlined,
    path_above,
)
from qa.text.sentences import CELL_SEPARATOR, NO_VALUE

Directions = NDArray[np.int8]

_BLOCKS: tuple[BlockKind, ...] = get_args(BlockKind)
_UNITS: tuple[UnitKind, ...] = get_args(UnitKind)
# A vector's numbers are integers from -7 to 7.
_LARGEST = 7
# The fewest numbers that a block or a unit is written with.
_ROW = 3
# Longer values do not fit into a page of SQLite's index, and take one of their own.
_VALUE = 640
# Header rows whose names belong together.
_TWO = 2
# Without zlib's header, which would be longer than some of the packed data.
_RAW = -zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Parts:
    """The blocks and units that begin in a passage; `vectors` has a row for each unit."""

    blocks: tuple[Block, ...] = ()
    units: tuple[Unit, ...] = ()
    vectors: Directions | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Stretch:
    """Consecutive passages of a document as one, with everything that begins in them.

    A block's `parent` is its position in `blocks`; a block that begins earlier is not included. The
    `links` lead to addresses, or to documents that the index holds.
    """

    passage: Passage
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]
    units: tuple[Unit, ...]
    vectors: Directions
    links: tuple[Link, ...] = ()

    def heading_path(self, unit: Unit) -> tuple[str, ...]:
        """The headings above a unit, outermost first."""
        return path_above(self.headings, unit)

    def text(self, unit: Unit) -> str:
        """The text of a unit; of an outline, its headings."""
        if unit.kind == "outline":
            return "\n".join(heading.text for heading in self.outlined(unit))
        at = self.passage.start
        return self.passage.text[unit.start - at : unit.end - at]

    def row(self, unit: Unit) -> Block | None:
        """The row of a table that a unit is, if it is one."""
        return self._rows.get(unit.start) if unit.kind == "row" else None

    def headers(self, row: Block) -> tuple[Block, ...]:
        """The header rows of a row's table, which may be the row itself."""
        return tuple(
            block
            for block in self.blocks
            if block.kind == "row" and block.parent == row.parent and block.level == 1
        )

    def column_names(self, row: Block) -> list[str]:
        """The names of the columns of a row's table, if it has a header.

        Where that has two rows, a name in the second one is part of the one above it, as in
        "High season: Double".
        """
        rows = [self._cells(header) for header in self.headers(row)]
        columns = zip_longest(*rows, fillvalue="")
        if len(rows) < _TWO:
            return [name for (name,) in columns]
        return [": ".join(dict.fromkeys(filter(_is_name, names))) for names in columns]

    def columns(self, unit: Unit) -> str:
        """The header above a row of a table, without which its cells say little; else empty."""
        row = self.row(unit)
        return "" if row is None else CELL_SEPARATOR.join(self.column_names(row))

    def row_names(self, unit: Unit) -> tuple[str, ...]:
        """What rows above a row of a table say it is about."""
        row = self.row(unit)
        return () if row is None else tuple(self._cells(above)[0] for above in self.naming(row))

    def naming(self, row: Block) -> tuple[Block, ...]:
        """The rows above a row that say what it is about, outermost first.

        That is a row of one cell, such as "Week 2", which all rows up to the next one belong to,
        and, where the first cell is empty, the nearest row above where it is not.
        """
        return self._above.get(row.start, ())

    def names_others(self, unit: Unit) -> bool:
        """Whether a unit is a row of one cell that only names those below it."""
        row = self.row(unit)
        return row is not None and row.start in self._groups

    @cached_property
    def _rows(self) -> Mapping[int, Block]:
        """The rows of tables by where they start."""
        return {block.start: block for block in reversed(self.blocks) if block.kind == "row"}

    @cached_property
    def _above(self) -> Mapping[int, tuple[Block, ...]]:
        """The rows that name others, by where each of these starts."""
        above: dict[int, tuple[Block, ...]] = {}
        # Of each table, the last row of one cell, and the last one below it with a first cell.
        groups: dict[int, tuple[Block, ...]] = {}
        named: dict[int, tuple[Block, ...]] = {}
        for block in self.blocks:
            if block.kind != "row" or block.level == 1:
                continue
            cells, table = self._cells(block), block.parent
            if len(cells) == 1:
                groups[table], named[table] = (block,), ()
                continue
            nameless = cells[0] == NO_VALUE
            above[block.start] = groups.get(table, ()) + (named.get(table, ()) if nameless else ())
            if not nameless:
                named[table] = (block,)
        return above

    @cached_property
    def _groups(self) -> frozenset[int]:
        """Where the rows of one cell start that name others."""
        rows = chain.from_iterable(self._above.values())
        return frozenset(row.start for row in rows if len(self._cells(row)) == 1)

    def _cells(self, row: Block) -> list[str]:
        at = self.passage.start
        return self.passage.text[row.start - at : row.end - at].split(CELL_SEPARATOR)

    def outlined(self, unit: Unit) -> list[Heading]:
        """The headings of an outline."""
        return outlined(self.headings, unit)

    def cosines(self, vector: Sequence[float]) -> NDArray[np.float32]:
        """The cosine between a unit vector and that of each unit, shape (len(units),)."""
        if not self.units:
            return np.zeros(0, dtype=np.float32)
        rows = self.vectors.astype(np.float32)
        lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-9)
        cosines: NDArray[np.float32] = (rows @ np.asarray(vector, dtype=np.float32)) / lengths
        return cosines


def _is_name(cell: str) -> bool:
    return cell not in ("", NO_VALUE)


def directions(vectors: NDArray[np.float32]) -> Directions:
    """Vectors as the index stores them, as integers; their lengths are lost."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    rounded: Directions = np.round(vectors / largest * _LARGEST).astype(np.int8)
    return rounded


def parts_record(parts: Parts, passage: Passage) -> dict[str, Any]:
    """A passage's parts as metadata in Chroma; empty if there are none."""
    if not parts.blocks and not parts.units and not parts.links:
        return {}
    first = passage.start
    blocks = [
        _row(_BLOCKS.index(block.kind), block, first, block.level, block.marker)
        for block in parts.blocks
    ]
    units = [
        _row(_UNITS.index(unit.kind), unit, first, unit.body - unit.start) for unit in parts.units
    ]
    vectors = b"" if parts.vectors is None else parts.vectors.tobytes()
    links = [(link.start - first, link.end - link.start, link.target) for link in parts.links]
    told = [blocks, units, links] if links else [blocks, units]
    rows = json.dumps(told, separators=(",", ":")).encode()
    text = f"{_packed(rows)} {_packed(vectors)}"
    return {f"parts{at // _VALUE}": text[at : at + _VALUE] for at in range(0, len(text), _VALUE)}


def parts_values(record: Mapping[str, Any]) -> list[str]:
    """The values of a passage's metadata that hold its parts."""
    names = takewhile(record.__contains__, (f"parts{number}" for number in count()))
    return [str(record[name]) for name in names]


def read_parts(record: Mapping[str, Any]) -> Parts:
    """The parts that `parts_record` wrote; blocks come without their parents."""
    values = parts_values(record)
    if not values:
        return Parts()
    at = int(record["start"])
    rows, numbers = (_unpacked(half) for half in "".join(values).split(" "))
    blocks, units, *rest = json.loads(rows)
    vectors = np.frombuffer(numbers, dtype=np.int8)
    return Parts(
        tuple(_block(at, *values) for values in blocks),
        tuple(_unit(at, *values) for values in units),
        vectors.reshape(len(units), -1) if len(vectors) else None,
        tuple(
            Link(at + start, at + start + length, target)
            for start, length, target in (rest[0] if rest else ())
        ),
    )


def _row(kind: int, part: Block | Unit, at: int, *rest: int | str) -> list[int | str]:
    """A part of a passage that starts at `at`; trailing zeros and empty strings are left out."""
    row = [kind, part.start - at, part.end - part.start, *rest]
    while len(row) > _ROW and not row[-1]:
        row.pop()
    return row


def _block(at: int, kind: int, start: int, length: int, level: int = 0, marker: str = "") -> Block:
    return Block(_BLOCKS[kind], at + start, at + start + length, level, marker)


def _unit(at: int, kind: int, start: int, length: int, lead: int = 0) -> Unit:
    return Unit(_UNITS[kind], at + start, at + start + length, at + start + lead)


def _packed(data: bytes) -> str:
    """Bytes, compressed and written as text."""
    deflate = zlib.compressobj(9, wbits=_RAW, strategy=zlib.Z_FILTERED)
    return base64.b64encode(deflate.compress(data) + deflate.flush()).decode("ascii")


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text), wbits=_RAW)


def joined(passages: Sequence[tuple[Passage, Parts]], headings: tuple[Heading, ...]) -> Stretch:
    """Consecutive passages and their parts, as one stretch."""
    first, last = passages[0][0], passages[-1][0]
    name, ordinal = first.id.rsplit(":", 1)
    until = last.id.rsplit(":", 1)[1]
    end = last.end
    whole = replace(
        first,
        id=first.id if first is last else f"{name}:{ordinal}-{until}",
        end=end,
        text="".join(passage.text for passage, _ in passages),
    )
    parts = [parts for _, parts in passages]
    rows = [one.vectors for one in parts if one.vectors is not None]
    units = list(chain.from_iterable(one.units for one in parts))
    kept = [place for place, unit in enumerate(units) if unit.end <= end]
    vectors = np.concatenate(rows) if rows else np.zeros((len(units), 0), dtype=np.int8)
    return Stretch(
        whole,
        headings,
        nested([block for one in parts for block in one.blocks if block.end <= end]),
        tuple(units[place] for place in kept),
        vectors[kept],
        tuple(link for one in parts for link in one.links if link.end <= end),
    )


def nested(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks in order, each with the position of the block that contains it."""
    found: list[Block] = []
    around: list[int] = []
    for place, block in enumerate(blocks):
        while around and found[around[-1]].end < block.end:
            around.pop()
        found.append(replace(block, parent=around[-1] if around else -1))
        if block.kind in ("list", "item", "table", "note"):
            around.append(place)
    return tuple(found)
