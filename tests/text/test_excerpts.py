"""A few words of a passage, cut around what a question is about."""

from __future__ import annotations

from qa.text.excerpts import excerpt


def test_an_excerpt_shows_what_the_question_is_about() -> None:
    text = "Hotels are booked early. Trains are first class from four hours on. Taxis are rare."
    assert excerpt(text, 30) == "Hotels are booked early …"
    assert excerpt(text, 60, "first class on trains?").startswith("… Trains are first class")
    assert excerpt(text, 200, "unrelated words") == text


def test_a_sentence_that_is_too_long_is_cut_around_the_word() -> None:
    text = f"{'more and ' * 40}then the zebra ate {'grass and ' * 40}"
    shown = excerpt(text, 80, "What did the zebra eat?")
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "the zebra ate grass" in shown


def test_the_headings_of_a_passage_are_not_repeated() -> None:
    text = "Travel policy\nTrains\n\nFirst class is for long journeys."
    above = ["Travel policy", "Travel policy", "Trains"]
    assert excerpt(text, 80, above=above) == "First class is for long journeys."
    assert excerpt("Trains", 80, above=above) == "Trains"
