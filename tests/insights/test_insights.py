"""What is asked is summed up from what the server keeps, and what is missing is found."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from typer.testing import CliRunner

import qa
from qa.api.rest.feedback import Pace, keep
from qa.api.rest.requests import Judged
from qa.cli.app import app
from qa.cli.output.insights import print_insights
from qa.cli.output.terminal import Terminal
from qa.insights import voted_down, wordless_votes
from qa.insights.likeness import groups, most_typical
from qa.models.embedders import Embedder
from qa.records import OpenQuestion

LEAVE = "# Leave\n\nEveryone has 28 days of annual leave.\n\n# Sauna\n\nThe sauna opens at 6:45."
PENSION = [
    "When is the company pension paid out?",
    "How much does the company add to my pension?",
    "Who can join the company pension?",
]
DOGS = ["May I bring my dog to the office?", "Are dogs allowed in the office?"]
ADA = qa.Viewer("ada-the-asker", groups=["people"])


def assistant_in(folder: Path, *, audit: bool = False, questions: bool = False) -> qa.Assistant:
    index = folder / "index"
    return qa.Assistant(
        index=index, audit=audit, audit_questions=questions, feedback_texts=questions
    )


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    folder = tmp_path_factory.mktemp("insights")
    with assistant_in(folder, audit=True, questions=True) as assistant:
        assistant.add([qa.Document(LEAVE, "handbook/leave.md", "Leave")])
        assistant.add([qa.Document("The lift is grey.", "old.md", "Old")])
        reader = assistant.seen_by(ADA, way="page")
        assert reader.ask("How many days of annual leave do we have?").found
        reader.ask("What colour is the lift?")
        for question in (*PENSION, *DOGS, DOGS[0], "Hello!"):
            assert not reader.ask(question).found
        with pytest.raises(qa.UnknownSourceError):  # a slip of whoever asks, and no failure
            reader.ask("How many days of annual leave do we have?", folder="nowhere")
        for verdict in ("up", "down"):
            judged = Judged(question="When does the sauna open?", answer="At 6.", verdict=verdict)
            keep(judged, qa.Verdicts.of(assistant.settings.index), reader, Pace(), "")
        assistant.forget("old.md")
        yield assistant


@pytest.fixture(scope="module")
def found(asked: qa.Assistant) -> qa.Insights:
    return asked.insights()


def test_how_questions_ended_and_what_readers_thought(found: qa.Insights) -> None:
    total = found.total
    assert (total.questions, total.not_said, total.up, total.down) == (9, 7, 1, 1)
    assert total.failed == 0
    assert total.answered + total.unsure == 2
    assert len(found.days) == 30
    assert found.days[-1].questions == 9
    assert found.until == datetime.now(UTC).date().isoformat() == found.days[-1].date


def test_used_documents_are_those_that_are_still_there(found: qa.Insights) -> None:
    assert [one.source for one in found.used] == ["handbook/leave.md"]
    assert (found.used[0].title, found.used[0].cited) == ("Leave", 1)


def test_seconds_are_known_by_stage(found: qa.Insights) -> None:
    stages = {one.stage: one for one in found.stages}
    assert found.stages[0].stage == "total"
    assert stages["total"].questions == 9
    assert all(0 <= one.half <= one.most < 600 for one in found.stages)
    assert {"total", "retrieve"} <= set(stages)


def test_questions_without_an_answer_are_grouped_with_what_is_closest(found: qa.Insights) -> None:
    topics = [{one.question for one in topic.questions} for topic in found.topics]
    assert set(PENSION) in topics
    assert set(DOGS) in topics
    assert topics.index(set(PENSION)) < 2
    dogs = found.topics[topics.index(set(DOGS))]
    assert (dogs.questions[0].question, dogs.questions[0].not_said, dogs.not_said) == (
        DOGS[0], 2, 3,
    )  # fmt: skip
    assert dogs.closest[0].passage.source == "handbook/leave.md"
    sauna = next(topic for topic in found.topics if topic.down)
    assert sauna.questions == (OpenQuestion("When does the sauna open?", down=1),)
    assert not any("Hello" in one for topic in topics for one in topic)


def test_nobody_is_named(asked: qa.Assistant, found: qa.Insights) -> None:
    audit = Path(asked.settings.index).parent / "audit" / "index" / "audit.jsonl"
    assert "ada-the-asker" in audit.read_text(encoding="utf-8")
    assert "ada-the-asker" not in json.dumps(found.to_dict())


def test_syncs_are_told_in_numbers(found: qa.Insights) -> None:
    assert [one.added for one in found.syncs] == [1, 1]


def test_only_the_days_that_are_asked_for_count(tmp_path: Path) -> None:
    with assistant_in(tmp_path, audit=True, questions=True) as assistant:
        assistant.add([qa.Document(LEAVE, "leave.md")])
        now = datetime.now(UTC)
        for days in (0, 2, 8):
            assistant.listeners.tell(
                qa.Answered(
                    by=qa.Asker(ADA),
                    time=now - timedelta(days=days),
                    question=f"Is it {days} days old?",
                    outcome="not said",
                    reason="not said",
                )
            )
        file = Path(assistant.settings.index).parent / "audit" / "index" / "audit.jsonl"
        with file.open("a", encoding="utf-8") as stream:
            stream.write('[]\n{"time": 3}\n{"time": "x", "event": "Answered"}\nhalf a li')
        week = assistant.insights(7)
        assert [day.not_said for day in week.days] == [0, 0, 0, 0, 1, 0, 1]
        assert assistant.insights(1).total.questions == 1
        assert {one.question for topic in week.topics for one in topic.questions} == {
            "Is it 0 days old?", "Is it 2 days old?",
        }  # fmt: skip
        for days in (0, 3661):
            with pytest.raises(qa.ArgumentError, match=r"1 to 3,660"):
                assistant.insights(days)
        with pytest.raises(qa.AccessError):
            assistant.seen_by(ADA).insights()


@pytest.mark.parametrize(
    ("audit", "advice"), [(False, "set audit = true"), (True, "audit_questions = true")]
)
def test_without_what_it_needs_it_says_how_to_switch_that_on(
    tmp_path: Path, audit: bool, advice: str
) -> None:
    with assistant_in(tmp_path, audit=audit) as assistant:
        assistant.add([qa.Document(LEAVE, "leave.md")])
        assistant.ask(PENSION[0])
        judged = Judged(question=PENSION[0], answer="No.", verdict="down", comment="Pension!")
        keep(judged, qa.Verdicts.of(assistant.settings.index), assistant, Pace(), "")
        told = assistant.insights()
        out, err = io.StringIO(), io.StringIO()
        print_insights(Terminal(out, err), told)
    assert told.topics == ()
    assert (told.total.not_said, told.total.down) == (int(audit), 1)
    assert advice in err.getvalue()
    assert "set feedback_texts = true" in err.getvalue()
    assert "pension" not in out.getvalue().lower()


def test_the_command(asked: qa.Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    index = asked.settings.index
    monkeypatch.setenv("QA_AUDIT", "true")
    monkeypatch.setenv("QA_AUDIT_QUESTIONS", "true")
    told = CliRunner().invoke(app, ["insights", "--index", index, "--days", "7"])
    assert told.exit_code == 0
    assert "9 questions: " in told.stdout
    assert "7 not said (78%)" in told.stdout
    assert "May I bring my dog to the office? (2 times)" in told.stdout
    assert "handbook/leave.md" in told.stdout

    as_json = CliRunner().invoke(app, ["insights", "--index", index, "--days", "7", "--json"])
    shown = json.loads(as_json.stdout)
    assert (shown["total"]["questions"], shown["questions_kept"]) == (9, True)
    assert len(shown["days"]) == 7
    assert shown["topics"][0]["closest"][0]["source"] == "handbook/leave.md"


def test_what_is_forgotten_is_gone_from_open_questions_and_from_the_set(tmp_path: Path) -> None:
    secret = "the codeword of the day is heliotrope and it changes at noon"
    with assistant_in(tmp_path, audit=True, questions=True) as assistant:
        assistant.add([qa.Document(f"Note: {secret}.", "day.txt"), qa.Document(LEAVE, "leave.md")])
        verdicts = qa.Verdicts.of(assistant.settings.index)
        for question in (f"Is it true that {secret}?", "Is there a pension?"):
            verdicts.keep(qa.Verdict("c", question, "So it is.", "down"))
        for one in voted_down(assistant.settings.index):
            assert verdicts.expect(one.id, one.question, answer="Yes.")
            assert not verdicts.expect(one.id, one.question)
        assert len(verdicts.chosen()) == 2
        assert assistant.forget("day.txt").left == 0
        assert "heliotrope" not in json.dumps(assistant.insights().to_dict())
        assert [one.question for one in voted_down(assistant.settings.index)] == [
            "Is there a pension?"
        ]
        (left,) = verdicts.set_file.read_text(encoding="utf-8").splitlines()
        assert json.loads(left)["question"] == "Is there a pension?"


def test_the_last_opinion_of_an_answer_counts_with_its_comment(tmp_path: Path) -> None:
    index = str(tmp_path / "index")
    verdicts = qa.Verdicts.of(index)

    def vote(conversation: str, verdict: Literal["up", "down"], comment: str = "") -> None:
        verdicts.keep(qa.Verdict(conversation, "Why?", "So.", verdict, comment))

    vote("one", "down")
    vote("one", "down", "That is the old rule.")
    vote("other", "down")
    found = voted_down(index)
    assert sorted(one.comment for one in found) == ["", "That is the old rule."]
    vote("one", "down")
    assert {one.comment for one in voted_down(index)} == {"", "That is the old rule."}
    vote("other", "up")
    assert [one.comment for one in voted_down(index)] == ["That is the old rule."]


def test_votes_without_words_are_counted_by_what_was_cited(tmp_path: Path) -> None:
    index = str(tmp_path / "index")
    verdicts = qa.Verdicts.of(index)
    days, sauna = qa.CitedRange("leave.md", 9, 46), qa.CitedRange("leave.md", 57, 81)
    given: list[tuple[Literal["up", "down"], tuple[qa.CitedRange, ...]]] = [
        ("down", (sauna,)), ("down", (days, sauna)), ("up", (days,)),
    ]  # fmt: skip
    for verdict, ranges in given:
        verdicts.keep(qa.Verdict("", "", "", verdict, sources=("leave.md",), ranges=ranges))
    verdicts.keep(qa.Verdict("c", "Why?", "So.", "down", ranges=(days,)))
    with verdicts.file.open("a", encoding="utf-8") as stream:
        stream.write(
            '{"time": "2026-03-02T09:00:00Z", "verdict": "down", "ranges": [{"a": 1}, 2]}\n'
        )
    found = wordless_votes(index)
    assert (found.number, [one.question for one in voted_down(index)]) == (3, ["Why?"])
    assert [(one.start, one.down) for one in found.ranges] == [(57, 2), (9, 1)]


def test_the_set_is_one_that_can_be_measured(tmp_path: Path) -> None:
    from qa.evaluation import read_set

    verdicts = qa.Verdicts.of(str(tmp_path / "index"))
    verdicts.expect("a", "How long is leave?", answer="28 days")
    verdicts.expect("b", "Is there a pension?")
    verdicts.expect("c", "May I bring a dog?", answer="No.", answerable=False)
    read = read_set(verdicts.set_file)
    assert not read.problems
    assert [(one.id, one.answerable, list(one.answers)) for one in read.questions] == [
        ("a", True, ["28 days"]), ("b", True, []), ("c", False, []),
    ]  # fmt: skip


def test_groups_are_made_around_what_comes_first(embedder: Embedder) -> None:
    vectors = embedder.encode([*PENSION, *DOGS, "Where is the printer?"])
    assert groups(vectors) == [[0, 1, 2], [3, 4], [5]]
    assert groups(vectors, 2.0) == [[number] for number in range(6)]
    assert groups(vectors, -1.0) == [list(range(6))]
    assert groups(vectors[:0]) == []
    assert most_typical(np.eye(3, dtype=np.float32), [2]) == 2
