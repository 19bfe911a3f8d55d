from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa import Assistant, Document, Verdicts
from qa.api import Pace, tell_errors
from qa.index import verdicts
from ui.routes import feedback

PLUMS = Document("Plums are blue. They are sour.", "plums.txt")
CITED = {"number": 1, "source": "plums.txt", "start": 0, "end": 15, "quote": "Plums are blue."}
RANGE = {"source": "plums.txt", "start": 0, "end": 15}
VERDICT = {"conversation": "a" * 32, "question": "Why?", "answer": "So.", "verdict": "up"}


def client(folder: Path, address: str = "127.0.0.1", *, texts: bool = True) -> TestClient:
    app = FastAPI()
    app.include_router(feedback.routes(Verdicts(folder), shelf(folder, texts=texts), Pace()))
    tell_errors(app)
    return TestClient(app, client=(address, 9))


def shelf(folder: Path, *, texts: bool) -> Assistant:
    index = folder.with_name(f"{folder.name}-shelf") / "index"
    assistant = Assistant(index, feedback_texts=texts or None)
    assistant.add([PLUMS])
    return assistant


def kept(folder: Path) -> list[dict[str, object]]:
    lines = (folder / verdicts.FILE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_verdict_is_a_line(tmp_path: Path) -> None:
    browser = client(tmp_path / "kept")
    for comment in ("", "Two\nlines, and “ümläuts”"):
        reply = browser.post("/api/feedback", json={**VERDICT, "comment": comment})
        assert reply.status_code == 204
    lines = kept(tmp_path / "kept")
    assert [one["comment"] for one in lines] == ["", "Two\nlines, and “ümläuts”"]
    assert all(one["time"] and one["question"] == "Why?" for one in lines)


@pytest.mark.parametrize(
    ("change", "answer", "ranges"),
    [
        ({}, "So.", [RANGE]),
        ({"source": "forgotten.txt"}, "", []),
        ({"quote": "Plums are red.."}, "", []),
    ],
)
def test_an_answer_is_kept_as_long_as_its_sources_say_so(
    tmp_path: Path, change: dict[str, str], answer: str, ranges: list[dict[str, object]]
) -> None:
    """It may be judged long after it was given, and its source be forgotten by then."""
    cited = {**CITED, **change}
    reply = client(tmp_path).post("/api/feedback", json={**VERDICT, "citations": [cited]})
    assert reply.status_code == 204
    assert [one["answer"] for one in kept(tmp_path)] == [answer]
    assert kept(tmp_path)[0]["sources"] == [cited["source"]]
    assert kept(tmp_path)[0]["ranges"] == ranges


def test_by_default_a_vote_has_no_words_of_anybody(tmp_path: Path) -> None:
    """A citation that the documents do not have may be words of a reader, or a file of theirs."""
    own = {**CITED, "source": "my payslip.pdf"}
    sent = {**VERDICT, "verdict": "down", "comment": "Red!", "citations": [CITED, own]}
    assert client(tmp_path, texts=False).post("/api/feedback", json=sent).status_code == 204
    (line,) = kept(tmp_path)
    assert {name: value for name, value in line.items() if value and name != "time"} == {
        "verdict": "down", "sources": ["plums.txt"], "ranges": [RANGE],
    }  # fmt: skip


def test_nobody_fills_the_file_alone(tmp_path: Path) -> None:
    long = {**VERDICT, "answer": "x" * 50_000}
    stranger = client(tmp_path, "10.0.0.1")
    replies = [stranger.post("/api/feedback", json=long) for _ in range(7)]
    assert [one.status_code for one in replies] == [*[204] * 6, 429]
    assert "of yours" in replies[-1].json()["error"]
    assert 0 < int(replies[-1].headers["retry-after"]) <= 3600
    assert stranger.post("/api/feedback", json=VERDICT).status_code == 429
    assert len(kept(tmp_path)) == 6
    owner = client(tmp_path / "own")
    assert {owner.post("/api/feedback", json=long).status_code for _ in range(7)} == {204}


@pytest.mark.parametrize("change", [
    {"verdict": "maybe"}, {"conversation": "x"}, {"comment": "x" * 6000}, {"question": None},
])  # fmt: skip
def test_anything_but_a_verdict_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    reply = client(tmp_path).post("/api/feedback", json={**VERDICT, **change})
    assert reply.status_code == 422
    assert not (tmp_path / verdicts.FILE).exists()


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reply = client(tmp_path / "file").post("/api/feedback", json=VERDICT)
    assert reply.status_code == 507
    assert verdicts.FILE in reply.json()["error"]


def test_the_file_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "LARGEST_FILE", 10)
    browser = client(tmp_path)
    assert browser.post("/api/feedback", json=VERDICT).status_code == 204
    assert browser.post("/api/feedback", json=VERDICT).status_code == 507
