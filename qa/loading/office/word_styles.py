"""What the styles and the numbering of a Word document make of its paragraphs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Element = Any
"""An `lxml.etree` element; lxml brings no types."""

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_NUMBERING = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
_HEADING_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LIST_NAME = re.compile(r"list (?:bullet|number)(?: ([2-5]))?", re.IGNORECASE)
_DEEPEST_HEADING = 9
_LONGEST_CHAIN = 20
_COUNTED = frozenset(("decimal", "decimalZero"))
_LETTERED = frozenset(("lowerLetter", "upperLetter"))


def attribute(element: Element | None, name: str = "val") -> str:
    """An attribute in Word's namespace; nothing where it or the element is missing."""
    return "" if element is None else element.get(f"{W}{name}") or ""


def built_on(name: str, elements: Mapping[str, Element]) -> list[Element]:
    """A style and those that it builds on, the first of them first."""
    chain: list[Element] = []
    while name in elements and len(chain) < _LONGEST_CHAIN:
        chain.append(elements[name])
        name = attribute(chain[-1].find(f"{W}basedOn"))
    return chain[::-1]


@dataclass(frozen=True, slots=True)
class Style:
    """What matters here of a paragraph style, with what it inherits."""

    level: int | None = None
    in_contents: bool = False
    list_depth: int | None = None
    list_id: str = ""


class Styles:
    """The paragraph styles of a document."""

    def __init__(self, root: Element) -> None:
        self._elements: dict[str, Element] = {}
        self._found: dict[str, Style] = {}
        self._default = ""
        for element in root.iterchildren(f"{W}style"):
            if attribute(element, "type") == "paragraph":
                name = attribute(element, "styleId")
                self._elements[name] = element
                if attribute(element, "default") in ("1", "true", "on"):
                    self._default = name

    def of(self, paragraph: Element) -> Style:
        """The style of a paragraph, with an outline level of its own on top."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return self._style(self._default)
        style = self._style(attribute(properties.find(f"{W}pStyle")) or self._default)
        level = _outline_level(properties)
        return style if level is None else replace(style, level=level)

    def _style(self, name: str) -> Style:
        if name not in self._found:
            self._found[name] = self._resolve(name)
        return self._found[name]

    def _resolve(self, name: str) -> Style:
        style = Style()
        for element in built_on(name, self._elements):
            style = _with(style, element)
        return style


def _with(style: Style, element: Element) -> Style:
    """What `style` becomes in a style that builds on it."""
    name = attribute(element.find(f"{W}name")).strip().lower()
    heading = _HEADING_NAME.fullmatch(name)
    if heading or name == "title":
        style = replace(style, level=int(heading[1]) if heading else 1)
    elif re.fullmatch(r"toc \d|toc heading", name):
        style = replace(style, in_contents=True)
    listed = _LIST_NAME.fullmatch(name)
    if listed:
        style = replace(style, list_depth=int(listed[1] or 1) - 1)
    properties = element.find(f"{W}pPr")
    if properties is None:
        return style
    level = _outline_level(properties)
    if level is not None and not heading:
        style = replace(style, level=level)
    number = properties.find(f"{W}numPr/{W}numId")
    return style if number is None else replace(style, list_id=attribute(number))


def _outline_level(properties: Element) -> int | None:
    value = attribute(properties.find(f"{W}outlineLvl"))
    if not value.isdecimal() or int(value) >= _DEEPEST_HEADING:
        return None
    return int(value) + 1


class Numbering:
    """The lists of a document, counted as its paragraphs go by."""

    def __init__(self, part: Any) -> None:
        root = next((_root(r) for r in part.rels.values() if r.reltype == _NUMBERING), None)
        self._formats: dict[tuple[str, int], tuple[str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        if root is not None:
            self._read(root)

    def item(self, paragraph: Element, style: Style) -> tuple[str, int] | None:
        """The marker and the depth of a list item; None for any other paragraph."""
        properties = paragraph.find(f"{W}pPr")
        numbers = None if properties is None else properties.find(f"{W}numPr")
        list_id, level = style.list_id, 0
        if numbers is not None:
            list_id = attribute(numbers.find(f"{W}numId")) or list_id
            value = attribute(numbers.find(f"{W}ilvl"))
            level = int(value) if value.isdecimal() else 0
        if list_id == "0":  # numbering taken off
            return None
        if not list_id:
            return None if style.list_depth is None else ("-", style.list_depth)
        depth = max(level, style.list_depth or 0)
        return self._marker(list_id, level), min(depth, _DEEPEST_HEADING)

    def _marker(self, list_id: str, level: int) -> str:
        key = self._abstract.get(list_id, list_id)
        kind, start = self._formats.get((key, level), ("bullet", 1))
        counts = self._counts[list_id]
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        counts[level] = counts.get(level, start - 1) + 1
        if kind in _COUNTED:
            return f"{counts[level]}."
        if kind in _LETTERED and 1 <= counts[level] <= 26:
            first = "a" if kind == "lowerLetter" else "A"
            return f"{chr(ord(first) + counts[level] - 1)}."
        return "-" if kind in ("bullet", "none") else f"{counts[level]}."

    def _read(self, root: Element) -> None:
        for abstract in root.iterchildren(f"{W}abstractNum"):
            name = attribute(abstract, "abstractNumId")
            for level in abstract.iterchildren(f"{W}lvl"):
                depth = attribute(level, "ilvl")
                start = attribute(level.find(f"{W}start"))
                if depth.isdecimal():
                    self._formats[name, int(depth)] = (
                        attribute(level.find(f"{W}numFmt")) or "bullet",
                        int(start) if start.isdecimal() else 1,
                    )
        for number in root.iterchildren(f"{W}num"):
            name = attribute(number, "numId")
            self._abstract[name] = attribute(number.find(f"{W}abstractNumId"))


def _root(relationship: Any) -> Element:
    return relationship.target_part.element
