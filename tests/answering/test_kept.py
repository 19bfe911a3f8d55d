"""Answers that are kept for whoever asks the same, as long as they hold, and for no other eyes."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.access import OWNER
from qa.answering.kept import _Kept
from tests.indexing.mirroring import write

LEAVE = "How many days of annual leave are there?"
BONUS = "How high is the bonus?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    write(folder / "leave.md", "# Leave\n\nThere are 27 days of annual leave.")
    write(folder / "board.md", "# Board\n\nThe bonus is 900 crowns.")
    write(folder / "staff.md", "# Staff\n\nThe bonus is 50 crowns.")
    write(folder / ".qa-access.toml", '[read]\n"board.md" = ["board"]\n')
    return folder


@pytest.fixture
def keeping(folder: Path, tmp_path: Path) -> Iterator[qa.Assistant]:
    """An Assistant that keeps its answers."""
    with qa.Assistant(tmp_path / "index", sign_in="proxy", answer_cache_megabytes=32) as assistant:
        assistant.sync([folder])
        assistant.keep_answers()
        yield assistant


def kept_by(assistant: qa.Assistant, viewer: qa.Viewer = OWNER) -> dict[bytes, bytes]:
    """The answers that are kept from what a viewer sees."""
    with assistant.index.reading(viewer) as snapshot:
        kept = snapshot.beside.get(_Kept)
        return {} if kept is None else dict(kept.answers)


def said(answer: qa.Answer) -> dict[str, Any]:
    """All of an answer but the time that it took."""
    return replace(answer, seconds={}).to_dict()


def test_the_same_question_gets_the_same_answer_and_listeners_hear_of_both(
    keeping: qa.Assistant,
) -> None:
    heard: list[qa.Answered] = []
    keeping.listeners.add(lambda event: heard.append(event))  # type: ignore[arg-type]
    first = keeping.ask(LEAVE)
    kept = kept_by(keeping)
    assert len(kept) == 1
    again = keeping.stream(LEAVE)
    assert "".join(again) == first.text
    assert said(again.answer) == said(first)
    assert again.answer == replace(first, seconds=again.answer.seconds)
    assert kept_by(keeping) == kept
    assert again.answer.seconds["total"] < first.seconds["total"]
    assert [event.outcome for event in heard] == ["answered", "answered"]


def test_what_is_kept_is_what_is_said(keeping: qa.Assistant) -> None:
    """A kept answer that says something else shows that it is what comes back."""
    keeping.ask(LEAVE)
    with keeping.index.reading(OWNER) as snapshot:
        answers = snapshot.beside[_Kept].answers
        (key,) = answers
        answers[key] = pickle.dumps(replace(pickle.loads(answers[key]), text="From memory."))
    assert keeping.ask(LEAVE).text == "From memory."
    assert keeping.ask(f"{LEAVE} ").text != "From memory."
    assert keeping.ask(LEAVE, folder="papers/leave.md").text != "From memory."
    assert keeping.ask(LEAVE, history=[("Hello?", "Hello.")]).text != "From memory."
    assert keeping.ask(LEAVE, also=[keeping]).text != "From memory."


def test_a_sync_empties_it(keeping: qa.Assistant, folder: Path) -> None:
    assert "27" in keeping.ask(LEAVE).text
    write(folder / "leave.md", "# Leave\n\nThere are 31 days of annual leave.")
    keeping.sync([folder])
    assert kept_by(keeping) == {}
    assert "31" in keeping.ask(LEAVE).text


def test_what_another_process_forgets_is_gone_from_memory(keeping: qa.Assistant) -> None:
    keeping.ask(LEAVE)
    assert keeping._kept is not None
    assert keeping._kept.size > 0
    with qa.Assistant(keeping.settings.index) as other:
        other.forget("papers/leave.md")
    keeping.catch_up()
    gc.collect()
    assert keeping._kept.size == 0


def test_nobody_gets_what_was_kept_for_those_who_see_other_documents(
    keeping: qa.Assistant,
) -> None:
    ada, bob, eve = qa.Viewer("ada", ("board",)), qa.Viewer("bob"), qa.Viewer("eve", ("sales",))
    assert "900" in keeping.ask(BONUS, viewer=ada).text
    for viewer in (bob, eve, bob):
        answer = keeping.ask(BONUS, viewer=viewer)
        assert "50" in answer.text
        assert "900 crowns" not in str(answer.to_dict())
    assert kept_by(keeping, bob) == kept_by(keeping, eve) != kept_by(keeping, ada)


def test_the_question_is_not_kept(keeping: qa.Assistant) -> None:
    keeping.ask("How many xylophone days of annual leave are there?")
    (answer,) = kept_by(keeping).values()
    assert b"xylophone" not in answer
    assert b"27 days" in answer


def test_it_takes_no_more_than_its_share(folder: Path, tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index", answer_cache_megabytes=0.01) as assistant:
        assistant.sync([folder])
        assistant.keep_answers()
        assert assistant._kept is not None
        people = [qa.Viewer("ada", ("board",)), qa.Viewer("bob")]
        for number in range(12):
            assistant.ask(f"How many days of leave are there for {number}?", viewer=people[0])
            assistant.ask(f"How many days of leave are there for {number}?", viewer=people[1])
            assert 0 < assistant._kept.size <= 10_000
        assert 2 <= len(kept_by(assistant, people[0])) + len(kept_by(assistant, people[1])) < 24


def test_none_are_kept_unless_it_was_asked_for(folder: Path, tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index", answer_cache_megabytes=0) as assistant:
        assistant.sync([folder])
        assistant.ask(LEAVE)
        assistant.keep_answers()
        assistant.ask(LEAVE)
        assert kept_by(assistant) == {}
