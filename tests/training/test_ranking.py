"""Learning to rank, from beginning to end on a few pages: questions, groups, losses, training."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from qa.reading.span_model import PACKAGED
from training.examples import Example
from training.json_lines import write_lines
from training.ranking.fit import JointFit, Ranked, logits_of
from training.ranking.groups import (
    PART,
    RIGHT,
    WRONG,
    Candidate,
    Group,
    labels_of,
    listwise_loss,
    pointwise_loss,
    read_groups,
    tokenised,
)
from training.ranking.hardest import hardest
from training.ranking.own_questions import OWN_PAGES, QUESTIONS, own_questions, yes_or_no
from training.ranking.pages import Asked, Pages, asked_of_pages, groups_of, split, to_rank
from training.ranking.questions import Vocabulary, as_typed, mistyped, of_heading, of_lead
from training.ranking.scores import ranking, scores_of
from training.reader.batches import Batch, batches_of, read
from training.reader.batches import tokenised as tokenised_passages
from training.reader.fit import Fit, Pace, Recipe, fit
from training.reader.model import (
    ReaderShape,
    encoder_folder,
    new_reader,
    open_tokenizer,
)

PAGE = """# {town} Library

{town} lends books to everyone who lives in the valley.

## Borrowing a book

1. Show your card at the desk in {town}.
2. Choose up to four books.
3. Bring them back within three weeks.

## Opening hours

The library of {town} is open from nine to five, and closed on Sundays.

## What to bring

To join, bring the following:

- a letter with your address in {town}
- a photograph of yourself
- two pounds for the card

## Fines

