"""Learning whether a passage supports a statement, from beginning to end on a few small sets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from qa.checking.entailment import MODEL_FILE, Entailment
from qa.reading.span_model import PACKAGED
from training.entailment.export import export, judged
from training.entailment.fit import EntailmentFit, label_loss, new_model, probabilities, scores
from training.entailment.pairs import (
    CONTRADICTED,
    NOT_SAID,
    SUPPORTED,
    UNSUPPORTED,
    Pair,
    counted,
    labels_of,
    read_pairs,
    tokenised,
)
from training.entailment.sources import changed_sentences, denied, fever, squad, wice
from training.entailment.statements import Verbs, past, statement, third_person
from training.entailment.verdicts import VERDICTS, verdicts
from training.json_lines import read_lines, write_lines
from training.reader.fit import CHECKPOINT_FILE, Pace, Recipe, fit
from training.reader.model import encoder_folder, open_reader, open_tokenizer

TEXTS = [
    "To found a town is one thing; it will return a year later. They had to found and to return.",
    "It was built in stone. The mill was built by a miller and was sold. It was later sold to us.",
    "He wanted to appear, and she could appear; they would appear when they must hold it.",
    "All of them could hold it.",
]


@pytest.fixture(scope="module")
def verbs() -> Verbs:
    return Verbs.of(TEXTS)


@pytest.mark.parametrize(
    ("question", "answer", "before", "said"),
    [
        ("When did the comet return?", "1835", "seen in ", "The comet returned in 1835."),
        ("To whom did she appear?", "Ada King", "", "She appeared to Ada King."),
        (
            "Where was the mill built?",
            "the valley",
            "stands in ",
            "The mill was built in the valley.",
        ),
        ("Who sold the mill?", "Mr Hopper", "", "Mr Hopper sold the mill."),
        ("What is the Grotto?", "a place of prayer", "", "The Grotto is a place of prayer."),
        ("How many mills were sold?", "three", "", "Three mills were sold."),
        ("In 1800, who sold the mill?", "a miller", "", "In 1800, a miller sold the mill."),
        ("The mill was sold to which town?", "Aldby", "", "The mill was sold to Aldby."),
        ("Who can hold it?", "everyone", "", "Everyone can hold it."),
    ],
)
def test_a_question_and_its_answer_make_a_statement(
    verbs: Verbs, question: str, answer: str, before: str, said: str
) -> None:
    assert statement(question, answer, before, verbs) == said


def test_a_question_with_an_unknown_verb_makes_no_statement(verbs: Verbs) -> None:
    assert statement("When did the comet grumble?", "1835", "in ", verbs) is None
    assert statement("Why was it sold?", "it was old", "", verbs) is None
    assert statement("How was it sold?", "cheaply", "", verbs) is None


def test_verbs_are_put_into_the_past_tense_and_after_a_name() -> None:
    assert [past(verb) for verb in ("return", "move", "carry", "write")] == [
        "returned", "moved", "carried", "wrote",
    ]  # fmt: skip
    assert [third_person(verb) for verb in ("own", "carry", "go", "have")] == [
        "owns", "carries", "goes", "has",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("You may bring a dog.", "You may not bring a dog."),
        ("You may not bring a dog.", "You may bring a dog."),
        ("Dogs aren't allowed.", "Dogs are allowed."),
        ("Dogs cannot come in.", "Dogs can come in."),
        ("Dogs bark.", None),
    ],
)
def test_not_is_added_or_removed(said: str, turned: str | None) -> None:
    assert denied(said) == turned


@pytest.fixture(scope="module")
def sets(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sets, and claims about them in the form of FEVER and WiCE."""
    folder = tmp_path_factory.mktemp("claims")
    for name in ("dev", "train"):
        (folder / name).mkdir()
        for part in (bench / name).iterdir():
            (folder / name / part.name).symlink_to(part)
    towns = ("Aldby", "Birk", "Cowling", "Denby", "Eaves", "Filey", "Goole", "Hallam")
    claims = [
        {
            "claim": f"The mill of {town} was built in {year}.",
            "label": label,
            "evidence": [f"{town} has a mill -LRB- built in 1{at}00 -RRB- .", f"It is in {town} ."],
        }
        for at, town in enumerate(towns)
        for label, year in (("SUPPORTS", f"1{at}00"), ("REFUTES", "1999"))
    ]
    _write(folder / "train" / "fever" / "validation.jsonl", claims[::2])
    _write(folder / "train" / "fever" / "test.jsonl", claims[1::2])
    for number, name in enumerate(("dev", "test")):
        _write(
            folder / "train" / "wice" / f"claim-{name}.jsonl",
            [
                {
                    "label": label,
                    "supporting_sentences": [[1], [0, 1]] if label != "not_supported" else [],
                    "claim": f"The mill of {town} grinds.",
                    "evidence": ["A page.", f"{town}'s mill grinds.", "It rains."],
                    "meta": {"id": f"{name}{town}", "claim_title": f"{town} {number}"},
                }
                for town, label in zip(
                    towns, ("supported", "partially_supported", "not_supported") * 3, strict=False
                )
            ],
        )
    return folder


