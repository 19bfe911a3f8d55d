"""The description of REST, held against what the server does with made-up requests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole import WHOLE

# A request that is too large is refused as such, before anybody looks at what is in it.
# Only documents that were read from a PDF have pages that can be drawn.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 415, 429, "5xx"]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 415, 422]
"""
EXAMPLES = "100" if WHOLE else "2"


def run(description: str, folder: Path, *options: str) -> None:
    """Try every route; each check of schemathesis has to pass."""
    program = shutil.which("st", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("schemathesis is not installed; the group dev has it")
    quick = () if WHOLE else ("--phases", "examples,fuzzing")
    (folder / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    done = subprocess.run(
        [
            *(program, "run", description, "--seed", "16", "--max-examples", EXAMPLES),
            *("--continue-on-failure", "--no-color", "--generation-database", "none"),
            *("--wait-for-schema", "30", *quick, *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout


def test_the_server_does_what_its_description_says(server: str, tmp_path: Path) -> None:
    run(f"{server}/api/v1/openapi.json", tmp_path)