A book that comes back late costs ten pence a day in {town}. Children pay nothing.
"""
TOWNS = ("Aldby", "Birk", "Cowling", "Denby", "Eaves", "Filey", "Goole", "Hallam")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("pages")
    for town in TOWNS:
        (folder / f"{town}.md").write_text(PAGE.format(town=town), encoding="utf-8")
    return Pages([folder], None)


@pytest.fixture(scope="module")
def groups(pages: Pages) -> list[Group]:
    return list(groups_of(pages, list(asked_of_pages(pages, 1))))


def test_a_heading_leads_to_the_text_below_it(pages: Pages) -> None:
    answers = {
        one.right.headings[-1]: one.right
        for one in asked_of_pages(pages, 1)
        if one.right is not None and one.kind == "heading" and one.page == "Birk.md"
    }
    assert answers["Borrowing a book"].unit.kind == "steps"
    assert answers["Borrowing a book"].text.endswith("within three weeks.")
    assert answers["What to bring"].text.startswith("To join, bring the following:")
    assert answers["Opening hours"].text.startswith("The library of Birk is open")


def test_parts_of_an_answer_are_not_labelled_wrong(groups: list[Group]) -> None:
    told = 0
    for group in groups:
        (right,) = (one for one in group.candidates if one.label == RIGHT)
        body = right.text.split("\n", 1)[-1]
        for other in group.candidates:
            if other.label == WRONG:
                assert other.text.split("\n", 1)[-1] not in body
                told += 1
    assert told > 50


def test_pages_are_held_back_whole(pages: Pages) -> None:
    trained, held = split(list(asked_of_pages(pages, 1)), 0.4)
    assert trained
    assert held
    assert not {one.page for one in trained} & {one.page for one in held}


def test_texts_to_be_ranked_have_the_answer_once(pages: Pages) -> None:
    asked = list(asked_of_pages(pages, 1))[:6]
    for one, group in zip(asked, to_rank(pages, asked, most=20), strict=True):
        assert len(group.candidates) <= 20
        assert one.right is not None
        assert [c.text for c in group.candidates if c.label == RIGHT] == [one.right.under(0)]


def test_what_a_reader_takes_for_the_answer_is_among_the_others(pages: Pages) -> None:
    right = next(one for one in pages.by_page["Birk.md"] if one.text.startswith("A book that"))
    question = "What does it cost to keep a book too long in Birk?"
    asked = Asked("late", question, "Birk.md", right, "question", right.unit.start, ("ten pence",))
    ((_, found),) = hardest(pages, [asked], PACKAGED)
    assert found
    assert all("ten pence" not in one.text for one in found)  # other towns' say the same
    for group in groups_of(pages, [asked], 3, {"late": found[:1]}):
        wrong = [one.text for one in group.candidates if one.label == WRONG]
        assert any(text.endswith(found[0].text) for text in wrong)


def test_the_same_questions_are_drawn_in_every_run() -> None:
    vocabulary = Vocabulary.of(["to request leave, requesting to request", "to request it"] * 3)
    asked = [
        [
            of_heading("Requesting leave", "", False, vocabulary, random.Random(seed))
            for seed in range(40)
        ]
        for _ in range(2)
    ]
    assert asked[0] == asked[1]
    assert any("request leave" in question.lower() for question in asked[0])
    assert len(Counter(asked[0])) > 15


def test_a_line_before_a_list_becomes_a_question() -> None:
    asked = {
        of_lead("You should bring the following things to join:", "Joining", random.Random(seed))
        for seed in range(20)
    }
    assert any(question is not None and "should" in question for question in asked)
    assert of_lead("Note:", "Joining", random.Random(0)) is None


def test_typing_mistakes_are_small() -> None:
    for seed in range(50):
        typed = mistyped("how do I borrow books", random.Random(seed))
        assert typed
        assert abs(len(typed) - len("how do I borrow books")) <= 1
    assert as_typed("a b c", random.Random(1)).lower() == "a b c"


def test_the_losses_are_those_of_the_groups() -> None:
    logits = torch.tensor([2.0, 0.0, 1.0, 3.0, -1.0])
    pair = torch.tensor([0, 0, 0, 1, 1])
    labels = torch.tensor([RIGHT, WRONG, PART, WRONG, WRONG])
    expected = torch.logsumexp(logits[:3], 0) - 2.0
    torch.testing.assert_close(listwise_loss(logits, labels, pair), expected)
    # A part of the answer is neither right nor wrong by itself.
    moved = torch.tensor([2.0, 0.0, 9.0, 3.0, -1.0])
    torch.testing.assert_close(pointwise_loss(logits, labels), pointwise_loss(moved, labels))
    assert float(listwise_loss(moved, labels, pair)) > float(expected)
    assert float(listwise_loss(logits[3:], labels[3:], pair[3:])) == 0


def test_texts_are_read_alike_whatever_the_other_texts() -> None:
    encoder = encoder_folder("")
    tokenizer = open_tokenizer(encoder)
    texts = ["short", "a longer text about the library " * 20, "of middling length, it is", "x y"]
    groups = [Group("1", "a test", "When is it open?", tuple(Candidate(t, WRONG) for t in texts))]
    windows = tokenised(groups, tokenizer, 64)
    model = new_reader(encoder, ReaderShape(), 0).eval()
    (chosen,) = batches_of(windows, 4096, 0)
    with torch.inference_mode():
        together = logits_of(model, read(windows, chosen))
        alone = [logits_of(model, read(windows, np.array([at]))) for at in chosen]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)
    assert int(windows.lengths.max()) == 64


def test_groups_are_stored_unchanged(groups: list[Group], tmp_path: Path) -> None:
    write_lines(tmp_path / "groups.jsonl", groups)
    assert read_groups(tmp_path / "groups.jsonl") == groups
    with pytest.raises(SystemExit, match="prepare"):
        read_groups(tmp_path / "nothing.jsonl")


def test_ranks_are_counted_without_parts() -> None:
    texts = (Candidate("a", RIGHT), Candidate("b", PART), Candidate("c", WRONG))
    told = ranking([Group("1", "a test", "?", texts)], np.array([1.0, 2.0, 0.0], np.float32))
    assert (told["first_1"], told["whole_first"]) == (1.0, 0.0)


def joint(groups: list[Group], recipe: Recipe, every: int = 2) -> JointFit:
    """Train on groups, and on the right text of each as a passage that answers."""
    encoder = encoder_folder("")
    tokenizer = open_tokenizer(encoder)
    passages = [
        Example(
            group.id,
            "a test",
            group.id,
            group.question,
            candidate.text,
            ((0, len(candidate.text)),),
        )
        for group in groups
        for candidate in group.candidates
        if candidate.label == RIGHT
    ]
    _, windows = tokenised_passages(passages, tokenizer, 64, 16)
    ranked = Ranked(tokenised(groups, tokenizer, 64), labels_of(groups), 1000, every)
    return JointFit(new_reader(encoder, ReaderShape(), 0), windows, ranked, recipe)


def test_a_model_learns_to_rank_and_to_read_by_turns(groups: list[Group], tmp_path: Path) -> None:
    groups = groups[:6]
    tokenizer = open_tokenizer(encoder_folder(""))
    run = joint(groups, Recipe(steps=12, tokens=1000, rate=3e-4, average=0.5))
    windows = run.ranked.windows
    before = ranking(groups, scores_of(run.model.eval(), windows, 4096))["mrr"]
    passages = read(run.windows, np.arange(len(run.windows)))
    cost = float(Fit.loss(run, passages).detach())
    seen: list[bool] = []

    def scored(model: object, whole: bool) -> dict[str, float]:
        seen.append(whole)
        return {}

    assert fit(run, scored, tokenizer, tmp_path / "run", Pace(score_every=0))
    assert seen == [True]
    after = ranking(groups, scores_of(run.model.eval(), windows, 4096))["mrr"]
    assert after > before
    assert float(Fit.loss(run, passages).detach()) < cost


def test_learning_to_rank_costs_more_once_the_places_in_right_texts_drift(
    groups: list[Group],
) -> None:
    free, kept = (
        joint(groups[:6], Recipe(steps=4, keep_weight=weight), every=5) for weight in (0.0, 1.0)
    )
    for run in (free, kept):
        run.model.eval()  # nothing is dropped by chance
    batch = kept.batch(next(kept.batches()))
    costs = [float(run.loss(batch).detach()) for run in (free, kept)]
    assert costs[1] == pytest.approx(costs[0], abs=1e-4)
    with torch.no_grad():
        for run in (free, kept):
            run.model.places.weight.mul_(3)
    costs = [float(run.loss(batch).detach()) for run in (free, kept)]
    assert costs[1] > costs[0] + 1e-3
    costs[1] = float(kept.loss(_wrong_alone(batch, kept)).detach())
    costs[0] = float(free.loss(_wrong_alone(batch, free)).detach())
    assert costs[1] == pytest.approx(costs[0], abs=1e-4)


def _wrong_alone(batch: Batch, run: JointFit) -> Batch:
    labels = torch.from_numpy(run.ranked.labels[batch.windows])
    alone = batch.rows(labels != RIGHT)
    assert alone.windows.tolist() == [at for at in batch.windows if run.ranked.labels[at] != RIGHT]
    return alone


@pytest.mark.parametrize("every", [2, 3])
def test_an_interrupted_run_goes_on_with_the_next_turn(groups: list[Group], every: int) -> None:
    whole, later = (joint(groups[:6], Recipe(steps=9, tokens=300), every) for _ in range(2))
    batches = [batch.tolist() for batch in _stepping(whole, 9)]
    later.step = 4
    assert [batch.tolist() for batch in _stepping(later, 5)] == batches[4:]
    highest = [max(batch) for batch in batches]
    passages, texts = len(whole.windows), len(whole.ranked.windows)
    assert max(highest[every - 1 :: every]) < passages < max(highest) < texts


def _stepping(run: JointFit, steps: int) -> Iterator[NDArray[np.int64]]:
    for _, batch in zip(range(steps), run.batches(), strict=False):
        yield batch
        run.step += 1


def test_questions_of_ours_lead_to_the_smallest_unit_or_to_none(
    pages: Pages, tmp_path: Path
) -> None:
    asked = [
        {"page": "Birk.md", "question": "what do i pay if late", "holds": ["ten pence a day"]},
        {"page": "Birk.md", "question": "what do students pay", "holds": []},
    ]
    _write(tmp_path, *asked)
    fine, none = own_questions(pages, tmp_path)
    assert fine.right is not None
    assert fine.right.unit.kind == "paragraph"
    assert none.right is None
    (answered, unanswered) = groups_of(pages, [fine, none])
    assert answered.answered
    assert not unanswered.answered
    assert len(unanswered.candidates) == len(answered.candidates) == 8
    _write(tmp_path, {**asked[0], "holds": ["eleven pence"]})
    with pytest.raises(SystemExit, match=r"fines\.jsonl:1: no unit of Birk\.md"):
        list(own_questions(pages, tmp_path))


def test_a_question_without_a_verdict_has_no_answer(pages: Pages, tmp_path: Path) -> None:
    asked = {"page": "Birk.md", "question": "do children pay", "holds": "Children pay nothing"}
    others = {**asked, "question": "do pupils of sixteen pay", "verdict": "not said"}
    _write(tmp_path, {**asked, "verdict": "no"}, others)
    decided, undecided = yes_or_no(pages, tmp_path)
    assert decided.right is not None
    assert undecided.right is None
    assert undecided.near == decided.near > 0


def _write(folder: Path, *entries: object) -> None:
    lines = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    (folder / "fines.jsonl").write_text(lines, encoding="utf-8")


@pytest.mark.shared
def test_each_of_our_questions_has_its_answer() -> None:
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "train" / "pages"
    if not folder.is_dir():
        pytest.skip("needs ../shared/bench/train/pages beside the checkout")
    asked = {
        json.loads(line)["page"]
        for file in QUESTIONS.glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    pages = Pages([folder, OWN_PAGES], None, only=asked)
    own = list(own_questions(pages))
    assert len(own) >= 3000
    assert {one.page for one in own} == asked
    assert 0.05 < sum(one.right is None for one in own) / len(own) < 0.35
