"""Which unit answers: what is known of each, whatever the weights are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest

from qa.access import OWNER
from qa.answering.units.choosing import (
    LIKELY,
    SURENESS,
    WEIGHTS,
    Signals,
    judged,
    likely,
    sureness,
    to_read,
)
from qa.index.index import Index
from qa.index.stores.folder_store import FolderStore
from qa.indexing.adding import add
from qa.indexing.preparing.storing import Preparing
from qa.loading import read
from qa.models.embedders import Embedder
from qa.records import Span
from tests.answering.asking import Asked, asked_of
from tests.answering.asking import asked as asked_without_vectors
from tests.indexing.mirroring import SETTINGS

Asking = Callable[..., Asked]

TEXT = (
    "# Manual\n\n## Permits\n\nA parking permit is given out at the desk.\n\n"
    "You need to bring:\n\n- a card with your name\n- a photograph of the car\n\n"
    "## Oil change\n\nThe oil of the pump is changed after 350 hours.\n\n"
    "## Fees\n\n| Permit | Fee |\n|---|---|\n| Car | 30 euros |\n| Boat | 50 euros |\n"
)


@pytest.fixture(scope="module")
def asking(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Asks about the text, as it is kept in an index."""
    folder = tmp_path_factory.mktemp("choosing")
    preparing = Preparing(embedder, 200)
    index = Index(FolderStore(folder), preparing)
    document = read(TEXT.encode(), "a.md")
    add(index, preparing, [document], SETTINGS)
    with index.reading(OWNER) as snapshot:
        passages = snapshot.passages([id for id, _ in snapshot.keywords.search(["permit"], 9)])
        (stretch,) = snapshot.around([passage.id for passage in passages], 9, 9)

    def ask(question: str, read_as: str = "") -> Asked:
        return asked_of(document, stretch, question, embedder.embed_query(question), read_as)

    yield ask
    index.close()


def test_there_is_a_weight_for_each_signal() -> None:
    assert len(WEIGHTS) == len(Signals.__slots__)
    assert len(LIKELY) == Signals.__slots__.index("read")
    assert all(map(math.isfinite, (*WEIGHTS, *LIKELY, *SURENESS)))


def test_the_best_units_come_first_and_each_comes_once(asking: Asking) -> None:
    asked = asking("What do I need to bring?")
    values = [choice.value for choice in asked.choices]
    assert values == sorted(values, reverse=True)
    assert len({choice.unit for choice in asked.choices}) == len(values)
    assert {choice.unit for choice in asked.choices} == set(asked.stretch.units)


def test_the_same_question_in_other_words_is_near(asking: Asking) -> None:
    asked = asking("After how many hours is the oil changed?")
    nearest = max(asked.choices, key=lambda choice: choice.signals.cosine)
    assert "350 hours" in nearest.text
    assert nearest.signals.best_cosine == 0
    assert all(choice.signals.best_cosine <= 0 for choice in asked.choices)
    assert all(-1.01 <= choice.signals.cosine <= 1.01 for choice in asked.choices)


def test_the_words_of_the_question_are_in_a_unit_or_above_it(asking: Asking) -> None:
    asked = asking("oil change permits")
    signals = asked.unit("paragraph", "350").signals
    assert signals.coverage == pytest.approx(2 / 3)
    assert signals.heading == 0
    assert signals.named == 1
    assert asked.unit("paragraph", "desk").signals.coverage == pytest.approx(1 / 3)
    assert asked.unit("item", "photograph").signals.heading == pytest.approx(1 / 3)


def test_what_the_reader_found_counts_for_the_units_around_it(asking: Asking) -> None:
    asked = asking("What of the car?", "a photograph of the car")
    for choice in asked.choices:
        holds = "a photograph of the car" in choice.text
        assert choice.best_span == holds
        assert (choice.span is not None) == holds


def test_a_unit_that_was_read_as_a_whole_counts_for_itself_alone(asking: Asking) -> None:
    asked = asking("What of the car?")
    read, *others = to_read(asked.choices)
    passage = read.passage
    spans = [
        Span(hit, hit.passage.start, hit.passage.end, score, answer=answer)
        for hit, score, answer in ((read, 0.8, 3.0), (others[0], 0.1, -2.0))
    ]
    answers = {
        (choice.unit.start, choice.unit.end): choice.signals.answer
        for choice in judged(asked.choices, spans)
    }
    assert answers.pop((passage.start, passage.end)) == 3.0
    assert set(answers.values()) == {-2.0}


def test_the_likeliest_are_read_below_their_headings_and_outlines_are_not(asking: Asking) -> None:
    asked = asking("oil change")
    found = likely("oil change", [asked.stretch], [], [0.0] * 384, {})
    read = to_read(found)
    assert 0 < len(read) < len(found)
    assert "350 hours" in read[0].passage.text
    assert read[0].passage.heading == "Manual > Oil change"
    for hit in read:
        assert asked.document.text[hit.passage.start : hit.passage.end] == hit.passage.text


@pytest.mark.parametrize(
    ("question", "kind", "signal"),
    [
        ("Which papers do I need?", "list", "list_asked"),
        ("How do I get a permit?", "list", "list_asked"),
        ("Why is there a fee?", "list", "long_unasked"),
        ("How much is it?", "table", "long_unasked"),
    ],
)
def test_the_form_that_was_asked_for(asking: Asking, question: str, kind: str, signal: str) -> None:
    asked = asking(question)
    assert getattr(asked.unit(kind).signals, signal) == 1
    assert getattr(asked.unit("paragraph").signals, signal) == 0


