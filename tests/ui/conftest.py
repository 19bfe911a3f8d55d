"""A server of its own process, on an index that also holds a hostile document."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa

HOSTILE = (
    "The cafeteria serves <img src=x onerror=\"document.title='owned'\"> soup **on** Mondays, "
    "[free](http://outside.example/a) and ![](http://outside.example/b.png) `raw` $$x^2$$ "
    "&lt;b&gt; http://outside.example/c <script>document.title='owned'</script>."
)


@pytest.fixture(scope="session")
def served_index(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample index, with a document that tries to be more than text."""
    index = Path(shutil.copytree(sample_index, tmp_path_factory.mktemp("served") / "index"))
    assistant = qa.Assistant(index)
    assistant.add(
        [qa.Document(text=HOSTILE, source="notes/cafeteria.txt", title="<b>Cafeteria</b>")]
    )
    assistant.close()
    return index


@pytest.fixture(scope="session")
def server(served_index: Path) -> Iterator[str]:
    """The URL of `qa serve`, running."""
    checkout = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-m", "qa", "serve", "--port", "0", "--index", str(served_index)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    assert child.stderr is not None
    said = ""
    try:
        while not (found := re.search(r"http://\S+", said)):
            line = child.stderr.readline()
            assert line, f"the server ended: {said}"
            said += line
        yield found.group()
    finally:
        child.terminate()
        child.communicate(timeout=60)
