"""What stands on every page and says nothing of it but its number."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[^\W\d_]+")
# The words around the number of a page and of all pages, in a few languages.
_AROUND_NUMBERS = frozenset(
    "page of seite von blatt pagina página de sur di van p pg pag s".split()
)


def numbers_pages(text: str) -> bool:
    """Whether a line has no words but those around the number of a page."""
    return _AROUND_NUMBERS.issuperset(_WORDS.findall(text.lower()))
