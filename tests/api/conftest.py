"""A server of its own process, for programs to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from tests.ui.conftest import served_index as served_index
from tests.ui.serving import served


@pytest.fixture(scope="session")
def server(served_index: Path) -> Iterator[str]:
    """The URL of `qa serve`, running."""
    with served(served_index) as url:
        yield url


@pytest.fixture(scope="session")
def library(served_index: Path) -> Iterator[qa.Assistant]:
    """An Assistant on the index of the server."""
    with qa.Assistant(served_index) as assistant:
        yield assistant
