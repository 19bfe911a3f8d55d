from __future__ import annotations

from pathlib import Path

import pytest

from training.alterations import altered_question, cropped, without_answer
from training.examples import (
    SOURCES,
    Example,
    held_back_articles,
    read_examples,
    read_set,
    read_source,
    write_examples,
)

PASSAGE = (
    "The bridge of Aldby was built in 1794 by the engineer Ann Holt. It was the first bridge over "
    "the Calder. It was mended in 1831. The toll was a penny. Carts paid twice as much as riders."
)


def example(question: str, answer: str) -> Example:
    start = PASSAGE.index(answer)
    return Example("q1", "set", "Aldby#0", question, PASSAGE, ((start, start + len(answer)),))


def test_sets_are_read_with_their_spans(bench: Path) -> None:
    found = read_source(bench, SOURCES[0])
    assert len(found) == 50
    assert all(one.spans for one in found if not one.id.endswith("none"))
    assert all(one.passage[slice(*span)] in one.answers for one in found for span in one.spans)
    assert not any(one.spans for one in found if one.id.endswith("none"))


def test_a_folder_without_a_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--bench"):
        list(read_set(tmp_path / "none", "none"))


def test_articles_are_held_back_whole_and_the_same_each_time(bench: Path) -> None:
    found = read_source(bench, SOURCES[0])
    held = held_back_articles(found, 0.3)
    assert held == held_back_articles(list(reversed(found)), 0.3)
    assert 0 < len(held) < len({one.article for one in found})
    assert any(not one.spans for one in found if one.article in held)


def test_examples_are_kept_and_read_back(tmp_path: Path) -> None:
    examples = [example("When was the bridge built?", "1794")]
    write_examples(tmp_path / "some.jsonl", examples)
    assert read_examples(tmp_path / "some.jsonl") == examples


def test_a_passage_loses_the_sentences_that_answer() -> None:
    cut = without_answer(example("What was the toll?", "a penny"))
    assert cut is not None
    assert "penny" not in cut.passage
    assert "bridge of Aldby" in cut.passage
    assert cut.spans == ()
    assert without_answer(Example("q", "s", "p#0", "?", "One penny.", ((0, 3),))) is None


def test_a_question_is_changed_so_that_the_passage_does_not_answer_it() -> None:
    original = example("In which year after 1794 was the bridge mended?", "1831")
    changed = altered_question(original, ["A mill stood there in 1750."])
    assert changed is not None
    assert changed.question != original.question
    assert changed.passage == original.passage
    assert changed.spans == ()
    assert changed.kind == "altered"
    assert changed == altered_question(original, ["A mill stood there in 1750."])


def test_a_question_is_changed_in_all_ways_and_never_into_itself() -> None:
    asked = "In which year was the first bridge over the Calder mended by the engineer?"
    original = example(asked, "1831")
    nearby = ["A mill stood in Birk in 1750.", "It burnt down during the Thirty Years War."]
    made = [altered_question(original, nearby, copy) for copy in range(60)]
    questions = {one.question for one in made if one is not None}
    assert asked not in questions
    assert len({one.id for one in made if one is not None}) == 60
    assert any(question.endswith("in Birk?") for question in questions)  # a condition more
    assert any("last bridge" in question for question in questions)  # the opposite
    assert any("over the Birk" in question for question in questions)  # another name
    assert any("first penny" in question for question in questions)  # another word


@pytest.mark.parametrize("number", range(12))
def test_a_passage_without_an_answer_is_cropped_to_what_is_most_like_the_question(
    number: int,
) -> None:
    asked = "Who paid twice as much as carts did?"
    original = Example(f"q{number}", "set", "Aldby#0", asked, PASSAGE, ())
    assert "Carts paid twice" in cropped(original, 0.0, (5, 12)).passage


@pytest.mark.parametrize("number", range(12))
def test_a_cropped_passage_holds_the_answer_where_its_span_says(number: int) -> None:
    start = PASSAGE.index("1831")
    original = Example(
        f"q{number}", "set", "Aldby#0", "When was it mended?", PASSAGE, ((start, start + 4),)
    )
    short = cropped(original, 0.0, (5, 12))
    assert short.answers == ("1831",)
    assert len(short.passage) < len(PASSAGE)
    assert short.passage in PASSAGE
    assert cropped(original, 1.0, (5, 12)) == original
