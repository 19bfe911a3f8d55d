"""Every command and code block of the README and of the pages in docs/, run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import qa
from tests.cli import forked
from tests.indexing.web.serving import Served, page, serving

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]

HANDBOOK = {
    "leave.md": "# Leave\n\nWe have 28 days of annual leave a year.\n\n"
    "Ada King, the head of personnel, approves leave.\n",
    "travel.txt": "Travel\n\nTrains are booked by whoever travels. Flights need a reason.\n",
}


@dataclass(frozen=True)
class Block:
    """A fenced block, with the name in the comment above it, if any."""

    page: str
    language: str
    text: str
    name: str

    @property
    def commands(self) -> list[str]:
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]


BLOCKS = [
    Block(page.name, language, text, name or "")
    for page in PAGES
    for name, language, text in re.findall(
        r"(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
]
README = "README.md"
# Shown and not run: output of a terminal, and HTML for other pages.
SHOWN = {"text", "html", "js"}


def blocks(language: str, page: str = "") -> list[Block]:
    return [block for block in BLOCKS if block.language == language and page in ("", block.page)]


def commands(page: str = "") -> list[str]:
    found = (block for block in blocks("bash", page) if not block.name)
    return [command for block in found for command in block.commands]


def plain(page: str) -> list[str]:
    """The commands that run by themselves: they need no chat model, and they end."""
    return [command for command in commands(page) if command not in (*CHAT_MODELS, *SERVE)]


CHAT_MODELS = [command for command in commands() if "--chat-model" in command]
SERVE = [command for command in commands() if command.startswith("qa serve")]
WITH_COMMANDS = [page.name for page in PAGES if plain(page.name)]
# Blocks for programs run against a server.
WITH_PYTHON = sorted({block.page for block in blocks("python") if not block.name})


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A working folder with the handbook that the pages mention."""
    folder = tmp_path
    (folder / "handbook").mkdir()
    for name, text in HANDBOOK.items():
        (folder / "handbook" / name).write_text(text, encoding="utf-8")
    for block in blocks("jsonl"):
        (folder / f"{block.name}.jsonl").write_text(block.text, encoding="utf-8")
    return folder


