from __future__ import annotations

import os
from pathlib import Path

from qa.index import Index
from tests.mirroring import sync, texts, write


def test_names_may_be_anything(index: Index, tmp_path: Path) -> None:
    names = [
        "Ünïcödé – 文件.txt",
        "with  spaces .txt",
        "a:b?c*.txt",
        "'; DROP TABLE x; --.txt",
        "n\nl.txt",
    ]
    for name in names:
        write(tmp_path / "odd names" / name, f"The file is called {len(name)}.")
    bad = os.fsencode(tmp_path / "odd names") + b"/caf\xe9.txt"
    Path(os.fsdecode(bad)).write_text("Not UTF-8.")

    report = sync(index, tmp_path / "odd names")

    expected = sorted(f"odd names/{name}" for name in [*names, "caf\\xe9.txt"])
    assert list(report.added) == sorted(texts(index)) == expected
    assert list(sync(index).unchanged) == expected
    assert "\ud800" not in repr(report)


def test_two_folders_of_one_name_are_kept_apart(index: Index, tmp_path: Path) -> None:
    for year in ("2023", "2024", "2025"):
        write(tmp_path / year / "docs" / "a.txt", f"The year {year}.")

    sync(index, tmp_path / "2023" / "docs", tmp_path / "2024" / "docs")
    sync(index, tmp_path / "2025" / "docs")

    assert {source: text.strip() for source, text in texts(index).items()} == {
        "docs/a.txt": "The year 2023.",
        "2024/docs/a.txt": "The year 2024.",
        "2025/docs/a.txt": "The year 2025.",
    }
    assert len(sync(index).unchanged) == 3


def test_a_single_file_is_mirrored_like_a_folder(index: Index, docs: Path) -> None:
    sync(index, docs / "plums.txt")
    assert list(texts(index)) == ["plums.txt"]

    write(docs / "plums.txt", "Plums are red now.")
    assert sync(index).changed == ("plums.txt",)
    (docs / "plums.txt").unlink()
    assert [skipped.source for skipped in sync(index).skipped] == ["plums.txt"]
    assert texts(index)["plums.txt"].strip() == "Plums are red now."
