"""What holds for everything that comes of a file."""

from __future__ import annotations

from pathlib import Path

from qa.errors import LoadError
from qa.records import Document

SHARED = Path(__file__).parents[2] / ".." / "shared" / "files"


def check(document: Document) -> None:
    """What holds for every document that a loader gives."""
    assert document.text.strip()
    assert document.title.strip()
    assert "\n" not in document.title
    assert document.id == ""
    document.text.encode("utf-8")  # no lone surrogates
    assert not set("\r\x00\x0c\xad\ufeff") & set(document.text)
    assert list(document.pages) == sorted(document.pages)
    assert all(0 <= start <= len(document.text) for start in document.pages)
    assert not document.pages or document.pages[0] == 0
    for heading in document.headings:
        end = heading.start + len(heading.text)
        assert document.text[heading.start : end] == heading.text
        assert heading.level >= 1
        assert document.text[end : end + 1] in ("", "\n")
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(starts)
    check_blocks(document)


HOLDERS: dict[str, tuple[str, ...]] = {"item": ("list",), "row": ("table",)}


def check_blocks(document: Document) -> None:
    """What holds for the blocks of every document: they nest, in the order of the text."""
    blocks = document.blocks
    ends: dict[int, int] = {}  # of the last block in each
    for place, block in enumerate(blocks):
        text = document.text[block.start : block.end]
        assert text
        assert text == text.strip()
        assert -1 <= block.parent < place
        holder = blocks[block.parent] if block.parent >= 0 else None
        if holder:
            assert holder.start <= block.start <= block.end <= holder.end
        assert (holder.kind if holder else "") in HOLDERS.get(block.kind, ("", "item", "note"))
        assert ends.get(block.parent, 0) <= block.start
        ends[block.parent] = block.end
        if block.kind == "item":
            assert text.startswith(block.marker)
        else:  # the number of a row of a sheet
            assert not block.marker or int(block.marker) > 0
        assert block.kind in ("heading", "item", "row") or block.level == 0
    held = {block.parent for block in blocks}
    assert all(place in held for place, b in enumerate(blocks) if b.kind in ("list", "table"))
    headings = [b for b in blocks if b.kind == "heading"]
    assert [(b.start, b.level, document.text[b.start : b.end]) for b in headings] == [
        (heading.start, heading.level, heading.text) for heading in document.headings
    ]


def check_problem(error: LoadError, source: str) -> None:
    """What holds for every error of a file."""
    assert source in str(error)
    assert len(str(error).splitlines()) <= 2
