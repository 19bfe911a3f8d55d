"""The command line as people and scripts use it: in this process, and as a real one."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qa import __version__
from qa.assistant import Assistant
from qa.cli.app import app
from qa.cli.chat import converse
from qa.cli.output.terminal import Terminal
from qa.loading.formats import MARKDOWN
from qa.places import sample_folder

SUMMIT = "Where might the second summit be held?"
FRANCE = "What is the capital of France?"
QA = [sys.executable, "-m", "qa"]
HEAVY = (
    "torch", "chromadb", "sentence_transformers", "gradio", "langchain", "langchain_core",
    "onnxruntime", "pydantic", "numpy",
)  # fmt: skip


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "QA_INDEX", "QA_CHAT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)  # no footnote.toml of the checkout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "hours.txt").write_text("The office opens at eight and closes at six in the evening.")
    (folder / "parking.md").write_text("# Parking\n\nVisitors park behind the brick building.\n")
    return folder


def qa(*arguments: object, stdin: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def process(*arguments: object, terminal: int | None = None) -> subprocess.Popen[str]:
    """Run the command in a process of its own, with pipes or at a terminal."""
    stream = subprocess.PIPE if terminal is None else terminal
    return subprocess.Popen(
        [*QA, *map(str, arguments)],
        stdin=terminal,
        stdout=stream,
        stderr=stream,
        text=True,
        env=with_checkout(),
    )


def with_checkout(**variables: str) -> dict[str, str]:
    """The environment, with the checkout on Python's path."""
    checkout = Path(__file__).resolve().parents[2]
    return {**os.environ, "PYTHONPATH": str(checkout), **variables}


