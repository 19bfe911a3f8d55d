"""What is drawn in an Office file: charts and diagrams (SmartArt)."""

from __future__ import annotations

from collections.abc import Sequence

from qa.loading.archives import Element, local_name
from qa.loading.blocks import Blocks
from qa.loading.office.charts import chart_rows
from qa.loading.tables.grid import rows_of_names
from qa.text.cleaning import one_line


def write_graphic(blocks: Blocks, root: Element) -> None:
    """Add what a chart or a diagram shows; `root` is that of its part in the file."""
    if local_name(root) == "dataModel":
        for point in root.iter("{*}pt"):
            text = one_line(" ".join(t.text or "" for t in point.iter("{*}t")))
            if point.get("type", "node") == "node":
                blocks.item(text)
        return
    title, rows = chart_rows(root)
    blocks.add(title)
    write_table(blocks, rows, header=True)


def write_table(blocks: Blocks, rows: Sequence[Sequence[str]], *, header: bool) -> None:
    """Add a table, whose first row is set apart where it has a `header`."""
    if not rows:
        return
    blocks.open("table")
    names = rows_of_names(rows, int(header and len(rows) > 1))
    for place, row in enumerate(rows):
        blocks.row(row, header=place < names)
    blocks.close("table")
