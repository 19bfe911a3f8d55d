from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from qa.errors import ModelUnavailableError
from qa.questions.kinds import Kind, candidates
from qa.reading.by_model import ExtractiveReader, _whole, open_reader
from qa.reading.by_words import QuotingReader, analyse
from qa.reading.span_model import PACKAGED, SpanModel
from qa.records import Hit, Passage, Span
from qa.text.terms import stems

PLANT = (
    "The plant opened in 2009. Its roof was mended by Hallam & Sons after the storm of 2015. "
    "A bridge leads to it from the station."
)
HANDBOOK = "# Leave\n\nFull-time staff\n\nYou have 28 days a year. Ask your lead before you book."


@pytest.fixture(scope="module")
def reader() -> ExtractiveReader:
    return ExtractiveReader(SpanModel(PACKAGED))


def hit(text: str, start: int = 0, score: float = 1.0, source: str = "d.txt") -> Hit:
    passage = Passage(f"{source}:v:0", source, source, "", start, start + len(text), text)
    return Hit(passage, score, similarity=0.6, keyword=3.0)


def rarity(question: str) -> Mapping[str, float]:
    return dict.fromkeys(stems(question), 1.0)


def read(reader: ExtractiveReader, question: str, *hits: Hit) -> list[Span]:
    return reader.read(question, hits, rarity(question))


def test_the_sentence_and_its_phrase_answer(reader: ExtractiveReader) -> None:
    span = read(reader, "Who repaired the roof?", hit(PLANT))[0]
    assert span.text == "Its roof was mended by Hallam & Sons after the storm of 2015."
    assert span.short_text is not None
    assert "Hallam" in span.short_text


def test_offsets_count_in_the_document(reader: ExtractiveReader) -> None:
    for span in read(reader, "When did the plant open?", hit(PLANT, start=1000)):
        assert span.text == PLANT[span.start - 1000 : span.end - 1000]
        assert span.short is not None
        assert span.start <= span.short[0] < span.short[1] <= span.end


def test_what_answers_scores_above_what_does_not(reader: ExtractiveReader) -> None:
    canteen = hit("The refectory sells soup. Bread is baked on Mondays.", score=0.9, source="c.txt")
    spans = read(reader, "When did the plant open?", canteen, hit(PLANT, score=0.8))
    assert spans[0].hit.passage.source == "d.txt"
    alone = read(reader, "When did the plant open?", canteen)
    assert spans[0].score > alone[0].score + 0.3


def test_scores_fall_and_lie_between_0_and_1(reader: ExtractiveReader) -> None:
    scores = [span.score for span in read(reader, "What leads to the station?", hit(PLANT))]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_long_hit_is_read_in_windows_that_hold_every_sentence(reader: ExtractiveReader) -> None:
    text = " ".join(f"Valve {number} was checked on day {number} of March." for number in range(90))
    question = "When was valve 71 checked?"
    asked = analyse(question, rarity(question))
    windows = list(reader.windows_of(asked, hit(text), 0))
    assert len(windows) > 3
    assert all(len(window.tokens.ids) <= 260 for window in windows)
    starts = {sentence.start for window in windows for sentence in window.sentences}
    assert len(starts) == 90
    (likeliest,) = reader.windows(question, [hit(text)], rarity(question))
    assert likeliest.sentences in [window.sentences for window in windows]
    assert "Valve 71 was" in read(reader, question, hit(text))[0].text


def test_a_sentence_longer_than_a_window_is_read_up_to_its_end(reader: ExtractiveReader) -> None:
    text = "The list names " + ", ".join(f"item {number}" for number in range(400)) + "."
    question = "What does the list name?"
    spans = read(reader, question, hit(text))
    assert spans[0].text == text


def test_a_heading_is_read_but_is_not_an_answer(reader: ExtractiveReader) -> None:
    spans = read(reader, "How many days of leave do full-time staff have?", hit(HANDBOOK))
    assert spans[0].text == "You have 28 days a year."
    assert spans[0].short_text is not None
    assert spans[0].short_text.startswith("28")
    assert all(not span.text.startswith("#") for span in spans)


@pytest.mark.parametrize(
    "text",
    [
        "Bangkok and Hanoi are being considered for the second summit.",
        "For the second summit, Oslo, Bangkok and Hanoi are being considered.",
    ],
)
def test_names_that_answer_together_are_one_phrase(reader: ExtractiveReader, text: str) -> None:
    span = read(reader, "Where might the second summit be held?", hit(text))[0]
    assert span.short_text is not None
    assert span.short_text.endswith("Bangkok and Hanoi")


