"""What the styles of an OpenDocument file say of the text that has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qa.loading.archives import Element, local_attribute, local_name
from qa.loading.numerals import begins_at

_LONGEST_CHAIN = 20
_HEADING = re.compile(r"heading(?: |_20_)([1-9])", re.IGNORECASE)
_TITLES = frozenset(("title",))
_CROSSED = ("text-line-through-style", "text-line-through-type")
_POINTS = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)pt")
_BOLD = frozenset(("bold", "600", "700", "800", "900"))
_TABLE_HEADING = re.compile(r"table(?: |_20_)heading", re.IGNORECASE)
_TINY = 1.0  # points
_RAISED = re.compile(r"super\b|[1-9]\d{0,2}%")


@dataclass(frozen=True, slots=True)
class Style:
    """What matters here of a style, with what it inherits."""

    unseen: bool = False
    """Whether its text is hidden or struck through."""
    raised: bool = False
    pale: bool = False
    """Whether its letters are white."""
    ground: bool = False
    """Whether there is a colour behind them."""
    bold: bool = False
    level: int | None = None
    """Of a heading."""
    shown: bool = True
    """Of a sheet or a slide."""


@dataclass(frozen=True, slots=True)
class Level:
    """How the items at a level of a list are numbered."""

    kind: str = "1"
    start: int = 1
    shown: int = 1
    """How many levels are shown: with 2, the number of the one above stands before its own."""
    before: str = ""
    after: str = ""


OUTLINE = "\0outline"
"""The list that the headings of a document are."""


class Styles:
    """The styles of a file, by their names."""

    def __init__(self, roots: Iterable[Element]) -> None:
        self._elements: dict[tuple[str, str], Element] = {}
        self._found: dict[tuple[str, str], Style] = {}
        self._lists: dict[str, dict[int, Level]] = {}
        for root in roots:
            for element in root.iter("{*}style"):
                key = local_attribute(element, "family"), local_attribute(element, "name")
                self._elements[key] = element
            for element in root.iter("{*}list-style", "{*}outline-style"):
                outline = local_name(element) == "outline-style"
                name = OUTLINE if outline else local_attribute(element, "name")
                self._lists[name] = dict(_numbered(element))

    def of(self, element: Element, family: str) -> Style:
        """The style of an element."""
        return self._style(family, local_attribute(element, "style-name"))

    def levels(self, list_style: str) -> Mapping[int, Level]:
        """The levels of a list whose items are numbered, counted from 1; see also `OUTLINE`."""
        return self._lists.get(list_style, {})

    def _style(self, family: str, name: str) -> Style:
        key = family, name
        if key not in self._found:
            style = Style()
            chain: list[Element] = []
            while (family, name) in self._elements and len(chain) < _LONGEST_CHAIN:
                chain.append(self._elements[family, name])
                name = local_attribute(chain[-1], "parent-style-name")
            for element in reversed(chain):
                style = _with(style, element)
            self._found[key] = _named(style, name or key[1])
        return self._found[key]


def _with(style: Style, element: Element) -> Style:
    """What `style` becomes in a style that builds on it."""
    name = local_attribute(element, "display-name") or local_attribute(element, "name")
    style = _named(style, name)
    for properties in element:
        kind = local_name(properties)
        said = {key.rpartition("}")[2]: value for key, value in properties.items()}
        if kind == "text-properties":
            crossed = [said[name] for name in _CROSSED if name in said]
            if crossed:
                style = replace(style, unseen="none" not in crossed)
            if "color" in said:
                style = replace(style, pale=said["color"].lower() in ("#ffffff", "#fff"))
            if said.get("display") == "none" or _is_tiny(said.get("font-size", "")):
                style = replace(style, unseen=True)
            if "font-weight" in said:
                style = replace(style, bold=said["font-weight"] in _BOLD)
            if "text-position" in said:
                style = replace(style, raised=bool(_RAISED.match(said["text-position"])))
        if said.get("background-color", "transparent") != "transparent":
            style = replace(style, ground=True)
        if kind == "section-properties" and said.get("display") == "none":
            style = replace(style, unseen=True)
        elif kind == "table-properties" and "display" in said:
            style = replace(style, shown=said["display"] != "false")
        elif kind == "drawing-page-properties" and "visibility" in said:
            style = replace(style, shown=said["visibility"] != "hidden")
    return style


def _is_tiny(size: str) -> bool:
    found = _POINTS.fullmatch(size)
    return found is not None and float(found[1]) <= _TINY


def _named(style: Style, name: str) -> Style:
    if _TABLE_HEADING.fullmatch(name):
        return replace(style, bold=True)
    heading = _HEADING.fullmatch(name)
    if heading or name.lower() in _TITLES:
        return replace(style, level=int(heading[1]) if heading else 1)
    return style


def _numbered(list_style: Element) -> Iterable[tuple[int, Level]]:
    for level in list_style:
        number = local_attribute(level, "level")
        kind = local_attribute(level, "num-format")
        counted = local_name(level) in ("list-level-style-number", "outline-level-style")
        if counted and kind and number.isdecimal() and len(number) < 3:
            start, shown = (local_attribute(level, n) for n in ("start-value", "display-levels"))
            yield (
                int(number),
                Level(
                    kind,
                    begins_at(start),
                    int(shown) if shown.isdecimal() and len(shown) < 3 else 1,
                    local_attribute(level, "num-prefix"),
                    local_attribute(level, "num-suffix"),
                ),
            )
