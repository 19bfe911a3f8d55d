"""An OpenAI-compatible server with the small chat model, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
    """Its URL and its process, which is killed at the end."""
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
