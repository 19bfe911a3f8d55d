from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui import feedback

VERDICT = {"conversation": "a" * 32, "question": "Why?", "answer": "So.", "verdict": "up"}


def client(folder: Path) -> TestClient:
    app = FastAPI()
    app.include_router(feedback.routes(folder))
    return TestClient(app)


def test_each_verdict_is_a_line(tmp_path: Path) -> None:
    browser = client(tmp_path / "kept")
    for comment in ("", "Two\nlines, and “ümläuts”"):
        reply = browser.post("/api/feedback", json={**VERDICT, "comment": comment})
        assert reply.status_code == 204
    lines = (tmp_path / "kept" / feedback.FILE).read_text(encoding="utf-8").splitlines()
    kept = [json.loads(line) for line in lines]
    assert [one["comment"] for one in kept] == ["", "Two\nlines, and “ümläuts”"]
    assert all(one["time"] and one["question"] == "Why?" for one in kept)


@pytest.mark.parametrize("change", [
    {"verdict": "maybe"}, {"conversation": "x"}, {"comment": "x" * 6000}, {"question": None},
])  # fmt: skip
def test_what_is_none_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    reply = client(tmp_path).post("/api/feedback", json={**VERDICT, **change})
    assert reply.status_code == 422
    assert not (tmp_path / feedback.FILE).exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reply = client(tmp_path / "file").post("/api/feedback", json=VERDICT)
    assert reply.status_code == 507
    assert feedback.FILE in reply.json()["error"]


def test_the_file_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "LARGEST_FILE", 10)
    browser = client(tmp_path)
    assert browser.post("/api/feedback", json=VERDICT).status_code == 204
    assert browser.post("/api/feedback", json=VERDICT).status_code == 507
