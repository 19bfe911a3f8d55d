from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.examples.alterations import altered_question, cropped, without_answer
from training.examples.sources import (
    CONTRASTS,
    OWN_QUESTIONS,
    SOURCES,
    Example,
    Source,
    held_back_articles,
    read_examples,
    read_set,
    read_source,
    with_contrasts,
)
from training.json_lines import write_lines

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


def test_a_folder_without_the_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--bench"):
        list(read_set(tmp_path / "none", "none"))


def test_questions_of_our_own_are_put_to_the_passages_of_a_set(bench: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    asked = [["Who sold it after the flood?", "Mr Hopper"], ["Who bought it after the flood?", ""]]
    lines = [
        {"set": "dev/squad1-dev", "passage": "Birk_0#0", "questions": asked},
        {"set": "dev/squad1-dev", "passage": "Nowhere_0#0", "questions": asked},
        {"set": "train/qamr", "passage": "Birk_0#0", "questions": asked},
    ]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = read_source(bench, Source("own", ("dev/squad1-dev",), own=file))
    sold, bought = sorted(found, key=lambda one: not one.spans)
    assert sold.answers == ("Mr Hopper",)
    assert (sold.article, bought.article) == ("Birk_0", "Birk_0")
    assert (bought.question, bought.spans) == (asked[1][0], ())


def test_an_answer_that_appears_twice_is_taken_where_the_question_fits(tmp_path: Path) -> None:
    passage = "Ann Holt was born in Aldby. The bridge was drawn by Ann Holt. It was mended later."
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"id": "a#0", "text": passage}))
    file = tmp_path / "own.jsonl"
    questions = [["Who drew the bridge?", "Ann Holt"]]
    file.write_text(json.dumps({"set": "", "passage": "a#0", "questions": questions}))
    (found,) = read_source(tmp_path, Source("own", ("",), own=file))
    assert found.spans == ((passage.rindex("Ann"), passage.rindex("Ann") + 8),)


def test_an_answer_is_not_looked_for_within_a_word(tmp_path: Path) -> None:
    passage = "In 2017 they had 20 halls. Its guitarist played a guitar."
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"id": "a#0", "text": passage}))
    file = tmp_path / "own.jsonl"
    asked = [
        ["How many halls were there in 2017?", "20"],
        ["What did the guitarist play?", "guitar"],
    ]
    file.write_text(json.dumps({"set": "", "passage": "a#0", "questions": asked}))
    found = read_source(tmp_path, Source("own", ("",), own=file))
    assert {one.spans[0][0] for one in found} == {passage.index("20 "), passage.index("guitar.")}


def test_our_own_questions_are_many_and_complete() -> None:
    lines = [json.loads(line) for line in OWN_QUESTIONS.read_text(encoding="utf-8").splitlines()]
    questions = [pair for line in lines for pair in line["questions"]]
    assert len(questions) > 15_000
    assert 0.5 < sum(not answer for _, answer in questions) / len(questions) < 0.7
    assert all(question.strip() == question and question for question, _ in questions)
    folders = {folder for source in SOURCES if source.own for folder in source.folders}
    assert {line["set"] for line in lines} == folders


def test_a_changed_question_follows_its_original_and_has_no_answer(tmp_path: Path) -> None:
    original = example("When was the old bridge of Aldby built?", "1794")
    file = tmp_path / "contrasts.jsonl"
    changes = [[3, 4, "last"], [5, 7, ""], [7, 7, "twice"]]
    file.write_text(json.dumps({"id": original.id, "changes": changes}))
    other = replace(original, id="unchanged")
    first, *changed = with_contrasts([other, original], file)
    assert first == original
    assert [one.question for one in changed] == [
        "When was the last bridge of Aldby built?",
        "When was the old bridge built?",
        "When was the old bridge of Aldby twice built?",
    ]
    assert not any(one.spans for one in changed)
    assert len({one.id for one in changed}) == 3


def test_our_changes_are_many_and_change_something() -> None:
    lines = [json.loads(line) for line in CONTRASTS.read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) > 5000
    changes = [tuple(change) for line in lines for change in line["changes"]]
    assert len(changes) > 8000
    assert all(0 <= first <= end for first, end, _ in changes)
    assert all(instead.strip() == instead for _, _, instead in changes)
    assert not any(first == end and not instead for first, end, instead in changes)


def test_articles_are_held_back_whole_and_the_same_each_time(bench: Path) -> None:
    found = read_source(bench, SOURCES[0])
    held = held_back_articles(found, 0.3)
    assert held == held_back_articles(list(reversed(found)), 0.3)
    assert 0 < len(held) < len({one.article for one in found})
    assert any(not one.spans for one in found if one.article in held)


def test_examples_are_stored_and_read_back(tmp_path: Path) -> None:
    examples = [example("When was the bridge built?", "1794")]
    write_lines(tmp_path / "some.jsonl", examples)
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


def test_a_question_is_changed_in_every_way_and_never_into_itself() -> None:
    asked = "In which year was the first bridge over the Calder mended by the engineer?"
    original = example(asked, "1831")
    nearby = ["A mill stood in Birk in 1750.", "It burnt down during the Thirty Years War."]
    made = [altered_question(original, nearby, copy) for copy in range(60)]
    questions = {one.question for one in made if one is not None}
    assert asked not in questions
    assert len({one.id for one in made if one is not None}) == 60
    assert any(question.endswith("in Birk?") for question in questions)  # one more condition
    assert any("last bridge" in question for question in questions)  # the opposite
    assert any("over the Birk" in question for question in questions)  # another name
    assert any("first penny" in question for question in questions)  # another word


@pytest.mark.parametrize("number", range(12))
def test_a_passage_without_an_answer_is_cropped_to_the_part_most_like_the_question(
    number: int,
) -> None:
    asked = "Who paid twice as much as carts did?"
    original = Example(f"q{number}", "set", "Aldby#0", asked, PASSAGE, ())
    assert "Carts paid twice" in cropped(original, 0.0, (5, 12)).passage


@pytest.mark.parametrize("number", range(12))
def test_a_cropped_passage_has_the_answer_at_its_span(number: int) -> None:
    start = PASSAGE.index("1831")
    original = Example(
        f"q{number}", "set", "Aldby#0", "When was it mended?", PASSAGE, ((start, start + 4),)
    )
    short = cropped(original, 0.0, (5, 12))
    assert short.answers == ("1831",)
    assert len(short.passage) < len(PASSAGE)
    assert short.passage in PASSAGE
    assert cropped(original, 1.0, (5, 12)) == original
