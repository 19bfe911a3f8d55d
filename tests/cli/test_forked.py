"""The processes that other tests have the command in: they are like those that are started."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.cli.forked import Command, run


def test_a_forked_command_has_streams_folder_environment_and_exit_code_of_its_own(
    tmp_path: Path, sample_index: Path
) -> None:
    done = run("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout[:12], done.stderr) == (0, "footnote-qa ", "")
    named = {**os.environ, "QA_INDEX": "no/index"}
    done = run("ask", "Why?", cwd=tmp_path, env=named)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no/index" in done.stderr
    asked = run("ask", "-", "--index", sample_index, input="Who is Kim Yong Chol?")
    assert asked.returncode == 0, asked.stderr
    assert "[1]" in asked.stdout
    wrong = run("ask", "--nonsense")
    assert (wrong.returncode, "--nonsense" in wrong.stderr) == (2, True)


def test_a_forked_command_ends_by_signals(sample_index: Path) -> None:
    with Command("chat", "--index", sample_index, typed=True) as waiting:
        assert waiting.poll() is None
        waiting.kill()
        assert waiting.wait(60) == -signal.SIGKILL
        assert waiting.poll() == -signal.SIGKILL
