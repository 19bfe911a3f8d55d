"""What happens is told once to those who listen, and none of them can harm an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest

import qa

QUESTION = "What is the codeword of the day?"
ADA = qa.Viewer("ada", groups=["people"])


@pytest.fixture(scope="module")
def memo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path_factory.mktemp("events") / "index") as assistant:
        assistant.add([qa.Document("The codeword of the day is heliotrope.", "memos/day.txt")])
        yield assistant


@pytest.fixture
def told(memo: qa.Assistant) -> Iterator[list[qa.Event]]:
    events: list[qa.Event] = []
    memo.listeners.add(events.append)
    yield events
    memo.listeners.remove(events.append)


def test_an_answer_is_told_once_however_it_is_asked_for(
    memo: qa.Assistant, told: list[qa.Event]
) -> None:
    reader = memo.seen_by(ADA, way="mcp")
    answer = memo.ask(QUESTION)
    "".join(reader.stream(QUESTION, folder="memos"))
    memo.as_runnable().invoke({"question": QUESTION, "viewer": ADA})
    reader.as_tool().invoke(QUESTION)

    first, second, third, fourth = told
    assert isinstance(first, qa.Answered)
    assert (first.question, first.outcome, first.reason) == (QUESTION, "answered", None)
    assert first.cited == first.sources == ("memos/day.txt",)
    assert first.seconds == answer.seconds
    assert first.time.tzinfo is not None
    assert first.by.way == third.by.way == "library"
    assert first.by.viewer.owner
    assert third.by.viewer == ADA
    assert second.by == fourth.by == qa.Asker(ADA, "mcp")
    assert isinstance(second, qa.Answered)
    assert second.folder == "memos"


def test_what_is_not_said_is_told_with_the_reason(memo: qa.Assistant, told: list[qa.Event]) -> None:
    memo.ask("Who won the marathon?")
    memo.ask("?")

    far, empty = told
    assert isinstance(far, qa.Answered)
    assert isinstance(empty, qa.Answered)
    assert (far.outcome, far.cited) == ("not said", ())
    assert (empty.outcome, empty.reason, empty.sources) == ("not said", "empty", ())
    assert empty.seconds["total"] >= 0


def test_an_answer_that_nobody_waits_for_is_told_as_stopped(
    memo: qa.Assistant, told: list[qa.Event]
) -> None:
    stream = memo.stream(QUESTION)
    next(stream)
    stream.close()

    (event,) = told
    assert isinstance(event, qa.Unanswered)
    assert (event.question, event.error) == (QUESTION, "stopped")
    assert event.sources == ("memos/day.txt",), "whoever stops it has read a piece"


def test_a_stream_that_is_stopped_after_our_own_words_gave_nothing(
    memo: qa.Assistant, told: list[qa.Event]
) -> None:
    for question in ("Who won the marathon?", "?"):
        stream = memo.stream(question)
        next(stream)
        stream.close()
    assert [(type(one), one.sources) for one in told if isinstance(one, qa.Unanswered)] == [
        (qa.Unanswered, ()),
        (qa.Unanswered, ()),
    ]


def test_a_kept_answer_that_is_stopped_is_told_with_its_sources(tmp_path: Path) -> None:
    told: list[qa.Event] = []
    with qa.Assistant(index=tmp_path / "index", answer_cache_megabytes=1) as assistant:
        day = qa.Document("The codeword of the day is heliotrope.", "memos/day.txt")
        assistant.add([day, qa.Document("Plums are blue.", "plums.txt")])
        assistant.keep_answers()
        assistant.ask(QUESTION)
        assistant.listeners.add(told.append)
        stream = assistant.stream(QUESTION)
        next(stream)
        stream.close()
    (event,) = told
    assert isinstance(event, qa.Unanswered)
    assert event.sources == ("memos/day.txt",)


def test_a_question_that_fails_is_told_with_its_error(
    memo: qa.Assistant, told: list[qa.Event]
) -> None:
    with pytest.raises(qa.UnknownSourceError):
        memo.ask(QUESTION, folder="nowhere")

    (event,) = told
    assert isinstance(event, qa.Unanswered)
    assert (event.error, event.folder) == ("UnknownSourceError", "nowhere")
    assert event.sources == ()


def test_a_search_is_told_with_what_it_found(memo: qa.Assistant, told: list[qa.Event]) -> None:
    memo.search(QUESTION, viewer=ADA)

    (event,) = told
    assert isinstance(event, qa.Searched)
    assert (event.question, event.sources, event.by.viewer) == (QUESTION, ("memos/day.txt",), ADA)


def test_changes_of_the_index_are_told(tmp_path: Path) -> None:
    told: list[qa.Event] = []
    (folder := tmp_path / "notes").mkdir()
    (folder / "one.txt").write_text("One.", encoding="utf-8")
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.listeners.add(told.append)
        report = assistant.sync([folder])
        stop = Flag()
        for _ in assistant.watch(stop):
            stop.set()
        added = assistant.add([qa.Document("Two.", "two")])
        forgotten = assistant.forget("two")

    synced, watched, more, erased = told
    assert isinstance(synced, qa.Synced)
    assert (synced.report, synced.index) == (report, str(tmp_path / "index"))
    assert isinstance(watched, qa.Synced)
    assert watched.report.unchanged == ("notes/one.txt",)
    assert isinstance(more, qa.Synced)
    assert more.report == added
    assert isinstance(erased, qa.Erased)
    assert erased.forgotten == forgotten


def test_a_listener_that_fails_harms_nobody_and_is_reported_once(
    memo: qa.Assistant, told: list[qa.Event], caplog: pytest.LogCaptureFixture
) -> None:
    works = False

    def failing(event: qa.Event) -> None:
        if not works:
            raise OSError("the disk is full")

    memo.listeners.add(failing)
    with caplog.at_level(logging.WARNING, "qa.events"):
        for _ in range(3):
            assert memo.ask(QUESTION).found
        assert [one.message for one in caplog.records if "disk is full" in one.message] != []
        assert len(caplog.records) == 1
        works = True
        memo.ask(QUESTION)
        works = False
        memo.ask(QUESTION)
        assert len(caplog.records) == 2
    memo.listeners.remove(failing)
    assert len(told) == 5


def test_what_cannot_be_called_is_refused(memo: qa.Assistant) -> None:
    with pytest.raises(qa.ArgumentError, match="cannot be called"):
        memo.listeners.add("log")  # type: ignore[arg-type]
    with pytest.raises(qa.ArgumentError, match="way is one of page, rest"):
        memo.seen_by(ADA, way="carrier pigeon")  # type: ignore[arg-type]
