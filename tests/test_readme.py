"""Every command and code block of the README, run."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import qa

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")

HANDBOOK = {
    "leave.md": "# Leave\n\nWe have 28 days of annual leave a year.\n\n"
    "Ada King, the head of personnel, approves leave.\n",
    "travel.txt": "Travel\n\nTrains are booked by whoever travels. Flights need a reason.\n",
}


@dataclass(frozen=True)
class Block:
    """A fenced block, with the name in the comment above it, if any."""

    language: str
    text: str
    name: str

    @property
    def commands(self) -> list[str]:
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]


BLOCKS = [
    Block(language, text, name or "")
    for name, language, text in re.findall(
        r"(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)```", README, re.DOTALL
    )
]


def blocks(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


COMMANDS = [command for block in blocks("bash") if not block.name for command in block.commands]
CHAT_MODELS = [command for command in COMMANDS if "--chat-model" in command]
SERVE = [command for command in COMMANDS if command.startswith("qa serve")]
PLAIN = [command for command in COMMANDS if command not in (*CHAT_MODELS, *SERVE)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the handbook that the README speaks of."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "handbook").mkdir()
    for name, text in HANDBOOK.items():
        (folder / "handbook" / name).write_text(text, encoding="utf-8")
    (questions,) = blocks("jsonl")
    (folder / "questions.jsonl").write_text(questions.text, encoding="utf-8")
    return folder


def run(command: str, desk: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    assert program == "qa"
    return subprocess.run(
        [sys.executable, "-m", "qa", *arguments],
        cwd=desk,
        env={**os.environ, "QA_INDEX": str(desk / "index"), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_there_is_something_to_run() -> None:
    assert len(PLAIN) >= 7
    assert len(CHAT_MODELS) == 3
    assert len(blocks("python")) >= 3
    assert {block.name for block in blocks("bash")} >= {"ask", "test"}


@pytest.mark.parametrize("name", ["ask", "test"])
def test_each_of_the_two_commands_is_one_line_that_ci_runs(name: str) -> None:
    (block,) = (block for block in blocks("bash") if block.name == name)
    assert len(block.commands) == 1
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", script)


def test_the_commands_for_documents_of_ones_own(desk: Path) -> None:
    told = {}
    for command in PLAIN:
        done = run(command, desk)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told[command] = done.stdout
    assert "28 days" in told['qa ask "How many days of annual leave do we have?"']
    as_json = json.loads(told['qa ask --folder handbook --json "Who approves leave?"'])
    assert as_json["citations"][0]["quote"].startswith("Ada King")
    assert "handbook/leave.md" not in run("qa status", desk).stdout


@pytest.mark.parametrize("command", CHAT_MODELS)
def test_a_chat_model_that_is_not_there_is_named_with_the_next_step(
    command: str, desk: Path
) -> None:
    run("qa sync handbook", desk)
    done = run(command, desk)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(r"pip install|model\.gguf|127\.0\.0\.1:8080|[Oo]llama", done.stderr)


def test_the_page_is_served(desk: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (command,) = SERVE
    run("qa sync handbook", desk)
    arguments = shlex.split(command.replace("7860", str(port)))[1:]
    environment = {**os.environ, "QA_INDEX": str(desk / "index"), "PYTHONPATH": str(PROJECT)}
    server = subprocess.Popen(
        [sys.executable, "-m", "qa", *arguments],
        cwd=desk,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told = _posted(f"http://127.0.0.1:{port}/api/ask", {"question": "Who approves leave?"})
    finally:
        server.terminate()
        server.wait(30)
    assert told["citations"][0]["quote"].startswith("Ada King")


def _posted(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    for _ in range(120):
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                told: dict[str, Any] = json.load(reply)
                return told
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} never answered")


def test_the_python_blocks(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block.text, "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert "28 days" in said
    assert "Bicycles stand in the yard." in said
    assert "Ada King" in said
    names["assistant"].close()


def test_the_settings_table_is_complete() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+?) \|$", README, re.MULTILINE)
    assert [row[0] for row in rows] == list(qa.Settings.model_fields)
    for name, variable, default, _ in rows:
        assert variable == f"QA_{name.upper()}"
        field = qa.Settings.model_fields[name]
        if default.startswith("`") and field.default_factory is None:
            told = default.strip("`")
            assert told in (str(field.default), str(field.default).lower(), f"{field.default:g}"
                            if isinstance(field.default, float) else told), name  # fmt: skip


def test_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("toml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QA_INDEX", raising=False)
    (tmp_path / "footnote.toml").write_text(block.text, encoding="utf-8")
    settings = qa.Settings.load()
    for name, value in tomllib.loads(block.text).items():
        assert getattr(settings, name) == value


def test_the_json_is_what_is_given(assistant: qa.Assistant) -> None:
    (block,) = blocks("json")
    documented = json.loads(block.text)
    history = [qa.Turn("Who is Kim Yong Chol?", "Pyongyang's lead negotiator.")]
    given = assistant.ask(documented["question"], history=history).to_dict()
    assert list(given) == list(documented)
    assert given["asked"] == documented["asked"]
    assert given["text"].startswith(documented["text"])
    for name in ("citations", "passages"):
        assert given[name][0].keys() == documented[name][0].keys()
    assert given["seconds"].keys() == documented["seconds"].keys()
