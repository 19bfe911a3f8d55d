from __future__ import annotations

import pytest

from qa.questions.kinds import Kind, candidates
from qa.reading.phrases import clauses, columns, labelled, of_whole_tokens


@pytest.mark.parametrize(
    ("text", "cut", "whole"),
    [
        ("Write to office@kivi.example, please.", "office@kivi", "office@kivi.example"),
        ("See https://kivi.example/a?b=1.", "kivi.example", "https://kivi.example/a?b=1"),
        ("It is due on 15.05.2025 at 8:30.", "15.05", "15.05.2025"),
        ("It is painted from 12 to 16 May.", "16 May", "12 to 16 May"),
        ("In 2010 to 55 percent of them", "55 percent", "55 percent"),
        ("Up to 1,250.00 euros.", "250", "1,250.00"),
        ("Anyone over 16 may become a member.", "16 may", "16"),
        ("It closes at 6 pm, and stays so.", "6 pm, and", "6 pm"),
        ("Mr Mayor opened it.", "May", "Mayor"),
        ("may", "may", "may"),
    ],
)
def test_a_phrase_ends_with_what_belongs_together(text: str, cut: str, whole: str) -> None:
    start = text.index(cut)
    assert text[slice(*of_whole_tokens(text, start, start + len(cut)))] == whole


def test_an_amount_of_the_next_thing_is_left_out() -> None:
    text = "You get one day for moving house and three days for a wedding."
    start, end = text.index("one"), text.index(" days")
    measured = candidates(Kind.DURATION, text, "")
    assert text[slice(*of_whole_tokens(text, start, end, measured))] == "one day for moving house"


def test_lines_that_run_on_are_parted_at_their_labels() -> None:
    text = "Adults: 12 crowns Children under 14: 6 crowns Members: free"
    parts = labelled(text, 0, len(text))
    assert [text[part.start : part.end].strip() for part in parts] == [
        "12 crowns",
        "6 crowns",
        "free",
    ]
    assert [text[part.telling : part.start] for part in parts] == [
        "Adults:",
        "Children under 14:",
        "Members:",
    ]
    assert labelled("The pool has one rule: do not run.", 0, 34) == []


def test_columns_are_parted() -> None:
    text = "VAT 20 %        78.10\tEUR"
    parts = columns(text, 0, len(text))
    assert [text[part.start : part.end] for part in parts] == ["VAT 20 %", "78.10", "EUR"]
    assert columns("VAT 20 % 78.10", 0, 14) == []


def parted(text: str, kind: Kind) -> list[tuple[str, str]]:
    """The clauses of a sentence, and the words that are theirs alone."""
    return [
        (text[part.start : part.end], text[part.telling : part.end])
        for part in clauses(text, 0, len(text), candidates(kind, text, ""))
    ]


def test_clauses_that_say_the_same_of_several_things_are_parted() -> None:
    assert parted("A drill is lent for 3 days and a ladder for 10 days.", Kind.DURATION) == [
        ("A drill is lent for 3 days and ", " and "),
        ("a ladder for 10 days.", "a ladder for 10 days."),
    ]
    # A clause without an amount belongs to the one before.
    assert (
        len(parted("It takes 3 days in summer, but rarely, and 10 days later.", Kind.DURATION)) == 2
    )


def test_an_answer_of_two_amounts_is_not_parted() -> None:
    assert parted("It was won in 2011 and 2012 by the hosts.", Kind.TIME) == []
    assert parted("It takes 3 days, and nobody helps.", Kind.DURATION) == []
