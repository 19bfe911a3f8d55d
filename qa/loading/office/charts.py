"""Charts: the numbers that they are drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from qa.loading.archives import Element
from qa.loading.tables.number_formats import shown
from qa.text.cleaning import one_line

_MOST_POINTS = 1000


def chart_rows(root: Element) -> tuple[str, list[list[str]]]:
    """The title of a chart, and a table: a row for each category, a column for each series."""
    title = next(root.iter("{*}title"), None)
    text = "" if title is None else one_line(" ".join(t.text or "" for t in title.iter("{*}t")))
    names: list[str] = []
    columns: list[dict[int, str]] = []
    categories: dict[int, str] = {}
    for number, series in enumerate(root.iter("{*}ser"), 1):
        name = series.find("{*}tx")
        names.append(" ".join(_texts(name)) or f"Series {number}")
        for said in ("cat", "xVal"):
            categories = categories or dict(_points(series.find(f"{{*}}{said}")))
        values = series.find("{*}val")
        columns.append(dict(_points(series.find("{*}yVal") if values is None else values)))
    places = sorted({place for column in columns for place in column})[:_MOST_POINTS]
    rows = [
        [categories.get(place, str(place + 1)), *(column.get(place, "") for column in columns)]
        for place in places
    ]
    return text, [["", *names], *rows] if rows else []


def _texts(element: Element | None) -> list[str]:
    if element is None:
        return []
    return [one_line(v.text or "") for v in element.iter("{*}v", "{*}t") if v.text]


def _points(element: Element | None) -> Iterator[tuple[int, str]]:
    """What a chart keeps of the cells that it is drawn from, as they are shown."""
    if element is None:
        return
    code = next((c.text for c in element.iter("{*}formatCode") if c.text), "General")
    numbers = next(element.iter("{*}numCache", "{*}numLit"), None) is not None
    for point in element.iter("{*}pt"):
        value = point.find("{*}v")
        index = point.get("idx") or ""
        if value is None or not value.text or not index.isdecimal():
            continue
        text = one_line(value.text)
        with suppress(ValueError, OverflowError):
            text = shown(float(text), point.get("formatCode") or code) if numbers else text
        yield int(index), text
