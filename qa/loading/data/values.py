"""Values in each other, as JSON has them -> sections, tables and lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.html import render_fragment
from qa.loading.tables.grid import Value, add_grid
from qa.text.cleaning import clean, one_line

_DEEPEST = 20
_WIDEST = 60  # columns of a table
_LONGEST_CELL = 300
TEXT = "text"
"""The name of what an element of XML says, beside its attributes."""
# The end of an element that pages have in their text.
_TAG = re.compile(r"</(?:p|div|span|b|i|strong|em|a|ul|ol|li|h[1-6]|table|td)\s*>|<br\s*/?>", re.I)
_NAMES = ("title", "name", "label", "id", "key")  # by which one of several is called


def add_value(
    blocks: Blocks, value: Any, source: str, limits: Limits, name: str = "", level: int = 1
) -> None:
    """Add a value: a mapping is a section, records of one kind are a table, other lists a list."""
    limits.check(source, "max_characters", blocks.length, "has {} characters")
    if level > _DEEPEST:
        return
    if isinstance(value, Mapping):
        _add_mapping(blocks, value, source, limits, name, level)
    elif isinstance(value, list | tuple):
        _add_list(blocks, value, source, limits, name, level)
    elif text := said(value):
        blocks.add(f"{name}: {text}" if name else text)


def said(value: Any) -> str:
    """A single value as a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = clean(str(value)).strip()
    return _of_page(text) if _TAG.search(text) else text


def _of_page(markup: str) -> str:
    """The text of a piece of a web page, as programs keep what is shown by others."""
    blocks = Blocks()
    render_fragment(markup, blocks)
    return blocks.document("", ()).text.replace("\n\n", "\n")


def _add_mapping(
    blocks: Blocks, value: Mapping[Any, Any], source: str, limits: Limits, name: str, level: int
) -> None:
    if name:
        blocks.heading(name, min(level, 9))
        level += 1
    for key, inner in value.items():
        if _is_single(inner) and (text := said(inner)):
            blocks.item(f"{one_line(said(key))}: {text}")
    header, table = _named_columns(value)
    for key, inner in value.items():
        if inner is table and header:
            _add_rows(blocks, [header, *inner], one_line(said(key)), level)
        elif not _is_single(inner) and inner is not header:
            add_value(blocks, inner, source, limits, one_line(said(key)), level)


def _named_columns(value: Mapping[Any, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """The names of the columns and the rows of a table, where a mapping has both apart."""
    lists = [inner for inner in value.values() if isinstance(inner, list | tuple) and inner]
    for rows in filter(_are_rows, lists):
        for names in lists:
            if len(names) == len(rows[0]) and all(isinstance(name, str) for name in names):
                return names, rows
    return (), ()


def _are_rows(values: Sequence[Any]) -> bool:
    """Whether these are rows of a table: equally many short single values in each."""
    first = values[0] if values else None
    return (
        isinstance(first, list | tuple)
        and 2 <= len(first) <= _WIDEST
        and all(
            isinstance(row, list | tuple)
            and len(row) == len(first)
            and all(_is_single(cell) and len(said(cell)) <= _LONGEST_CELL for cell in row)
            for row in values
        )
    )


def _add_rows(blocks: Blocks, rows: Sequence[Sequence[Any]], name: str, level: int) -> None:
    blocks.heading(name, min(level, 9))
    lines = ({place: _cell(cell) for place, cell in enumerate(row)} for row in rows)
    add_grid(blocks, enumerate(lines, 1), numbered=False)


def _add_list(
    blocks: Blocks, values: Sequence[Any], source: str, limits: Limits, name: str, level: int
) -> None:
    if name and values:
        blocks.heading(name, min(level, 9))
        level += 1
    if all(map(_is_single, values)):
        for value in values:
            blocks.item(said(value))
    elif _are_records(records := list(map(_flat, values))):
        columns = list(dict.fromkeys(key for record in records for key in record))
        head = {place: said(key) for place, key in enumerate(columns)}
        rows = ({place: _cell(record.get(key)) for place, key in enumerate(columns)}
                for record in records)  # fmt: skip
        add_grid(blocks, enumerate((head, *rows), 1), numbered=False)
    elif len(values) > 1 and _are_rows(values):
        _add_rows(blocks, values, "", level)
    else:
        for number, value in enumerate(values, 1):
            add_value(blocks, value, source, limits, _name_of(value, number), level)


def _flat(value: Any) -> Any:
    """A record with what single values in it hold: "price": {"amount": 5} is "price amount": 5."""
    if not isinstance(value, Mapping):
        return value
    found: dict[Any, Any] = {}
    for key, inner in value.items():
        parts = {key: inner}
        if isinstance(inner, Mapping):
            # What an element of XML says beside its attributes is its own.
            named = sorted(inner, key=lambda name: name != TEXT)
            parts = {key if name == TEXT else f"{key} {name}": inner[name] for name in named}
        elif isinstance(inner, list | tuple) and all(map(_is_single, inner[:_WIDEST])):
            parts = {key: "; ".join(map(said, inner[:_WIDEST]))} if inner else {}
            if len(inner) > _WIDEST:
                return value
        if not found.keys().isdisjoint(parts) or len(found) > _WIDEST:
            return value
        found |= parts
    return found


def _cell(value: Any) -> str:
    is_value = isinstance(value, int | float | Value)
    return Value(said(value)) if is_value else said(value)


def _name_of(value: Any, number: int) -> str:
    if isinstance(value, Mapping):
        for name in _NAMES:
            if _is_single(value.get(name)) and (text := one_line(said(value.get(name)))):
                return text[:200]
    return "" if _is_single(value) else str(number)


def _is_single(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple)


def _are_records(values: Sequence[Any]) -> bool:
    """Whether these are rows of a table: mappings of short single values with names in common."""
    if len(values) < 2 or not all(isinstance(value, Mapping) and value for value in values):
        return False
    names = {key for value in values for key in value}
    filled = sum(len(value) for value in values)
    return (
        len(names) <= _WIDEST
        and 2 * filled > len(names) * len(values)
        and all(
            _is_single(inner) and len(said(inner)) <= _LONGEST_CELL
            for value in values
            for inner in value.values()
        )
    )
