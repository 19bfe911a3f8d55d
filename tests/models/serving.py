"""The small chat model, if there is one, and an OpenAI-compatible server with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

GGUF = os.environ.get("FOOTNOTE_TEST_GGUF", "")
needs_model = pytest.mark.skipif(
    not Path(GGUF).is_file(),
    reason="no chat model: set FOOTNOTE_TEST_GGUF to what tests/fetch_chat_model.py prints",
)

SERVE = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_ctx = int(sys.argv[2])
parameters.verbosity = -1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def model_server(model: str, context_tokens: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own: its URL, and the process, which is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, model, str(context_tokens)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"{process.stdout.readline().strip()}/v1", process
        process.kill()
