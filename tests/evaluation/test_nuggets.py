"""Answers, measured by the facts that they must have."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.cli.output.evaluation_tables import print_evaluation
from qa.cli.output.terminal import Terminal
from qa.evaluation import read_set
from qa.evaluation.nuggets import as_read, recalled, stands, words

SEEDS = Path(__file__).parents[1] / "seeds" / "nuggets.jsonl"
HANDBOOK = Path(__file__).resolve().parents[3] / "shared" / "bench" / "dev" / "handbook"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("**Two** `hats`\n\n1. one\n2. *other*", "two hats one other"),
        ("See [the form](https://a.example/b_(c)?d=1) or <mailto:x@a.example>.",
         "see the form or mailto:x@a.example."),
        ("[![Logo](logo.png)](https://a.example)", "logo"),
        ("| A | B |\n|---|---|\n| 1 | 2\\_3 |", "a b 1 2_3"),
        ("## “Don’t” – it\u2019s\u00a0<b>off</b> &amp; gone…", "\"don't\" - it's off & gone..."),
        ("snake_case and _stress_", "snake_case and stress"),
    ],
)  # fmt: skip
def test_a_text_is_compared_as_it_is_read(text: str, read: str) -> None:
    assert as_read(text) == read
    assert words(text) == len(read.split())


def test_a_wording_is_found_as_whole_words() -> None:
    assert stands("24 Hours", as_read("Within **24 hours**."))
    assert not stands("24 hours", as_read("Within 124 hours."))
    assert not stands("4 hour", as_read("Within 4 hours."))
    assert not stands(" ", "anything")
    assert stands("(a)", as_read("x(a)y"))


def test_the_share_of_necessary_facts_that_were_said() -> None:
    expected = qa.Expected(
        "Q?", nuggets=[["red"], ["blue", "navy"], ["green"]], vital=2, ideal_words=5, direct="no"
    )
    assert recalled(expected, "No: red and navy.") == {
        "recall": pytest.approx(2 / 3), "complete": 1, "concise": 1, "both": 1, "direct": 1,
    }  # fmt: skip
    assert recalled(expected, "Not red, green. " + "word " * 60) == {
        "recall": pytest.approx(2 / 3), "complete": 0, "concise": 0, "both": 0, "direct": 0,
    }  # fmt: skip
    refused = recalled(expected, "")
    assert set(refused.values()) == {0}
    assert recalled(qa.Expected("Q?", nuggets=[["a"]]), "a") == {"recall": 1, "complete": 1}
    assert recalled(qa.Expected("Q?", answers=["a"]), "a") == {}


def test_a_file_with_nuggets(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    lines: list[dict[str, Any]] = [
        {"question": "A?", "nuggets": ["one", ["two", 2]], "kind": "list", "ideal_words": 9},
        {"question": "B?", "nuggets": [["one"]], "vital": 2},
        {"question": "C?", "nuggets": [[]]},
        {"question": "D?", "nuggets": [["one"]], "vital": 0},
        {"question": "E?", "nuggets": [], "vital": 0, "answerable": False, "direct": None},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = read_set(path)
    first, last = found.questions
    assert first.nuggets == (("one",), ("two", "2"))
    assert (first.vital, first.kind, first.ideal_words) == (None, "list", 9)
    assert (last.nuggets, last.vital, last.answerable) == ((), None, False)
    for problem, said in zip(
        found.problems, ['"vital" is 2', "nuggets.0: ", '"vital" is 0'], strict=True
    ):
        assert said in problem


def test_the_samples_are_measured_by_kind(assistant: qa.Assistant, tmp_path: Path) -> None:
    evaluation = qa.evaluate(assistant, read_set(SEEDS).questions, name="samples")
    kinds = evaluation.kinds
    assert list(kinds) == ["factoid", "list", "yes or no", "unanswerable"]
    assert [len(one.outcomes) for one in kinds.values()] == [2, 2, 2, 1]
    assert evaluation.figures["nuggets"]["both"] >= 0.5
    assert "nuggets" not in kinds["unanswerable"].figures
    assert evaluation.to_dict()["kinds"]["list"]["questions"] == 2
    answered = next(one for one in evaluation.outcomes if one.found and one.answerable)
    assert answered.words == words(re.sub(r" \[\d+\]", "", answered.text))
    assert answered.right == answered.complete
    with (tmp_path / "shown.txt").open("w+", encoding="utf-8") as file:
        print_evaluation(Terminal(out=file), evaluation)
        file.seek(0)
        shown = file.read()
    assert "complete and concise" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("unanswerable"))
    assert row.split()[1:3] == ["1", "0.000" if evaluation.outcomes[-1].found else "1.000"]


# The program that came with a set gives the same figures


@pytest.fixture(scope="module")
def score() -> Any:
    if not HANDBOOK.is_dir():
        pytest.skip("the set of questions about a handbook is not beside the checkout")
    spec = importlib.util.spec_from_file_location("handbook_score", HANDBOOK / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts_of(row: dict[str, Any]) -> Iterator[str]:
    """Possible answers to a question: full, partial, long, with marks, off the point."""
    # An answer holds no tags of the program that made the pages.
    quotes = [re.sub(r"\{%.*?%\}", "", gold["quote"]) for gold in row["gold"]]
    drawn = random.Random(row["id"])
    yield "\n\n".join(quotes)
    yield "Yes. " + " ".join(quotes[:1])
    yield "**No**: " + "\n".join(f"- {quote}" for quote in quotes[1:])
    said = [drawn.choice(nugget) for nugget in row["nuggets"] if drawn.random() < 0.8]
    yield "| Fact |\n| --- |\n" + "\n".join(f"| *{one}* |" for one in said)
    yield "\n".join(f"{number}. {one}" for number, one in enumerate(said, 1)) + " again" * 70


@pytest.mark.shared
def test_figures_are_the_same_as_those_of_the_program_that_came_with_the_set(score: Any) -> None:
    rows = [
        json.loads(line)
        for line in (HANDBOOK / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    expected = {one.id: one for one in read_set(HANDBOOK / "questions.jsonl").questions}
    compared = 0
    for row in rows:
        for text in texts_of(row):
            theirs = score.judge(row, {"text": text, "found": True})
            assert words(text) == theirs["words"], text
            for name, value in recalled(expected[row["id"]], text).items():
                assert value == float(theirs[name]), (row["id"], name, text)
                compared += 1
    assert compared > 3000
