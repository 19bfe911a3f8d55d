"""What the styles and the numbering of a Word document make of its paragraphs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qa.loading.numerals import begins_at, numeral
from qa.loading.symbols import with_symbols
from qa.text.cleaning import clean, one_line

Element = Any
"""An `lxml.etree` element; lxml brings no types."""

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_NUMBERING = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
_HEADING_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LIST_NAME = re.compile(r"list (?:bullet|number)(?: ([2-5]))?", re.IGNORECASE)
_DEEPEST_HEADING = 9
_LONGEST_CHAIN = 20
_LEVEL = re.compile(r"%([1-9])")
_LONGEST_MARKER = 40
# Word's names for kinds of numbers; the others are shown in digits.
_KINDS = {
    **{"decimalZero": "01", "lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i"},
    **{"upperRoman": "I", "chineseCounting": "一", "chineseCountingThousand": "一"},
    **{"japaneseCounting": "一", "taiwaneseCountingThousand": "一", "ideographDigital": "一"},
}


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
    list_level: int = 0
    name: str = ""


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
            self._found[name] = replace(self._resolve(name), name=name)
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
    number, depth = (properties.find(f"{W}numPr/{W}{name}") for name in ("numId", "ilvl"))
    if depth is not None and attribute(depth).isdecimal():
        style = replace(style, list_level=int(attribute(depth)))
    return style if number is None else replace(style, list_id=attribute(number))


def _outline_level(properties: Element) -> int | None:
    value = attribute(properties.find(f"{W}outlineLvl"))
    if not value.isdecimal() or int(value) >= _DEEPEST_HEADING:
        return None
    return int(value) + 1


class Numbering:
    """The lists and the numbered headings of a document, counted as its paragraphs go by."""

    def __init__(self, part: Any) -> None:
        root = next((_root(r) for r in part.rels.values() if r.reltype == _NUMBERING), None)
        self._lists: dict[str, _List] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        if root is not None:
            self._lists = dict(_read_lists(root))

    def item(self, paragraph: Element, style: Style) -> tuple[str, int] | None:
        """The marker and the depth of a list item; None for any other paragraph.

        Of a heading, the marker is its number, and "-" where it has none.
        """
        properties = paragraph.find(f"{W}pPr")
        numbers = None if properties is None else properties.find(f"{W}numPr")
        list_id, level = style.list_id, None
        if numbers is not None:
            list_id = attribute(numbers.find(f"{W}numId")) or list_id
            value = attribute(numbers.find(f"{W}ilvl"))
            level = int(value) if value.isdecimal() else None
        if list_id == "0":  # numbering taken off
            return None
        if not list_id:
            return None if style.list_depth is None else ("-", style.list_depth)
        found = self._lists.get(list_id, _List(list_id))
        if level is None:
            level = found.of_styles.get(style.name, style.list_level)
        depth = max(level, style.list_depth or 0)
        return self._marker(list_id, found, level), min(depth, _DEEPEST_HEADING)

    def _marker(self, list_id: str, found: _List, level: int) -> str:
        counts = self._counts[found.shared]
        if list_id not in self._counts:  # its first item
            self._counts[list_id] = {}
            for begun in found.restarted:
                counts.pop(begun, None)
        for deeper in [other for other in counts if other > level]:
            if found.levels.get(deeper, _PLAIN).restarts:
                del counts[deeper]
        kind = found.levels.get(level, _PLAIN)
        counts[level] = counts.get(level, kind.start - 1) + 1
        if kind.kind == "bullet":
            return "-"
        shown = _LEVEL.sub(lambda place: self._numeral(found, counts, kind, place), kind.text)
        return one_line(clean(with_symbols(shown)))[:_LONGEST_MARKER] or "-"

    def _numeral(
        self, found: _List, counts: dict[int, int], kind: _Level, place: re.Match[str]
    ) -> str:
        level = int(place[1]) - 1
        other = found.levels.get(level, _PLAIN)
        number = counts.get(level, other.start)
        # Laws have "1.2" below "Article I".
        return numeral(number, "1" if kind.in_digits else _KINDS.get(other.kind, "1"))


@dataclass(frozen=True, slots=True)
class _Level:
    """How the items at a level of a list are numbered."""

    kind: str = "bullet"
    text: str = ""
    """What stands before an item, with "%1" for the number at the first level."""
    start: int = 1
    in_digits: bool = False
    """Whether the numbers of the levels above it are shown in digits, too."""
    restarts: bool = True


_PLAIN = _Level()


@dataclass(frozen=True, slots=True)
class _List:
    """A list; those that share a definition are counted together."""

    shared: str
    levels: Mapping[int, _Level] = field(default_factory=dict)
    of_styles: Mapping[str, int] = field(default_factory=dict)
    """The levels of the paragraph styles that belong to it."""
    restarted: Collection[int] = ()
    """The levels whose numbers begin again with its first item."""


def _read_lists(root: Element) -> Iterator[tuple[str, _List]]:
    defined = {attribute(one, "abstractNumId"): one for one in root.iterchildren(f"{W}abstractNum")}
    by_style = {attribute(one.find(f"{W}styleLink")): one for one in defined.values()}
    for number in root.iterchildren(f"{W}num"):
        name = attribute(number.find(f"{W}abstractNumId"))
        definition = defined.get(name)
        if definition is None:
            continue
        named = attribute(definition.find(f"{W}numStyleLink"))
        definition = by_style.get(named, definition) if named else definition
        levels: dict[int, _Level] = {}
        of_styles: dict[str, int] = {}
        for element in definition.iterchildren(f"{W}lvl"):
            _add_level(element, levels, of_styles)
        restarted = []
        for override in number.iterchildren(f"{W}lvlOverride"):
            depth, begin = (
                attribute(override, "ilvl"),
                attribute(override.find(f"{W}startOverride")),
            )
            for element in override.iterchildren(f"{W}lvl"):
                _add_level(element, levels, of_styles)
            if depth.isdecimal() and begin.isdecimal():
                restarted.append(int(depth))
                kind = levels.get(int(depth), _PLAIN)
                levels[int(depth)] = replace(kind, start=begins_at(begin))
        shared = attribute(definition, "abstractNumId")
        yield attribute(number, "numId"), _List(f"of {shared}", levels, of_styles, restarted)


def _add_level(element: Element, levels: dict[int, _Level], of_styles: dict[str, int]) -> None:
    depth = attribute(element, "ilvl")
    if not depth.isdecimal() or int(depth) >= _DEEPEST_HEADING:
        return
    text = element.find(f"{W}lvlText")
    digits = element.find(f"{W}isLgl")
    levels[int(depth)] = _Level(
        attribute(element.find(f"{W}numFmt")) or "bullet",
        f"%{int(depth) + 1}." if text is None else attribute(text),
        begins_at(attribute(element.find(f"{W}start"))),
        digits is not None and attribute(digits) not in ("0", "false"),
        attribute(element.find(f"{W}lvlRestart")) != "0",
    )
    if style := attribute(element.find(f"{W}pStyle")):
        of_styles[style] = int(depth)


def _root(relationship: Any) -> Element:
    return relationship.target_part.element
