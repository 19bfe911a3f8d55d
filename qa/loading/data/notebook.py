"""Jupyter notebooks: their text, their code, and what it showed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from qa.errors import DamagedFileError, EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks, telling_title
from qa.loading.html import render_fragment
from qa.loading.markdown import parse as parse_markdown
from qa.loading.plain import decode_or_raise
from qa.records import Document

_LONGEST_OUTPUT = 5000  # characters


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The cells in their order.

    Raises:
        DamagedFileError: it is no notebook.
    """
    try:
        notebook = json.loads(decode_or_raise(data, source))
        sheets = notebook.get("worksheets") or [notebook]  # those of before 2014
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise DamagedFileError(
            f"{source} is not a notebook as it should be. Open it in Jupyter and save it again."
        ) from error
    blocks = Blocks()
    for cell in cells:
        if isinstance(cell, dict):
            _write(blocks, cell, source, limits)
        limits.check(source, "max_characters", blocks.length, "has {} characters")
    about = notebook.get("metadata")
    title = about.get("title") if isinstance(about, dict) else None
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    return blocks.document(source, [telling_title(str(title or "")), *tops[:1]])


def _write(blocks: Blocks, cell: dict[str, Any], source: str, limits: Limits) -> None:
    text = _text(cell.get("source") or cell.get("input"))
    kind = cell.get("cell_type")
    if kind == "heading":  # before 2014
        level = cell.get("level")
        blocks.heading(text, level if isinstance(level, int) and 0 < level < 7 else 1)
        return
    if kind == "code":
        blocks.add(text, "code")
        for output in cell.get("outputs") or ():
            if isinstance(output, dict):
                _write_output(blocks, output, source, limits)
    elif text.strip():
        blocks.embed(parse_markdown(text.encode("utf-8", "ignore"), source, limits))


def _write_output(blocks: Blocks, output: dict[str, Any], source: str, limits: Limits) -> None:
    shown = output.get("data")
    shown = shown if isinstance(shown, dict) else {}
    if page := _text(shown.get("text/html")):
        render_fragment(page, blocks)
    elif (text := _text(shown.get("text/markdown"))).strip():
        with suppress(EmptyFileError):
            blocks.embed(parse_markdown(text.encode("utf-8", "ignore"), source, limits))
    elif output.get("output_type") == "error":
        said = (_text(output.get(name)) for name in ("ename", "evalue"))
        blocks.add(": ".join(filter(None, said))[:_LONGEST_OUTPUT], "code")
    else:
        blocks.add(_text(shown.get("text/plain") or output.get("text"))[:_LONGEST_OUTPUT], "code")


def _text(value: Any) -> str:
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))
