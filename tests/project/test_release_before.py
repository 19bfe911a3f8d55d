"""What people have from the release before still works, or Footnote says what to do.

`release_before.tar.xz` was written by that release: an index of one file and one added document,
its file of feedback, and the folder that was synced.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import qa
from qa.cli.app import app

NAMES = """
AccessError Answer AnswerStream Assistant Citation DamagedFileError Document EmptyFileError
EncryptedFileError Evaluation EvaluationError Expected Forgotten GenerationError Heading Hit
IndexLockedError IndexMismatchError IndexUnavailableError LoadError ModelUnavailableError Passage
Progress QAError Settings SettingsError Skipped Source Span Status SyncReport TooLargeError Turn
UnknownSourceError UnsupportedFormatError evaluate
""".split()
METHODS = """
aask add as_retriever as_runnable ask close document examples forget search status stream sync
with_index
""".split()
OPTIONS = {
    "ask": "--chat-model --chat-model-url --folder --index --json",
    "chat": "--chat-model --chat-model-url --folder --index",
    "doctor": "--chat-model --chat-model-url --index --json",
    "eval": "--against --index --json --limit --plot --set",
    "forget": "--index",
    "search": "--folder --index --json --limit",
    "serve": "--allow-host --chat-model --chat-model-url --embed-origin --host --index "
    "--keep-uploads --port",
    "status": "--index --json",
    "sync": "--index --json --rebuild --watch",
}
SETTINGS = """
index = "my-index"
embedder = "package:all-MiniLM-L6-v2"
passage_tokens = 180
fast_encoder = true
limit = 8
candidates = 80
dense_weight = 0.5
reader = "packaged"
threshold = 0.2
chat_model = "ollama:llama3.2"
chat_model_url = "http://127.0.0.1:11434"
chat_model_timeout = 100
unsupported = "mark"
max_file_megabytes = 50
max_question_characters = 1500
lock_timeout = 300
"""
LEAVE = "How many days of annual leave do we have?"


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A folder with what the release before wrote."""
    with tarfile.open(Path(__file__).parent / "release_before.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_its_public_names_are_there(name: str) -> None:
    assert name in qa.__all__


@pytest.mark.parametrize("name", METHODS)
def test_its_methods_are_there(name: str) -> None:
    assert callable(getattr(qa.Assistant, name))


@pytest.mark.parametrize("verb", OPTIONS)
def test_its_options_are_there(verb: str) -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    options = {option for parameter in command.commands[verb].params for option in parameter.opts}
    assert set(OPTIONS[verb].split()) <= options


def test_its_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "footnote.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = qa.Settings.load()
    assert (settings.index, settings.passage_tokens, settings.threshold) == ("my-index", 180, 0.2)


def test_its_index_says_what_to_do_and_is_rebuilt_with_all_of_its_documents(before: Path) -> None:
    with qa.Assistant(index=before / "index") as assistant:
        for use in (assistant.sync, assistant.status, lambda: assistant.ask(LEAVE)):
            with pytest.raises(qa.IndexMismatchError, match="Run: qa sync --rebuild"):
                use()
        report = assistant.sync([before / "handbook"], rebuild=True)
        assert report.skipped == ()
        answer = assistant.ask(LEAVE)
        assert [citation.quote for citation in answer.citations] == [
            "We have 28 days of annual leave."
        ]
        parking = assistant.document("wiki/parking")
        assert parking.text == "Bicycles stand in the yard."
        assert parking.metadata == {"team": "facilities"}


def test_what_is_forgotten_is_removed_from_its_feedback(before: Path) -> None:
    def answers() -> list[str]:
        lines = (before / "feedback" / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["answer"] for line in lines]

    with qa.Assistant(index=before / "index") as assistant:
        assistant.sync([before / "handbook"], rebuild=True)
        assert assistant.forget("wiki/parking").left == 0
        assert answers() == ["We have 28 days of annual leave. [1]", ""]
        assert assistant.forget("handbook/leave.md").left == 0
        assert answers() == ["", ""]
