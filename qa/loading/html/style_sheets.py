"""The style sheets in a web page, as far as they hide its elements or strike them through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.loading.html.boilerplate import Element, hides, shows

_NESTED = re.compile(r"@[^{};]{0,500}+(?:;|\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+\})")
# One class or id, perhaps of one kind of element: what more there is depends on what is around.
_SIMPLE = re.compile(r"[a-z][a-z0-9]*?[.#][\w-]+|[.#][\w-]+", re.IGNORECASE)
_NAME = re.compile(r"[.#][\w-]+")


class StyleSheets:
    """The rules of a page that hide elements by their class or id.

    A name that another rule shows, as those of tabs that open with a click, hides nothing.
    """

    def __init__(self, root: Element) -> None:
        self._hiding: set[str] = set()
        shown: set[str] = set()
        for selectors, style in _rules(root):
            if hides(style):
                self._hiding.update(
                    one for one in map(str.strip, selectors.split(",")) if _SIMPLE.fullmatch(one)
                )
            elif shows(style):
                shown.update(_NAME.findall(selectors))
        self._hiding -= {one for one in self._hiding if _NAME.findall(one)[-1] in shown}

    def __bool__(self) -> bool:
        return bool(self._hiding)

    def hide(self, element: Element) -> bool:
        """Whether a rule hides the element."""
        names = [f".{name}" for name in (element.get("class") or "").split()]
        if one := element.get("id"):
            names.append(f"#{one}")
        return any(name in self._hiding or f"{element.tag}{name}" in self._hiding for name in names)


def _rules(root: Element) -> Iterator[tuple[str, str]]:
    """The selectors and the declarations of each rule that holds for every screen."""
    for sheet in root.iter("style"):
        medium = (sheet.get("media") or "all").lower()
        if "all" in medium or "screen" in medium:
            first, *rest = (sheet.text or "").split("/*")
            said = first + "".join(part.partition("*/")[2] for part in rest)
            for rule in _NESTED.sub("", said).split("}"):
                selectors, _, style = rule.partition("{")
                yield selectors, style
