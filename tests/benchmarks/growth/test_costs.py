"""What an index costs by the figures of smaller ones."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.benchmarks.growth.__main__ import PROJECT
from tests.benchmarks.growth.costs import MACHINES, Machine, Model, euro_a_month, needed
from tests.benchmarks.growth.measuring import Figures


def figures(passages: float) -> Figures:
    """10 MB and 2 kB a passage in memory, 10 kB on disk; a question grows by the square root."""
    return {
        "passages": [passages],
        "bytes a passage resident": [10e6 / passages + 2000],
        "bytes a passage on disk": [10_000],
        "a question: p50": [0.2, 0.001 * passages**0.5],
        "a document added": [1, 1e-6 * passages],
    }


COLUMNS = [figures(1000), figures(10_000), figures(100_000)]


def test_figures_grow_on_as_they_did() -> None:
    costs = Model(COLUMNS, passages_a_second=50).costs(10**8)
    assert costs.indexing == pytest.approx(2e6)
    assert costs.memory == pytest.approx(10e6 + 2e11)
    assert costs.disk == pytest.approx(1e12)
    assert costs.question == pytest.approx(10)
    assert costs.added == pytest.approx(100)
    assert list(costs.missing(Machine("small", 2, 8, 80, 0.02))) == [
        "memory", "disk", "a question", "a document added",
    ]  # fmt: skip


def test_a_machine_holds_so_many_until_something_runs_out() -> None:
    model = Model(COLUMNS, passages_a_second=50)
    passages, first = model.largest(Machine("of much memory", 2, 8000, 9000, 1))
    assert passages == pytest.approx(4e6, rel=0.01)  # whose questions take 2 s
    assert first == ["a question"]
    small = Machine("small", 2, 8, 20, 0.02)
    assert model.largest(small)[1] == ["disk"]
    assert needed(model.costs(10**7), small) == 5
    assert euro_a_month(model.costs(10**7), small) == pytest.approx(5 * 0.02 * 730)


def test_the_program_prints_a_table_and_draws_a_picture(tmp_path: Path) -> None:
    saved, picture = tmp_path / "figures.json", tmp_path / "costs.svg"
    saved.write_text(json.dumps(COLUMNS), encoding="utf-8")
    program = (sys.executable, "-m", "tests.benchmarks.growth.costs", str(saved))
    done = subprocess.run(
        (*program, "--passages-a-second", "35", "--picture", str(picture)),
        capture_output=True, text=True, check=True, cwd=PROJECT,
    )  # fmt: skip
    assert all(machine.name in done.stdout for machine in MACHINES)
    lines = ET.fromstring(picture.read_text(encoding="utf-8")).findall("{*}polyline")
    assert len(lines) == len(MACHINES)