def _write(file: Path, entries: Sequence[Mapping[str, object]]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")


@pytest.fixture(scope="module")
def pairs(sets: Path) -> tuple[list[Pair], list[Pair]]:
    parts = (fever(sets, 0.3), wice(sets), squad(sets, 0.3, 1.0), changed_sentences(sets, 0.5))
    train, held = ([pair for both in parts for pair in both[part]] for part in (0, 1))
    return train, held


def test_claims_on_one_matter_are_held_back_together(sets: Path) -> None:
    train, held = fever(sets, 0.3)
    towns = (
        {p.statement.split()[3] for p in part if p.label != NOT_SAID} for part in (train, held)
    )
    trained, kept = towns
    assert trained
    assert kept
    assert not trained & kept
    assert all("(built in" in pair.passage for pair in held)


def test_statements_have_every_label_and_source(
    pairs: tuple[list[Pair], list[Pair]],
) -> None:
    train, held = pairs
    assert {pair.label for pair in train} == {SUPPORTED, CONTRADICTED, NOT_SAID, UNSUPPORTED}
    assert len({pair.id for pair in train}) == len(train)
    assert {name.split(",")[0] for name in counted(train)} >= {"fever", "wice", "squad", "sentence"}
    assert {pair.source for pair in held} >= {"fever", "wice", "squad"}


def test_questions_of_ours_are_held_back_by_page(sets: Path) -> None:
    train, held = verdicts(sets, 0.1, 2)
    assert Counter(pair.label for pair in held).keys() == {SUPPORTED, CONTRADICTED, NOT_SAID}
    assert len({pair.id for pair in train}) == len(train)
    asked = [{(pair.id.rsplit("/", 1)[0]) for pair in part} for part in (train, held)]
    assert not asked[0] & asked[1]
    assert len(train) == 2 * len(asked[0])
    lines = {
        f"{file.stem}/{number}": entry
        for file in VERDICTS.glob("*.jsonl")
        for number, entry in enumerate(read_lines(file))
    }
    pages = [{lines[name]["page"] for name in part} for part in asked]
    assert pages[0]
    assert not pages[0] & pages[1]
    for pair in (*train, *held):
        entry = lines[pair.id.rsplit("/", 1)[0]]
        assert pair.statement == entry["question"]
        assert entry["holds"] in pair.passage


def test_unsupported_statements_are_of_two_kinds() -> None:
    logits = torch.tensor([[0.0, 8.0, 0.0], [0.0, 0.0, 8.0], [8.0, 0.0, 0.0]])
    costs = [float(label_loss(logits[[row]], torch.tensor([UNSUPPORTED]))) for row in range(3)]
    assert costs[0] == pytest.approx(costs[1])
    assert costs[0] < 0.01 < 1 < costs[2]


def test_a_run_learns_goes_on_and_is_exported(
    pairs: tuple[list[Pair], list[Pair]], tmp_path: Path
) -> None:
    train, held = pairs
    write_lines(tmp_path / "pairs.jsonl", train)
    assert read_pairs(tmp_path / "pairs.jsonl") == train
    encoder = encoder_folder("")
    tokenizer = open_tokenizer(encoder)
    windows, labels = tokenised(train, tokenizer, 96), labels_of(train)
    kept = tokenised(held, tokenizer, 96)
    recipe = Recipe(steps=4, tokens=600)
    scored = lambda model, _: scores(held, probabilities(model, kept))  # noqa: E731

    def run(folder: Path, stop_after: int = 0) -> dict[str, torch.Tensor]:
        started = EntailmentFit(new_model(encoder, (), 0), windows, labels, recipe)
        folder.mkdir(exist_ok=True)
        if stop_after:
            for chosen in started.batches():
                started.advance(chosen)
                if started.step == stop_after:
                    break
            started.keep(folder / CHECKPOINT_FILE)
            return {}
        assert fit(started, scored, tokenizer, folder, Pace(score_every=0))
        return dict(open_reader(folder).state_dict())

    whole = run(tmp_path / "whole")
    run(tmp_path / "parts", stop_after=2)
    parts = run(tmp_path / "parts")
    assert all(torch.equal(values, parts[name]) for name, values in whole.items())

    model = open_reader(tmp_path / "whole")
    about = export(model, tmp_path / "whole", tmp_path / "out", held, 96)
    assert (tmp_path / "out" / MODEL_FILE).stat().st_size < 25_000_000
    assert about["scores"]["same_label"] > 0.9
    exported = judged(Entailment(tmp_path / "out"), held)
    np.testing.assert_allclose(exported.sum(1), 1, atol=1e-5)
    assert float(np.abs(exported - probabilities(model, kept)).mean()) < 0.05


def test_training_can_start_from_a_reader() -> None:
    model = new_model(encoder_folder(""), (PACKAGED,), 0)
    weight = model.answer.weight.detach()
    assert weight.shape[0] == 3
    assert float(weight[0].abs().max()) > 0
    assert float(weight[1:].abs().max()) == 0
