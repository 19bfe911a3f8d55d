from __future__ import annotations

import pytest

from qa.checking.claims import details
from qa.checking.negation import (
    denies,
    generalizes,
    reverses,
    says_no,
    singles_out,
    turns_round,
)


@pytest.mark.parametrize(
    ("claim", "quote", "denied"),
    [
        ("Receipts are required.", "Receipts are not required.", True),
        ("Receipts are not required.", "Receipts are required.", True),
        ("Receipts are not required.", "Receipts aren't required.", False),
        ("They held no tests.", "They refrained from holding tests.", False),
        ("They held tests.", "They refrained from holding tests.", True),
        ("He will visit.", "It is unclear if he will visit.", True),
        ("He may visit.", "It is unclear if he will visit.", False),
        ("It is not known if he will visit.", "It is unclear if he will visit.", False),
        ("Two sites were closed.", "Two sites were closed, but no tests were held.", False),
        ("Book it with approval.", "Do not book it without approval.", False),
    ],
)
def test_yes_and_no_are_distinguished(claim: str, quote: str, denied: bool) -> None:
    assert denies(claim, details(claim), [quote]) is denied


def test_denials_are_recognised() -> None:
    assert says_no("Dogs aren't allowed.")
    assert says_no("Book it without approval.")
    assert not says_no("Notes are kept.")


def test_all_is_more_than_some() -> None:
    assert generalizes("All flights may be booked.", ["Long flights may be booked."])
    assert not generalizes("All flights may be booked.", ["Every flight may be booked."])
    assert not generalizes("It did not rain at all.", ["It did not rain."])


@pytest.mark.parametrize(
    ("claim", "quote", "apart"),
    [
        ("Ada was the only man to study plants.", "Ada was one of several men.", True),
        ("The least populated area is Brno.", "The area reaches as far as Brno.", True),
        ("The least populated area is Brno.", "The largest area is Brno.", True),
        ("The least populated is Brno.", "Of the largest, Brno has fewest people.", False),
        ("It is the oldest hall.", "It is the youngest of the halls.", True),
        ("The newest hall is in Brno.", "The oldest hall is in Brno.", True),
        ("The only bridge is in Brno.", "The bridge in Brno is ten minutes away.", True),
        ("The only bridge is in Brno.", "A minister asked for the bridge in Brno.", True),
        ("The only bridge is in Brno.", "The bridge in Brno is in a forest.", True),
        ("The oldest bridge has most arches.", "At least 300 years, it is the oldest.", False),
        ("The lowest fee is paid by members.", "Members pay the lowest, at most 5.", False),
        ("It was most likely built in 1794.", "It was probably built in 1794.", False),
        ("Seats are best booked early.", "Book seats early.", False),
        ("Only 25 days are left.", "25 days are left.", False),
        ("It is the largest lake.", "No other lake is as large.", False),
        ("Only directors may sign.", "Directors alone may sign.", False),
        ("It is open only on Mondays.", "It opens on Mondays.", False),
        ("It has not only pens but paper.", "It has pens and paper.", False),
        ("Most flights are booked early.", "Flights are booked early.", False),
    ],
)
def test_what_a_claim_singles_out_its_quote_must_single_out(
    claim: str, quote: str, apart: bool
) -> None:
    assert singles_out(claim, [quote]) is apart


@pytest.mark.parametrize(
    ("claim", "quote", "turned"),
    [
        ("It was unofficially opened in May.", "It was officially opened in May.", True),
        ("The seats are reserved.", "The seats are unreserved.", True),
        ("The claim is illogical.", "The claim is logical.", True),
        ("The unreserved seats are free.", "Unreserved seats are free, reserved ones cost.", False),
        ("It is not clear who pays.", "It is unclear who pays.", False),
        ("The union is closed.", "The ion is closed.", False),
        ("It stands under the bridge.", "It is below the bridge.", False),
    ],
)
def test_a_word_is_not_reversed(claim: str, quote: str, turned: bool) -> None:
    assert reverses(claim, [quote]) is turned


@pytest.mark.parametrize(
    ("claim", "quote", "turned"),
    [
        ("It costs more than 20 euros.", "It costs less than 20 euros.", True),
        ("It costs at least 20 euros.", "It costs at most 20 euros.", True),
        ("It costs at least 20 euros.", "It costs no more than 20 euros.", True),
        ("It takes longer than 6 hours.", "It takes shorter than six hours.", True),
        ("Ask before the trip.", "Ask after the trip.", True),
        ("Sales rose to 20 percent.", "Sales fell to 20 percent.", True),
        ("It costs at least 20 euros.", "It costs no less than 20 euros.", False),
        ("It costs more than 20 euros.", "It costs over 20 euros, but less than 30.", False),
        ("Ask before the trip.", "Before the trip, ask; after the trip, pay.", False),
        ("Ask before the trip.", "Ask for it in May, after the talk.", False),
        ("It is not longer than 6 hours.", "It is shorter than 6 hours.", False),
        ("Sales fell in May.", "Sales fell in May and rose in June.", False),
    ],
)
def test_a_comparison_is_not_reversed(claim: str, quote: str, turned: bool) -> None:
    assert turns_round(claim, [quote]) is turned
