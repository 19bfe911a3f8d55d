"""Word's formulas on one line: a fraction as (a)/(b), a power as a^b."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_PROPERTIES_END = "Pr"
_APPLIED_TO = "\u2061"  # nobody sees it between a function and its argument
_ROOTS = {"2": "√", "3": "∛", "4": "∜"}


def linear(element: Any) -> str:
    """The formula as a reader would type it."""
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2]
    if name == "t":
        return (element.text or "").replace(_APPLIED_TO, " ")
    if name.endswith(_PROPERTIES_END):
        return ""
    write = _WRITERS.get(name)
    return write(element) if write else _inside(element)


def _inside(element: Any) -> str:
    return "".join(linear(child) for child in element)


def _part(element: Any, name: str) -> str:
    found = element.find(f"{M}{name}")
    return "" if found is None else _inside(found)


def _grouped(text: str) -> str:
    """In brackets, unless it is one number or one letter anyway."""
    simple = len(text) <= 1 or text.isalnum()
    return text if simple else f"({text})"


def _fraction(element: Any) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _scripts(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    text = _part(element, "e")
    text += f"_{_grouped(below)}" if below else ""
    return text + (f"^{_grouped(above)}" if above else "")


def _root(element: Any) -> str:
    degree, content = _part(element, "deg").strip(), _grouped(_part(element, "e"))
    return f"{_ROOTS.get(degree or '2', f'{degree}√')}{content}"


def _brackets(element: Any) -> str:
    properties = element.find(f"{M}dPr")

    def sign(name: str, default: str) -> str:
        found = None if properties is None else properties.find(f"{M}{name}")
        return default if found is None else found.get(f"{M}val") or ""

    inside = [_inside(child) for child in element.iterchildren(f"{M}e")]
    return sign("begChr", "(") + sign("sepChr", "|").join(inside) + sign("endChr", ")")


def _sum(element: Any) -> str:
    sign = element.find(f"{M}naryPr/{M}chr")
    text = "∫" if sign is None else sign.get(f"{M}val") or ""
    below, above = _part(element, "sub"), _part(element, "sup")
    text += f"_{_grouped(below)}" if below else ""
    text += f"^{_grouped(above)}" if above else ""
    return f"{text} {_part(element, 'e')}"


def _matrix(element: Any) -> str:
    rows = (
        ", ".join(_inside(cell) for cell in row.iterchildren(f"{M}e"))
        for row in element.iterchildren(f"{M}mr")
    )
    return f"[{'; '.join(rows)}]"


def _function(element: Any) -> str:
    return f"{_part(element, 'fName').rstrip()} {_part(element, 'e')}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "rad": _root,
    "d": _brackets,
    "nary": _sum,
    "m": _matrix,
    "func": _function,
}
