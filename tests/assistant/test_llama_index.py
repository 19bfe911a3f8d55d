"""The lines in docs/library.md that make Footnote a retriever of LlamaIndex."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import qa

PAGE = Path(__file__).resolve().parents[2] / "docs" / "library.md"


def test_the_lines_for_llama_index_find_what_somebody_may_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(
        "llama_index.core", reason="llama-index-core is not installed; the group dev has it"
    )
    found = re.search(
        r"<!-- llamaindex -->\n```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.add([qa.Document("We have 28 days of annual leave a year.", "leave.md")])
        pay = qa.Document("The annual bonus is 900 crowns.", "pay.md", pages=(0,))
        assistant.add([pay], groups=["people"])
        names: dict[str, Any] = {"assistant": assistant}
        exec(found[1], names)
        assert capsys.readouterr().out == "leave.md\n"
        sources = {node.metadata["source"] for node in names["retriever"].retrieve("annual bonus")}
        assert sources == {"leave.md", "pay.md"}
        bob = names["FootnoteRetriever"](assistant.seen_by(qa.Viewer("bob", groups=["works"])))
        (node,) = bob.retrieve("annual bonus")
        assert node.metadata == {"source": "leave.md", "page": None}
        assert node.text == "We have 28 days of annual leave a year."
        assert node.score == assistant.search("annual bonus", viewer=qa.Viewer())[0].score
