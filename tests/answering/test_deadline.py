"""The limits of a history, and the time that a question may take."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

import qa
from qa.answering import Choice
from qa.answering.deadline import Deadline
from qa.answering.quoting import QuotingAnswerer
from qa.questions.followups import recent
from qa.records import Draft, Hit, Span, Turn

SUMMIT = "Where might the second summit be held?"


class Slow(QuotingAnswerer):
    """Words its answer letter by letter, one an hour, until it is stopped."""

    hours = 0
    stopped = False

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        try:
            while True:
                yield "a"
                self.hours += 1
        finally:
            self.stopped = True


class Rewriting(QuotingAnswerer):
    """Keeps the conversation that it was given."""

    heard: Sequence[Turn] = ()

    def rewritten(self, question: str, history: Sequence[Turn]) -> str | None:
        self.heard = history
        return None


def test_an_answer_that_takes_too_long_is_given_up_and_its_writer_stopped(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(0.25)
    monkeypatch.setattr("qa.answering.deadline.monotonic", lambda: slow.hours * 3600)
    assistant = qa.Assistant(sample_index, question_timeout=7300, answerer=slow)
    stream = assistant.stream(SUMMIT)
    assert [next(stream) for _ in range(4)] == ["a"] * 4
    with pytest.raises(qa.TimeLimitError, match=r"after 7300 seconds.*question_timeout"):
        next(stream)
    assert slow.stopped
    with pytest.raises(qa.QAError):
        _ = stream.answer
    assistant.close()


def test_no_step_begins_when_the_time_is_over(sample_index: Path) -> None:
    assistant = qa.Assistant(sample_index, question_timeout=1e-9)
    with pytest.raises(qa.TimeLimitError):
        assistant.ask(SUMMIT)
    assistant.close()


def test_pieces_that_come_in_time_are_passed_on_with_the_result() -> None:
    def pieces() -> Generator[str, None, int]:
        yield "a"
        yield "b"
        return 7

    passed = Deadline(60).kept(pieces())
    assert [next(passed), next(passed)] == ["a", "b"]
    with pytest.raises(StopIteration) as ended:
        next(passed)
    assert ended.value.value == 7


@pytest.mark.parametrize(
    ("turns", "characters", "expected"),
    [
        (3, 100, [("one", "eins"), ("two", "zwei"), ("three", "drei")]),
        (2, 100, [("two", "zwei"), ("three", "drei")]),
        (3, 14, [("two", "zw"), ("three", "drei")]),
        (3, 11, [("tw", ""), ("three", "drei")]),
        (3, 9, [("three", "drei")]),
        (3, 3, [("thr", "")]),
    ],
)
def test_the_latest_turns_of_a_long_conversation_count(
    turns: int, characters: int, expected: list[tuple[str, str]]
) -> None:
    history = [Turn("one", "eins"), Turn("two", "zwei"), Turn("three", "drei")]
    kept = recent(history, turns, characters)
    assert [(turn.question, turn.answer) for turn in kept] == expected


def test_a_conversation_counts_up_to_the_settings(sample_index: Path) -> None:
    rewriting = Rewriting(0.25)
    assistant = qa.Assistant(
        sample_index, max_history_turns=4, max_history_characters=1000, answerer=rewriting
    )
    history = [Turn("Who is Kim Yong Chol? " * 10, "Kim Yong Chol of Pyongyang. " * 1000)] * 50
    assistant.ask("And when did he visit?", history=history)
    said = sum(len(turn.question) + len(turn.answer) for turn in rewriting.heard)
    assert 0 < len(rewriting.heard) <= 4
    assert said <= 1000
    assistant.close()
