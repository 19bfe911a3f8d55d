"""Running heads and feet: lines that most pages of a document share, and page numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from qa.loading.pdf.columns import Line

Row = list[Line]
"""The lines at one height of a page."""

EDGE_ROWS = 4
"""How many rows at the top of a page, and at its bottom, may run."""

_SHARE_OF_PAGES = 0.45  # odd and even pages may have different heads
_FEWEST_PAGES = 3

_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_NUMBERS_AT_MOST = 8
_PAGE_NUMBER = re.compile(r"page \d|\d (?:of|/) \d|\A\W*\d+\W*\Z", re.IGNORECASE)


def drop_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without heads, feet and page numbers that repeat on most of them.

    Only a number that counts with the pages may differ: a subtotal at the foot of every page is
    text. In documents of two pages, only lines with page numbers are removed.
    """
    kept = [list(page) for page in pages]
    if sum(1 for page in pages if page) < 2:
        return kept
    edges = [_edges(page) for page in pages]
    running = _Running(edges)
    for number, page in enumerate(pages):
        dropped = {id(line) for edge in edges[number] for line in running.lines(edge, number)}
        kept[number] = [line for line in page if id(line) not in dropped]
    return kept if any(kept) else [list(page) for page in pages]


class _Running:
    """How often each line at the edges of pages is repeated."""

    def __init__(self, edges: Sequence[Sequence[Sequence[Row]]]) -> None:
        self._counts: Counter[str] = Counter()
        for number, page in enumerate(edges):
            lines = [line for edge in page for row in edge for line in row]
            self._counts.update({key for line in lines for key in _keys(line, number)})
        pages = sum(1 for page in edges if any(page))
        self._few = pages < _FEWEST_PAGES
        self._least = pages if self._few else max(_FEWEST_PAGES, _SHARE_OF_PAGES * pages)

    def lines(self, edge: Sequence[Row], page: int) -> Iterator[Line]:
        """The running lines among the rows of an edge, which begin at the outermost one."""
        running: list[Row] = []
        for row in edge:
            if not all(self._runs(line, page) for line in row):
                break
            running.append(row)
        # The header of a table that goes on is said again above its rows.
        within = edge[len(running) :][:1]
        above = running[-1] if running and within else []
        kinds = {line.row for line in above}
        if kinds == {"header"} and all(line.row for row in within for line in row):
            running.pop()
        # With more than a few, the pages themselves are alike, as forms are.
        alike = len(running) == EDGE_ROWS
        for row in running:
            for line in row:
                if not (alike and self._counts[line.text.lower()] >= self._least):
                    yield line

    def _runs(self, line: Line, page: int) -> bool:
        if self._few and not _PAGE_NUMBER.search(line.text):
            return False
        return any(self._counts[key] >= self._least for key in _keys(line, page))


def _edges(page: Sequence[Line]) -> tuple[list[Row], list[Row]]:
    """The rows nearest the top and the bottom of the page, the outermost first."""
    rows: defaultdict[int, Row] = defaultdict(list)
    for line in page:
        rows[round(line.bottom)].append(line)
    downwards = [rows[bottom] for bottom in sorted(rows, reverse=True)]
    return downwards[:EDGE_ROWS], downwards[::-1][:EDGE_ROWS]


def _keys(line: Line, page: int) -> list[str]:
    """The line unchanged, and with each of its numbers replaced by its distance to the page's."""
    text = line.text.lower()
    return [text] + [
        f"{text[: number.start()]}#{int(number[0]) - page}#{text[number.end() :]}"
        for number in islice(_NUMBER.finditer(text), _NUMBERS_AT_MOST)
    ]
