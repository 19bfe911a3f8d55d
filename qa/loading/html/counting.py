"""The numbers of the items of a web page's lists, as a browser counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa.loading.html.boilerplate import Element
from qa.loading.numerals import numeral

_STYLE = re.compile(r"\b(?:lower|upper)-(?:alpha|latin|roman)\b")
_STYLES = {
    **{"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A"},
    **{"lower-roman": "i", "upper-roman": "I"},
}


@dataclass(slots=True)
class Count:
    """The numbers of a list's items, as a browser shows them."""

    number: int
    """Of the next item."""
    kind: str
    step: int = 1

    @classmethod
    def of(cls, element: Element) -> Count:
        """The numbers of a list that begins here."""
        style = _STYLE.search((element.get("style") or "").lower())
        kind = _STYLES[style[0]] if style else element.get("type") or "1"
        backwards = element.get("reversed") is not None
        first = sum(1 for item in element if item.tag == "li") if backwards else 1
        return cls(_whole(element.get("start"), first), kind, -1 if backwards else 1)

    def next(self, item: Element) -> str:
        """The marker of the next item."""
        number = _whole(item.get("value"), self.number)
        self.number = number + self.step
        return f"{numeral(number, self.kind)}."


def _whole(said: str | None, otherwise: int) -> int:
    return int(said) if said and re.fullmatch(r"\d{1,6}", said, re.ASCII) else otherwise