def run(command: str, desk: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    assert program == "qa"
    return forked.run(
        *arguments, cwd=desk, env={**os.environ, "QA_INDEX": str(desk / "index")}, input=typed
    )


def test_there_are_blocks_to_run() -> None:
    assert len(plain(README)) >= 7
    assert len(CHAT_MODELS) == 3
    assert {README, "library.md", "evaluation.md"} <= set(WITH_PYTHON)
    assert {block.name for block in blocks("bash")} >= {"ask", "test", "api"}
    assert {block.language for block in BLOCKS} == {
        "bash",
        "python",
        "json",
        "jsonl",
        "toml",
    } | SHOWN


def test_the_readme_is_short() -> None:
    assert len((PROJECT / README).read_text(encoding="utf-8").splitlines()) <= 130


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_pages_can_be_built_into_a_site(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs-material is not installed; the group docs has it")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    made = {file.parent.name for file in tmp_path.rglob("index.html")}
    assert made >= {page.stem for page in PAGES[1:]} - {"index"}


@pytest.mark.parametrize("name", ["ask", "test"])
def test_each_of_the_two_commands_is_one_line_that_ci_runs(name: str) -> None:
    (block,) = (block for block in blocks("bash") if block.name == name)
    assert len(block.commands) == 1
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", script)


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_the_commands_of_a_page(page: str, desk: Path) -> None:
    told = {}
    if page != README:
        run("qa sync handbook", desk)
    for command in plain(page):
        done = run(command, desk)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told[command] = done.stdout
    if page != README:
        return
    assert "28 days" in told['qa ask "How many days of annual leave do we have?"']
    as_json = json.loads(told['qa ask --folder handbook --json "Who approves leave?"'])
    assert as_json["citations"][0]["quote"].startswith("Ada King")
    held = json.loads(run("qa status --json", desk).stdout)["sources"]
    assert "handbook/leave.md" not in [document["source"] for document in held]


@pytest.mark.parametrize("command", CHAT_MODELS)
def test_a_missing_chat_model_is_named_with_the_next_step(command: str, desk: Path) -> None:
    run("qa sync handbook", desk)
    done = run(command, desk)
    # Where only the model's server is away, quotes stand in for it.
    told = done.stdout if done.returncode == 0 else done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 1 or "This is what the documents say." in " ".join(told.split())
    assert re.search(r"pip install|model\.gguf|127\.0\.0\.1:8080|[Oo]llama", told)


@contextmanager
def served(desk: Path) -> Iterator[str]:
    """The server that the README's command starts, at a free port; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (command,) = SERVE
    run("qa sync handbook", desk)
    server = subprocess.Popen(
        [sys.executable, "-m", "qa", *shlex.split(command.replace("7860", str(port)))[1:]],
        cwd=desk,
        env={**os.environ, "QA_INDEX": str(desk / "index"), "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def test_the_page_is_served_and_programs_are_answered(desk: Path) -> None:
    (api,) = (block for block in blocks("bash") if block.name == "api")
    (command,) = api.commands
    with served(desk) as url:
        told = _posted(f"{url}/api/ask", {"question": "Who approves leave?"})
        assert told["citations"][0]["quote"].startswith("Ada King")
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        done = subprocess.run(
            shlex.split(command.replace("http://127.0.0.1:7860", url)),
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert json.loads(done.stdout)["text"] == told["text"]


def test_programs_are_answered_as_the_page_says(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rest,) = (block for block in blocks("bash") if block.name == "rest")
    (python,) = (block for block in blocks("python") if block.name == "openai")
    local = "http://127.0.0.1:7860"
    with served(desk) as url:
        _posted(f"{url}/api/v1/ask", {"question": "Who approves leave?"})
        exec(compile(python.text.replace(local, url), "api.md", "exec"), {})
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        replies = [
            subprocess.check_output(shlex.split(command.replace(local, url)), timeout=120)
            for command in rest.commands
        ]
    said = capsys.readouterr().out
    assert "28 days" in said
    assert f"[1] Leave {url}/api/original?source=handbook%2Fleave.md" in said
    answer, found, sources, source, status = map(json.loads, replies)
    assert answer["citations"][0]["quote"].startswith("Ada King")
    assert 1 <= len(found["passages"]) <= 3
    assert sources["total"] == status["documents"] == len(HANDBOOK)
    assert source["text"].startswith("Leave")


def test_an_agent_can_start_the_server_as_the_page_says(desk: Path) -> None:
    (block,) = (block for block in blocks("json") if block.name == "mcp")
    (configured,) = json.loads(block.text)["mcpServers"].values()
    assert configured["command"] == "qa"
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    run("qa sync handbook", desk)
    done = run(shlex.join(["qa", *configured["args"]]), desk, json.dumps(hello) + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "footnote"


def test_addresses_are_synced_as_the_page_says(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (block for block in blocks("bash") if block.name == "web")
    monkeypatch.setenv("QA_WEB_NETWORKS", "127.0.0.1")
    monkeypatch.setenv("QA_WEB_PAUSE", "0")
    with serving() as web:
        travel = f"{web.url}/news/travel.html"
        web.pages = {
            "/handbook/": page("Handbook", "We have 28 days of annual leave a year.", "pay"),
            "/handbook/pay": page("Pay", "Wages come on the last day of the month."),
            "/news/travel.html": page("Travel", "Trains are booked by whoever travels."),
            "/sitemap.xml": Served(f"<urlset><url><loc>{travel}</loc></url></urlset>".encode()),
        }
        for command in block.commands:
            done = run(command.replace("https://intranet.example", web.url), desk)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
    held = json.loads(run("qa status --json", desk).stdout)["sources"]
    assert [document["source"] for document in held] == [travel]


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


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_the_python_blocks_of_a_page(
    page: str, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("QA_INDEX", str(desk / "index"))
    run("qa sync handbook", desk)
    names: dict[str, Any] = {}
    for block in (one for one in blocks("python", page) if not one.name):
        exec(compile(block.text, page, "exec"), names)
    said = capsys.readouterr().out
    expected = {
        README: ["28 days", "Ada King"],
        "library.md": ["Ada King", "Bicycles stand in the yard.", "no folder 'handbok'"],
        "evaluation.md": ["'exact': 1.0"],
        "review.md": ["findings in"],
        "admin.md": ["questions since"],
    }
    for words in expected[page]:
        assert words in said
    names["assistant"].close()


def test_the_settings_table_is_complete() -> None:
    table = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    assert [row[0] for row in rows] == list(qa.Settings.model_fields)
    for name, variable, default, _ in rows:
        assert variable == f"QA_{name.upper()}"
        field = qa.Settings.model_fields[name]
        if default.startswith("`") and field.default_factory is None:
            told = default.strip("`")
            assert told in (str(field.default), str(field.default).lower(), f"{field.default:g}"
                            if isinstance(field.default, float) else told), name  # fmt: skip


def test_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(block for block in blocks("toml") if block.page == "settings.md")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QA_INDEX", raising=False)
    (tmp_path / "footnote.toml").write_text(block.text, encoding="utf-8")
    settings = qa.Settings.load()
    for name, value in tomllib.loads(block.text).items():
        assert getattr(settings, name) == value


def test_the_json_is_as_documented(assistant: qa.Assistant) -> None:
    (block,) = (block for block in blocks("json") if block.name == "answer")
    documented = json.loads(block.text)
    history = [qa.Turn("Who is Kim Yong Chol?", "Pyongyang's lead negotiator.")]
    given = assistant.ask(documented["question"], history=history).to_dict()
    assert list(given) == list(documented)
    assert given["asked"] == documented["asked"]
    assert given["text"].startswith(documented["text"])
    for name in ("citations", "passages"):
        assert given[name][0].keys() == documented[name][0].keys()
    assert given["seconds"].keys() == documented["seconds"].keys()
