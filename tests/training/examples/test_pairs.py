"""Pairs of an unanswered and an answered question: made, kept together, distinguished."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.examples.test_sources import PASSAGE, example
from training.examples import Example, Kind
from training.examples.alterations import cropped
from training.examples.pairs import mixed, paired
from training.reader.batches import batches_of, read, tokenised
from training.reader.fit import above_none, pair_loss
from training.reader.model import encoder_folder, open_tokenizer

ELSEWHERE = "The mill of Birk was built in 1750. It burnt down in 1790. Nobody was hurt."


def unanswered(question: str, passage: str = PASSAGE) -> Example:
    return Example(question, "squad", "Aldby#0", question, passage, ())


def test_an_unanswered_question_comes_with_the_answered_one_most_like_it() -> None:
    built = replace(example("When was the bridge of Aldby built?", "1794"), id="built")
    toll = replace(example("What was the toll?", "a penny"), id="toll")
    other, alone = unanswered("When was the mill of Aldby built?"), unanswered("Who?", ELSEWHERE)
    first, second, *rest = paired([toll, built, other, alone])
    assert (first.question, second.question) == (other.question, built.question)
    assert first.pair == second.pair != ""
    assert [(one.question, one.pair) for one in rest] == [("Who?", ""), (toll.question, "")]


def test_among_equally_similar_questions_the_least_used_is_taken() -> None:
    questions = ["When was the bridge built?", "When was the bridge mended?"]
    known = [replace(example(question, "1794"), id=question) for question in questions]
    made = list(paired([*known, unanswered("Was the bridge sold?"), unanswered("The bridge?")]))
    assert {one.question for one in made if one.spans} == set(questions)
    assert len({one.id for one in made}) == len(made) == 4


def test_copies_of_a_pair_are_pairs_of_their_own() -> None:
    made = list(paired([example("What was the toll?", "a penny"), unanswered("Who paid?")], 2))
    assert len({one.pair for one in made}) == 2
    assert len({one.id for one in made}) == 4


@pytest.mark.parametrize("number", range(8))
def test_both_members_of_a_pair_are_whole_or_both_are_cropped(number: int) -> None:
    known = example("What was the toll?", "a penny")
    made = paired([known, replace(unanswered("Who paid the toll?"), id=str(number))])
    lengths = {len(cropped(one, 0.5, (5, 12)).passage) == len(PASSAGE) for one in made}
    assert len(lengths) == 1


def test_pairs_get_their_share_and_the_rest_is_divided_evenly() -> None:
    known = [replace(example("What was the toll?", "a penny"), source="squad")]
    pairs = list(paired([*known, *(unanswered(f"Who paid {n} pence?") for n in range(40))]))
    sorts: list[tuple[Kind, str]] = [
        ("given", "squad"), ("retrieved", "squad"), ("given", "qamr"),
    ]  # fmt: skip
    others = [
        replace(known[0], id=f"{kind}{n}", kind=kind, source=source)
        for kind, source in sorts
        for n in range(80)
    ]
    kept = mixed([*pairs, *others], 0.55)
    assert kept == mixed([*pairs, *others], 0.55)
    words = {
        name: sum(len(f"{one.question} {one.passage}".split()) for one in some)
        for name, some in {
            "pairs": [one for one in kept if one.pair],
            "answered": [
                one for one in kept if one.id.startswith("given") and one.source == "squad"
            ],
            "retrieved": [one for one in kept if one.kind == "retrieved"],
            "else": [one for one in kept if one.source == "qamr"],
        }.items()
    }
    total = sum(words.values())
    assert len([one for one in kept if one.pair]) == len(pairs)
    assert words["pairs"] / total == pytest.approx(0.55, abs=0.02)
    assert [words[name] / total for name in ("answered", "retrieved", "else")] == pytest.approx(
        [0.15] * 3, abs=0.02
    )


@pytest.mark.parametrize("tokens", [120, 400])
def test_the_windows_of_a_pair_are_in_one_batch_and_each_window_is_in_one_batch(
    tokens: int,
) -> None:
    known = [example("What was the toll?", "a penny"), example("When was it built?", "1794")]
    made = [*paired([*known, *(unanswered(f"Who paid {n} pence?") for n in range(9))])]
    _, windows = tokenised(
        [*made, *(replace(known[1], id=str(n)) for n in range(5))],
        open_tokenizer(encoder_folder("")), 48, 16,
    )  # fmt: skip
    batches = batches_of(windows, tokens, seed=3)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(windows)))
    held = [set(windows.pair[batch].tolist()) - {-1} for batch in batches]
    assert sum(map(len, held)) == len(set().union(*held)) == 9
    again = batches_of(windows, tokens, seed=4)
    assert list(map(list, batches)) != list(map(list, again))


def test_the_loss_of_a_pair_falls_as_the_answered_one_rises_above_the_other() -> None:
    known = example("What was the toll?", "a penny")
    made = [*paired([known, unanswered("Who paid?"), unanswered("Who built the mill?", ELSEWHERE)])]
    _, windows = tokenised(made, open_tokenizer(encoder_folder("")), 96, 16)
    batch = read(windows, np.arange(3))
    assert batch.answered.tolist() == [0, 1, 0]
    costs = [
        float(pair_loss(batch, [torch.tensor([0.0, apart, other])], 1.0))
        for apart, other in ((-2.0, 0.0), (0.0, 0.0), (2.0, 0.0), (2.0, 9.0))
    ]
    assert costs[0] > costs[1] > costs[2] > 0
    assert costs[2] == costs[3]  # it is in no pair
    alone = read(windows, np.array([1, 2]))
    assert float(pair_loss(alone, [torch.tensor([0.0, 5.0])], 1.0)) == 0


def test_the_best_places_are_compared_with_no_answer() -> None:
    start = torch.tensor([[1.0, 4.0, 0.0], [3.0, -1.0, -1e4]])
    end = torch.tensor([[1.0, 0.0, 6.0], [3.0, -1.0, -1e4]])
    assert above_none(start, end).tolist() == [4.0, -4.0]


def test_people_s_unanswerable_questions_are_trained_on_in_pairs(prepared: Path) -> None:
    rows = [json.loads(line) for line in (prepared / "train.jsonl").read_text().splitlines()]
    refused = [row for row in rows if row["source"] == "squad2" and not row["spans"]
               and row["kind"] == "given"]  # fmt: skip
    assert refused
    pairs = {row["pair"] for row in rows if row["spans"]}
    assert all(row["pair"] and row["pair"] in pairs for row in refused)
