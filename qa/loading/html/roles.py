"""What elements of a web page are by what they say of themselves for those who cannot see them.

Pages build tables, lists and headings of `div`s, and say so by roles; icons say by a label what
they show; and of a row of tabs, only one panel is shown at a time.
"""

from __future__ import annotations

from qa.loading.html.boilerplate import SILENT, Element, is_hidden
from qa.text.cleaning import one_line

_TAGS = {
    **{"table": "table", "grid": "table", "treegrid": "table", "row": "tr", "cell": "td"},
    **{"rowgroup": "tbody"},
    **{"gridcell": "td", "columnheader": "th", "rowheader": "th", "caption": "caption"},
    **{"list": "ul", "listitem": "li", "paragraph": "p", "blockquote": "blockquote"},
}
_NEUTRAL = frozenset(("div", "span", "section", "p", "a", "label"))
_INSIDE = {
    "tbody": ("table",),
    "tr": ("table", "tbody"),
    "td": ("tr",),
    "th": ("tr",),
    "li": ("ul", "ol"),
}
_CELLS = frozenset(("td", "th"))
_LONGEST_LABEL = 80
_FARTHEST = 4


def follow_roles(root: Element) -> None:
    """Make elements what their roles say, and give cells of icons the words of these."""
    cells = []
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str):
            continue
        role = element.get("role")
        if role and tag in _NEUTRAL:
            _follow(element, role.strip().lower())
        if element.tag in _CELLS:
            cells.append(element)
    for cell in cells:
        if not _has_words(cell) and (label := _label(cell)):
            cell.text = label


def is_panel(element: Element) -> bool:
    """Whether an element is one of several that readers choose from by tabs."""
    return (element.get("role") or "").strip().lower() == "tabpanel"


def _follow(element: Element, role: str) -> None:
    if role == "heading":
        level = element.get("aria-level") or "2"
        element.tag = f"h{level}" if level in ("1", "2", "3", "4", "5", "6") else "h6"
    elif tag := _TAGS.get(role):
        around = element.iterancestors()
        near = [one.tag for one, _ in zip(around, range(_FARTHEST), strict=False)]
        if tag not in _INSIDE or any(one in near for one in _INSIDE[tag]):
            element.tag = tag


def _has_words(cell: Element) -> bool:
    return any(
        (text and text.strip())
        for element in cell.iter()
        for text, around in (
            (element.text, element),
            (element.tail if element is not cell else "", element.getparent()),
        )
        if not _is_silent(around, cell)
    )


def _is_silent(element: Element, cell: Element) -> bool:
    """Whether an element in a cell, or one around it there, is never readable."""
    while element is not cell and element is not None:
        if element.tag in SILENT:
            return True
        element = element.getparent()
    return False


def _label(cell: Element) -> str:
    """What the icons in a cell say that they show."""
    found: list[str] = []
    for element in cell.iterdescendants():
        if not isinstance(element.tag, str) or (is_hidden(element) and not element.get("title")):
            continue
        said = (element.get(name) for name in ("alt", "aria-label", "title"))
        label = next((one_line(text) for text in said if text), "")
        if not label and element.tag == "title":
            label = one_line(element.text or "")
        if label and len(label) <= _LONGEST_LABEL and label not in found:
            found.append(label)
    return "; ".join(found)
