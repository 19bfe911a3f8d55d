from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.dates import dates


@pytest.mark.parametrize(
    "text",
    [
        "12 March 2024",
        "12th of March, 2024",
        "March 12, 2024",
        "march 12th 2024",
        "Mar. 12, 2024",
        "2024-03-12",
        "2024/3/12",
        "12.03.2024",
        "12. März 2024",
    ],
)
def test_a_date_is_the_same_however_it_is_written(text: str) -> None:
    assert dates(f"It opened on {text}.") == ["2024-03-12", "--03-12", "2024-03"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("March 12", ["--03-12"]),
        ("in December 1999", ["1999-12"]),
        ("may be 12 of them", []),
        ("03/12/2024", ["2024-12-03", "--12-03", "2024-12", "2024-03-12", "--03-12", "2024-03"]),
        ("31/12/2024", ["2024-12-31", "--12-31", "2024-12"]),
        ("version 1.2.2024.5", []),
        ("45 March", []),
        ("E-2024-03-12", []),
        ("call 2024-03-123", []),
        ("March 2024", ["2024-03"]),
        ("", []),
    ],
)
def test_terms_have_only_the_known_parts_of_a_date(text: str, expected: list[str]) -> None:
    assert dates(text) == expected


@given(st.text())
def test_any_text_can_be_searched_for_dates(text: str) -> None:
    assert all(term[0] in "-12" for term in dates(text))


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_a_day_is_found_in_every_form(day: date) -> None:
    written = (f"{day:%d %B %Y}", f"{day:%B %d, %Y}", f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}")
    assert len({tuple(dates(text)) for text in written}) == 1


def test_the_verb_may_is_no_month() -> None:
    assert dates("Anyone over 16 may become a member.") == []
    assert dates("is it open on 16 may?") == dates("16 may at 8") == ["--05-16"]
