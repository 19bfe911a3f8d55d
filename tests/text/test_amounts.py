from __future__ import annotations

import pytest

from qa.text.amounts import amounts, same_amount


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("thirty euros", {"30"}),
        ("EUR 30.00", {"30"}),
        ("€1,500,000", {"1500000"}),
        ("1.5 million euros", {"1500000"}),
        ("1.500.000 Euro", {"1500000"}),
        ("30,50 Euro", {"30.5"}),
        ("a dozen", {"12"}),
        ("twenty-five days", {"2160000 seconds"}),
        ("14 days", {"1209600 seconds"}),
        ("two weeks", {"1209600 seconds"}),
        ("five working days", {"5 working days"}),
        ("two years", {"24 months"}),
        ("three thousand five hundred", {"3500"}),
        ("one hundred and twelve seats", {"112"}),
        ("two million three hundred and five thousand and twelve", {"2305012"}),
        ("between 100 and 50", {"100", "50"}),
        ("five or six", {"5", "6"}),
        ("100 20", {"100", "20"}),
        ("6 pm", {"18:00"}),
        ("12 a.m.", {"00:00"}),
        ("from 8:00 to noon", {"08:00", "12:00"}),
        ("12 March 2024", {"2024-03-12", "--03-12", "2024-03"}),
        ("1.2.3", set()),
        ("for a second", set()),
        ("every day", set()),
        ("", set()),
    ],
)
def test_amounts_have_one_form(text: str, found: set[str]) -> None:
    assert amounts(text) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("thirty euros", "30.00 euros", True),
        ("1.5 million", "1,500,000", True),
        ("four weeks", "28 days", True),
        ("6 pm", "18:00", True),
        ("08:00", "8:00", True),
        ("12 March 2024", "12.03.2024", True),
        ("March 2024", "12 March 2024", True),
        ("12 March 2024", "12 March 2023", False),
        ("one week", "5 working days", False),
        ("30 euros", "45 euros", False),
        ("Ada King", "Ada King", False),
    ],
)
def test_an_amount_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert same_amount(one, other) is same
    assert same_amount(other, one) is same