@pytest.mark.parametrize(
    ("kind", "question", "text", "phrase", "whole"),
    [
        (
            Kind.PERSON,
            "Who leads the lab?",
            "Ada King, Head of Research and Development, leads the lab.",
            "Ada King",
            "Ada King",
        ),
        (
            Kind.PERSON,
            "Who did Ada King meet?",
            "Ada King and Ben Lind met in Brno.",
            "Ben Lind",
            "Ben Lind",
        ),
        (
            Kind.PERSON,
            "Who met in Brno?",
            "Ada King and Ben Lind met in Brno.",
            "Ben Lind",
            "Ada King and Ben Lind",
        ),
        (
            Kind.PERSON,
            "Who met in Brno?",
            "Cal Moss, Ada King and Ben Lind met in Brno.",
            "Ben Lind",
            "Cal Moss, Ada King and Ben Lind",
        ),
        (
            Kind.PLACE,
            "Which cities are considered?",
            "Oslo, Bangkok and Hanoi are considered.",
            "Oslo",
            "Oslo, Bangkok and Hanoi",
        ),
    ],
)
def test_other_names_belong_to_the_phrase_if_they_answer_too(
    kind: Kind, question: str, text: str, phrase: str, whole: str
) -> None:
    named = candidates(kind, text, question)
    start = text.index(phrase)
    found = _whole(kind, question, text, (start, start + len(phrase)), named)
    assert text[slice(*found)] == whole


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        (
            "For how long is a ladder lent?",
            "A drill is lent for 3 days and a ladder for 10 days.",
            "10 days",
        ),
        (
            "For how long is a drill lent?",
            "A drill is lent for 3 days and a ladder for 10 days.",
            "3 days",
        ),
        (
            "When does the reading room close?",
            "The reading room opens at 10 am and closes at 4 pm.",
            "4 pm",
        ),
        (
            "How much do students pay?",
            "Adults: 12 crowns Children under 14: 6 crowns Students with a card: 8 crowns"
            " Members: free",
            "8 crowns",
        ),
        ("How much is the VAT?", "VAT 20 %                 78.10", "78.10"),
        ("Who is the chairman?", "Chairman", None),
    ],
)
def test_the_phrase_stands_in_the_part_that_the_question_names(
    reader: ExtractiveReader, question: str, text: str, short: str | None
) -> None:
    assert read(reader, question, hit(text))[0].short_text == short


def test_what_is_hardly_an_answer_is_not_said_by_itself(reader: ExtractiveReader) -> None:
    span = read(reader, "Who was the harbour master in 1950?", hit("Parcels weigh 31 kg."))[0]
    assert span.short is None


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        (
            "How long does descaling take?",
            "Descaling takes 25 minutes. The machine is descaled every two months.",
            "25 minutes",
        ),
        (
            "How much is a half pallet?",
            "Pallet 12.00\nHalf pallet 7.50\nLong goods 31.00",
            "7.50",
        ),
        (
            "How much salt is in the rye bread?",
            "500 g rye flour\n350 ml water\n10 g salt\n80 g sourdough",
            "10 g",
        ),
    ],
)
def test_the_phrase_of_the_sentence_with_the_questions_words_fits_best(
    reader: ExtractiveReader, question: str, text: str, short: str
) -> None:
    spans = read(reader, question, hit(text))
    assert max(spans, key=lambda span: span.fitting).short_text == short


def test_every_hit_is_read_and_says_whether_it_answers(reader: ExtractiveReader) -> None:
    others = [
        hit(f"The plant of the {town} works has a roof of slate.", 0, 0.5, f"{town}.txt")
        for town in ("Aldby", "Birk", "Cowling")
    ]
    spans = read(reader, "Who mended the roof of the plant?", *others, hit(PLANT))
    answers = {span.hit.passage.source: span.answer for span in spans}
    assert len(answers) == 4
    assert max(answers, key=lambda source: answers[source]) == "d.txt"


def test_a_hit_is_read_below_its_headings(reader: ExtractiveReader) -> None:
    text = "It is changed after 350 hours."
    passages = [
        Passage("a", "a.txt", "a.txt", "Manual", 50, 80, text, heading=f"Manual > {heading}")
        for heading in ("Pump Birch > Oil", "Canteen > Menu")
    ]
    pump, canteen = (
        read(reader, "When is the oil of the Birch pump changed?", Hit(passage, 0.5, 0.5))[0]
        for passage in passages
    )
    assert pump.answer > canteen.answer
    assert pump.text == canteen.text == text


def test_no_hits_and_hits_without_words_give_no_spans(reader: ExtractiveReader) -> None:
    assert read(reader, "Who?") == []
    assert read(reader, "Who?", hit("\n \n")) == []


def test_the_setting_names_a_reader(tmp_path: Path) -> None:
    assert isinstance(open_reader("packaged"), ExtractiveReader)
    assert isinstance(open_reader("words"), QuotingReader)
    assert isinstance(open_reader(str(PACKAGED)), ExtractiveReader)
    with pytest.raises(ModelUnavailableError, match="holds no reader"):
        open_reader(str(tmp_path / "none"))
