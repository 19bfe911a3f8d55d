"""The audit says who asked and opened what, and no more than it is meant to."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import qa
from qa import audit
from qa.audit import Audit
from qa.index import audit_files

QUESTION = "What is the codeword of the day?"
SAID = "The codeword of the day is heliotrope, and it changes at noon."
ADA = qa.Viewer("ada", groups=["people"])


@pytest.fixture
def memo(tmp_path: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(tmp_path / "index", audit=True, audit_questions=True) as assistant:
        assistant.add([qa.Document(SAID, "memos/day.txt"), qa.Document("Plums.", "plums.txt")])
        yield assistant


def file_of(assistant: qa.Assistant) -> Path:
    return Path(assistant.settings.index).parent / "audit" / "index" / "audit.jsonl"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_who_asked_which_way_and_what_they_were_shown(memo: qa.Assistant) -> None:
    memo.seen_by(ADA, way="rest").ask(QUESTION)
    memo.search(QUESTION, folder="memos")
    memo.forget("plums.txt")

    added, answered, searched, erased = lines(file_of(memo))
    assert datetime.fromisoformat(answered.pop("time")).tzinfo == UTC
    assert answered.pop("seconds")["total"] > 0
    assert answered == {
        "event": "Answered",
        "who": "ada",
        "owner": False,
        "groups": ["people"],
        "way": "rest",
        "outcome": "answered",
        "reason": None,
        "folder": None,
        "cited": ["memos/day.txt"],
        "passages": ["memos/day.txt", "plums.txt"],
        "question": QUESTION,
    }
    assert (added["event"], added["added"], added["owner"]) == ("Synced", 2, True)
    assert (searched["event"], searched["way"], searched["who"]) == ("Searched", "library", None)
    assert (erased["event"], erased["names"]) == ("Erased", ["plums.txt"])


def test_only_its_owner_can_read_it(memo: qa.Assistant) -> None:
    memo.ask(QUESTION)
    assert stat.S_IMODE(file_of(memo).stat().st_mode) == 0o600
    memo.forget("plums.txt")
    assert stat.S_IMODE(file_of(memo).stat().st_mode) == 0o600


def test_questions_are_only_kept_if_a_setting_says_so(tmp_path: Path) -> None:
    with qa.Assistant(index=tmp_path / "index", audit=True) as assistant:
        assistant.add([qa.Document(SAID, "memos/day.txt")])
        assistant.ask(QUESTION)
        assert "codeword" not in file_of(assistant).read_text(encoding="utf-8")
    with qa.Assistant(index=tmp_path / "index") as assistant:
        before = file_of(assistant).read_bytes()
        assistant.ask(QUESTION)
        assert file_of(assistant).read_bytes() == before


def test_what_a_question_repeats_of_a_forgotten_document_is_gone(
    memo: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    memo.ask(f"Is it true that {SAID}")
    monkeypatch.setattr(audit, "LARGEST_FILE", 1)  # the next line begins another file
    memo.ask(QUESTION)
    assert memo.forget("memos/day.txt").left == 0

    older = file_of(memo).with_name("audit.jsonl.2")
    files = sorted(file_of(memo).parent.glob("audit.jsonl*"))
    assert not any("heliotrope" in file.read_text(encoding="utf-8") for file in files)
    assert [line["question"] for line in lines(older) if "question" in line] == [""]
    assert [one["question"] for file in files for one in lines(file) if one.get("question")] == [
        QUESTION
    ]


def test_files_take_turns_by_their_size(
    memo: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "LARGEST_FILE", 1)
    for _ in range(13):
        memo.ask("?")
    files = audit_files(memo.settings.index)
    assert [file.name for file in files] == [
        "audit.jsonl", *(f"audit.jsonl.{age}" for age in range(1, 14))
    ]  # fmt: skip
    times = [line["time"] for file in reversed(files) for line in lines(file)]
    assert times == sorted(times)
    assert len(times) == 14, "with that of what was added; none is lost"


def test_a_file_is_deleted_once_all_its_lines_are_too_old(
    memo: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "LARGEST_FILE", 1)
    for _ in range(3):
        memo.ask("?")
    files = audit_files(memo.settings.index)
    for file in files[2:]:
        line = {**lines(file)[0], "time": (datetime.now(UTC) - timedelta(days=91)).isoformat()}
        file.write_text(f"{json.dumps(line)}\n", encoding="utf-8")
    assert memo.expire() == 2
    assert audit_files(memo.settings.index) == files[:2]

    files[1].rename(files[3])  # a number is free: files keep their order
    memo.ask("?")
    assert audit_files(memo.settings.index) == (files[0], files[1], files[3])
    times = [lines(file)[0]["time"] for file in (files[3], files[1], files[0])]
    assert times == sorted(times)


def test_old_lines_and_old_opinions_are_removed(memo: qa.Assistant) -> None:
    memo.ask(QUESTION)
    verdicts = qa.Verdicts.of(memo.settings.index)
    verdicts.keep(qa.Verdict("c", QUESTION, "So.", "up"))
    for file, days in ((file_of(memo), 91), (verdicts.file, 400)):
        old = {"time": (datetime.now(UTC) - timedelta(days=days)).isoformat(), "event": "Old"}
        text = file.read_text(encoding="utf-8")
        file.write_text(f"{json.dumps(old)}\n{text}half a li", encoding="utf-8")

    assert memo.expire() == 1
    assert [line["event"] for line in _whole(file_of(memo))] == ["Synced", "Answered"]
    assert len(_whole(verdicts.file)) == 2
    short = memo.settings.model_copy(update={"feedback_days": 399.0})
    with qa.Assistant(settings=short) as other:
        assert other.expire() == 1
    assert [one["verdict"] for one in _whole(verdicts.file)] == ["up"]
    assert "half a li" in verdicts.file.read_text(encoding="utf-8")


def _whole(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def test_an_audit_that_cannot_be_written_harms_no_answer_but_stops_a_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from ui.server import serve

    (tmp_path / "audit").write_text("a file where the folder should be", encoding="utf-8")
    with qa.Assistant(index=tmp_path / "index", audit=True) as assistant:
        assistant.add([qa.Document(SAID, "memos/day.txt")])
        assert assistant.ask(QUESTION).found
        assert [one for one in caplog.messages if "cannot be written" in one]
        with pytest.raises(qa.SettingsError, match=r"audit\.jsonl holds who asked.*turn the sett"):
            serve(assistant, port=0)


def test_a_line_has_no_field_that_has_words_of_documents(tmp_path: Path) -> None:
    event = qa.Judged(by=qa.Asker(ADA, "page"), question="Why?", verdict="down", sources=("a",))
    written = Audit(str(tmp_path / "index"))
    written(event)
    assert set(lines(written.file)[0]) == {
        *("time", "event", "who", "owner", "groups", "way", "verdict", "sources")
    }
