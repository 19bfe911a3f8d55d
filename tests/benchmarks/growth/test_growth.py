"""The program that measures how an index grows, at the smallest size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import qa
from qa.models.embedders import Embedder
from tests.benchmarks.growth.__main__ import PROJECT, tabled
from tests.benchmarks.growth.corpus import PASSAGES, Texts, fact, made, opened, source
from tests.benchmarks.growth.measuring import SCOPES, Figures


def test_a_corpus_is_measured_and_left_as_it_was(tmp_path: Path) -> None:
    made(tmp_path, 2 * PASSAGES, lambda _: None)
    # In a process of its own, as the program does: this one has much else in memory.
    command = (sys.executable, "-m", "tests.benchmarks.growth", str(tmp_path), "--measure")
    done = subprocess.run(
        (*command, "--questions", "2", "--rounds", "1"),
        check=True, stdout=subprocess.PIPE, cwd=PROJECT,
    )  # fmt: skip
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    assert 1.5 * PASSAGES < found["passages"][0] < 3 * PASSAGES
    assert found["share answered rightly"] == [1]
    assert {f"a question{scope}: p95" for scope in SCOPES} < found.keys()
    assert min(map(min, found.values())) > 0
    with opened(tmp_path / "index") as assistant:
        kept = [one.source for one in assistant.status().sources]
        assert sorted(kept) == sorted(map(source, range(2)))


def test_an_index_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    def stop(progress: qa.Progress) -> None:
        if progress.stage == "embedding":
            sys.exit("That is enough.")

    with pytest.raises(SystemExit):
        made(tmp_path, 3 * PASSAGES, stop)
    made(tmp_path, 3 * PASSAGES, lambda _: None)
    with opened(tmp_path / "index") as assistant:
        assert len(assistant.status().sources) == 3


def test_documents_are_always_the_same_and_say_what_no_other_does(embedder: Embedder) -> None:
    one, other = Texts(embedder.tokenizer), Texts(embedder.tokenizer)
    assert one.document(7) == other.document(7)
    assert fact(7)[0] in one.document(7)
    assert len({fact(number) for number in range(5000)}) == 5000


def test_a_table_has_a_slope_for_each_figure() -> None:
    columns = [{"passages": [10.0 * size], "opened": [0.2, 0.1 * size]} for size in (1, 10)]
    cells = [list(column.cells) for column in tabled(columns).columns]
    assert cells == [["opened"], ["200 (100) ms"], ["200 (1,000) ms"], ["1.00"]]


def test_the_program_asks_for_a_folder() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.growth"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "folder" in done.stderr
