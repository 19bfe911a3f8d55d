from __future__ import annotations

import pytest

from qa.claims import units
from qa.denials import denies, generalizes


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
def test_yes_and_no_are_told_apart(claim: str, quote: str, denied: bool) -> None:
    assert denies(claim, units(claim), [quote]) is denied


def test_all_is_more_than_some() -> None:
    assert generalizes("All flights may be booked.", ["Long flights may be booked."])
    assert not generalizes("All flights may be booked.", ["Every flight may be booked."])
    assert not generalizes("It did not rain at all.", ["It did not rain."])