def test_whether_a_unit_has_the_kind_of_thing_that_was_asked_for(asking: Asking) -> None:
    asked = asking("How much is a permit?")
    assert asked.unit("row", "Car").signals.kind == 1
    assert asked.unit("paragraph", "desk").signals.kind == -1
    asked = asking("Why is there a permit?")
    assert {choice.signals.kind for choice in asked.choices} == {0}


def test_a_hit_counts_for_the_units_in_it(asking: Asking) -> None:
    asked = asking("What?")
    assert {choice.signals.hit for choice in asked.choices} == {0.5}
    elsewhere = likely("What?", [asked.stretch], [], [0.1] * 384, {})
    assert {choice.signals.hit for choice in elsewhere} == {0}


def test_no_units_give_no_confidence(asking: Asking) -> None:
    assert sureness([]) == 0
    asked = asking("What do I need to bring?")
    assert 0 < sureness(asked.choices) < 1


def test_an_answer_is_surer_than_other_text(asking: Asking) -> None:
    answered = asking("After how many hours is the oil of the pump changed?")
    strange = asking("Who won the football match in Brazil?")
    assert sureness(answered.choices) > sureness(strange.choices)


def test_a_heading_that_asks_the_question_speaks_for_its_section() -> None:
    found = asked_without_vectors(
        "# Help\n\n## Adding documents\n\nPut them in a folder.\n\n"
        "## Reading formats\n\nText and tables.\n",
        "How do I add documents?",
    )
    assert found.unit("paragraph", "folder").signals.heading == 1


@pytest.mark.parametrize(
    ("question", "left_out"),
    [
        ("How many people worked here in 2020?", True),
        ("How many people worked here in 2022?", False),
        ("How many people worked here in 2023?", False),
        ("How many people worked here in the 1990s, 2010 or 2021?", False),
        ("How many people work here?", False),
    ],
)
def test_text_about_other_years_than_the_question_does_not_answer(
    question: str, left_out: bool
) -> None:
    found = asked_without_vectors(
        "# Staff\n\nIn 2021 we were 212 people, and 198 by 2023.\n", question
    )
    assert (not found.choices) == left_out


@pytest.mark.parametrize(
    ("question", "left_out"),
    [
        ("Who was the harbour master in 2023?", False),
        ("Who was the harbour master in 2015?", True),
    ],
)
def test_since_a_year_is_in_all_later_ones(question: str, left_out: bool) -> None:
    text = "# Harbour\n\nLena Holm has been harbour master since January 2019.\n"
    assert (not asked_without_vectors(text, question).choices) == left_out


@pytest.mark.parametrize(
    ("question", "left_out"),
    [
        ("How much does the P430 deliver?", True),
        ("How much does the p420 deliver?", False),
        ("How much does a pump deliver in 430 seconds?", False),
        ("What does the Bittern 500 weigh?", True),
        ("What does the Bittern 300 weigh?", False),
        ("What does it weigh for 500 crowns?", False),
        ("What is the port of version 2.9?", True),
        ("What is the port of version 3.2?", False),
    ],
)
def test_text_about_another_of_the_name_does_not_answer(question: str, left_out: bool) -> None:
    text = (
        "# Pumps\n\nThe P410 delivers 12 litres, the P420 delivers 21 litres, and both cost 99.\n"
        if "deliver" in question
        else "# Cameras\n\nThe Bittern 300 weighs 640 grams.\n"
        if "weigh" in question
        else "# Server\n\n## 3.2\n\nThe port is 8443.\n\n## 3.1\n\nThe port is 8080.\n"
    )
    found = asked_without_vectors(text, question).choices
    assert (not [one for one in found if one.unit.kind != "section"]) == left_out


@pytest.mark.parametrize(("question", "rows"), [("What does E18 mean?", 2), ("E99?", 0)])
def test_rows_of_other_codes_stay_beside_the_row_that_is_asked_for(
    question: str, rows: int
) -> None:
    text = "# Errors\n\n| Code | Meaning |\n|---|---|\n| E17 | Empty |\n| E18 | Blocked |\n"
    found = asked_without_vectors(text, question).choices
    assert sum(one.unit.kind == "row" for one in found) == rows


@pytest.mark.parametrize(
    ("question", "is_choice"),
    [
        ("Which topics are there in the help?", True),
        ("Where is the help?", False),
        ("How do I go about reading formats?", False),
    ],
)
def test_headings_alone_answer_only_what_asks_for_a_list_of_them(
    question: str, is_choice: bool
) -> None:
    text = "# Help\n\n## Adding documents\n\nPut them in.\n\n## Reading formats\n\nAny.\n"
    found = asked_without_vectors(text, question).choices
    assert any(one.unit.kind == "outline" for one in found) == is_choice


def test_the_header_of_a_table_says_what_the_cells_of_a_row_are() -> None:
    text = "# Sites\n\n| Site | Address | People |\n|---|---|---|\n| Cork | Quay 3 | 48 |\n"
    row = asked_without_vectors(text, "How many people are at Cork?").unit("row", "Cork")
    assert row.signals.heading > 0
    assert row.as_hit().passage.heading == "Sites > Site | Address | People"
    assert row.as_hit().passage.text == "Cork | Quay 3 | 48"
