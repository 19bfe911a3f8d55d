"""Environment variables that a training process needs before it starts."""

from __future__ import annotations

import os
import sys

# With batches of many lengths, glibc returns memory and requests it again, page by page, which
# takes a good part of the time; it reads these when a process starts.
_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "TOKENIZERS_PARALLELISM": "false",
    # Waiting threads do not spin: otherwise any other load would cost many times its own time.
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "0",
}


def start_again_with_memory_kept(module: str) -> None:
    """Restart `python -m module` with these variables, unless they are set already."""
    if any(os.environ.get(name) != value for name, value in _MEMORY.items()):
        os.execve(
            sys.executable, [sys.executable, "-m", module, *sys.argv[1:]],
            {**os.environ, **_MEMORY},
        )  # fmt: skip
