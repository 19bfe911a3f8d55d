"""The tests' side of `tests.faults.runner`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


class Runner:
    """Does one thing after another with indexes, each in a process of its own."""

    def __init__(
        self, library: Path | None = None, within: Sequence[str] = (),
        temporary: Path | None = None,
    ) -> None:  # fmt: skip
        self.temporary = temporary or Path(tempfile.gettempdir())
        environment = dict(os.environ, TOKENIZERS_PARALLELISM="false", TMPDIR=str(self.temporary))
        if library is not None:
            environment["LD_PRELOAD"] = str(library)
        self._process = subprocess.Popen(
            [*within, sys.executable, "-m", "tests.faults.runner"],
            cwd=PROJECT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.communicate()

    def __call__(
        self, do: str, index: Path, *, fault: tuple[int, int] | None = None, user: int = 0,
        **how: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The result: `ended` (below 0: by that signal), and `ok`, `error` or `crash`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"do": do, "index": str(index), "how": how, "fault": fault, "user": user}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
