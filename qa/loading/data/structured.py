"""JSON, lines of JSON, YAML and XML: told apart by their suffix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.archives import Element, local_name, parse_xml
from qa.loading.blocks import Blocks, telling_title
from qa.loading.data.as_written import read_yaml
from qa.loading.data.spreadsheet import Workbook
from qa.loading.data.values import TEXT, add_value, said
from qa.loading.plain import decode_or_raise
from qa.loading.tables.grid import Value
from qa.loading.tables.sheet import write
from qa.records import Document
from qa.text.cleaning import one_line

_DECLARATION = re.compile(r"\s{0,100}<\?xml[^>]{0,300}\?>")
_DEEPEST = 100
# Each of them ends with the file at the latest: none is looked for again within another.
_TEXT = r'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)'
_REMARK = re.compile(rf"{_TEXT}|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)", re.DOTALL)
_AFTER_LAST = re.compile(rf"{_TEXT}|,(?=\s{{0,1000}}+[}}\]])", re.DOTALL)


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """What the names and values say, as sections, lists and tables.

    Raises:
        DamagedFileError: it does not keep to the rules of its format.
    """
    text = decode_or_raise(data, source).removeprefix("\ufeff")
    limits.check(source, "max_characters", len(text), "has {} characters")
    suffix = PurePath(source).suffix.lower()
    if suffix not in _READERS and text.lstrip().startswith("<"):
        suffix = ".xml"
    warnings: list[str] = []
    try:
        if suffix in (".jsonl", ".ndjson"):
            value = _lines(text, warnings)
        else:
            value = _READERS.get(suffix, _json)(text)
    except RecursionError as error:
        raise DamagedFileError(f"{source} nests values too deeply. Leave it out.") from error
    except Exception as error:  # each of the parsers has errors of its own
        raise DamagedFileError(
            f"{source} is not {suffix.removeprefix('.').upper() or 'JSON'} as it should be "
            f"({one_line(str(error))[:100]}). Mend it there, or rename it to .txt."
        ) from error
    if isinstance(value, Workbook):
        return write(value.sheets(), source, limits)
    blocks = Blocks()
    add_value(blocks, value, source, limits)
    for warning in warnings:
        blocks.warn(warning)
    return blocks.document(source, [_title(value)])


def _title(value: Any) -> str:
    found = value.get("title") if isinstance(value, dict) else None
    return telling_title(found) if isinstance(found, str) else ""


def _json(text: str) -> Any:
    """JSON; with remarks and commas too many, as people write it, or one value on each line."""
    try:
        return _value(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip()[:1] in "{[" for line in lines):
            with suppress(ValueError):
                return list(map(_value, lines))
        try:
            return _value(_AFTER_LAST.sub(_unless_text, _REMARK.sub(_unless_text, text)))
        except ValueError:
            raise error from None


def _value(text: str) -> Any:
    # Numbers are kept as they are written: 19.90 is a price.
    return json.loads(text, parse_float=Value, parse_int=Value)


def _unless_text(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else " "


def _lines(text: str, warnings: list[str]) -> list[Any]:
    """The values of all lines that can be read; the others are told, if some can be read."""
    values: list[Any] = []
    errors: list[ValueError] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values.append(_value(line))
        except ValueError as error:
            errors.append(error)
            warnings.append(f"Not read: line {number} ({one_line(str(error))[:100]})")
    if errors and not values:
        raise errors[0]
    return values


def _xml(text: str) -> Any:
    root = parse_xml(_DECLARATION.sub("", text, count=1).strip().encode("utf-8"), entities=True)
    if Workbook.is_root(root):
        return Workbook(root)
    inner = _of_element(root, 0)
    return inner if isinstance(inner, dict) else {local_name(root): inner}


def _of_element(element: Element, depth: int) -> Any:
    """An element as a text, or as a mapping of what it holds."""
    children = [child for child in element if local_name(child)]
    attributes = {key.rpartition("}")[2]: value for key, value in element.items() if value.strip()}
    text = one_line("".join(element.itertext()))
    mixed = bool((element.text or "").strip()) or any((c.tail or "").strip() for c in children)
    if mixed or not children or depth >= _DEEPEST:
        return {**attributes, TEXT: text} if attributes and text else attributes or text
    found: dict[str, Any] = dict(attributes)
    for name, values in _by_name(children, depth):
        key = name if name not in attributes else f"{name} (element)"
        found[key] = values[0] if len(values) == 1 else values
    if len(found) == 1 and isinstance(only := next(iter(found.values())), list):
        return only if depth else found  # a list by the name of what is around it
    return found


def _by_name(children: list[Element], depth: int) -> Iterator[tuple[str, list[Any]]]:
    grouped: dict[str, list[Any]] = {}
    for child in children:
        value = _of_element(child, depth + 1)
        if not isinstance(value, str) or said(value):
            grouped.setdefault(local_name(child), []).append(value)
    yield from grouped.items()


_READERS: dict[str, Any] = {
    **{".yaml": read_yaml, ".yml": read_yaml, ".xml": _xml},
}