@contextlib.contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block, whatever happens in it."""
    child = process(*arguments)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


# Asking


def test_an_answer_comes_with_its_footnote_and_exit_code_0(sample_index: Path) -> None:
    result = qa("ask", SUMMIT, "--index", sample_index)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "Bangkok and Hanoi" in result.stdout.splitlines()[0]
    assert re.search(r"^\[1\] .+ · seeds/second-summit-brief\.md$", result.stdout, re.MULTILINE)


def test_a_question_needs_no_quotation_marks(sample_index: Path) -> None:
    assert qa("ask", *SUMMIT.split(), "--index", sample_index).exit_code == 0


def test_a_question_without_an_answer_is_exit_code_3(sample_index: Path) -> None:
    result = qa("ask", FRANCE, "--index", sample_index)
    assert result.exit_code == 3
    assert "documents do not say" in result.stdout
    assert "Closest passages" in result.stdout


def test_json_is_the_whole_answer_and_nothing_else(sample_index: Path) -> None:
    result = qa("ask", SUMMIT, "--json", "--index", sample_index)
    answer = json.loads(result.stdout)
    assert result.stderr == ""
    assert answer["question"] == SUMMIT
    assert answer["found"] is True
    citation = answer["citations"][0]
    assert "Hanoi" in citation["quote"]
    assert citation["end"] - citation["start"] == len(citation["quote"])
    refused = qa("ask", FRANCE, "--json", "--index", sample_index)
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["found"] is False


def test_a_question_can_come_from_standard_input(sample_index: Path) -> None:
    result = qa("ask", "-", "--json", "--index", sample_index, stdin=f"  {SUMMIT}\n")
    assert json.loads(result.stdout)["question"] == SUMMIT


@pytest.mark.parametrize("question", ["", "   ", "?!", "hello", "why " * 5000])
def test_odd_questions_get_a_reply(sample_index: Path, question: str) -> None:
    result = qa("ask", question, "--index", sample_index)
    assert result.exit_code == 3
    assert len(result.stdout.split()) > 3


def test_a_question_can_be_limited_to_a_folder(sample_index: Path) -> None:
    arguments = ("ask", SUMMIT, "--json", "--index", sample_index, "--folder")
    assert json.loads(qa(*arguments, "seeds").stdout)["found"] is True
    refused = qa(*arguments, "seed")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "no folder 'seed'. It holds: seeds" in refused.stderr


def test_a_search_lists_passages_as_text_and_as_json(sample_index: Path) -> None:
    text = qa("search", SUMMIT, "--limit", 2, "--index", sample_index)
    assert text.exit_code == 0
    assert re.findall(r"^(\d+)\. ", text.stdout, re.MULTILINE) == ["1", "2"]
    found = json.loads(qa("search", SUMMIT, "--limit", 2, "--json", "--index", sample_index).stdout)
    assert found["question"] == SUMMIT
    assert len(found["passages"]) == 2
    assert found["passages"][0]["source"] == "seeds/second-summit-brief.md"


# The index


@pytest.fixture
def default_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("qa.settings.settings.default_index", lambda: str(tmp_path / "default"))
    return tmp_path / "default"


def test_the_samples_are_added_to_the_default_index_and_standard_error_says_so(
    default_index: Path, folder: Path
) -> None:
    result = qa("ask", SUMMIT)
    assert result.exit_code == 0
    assert "Hanoi" in result.stdout
    assert "sample documents" in result.stderr
    assert "added" in result.stderr
    assert "sample" not in result.stdout.splitlines()[0]
    again = qa("search", SUMMIT, "--index", default_index)
    assert again.stderr == "The index holds sample documents. Your own: qa sync FOLDER\n"
    assert qa("search", SUMMIT, "--json").stderr == ""
    chat = qa("chat", stdin=f"{FRANCE}\n{FRANCE}\n")
    assert chat.stderr.count("sample documents") == 1
    assert json.loads(qa("status", "--json").stdout)["samples"] is True
    qa("sync", folder)
    assert qa("search", "When does the office open?").stderr == ""
    assert json.loads(qa("status", "--json").stdout)["samples"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", SUMMIT),
        ("search", SUMMIT),
        ("chat",),
        ("status",),
        ("forget", "seeds"),
        ("eval", "questions.jsonl"),
        ("sync",),
    ],
)
@pytest.mark.parametrize("by", ["option", "environment"])
def test_an_index_that_is_named_but_missing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], by: str
) -> None:
    (tmp_path / "questions.jsonl").write_text(json.dumps({"question": "Why?", "answer": "Yes."}))
    place = tmp_path / "my indx"
    if by == "environment":
        monkeypatch.setenv("QA_INDEX", str(place))
        result = qa(*arguments)
    else:
        result = qa(*arguments, "--index", place)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert str(place) in result.stderr
    assert "qa sync FOLDER --index" in result.stderr
    assert not (place / "generations").exists()


def test_a_folder_is_mirrored_through_all_its_changes(tmp_path: Path, folder: Path) -> None:
    index = ("--index", tmp_path / "index")
    first = qa("sync", folder, *index)
    assert first.exit_code == 0
    assert "+ handbook/hours.txt" in first.stdout
    assert "2 added" in first.stdout
    (folder / "hours.txt").write_text("The office opens at nine.")
    (folder / "parking.md").rename(folder / "cars.md")
    (folder / "list.xlsx").write_bytes(b"not a workbook")
    second = qa("sync", *index, "--json")
    report = json.loads(second.stdout)
    assert report["changed"] == ["handbook/hours.txt"]
    assert report["renamed"] == [{"from": "handbook/parking.md", "to": "handbook/cars.md"}]
    assert [item["source"] for item in report["skipped"]] == ["handbook/list.xlsx"]
    (folder / "cars.md").unlink()
    third = qa("sync", *index)
    assert "- handbook/cars.md" in third.stdout
    assert "! handbook/list.xlsx" in third.stdout


def test_a_status_as_text_and_as_json(sample_index: Path) -> None:
    text = qa("status", "--index", sample_index)
    assert text.exit_code == 0
    assert "seeds/it-help.md" in text.stdout
    status = json.loads(qa("status", "--json", "--index", sample_index).stdout)
    assert status["documents"] == len(status["sources"]) > 5
    assert status["folders"] == [str(sample_folder())]


def test_a_status_says_what_could_not_be_read_and_what_is_stale(
    tmp_path: Path, folder: Path
) -> None:
    index = ("--index", tmp_path / "index")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of that")
    (folder / "round").symlink_to(folder)
    qa("sync", folder, *index)
    (folder / "hours.txt").write_text("Closed.")

    text = qa("status", *index).stdout
    found = json.loads(qa("status", "--json", *index).stdout)

    assert "Could not be read (try again: qa sync --retry)\n! handbook/broken.pdf is a PDF" in text
    assert "Skipped\n! handbook/round is a link to a folder" in text
    assert "Stale (read again: qa sync)\n! handbook/hours.txt has changed since it was" in text
    assert [one["source"] for one in found["failed"]] == ["handbook/broken.pdf"]
    assert found["failed"][0]["format"] == "pdf 7"
    assert [one["source"] for one in found["skipped"]] == ["handbook/round"]
    assert [one["source"] for one in found["stale"]] == ["handbook/hours.txt"]

    again = qa("sync", "--retry", *index)
    assert "~ handbook/hours.txt" in again.stdout
    assert "! handbook/broken.pdf" in again.stdout
    assert "Stale" not in qa("status", *index).stdout


def test_a_status_of_one_document(tmp_path: Path, folder: Path) -> None:
    index = ("--index", tmp_path / "index")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of that")
    qa("sync", folder, *index)

    document = qa("status", "handbook/parking.md", *index).stdout
    failed = qa("status", "handbook/broken.pdf", *index).stdout
    unknown = qa("status", "handbok", *index)

    assert "Source   handbook/parking.md" in document
    assert f" as {MARKDOWN.read_as}" in document
    assert "hours.txt" not in document
    assert "! handbook/broken.pdf" in failed
    assert "hours.txt" in qa("status", "handbook", *index).stdout
    assert unknown.exit_code == 1
    assert "holds no source 'handbok'" in unknown.stderr


def test_a_forgotten_source_is_gone_and_there_is_a_warning_about_its_file(
    tmp_path: Path, folder: Path
) -> None:
    index = ("--index", tmp_path / "index")
    qa("sync", folder, *index)
    result = qa("forget", "handbook/hours.txt", *index)
    assert result.exit_code == 0
    assert "Forgotten: 1 document" in result.stdout
    assert str(folder / "hours.txt") in result.stderr
    assert "next sync brings it back" in result.stderr
    status = json.loads(qa("status", "--json", *index).stdout)
    assert [source["source"] for source in status["sources"]] == ["handbook/parking.md"]


def test_an_index_that_was_emptied_stays_empty(tmp_path: Path, folder: Path) -> None:
    index = ("--index", tmp_path / "index")
    qa("sync", folder, *index)
    forgotten = qa("forget", "handbook", *index)
    assert "Forgotten: 2 documents" in forgotten.stdout
    assert forgotten.stderr == ""  # the folder is no longer synced, so nothing comes back
    result = qa("ask", SUMMIT, *index)
    assert result.exit_code == 3
    assert "qa sync" in result.stdout
    assert json.loads(qa("status", "--json", *index).stdout)["documents"] == 0


# A conversation


def test_a_conversation_understands_a_follow_up_and_its_commands(sample_index: Path) -> None:
    lines = [
        "/sources",
        "Who is Kim Yong Chol?",
        "And when did he last visit?",
        "/sources",
        "/nonsense",
        "/help",
        "/new",
        "/quit",
        FRANCE,
    ]
    result = qa("chat", "--index", sample_index, stdin="\n".join(lines))
    assert result.exit_code == 0
    before, _, after = result.stdout.partition("There is no /nonsense")
    assert "There is no answer yet." in before
    assert "June" in before
    assert before.count("seeds/second-summit-brief.md") >= 3  # twice under answers, once as source
    assert "/quit" in after
    assert "documents do not say" not in result.stdout
    assert result.stderr == "A new conversation.\n"


def test_next_questions_are_given_when_asked_for(sample_index: Path) -> None:
    salary = ("ask", "When do I get my salary?", "--index", sample_index)
    told = json.loads(qa(*salary, "--related", "--json").stdout)
    assert told["related"]
    assert len(told["related"]) <= 3
    assert "related" not in json.loads(qa(*salary, "--json").stdout)
    shown = qa(*salary, "--related").stdout
    assert "The documents also answer\n1. " in shown
    assert shown.index("25th") < shown.index("The documents also answer")
    assert "also answer" not in qa(*salary).stdout
    assert json.loads(qa("ask", "Hello!", "--related", "--json").stdout)["related"] == []


def test_at_a_terminal_a_number_asks_an_offered_question(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter(["1", "When do I get my salary?", "1", "/new", "1"])

    def typed(prompt: str) -> str:
        if (line := next(lines, None)) is None:
            raise EOFError
        return line

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with Assistant(sample_index) as assistant:
        assert converse(Terminal(), assistant) == 0
    out = capsys.readouterr().out
    first, _, second = out.partition("The documents also answer")
    assert "25th" in first
    offered = re.search(r"^1\. (.+)$", second, re.MULTILINE)
    assert offered is not None
    # It is there once as an offer, and once more as the question.
    assert out.count(offered[1]) >= 2
    # If nothing was offered, it is an ordinary question.
    assert first.count("25th") == 1


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sync", "/there/is/no/such/folder"), "/there/is/no/such/folder"),
        (("forget", "nobody.txt"), "nobody.txt"),
        (("ask", SUMMIT, "--chat-model", "nobody"), "nobody"),
        (("status", "--index", "/dev/null/index"), "/dev/null/index"),
    ],
)
def test_an_error_is_a_line_on_standard_error(
    sample_index: Path, arguments: tuple[str, ...], said: str
) -> None:
    if "--index" not in arguments:
        arguments = (*arguments, "--index", str(sample_index))
    result = qa(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert 1 <= len(result.stderr.splitlines()) <= 2


def test_a_bad_setting_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_LIMIT", "many")
    result = qa("status")
    assert result.exit_code == 1
    assert "limit" in result.stderr


def test_the_environment_can_name_the_index(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_INDEX", str(sample_index))
    assert json.loads(qa("status", "--json").stdout)["index"] == str(sample_index)


@pytest.mark.parametrize(
    "arguments", [("ask",), ("nonsense",), ("search", "x", "--limit", "0"), ("sync", "--nonsense")]
)
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    result = qa(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


VERBS = {
    "ask": ("ask", "x"), "search": ("search", "x"), "chat": ("chat",), "status": ("status",),
    "forget": ("forget", "x"), "serve": ("serve",), "sync": ("sync", "."), "doctor": ("doctor",),
}  # fmt: skip
# What fails, and the verbs that can fail in this way: (options, the environment, verbs).
FAILURES: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no such index": (("--index", "nowhere"), {}, "ask search chat status forget doctor"),
    "no index but a file": (
        ("--index", "file"),
        {},
        "ask search chat status forget serve sync doctor",
    ),
    "a setting": ((), {"QA_LIMIT": "many"}, "ask search chat status forget serve sync doctor"),
    "no such folder": (("--folder", "nowhere"), {}, "ask search chat"),
    "no such model": (("--chat-model", "no:such"), {}, "ask chat serve doctor"),
    "no folder but a file": (("--keep-uploads", "file"), {}, "serve"),
}


@pytest.mark.parametrize(
    ("failure", "verb"),
    [(name, verb) for name, (_, _, verbs) in FAILURES.items() for verb in verbs.split()],
)
def test_the_same_failure_has_the_same_exit_code(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch, failure: str, verb: str
) -> None:
    Path("file").write_text("text")
    options, environment, _ = FAILURES[failure]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    index = () if "--index" in options else ("--index", str(sample_index))
    assert qa(*VERBS[verb], *options, *index, stdin="Where?\n").exit_code == 1


def test_the_doctor_ends_with_1_where_there_is_a_problem(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert qa("doctor", "--index", sample_index).exit_code == 0
    monkeypatch.setenv("QA_PASSAGE_TOKENS", "64")
    result = qa("doctor", "--json", "--index", sample_index)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["healthy"] is False
    assert {check["state"] for check in report["checks"]} >= {"ok", "problem"}


# Help


def test_the_version_is_shown() -> None:
    assert qa("--version").stdout == f"footnote-qa {__version__}\n"


def test_help_lists_every_verb_and_explains_every_option() -> None:
    text = qa("--help").stdout
    verbs = ("ask", "search", "chat", "sync", "forget", "status", "serve", "doctor", "eval")
    for verb in verbs:
        assert re.search(rf"^\W*{verb}\s+\w+", text, re.MULTILINE)
        options = re.findall(r"^\W*(--[a-z-]+)(.*)$", qa(verb, "--help").stdout, re.MULTILINE)
        assert "--index" in dict(options)
        assert all(len(rest.split()) > 2 for _, rest in options)
    assert "--install-completion" in text
    assert "qa ask -" in qa("ask", "--help").stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['qa', '--help']\nfrom qa.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=with_checkout(),
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


# Real processes


def test_a_pipe_gets_the_answer_without_any_codes(sample_index: Path) -> None:
    child = process("ask", SUMMIT, "--index", sample_index)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0
    assert err == ""
    assert "\x1b" not in out
    answer = out.splitlines()[0]
    assert len(answer) > 100  # not broken into lines
    assert "Hanoi" in answer


def test_at_a_terminal_the_answer_is_coloured_and_wrapped(sample_index: Path) -> None:
    ours, theirs = pty.openpty()
    child = process("ask", SUMMIT, "--index", sample_index, terminal=theirs)
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and select.select([ours], [], [], 120)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
    os.close(ours)
    assert child.wait(timeout=30) == 0
    text = shown.decode()
    assert "\x1b[36m[1]" in text
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))
    assert max(map(len, lines)) <= 80
    assert "Traceback" not in text


def test_a_reader_that_stops_early_is_no_error(sample_index: Path) -> None:
    child = process("status", "--index", sample_index)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    child.wait(timeout=120)
    assert err == ""


def test_bytes_that_are_not_text_give_no_traceback(sample_index: Path) -> None:
    done = subprocess.run(
        [*QA, "ask", "--index", str(sample_index), b"Where is the summit \xff\xfe held?"],
        capture_output=True,
        check=False,
        env=with_checkout(PYTHONIOENCODING="ascii"),
    )
    assert done.returncode in (0, 3)
    assert b"Traceback" not in done.stderr


def interrupt(child: subprocess.Popen[str]) -> str:
    """Press Ctrl-C, again if necessary: Python ignores it during garbage collection."""
    for _ in range(5):
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=20)[1]
    raise AssertionError("it does not end")


def test_an_interrupted_sync_ends_with_130_and_the_next_one_finishes(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    text = (sample_folder() / "it-help.md").read_text(encoding="utf-8")
    for number in range(400):
        (folder / f"{number:03}.md").write_text(f"{text}\n\nCopy {number}.\n", encoding="utf-8")
    index = ("--index", tmp_path / "index")
    with running("sync", folder, *index) as child:
        assert child.stderr is not None
        line = child.stderr.readline()
        assert "Reading" in line
        err = interrupt(child)
    assert child.returncode == 130
    assert "Traceback" not in err
    assert "the next sync continues" in err
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "only.md").write_text("One is enough.")
    assert "1 added" in qa("sync", folder, *index).stdout


def test_watching_syncs_at_each_change_and_ends_cleanly(tmp_path: Path, folder: Path) -> None:
    with running("sync", folder, "--watch", "--json", "--index", tmp_path / "index") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["added"] == [
            "handbook/hours.txt",
            "handbook/parking.md",
        ]
        while "Watching" not in child.stderr.readline():
            pass
        (folder / "new.txt").write_text("Lunch is at noon.")
        seen = child.stdout.readline()
        assert json.loads(seen)["added"] == ["handbook/new.txt"]
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "Traceback" not in err
