"""Models are opened once in a process, however many use them, and anew where that would not do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa.models import open_embedder
from qa.models.fast_encoder import open_cached
from qa.places import PACKAGED_EMBEDDER
from qa.reading.span_model import PACKAGED, SpanModel

FORKING = """
import os, signal
from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.reading.span_model import SpanModel, PACKAGED

def read():
    open_embedder(PACKAGED_EMBEDDER).embed_query("where?")
    model = SpanModel(PACKAGED)
    ids = model.tokens("Visitors park behind the house.").ids
    return len(model.run_each(model.tokens("where?").ids, [ids] * 4, ["start"]))

assert read() == 4
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(0 if read() == 4 else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_two_readers_of_a_folder_share_what_they_opened() -> None:
    one, other = SpanModel(PACKAGED), SpanModel(PACKAGED)
    assert one.tokens("Visitors park here.") is other.tokens("Visitors park here.")
    assert one._open() is other._open()


def test_a_folder_with_other_files_is_opened_anew(tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(PACKAGED, folder)
    before = SpanModel(folder)
    text = before.tokens("Visitors park here.")
    os.utime(folder / "tokenizer.json", ns=(1, 1))
    after = SpanModel(folder)
    assert after.tokens("Visitors park here.") is not text
    assert after._open() is not before._open()


def test_embedders_share_their_fast_encoder() -> None:
    one, other = open_embedder(PACKAGED_EMBEDDER), open_embedder(PACKAGED_EMBEDDER)
    assert one is not other
    assert np.array_equal(one.encode(["where?"]), other.encode(["where?"]))
    assert one._cache is not None  # type: ignore[attr-defined]
    assert open_cached(one._cache) is open_cached(other._cache)  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked on this system")
def test_a_process_that_was_forked_opens_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", FORKING], timeout=120, check=False)
    assert ended.returncode == 0
