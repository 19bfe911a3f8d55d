"""What stands above and below the text on the pages of an OpenDocument text: a letterhead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qa.loading.archives import Element, local_name
from qa.loading.furniture import numbers_pages
from qa.text.cleaning import one_line

_PLACES = ("", "-left", "-first")


class Margins:
    """The headers and footers of a file's pages, each said once."""

    def __init__(self, roots: Iterable[Element], said: str) -> None:
        """`said` is what the text says itself."""
        self._pages = [page for root in roots for page in root.iter("{*}master-page")]
        self._text = one_line(said)
        self._said: set[str] = set()

    def of(self, kind: str) -> Iterator[Element]:
        """The headers or the footers (`kind`), without what is said already or numbers pages."""
        names = {kind + place for place in _PLACES}
        for page in self._pages:
            for margin in page:
                if local_name(margin) in names and self._leave_new(margin):
                    yield margin

    def _leave_new(self, margin: Element) -> bool:
        """Remove paragraphs that say nothing new; whether any is left."""
        left = False
        for paragraph in list(margin.iter("{*}p", "{*}h")):
            words = one_line("".join(paragraph.itertext()))
            if not words or words in self._said or words in self._text or numbers_pages(words):
                paragraph.getparent().remove(paragraph)
            else:
                self._said.add(words)
                left = True
        return left
