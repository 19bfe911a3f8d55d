from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from qa.models import Embedder, open_embedder
from qa.settings import PACKAGED_EMBEDDER, sample_folder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged embedder, open."""
    return open_embedder(PACKAGED_EMBEDDER)


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of the samples; not to be written to."""
    folder = tmp_path_factory.mktemp("samples") / "index"
    assistant = qa.Assistant(index=folder)
    assistant.sync([sample_folder()])
    assistant.close()
    return folder


@pytest.fixture(scope="session")
def assistant(sample_index: Path) -> Iterator[qa.Assistant]:
    """An Assistant on the samples; not to be written to."""
    assistant = qa.Assistant(index=sample_index)
    yield assistant
    assistant.close()
