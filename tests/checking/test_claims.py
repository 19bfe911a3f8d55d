from __future__ import annotations

import pytest

from qa.checking.claims import (
    Strictness,
    addresses,
    canonical,
    clauses,
    counts_otherwise,
    details,
    initialisms,
    near,
    number_fits,
    refers_back,
    stems_of,
)


def kinds(text: str) -> dict[str, Strictness]:
    return {detail.stem: detail.kind for detail in details(text)}


def test_numbers_names_codes_and_words_are_distinguished() -> None:
    assert kinds("Yesterday Kim Yong Chol paid two euros for error E-4012 in New York.") == {
        "yesterday": Strictness.NAME,  # before another capital, as far as can be seen
        "kim": Strictness.NAME,
        "yong": Strictness.NAME,
        "chol": Strictness.NAME,
        "pay": Strictness.WORD,
        "2": Strictness.NUMBER,
        "euro": Strictness.WORD,
        "error": Strictness.WORD,
        "e-4012": Strictness.CODE,
        "new": Strictness.NAME,
        "york": Strictness.NAME,
    }


def test_a_first_word_may_be_a_name_or_not() -> None:
    assert kinds("Macron met them.")["macron"] is Strictness.OPENING
    assert kinds("Additionally, they met.").get("addit", Strictness.WORD) is Strictness.WORD
    assert kinds("It was in “Rome of old”.")["rome"] is Strictness.OPENING


def test_titles_before_names_make_no_difference() -> None:
    assert "presid" not in kinds("He met President Trump.")
    assert kinds("He met the president.")["presid"] is Strictness.WORD


def test_german_nouns_are_not_names() -> None:
    assert kinds("Der Ausschuss hat die Gebühr gesenkt.")["gebuhr"] is Strictness.WORD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two", "2"),
        ("second", "2nd"),
        ("20th", "20"),
        ("1,200", "1200"),
        ("20%", "20 percent"),
        ("€45", "45 euros"),
        ("daily", "a day"),
        ("twelve", "12"),
    ],
)
def test_different_ways_to_write_a_number_give_one_number(one: str, other: str) -> None:
    assert stems_of(one) == stems_of(other)


def test_one_and_first_count_as_words() -> None:
    assert {detail.kind for detail in details("the first one")} == {Strictness.WORD}
    assert canonical("first") != canonical("one")


def test_clauses_end_at_commas_conjunctions_and_full_stops() -> None:
    text = "The fee is 1,200 euros, the deposit 30 and tax comes on top. All told it is dear."

    assert [[detail.stem for detail in clause] for clause in clauses(text)] == [
        ["fee", "1200", "euro"],
        ["deposit", "30"],
        ["tax", "come", "top"],
        ["tell", "dear"],
    ]


def test_the_first_is_not_the_second() -> None:
    assert counts_otherwise("The first summit was long.", ["The second summit was long."])
    assert not counts_otherwise("The 2nd summit was long.", ["The second summit was long."])
    assert not counts_otherwise("The first summit was long.", ["The third trip was long."])


@pytest.mark.parametrize(
    ("claim", "fits"),
    [
        ("The fee is 20 euros.", True),
        ("The deposit is 30 euros.", True),
        ("The fee is 30 euros.", False),
        ("The fee is 40 euros.", False),
        ("The fee is due on June 3.", True),
        ("The deposit is due on May 3.", False),
    ],
)
def test_a_number_belongs_to_the_word_beside_it(claim: str, fits: bool) -> None:
    quote = "The fee is 20 euros, the deposit 30 euros; the fee is due on June 3."
    said = details(claim)

    assert all(number_fits(detail, said, [quote]) for detail in said) is fits


def test_pronouns_refer_back() -> None:
    assert refers_back("He came in June.")
    assert not refers_back("Kim came in June.")


def test_initials_of_names() -> None:
    assert {"us", "un", "eu"} <= initialisms(
        "The United States, the United Nations, European Union"
    )
    assert "dprk" in initialisms("Democratic People’s Republic of Korea")


def test_words_that_begin_alike_are_near() -> None:
    assert near("korean", frozenset({"korea"}))
    assert not near("famili", frozenset({"familiar"}))
    assert not near("2018", frozenset({"2019"}))


def test_addresses_are_found() -> None:
    assert addresses(
        "See https://a.example/x?y=1, mail Bob@Example.com or open vpn.example.com."
    ) == [
        "https://a.example/x?y=1",
        "bob@example.com",
        "vpn.example.com",
    ]
