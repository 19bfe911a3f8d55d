"""What programs that ask the server are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import qa


@pytest.fixture(scope="session")
def library(served_index: Path) -> Iterator[qa.Assistant]:
    """An Assistant on the index of the server."""
    with qa.Assistant(served_index) as assistant:
        yield assistant
