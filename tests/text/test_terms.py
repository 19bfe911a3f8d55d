from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from qa.text.terms import STOP_WORDS, is_stop_word, stem, stems, terms


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("summits", "summit"),
        ("came", "come"),
        ("WROTE", "writing"),
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "Zürich"),
        ("STRASSE", "Straße"),
        ("ﬁnance", "finance"),
        ("1,000", "1000"),
        ("Kim's", "Kim"),
        ("Kim’s", "Kim's"),
        ("O’Neil", "O'Neil"),
        ("U.S.", "US"),
        ("E\u20114012", "E-4012"),
        ("docu\u00adment", "document"),
        ("Ёлка", "ЕЛКА"),
        ("colours", "color"),
        ("favourite", "favorites"),
        ("organisation", "organization"),
        ("organising", "organizes"),
        ("analysed", "analyze"),
        ("travelling", "traveled"),
        ("theatre", "theaters"),
        ("catalogue", "catalogs"),
        ("programmes", "program"),
        ("licence", "license"),
        ("anaemia", "anemia"),
        ("manoeuvre", "maneuver"),
        ("grey", "GRAY"),
        ("переговорах", "переговоры"),
        ("المدرسة", "مدرسة"),
        ("लड़कियाँ", "लड़की"),
        ("cheque", "check"),
        ("revised", "revision"),
        ("advertise", "advertisement"),
        ("precise", "precisely"),
        ("televised", "television"),
        ("optimise", "optimal"),
        ("deaths", "died"),
    ],
)
def test_forms_of_one_word_are_one_term(text: str, other: str) -> None:
    assert stems(text) == stems(other) != []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("3-4", "34"),
        ("E-4012", "E-4013"),
        ("3.14", "314"),
        ("us", "US"),
        ("Zug", "Zürich"),
        ("four", "for"),
        ("hours", "hors"),
        ("course", "corse"),
        ("source", "sorce"),
        ("rise", "rize"),
    ],
)
def test_different_words_are_different_terms(text: str, other: str) -> None:
    assert set(stems(text)).isdisjoint(stems(other))


def test_a_code_is_one_term_and_so_is_each_of_its_parts() -> None:
    assert stems("E-4012") == ["e-4012", "4012"]
    assert stems("vpn-2.example.com") == ["vpn-2.example.com", "vpn", "2", "exampl", "com"]


def test_a_date_in_chinese_is_found_by_its_number() -> None:
    assert stems("会议在2024年举行") == ["会议", "议在", "2024", "年举", "举行"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("曼谷举行", ["曼谷", "谷举", "举行"]),
        ("京", ["京"]),
        ("東京タワー", ["東京", "京タ", "タワ", "ワー"]),
        ("서울에", ["서울", "울에"]),
    ],
)
def test_scripts_without_spaces_give_pairs_of_characters(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@pytest.mark.parametrize(
    "word",
    ["प्रतिनिधिमंडल", "الوفد", "مُحَمَّد", "делегация", "שָׁלוֹם", "வணக்கம்", "Reisekosten", "می\u200cخواهم"],
)
def test_a_word_of_another_script_is_one_term(word: str) -> None:
    [term] = terms(f"({word}).")

    assert (term.start, term.end) == (1, 1 + len(word))


def test_vowel_marks_in_arabic_and_hebrew_make_no_difference() -> None:
    assert stem("مُحَمَّد") == stem("محمد")
    assert stem("שָׁלוֹם") == stem("שלום")


def test_stop_words_are_left_out_unless_they_are_wanted() -> None:
    text = "Who can't or won't say what the US gives us? It is IT."

    assert stems(text) == ["say", "us", "give", "it"]
    assert len(stems(text, keep_stop_words=True)) == 13


def test_an_acronym_is_not_a_stop_word() -> None:
    assert not is_stop_word("US")
    assert not is_stop_word("IT")
    assert is_stop_word("It")
    assert is_stop_word("I")


def test_a_stop_word_has_one_form() -> None:
    assert all(word == word.lower() for word in STOP_WORDS)


def test_every_letter_and_digit_has_a_term() -> None:
    for letter in map(chr, range(sys.maxunicode + 1)):
        if letter.isalnum():
            found = stem(letter)
            assert found
            assert not any(part.isspace() for part in found), hex(ord(letter))


TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(" '’.,-‐\u2011_1aAéßहि्मか京กี\u0301\u00ad\u200d"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=120,
)


@given(TEXTS, st.booleans())
@example("U.S.'s E-4012, 3.14 a日b", True)
@example("1\u0e35", False)
def test_ranges_are_in_the_text_and_in_order(text: str, keep: bool) -> None:
    found = terms(text, keep_stop_words=keep)

    for term in found:
        assert 0 <= term.start < term.end <= len(text)
        assert any(letter.isalnum() for letter in text[term.start : term.end])
        assert term.stem
        assert not any(letter.isspace() for letter in term.stem)
    assert all(earlier.start <= later.start for earlier, later in pairwise(found))


@given(TEXTS)
def test_every_letter_belongs_to_a_term(text: str) -> None:
    covered = {
        at for term in terms(text, keep_stop_words=True) for at in range(term.start, term.end)
    }
    left_out = "".join(" " if at in covered else letter for at, letter in enumerate(text))

    # What a clitic leaves over: the end of "Kim's".
    assert all(part in _CLITICS for part in _parts(left_out))


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "Mn"]), max_size=30))
@example("\u1026")
@example("がぎ")
def test_a_text_and_its_decomposed_form_have_the_same_terms(text: str) -> None:
    # Scripts that give pairs of letters give more of them when they are decomposed.
    assume(not any("\u1100" <= letter <= "\ud7ff" for letter in text))

    assert stems(unicodedata.normalize("NFD", text)) == stems(unicodedata.normalize("NFC", text))


_CLITICS = {"s", "t", "n", "re", "ve", "ll", "d", "m"}


def _parts(text: str) -> list[str]:
    letters = (letter if letter.isalnum() else " " for letter in text)
    return "".join(letters).casefold().split()


def test_the_month_of_may_is_a_term_and_the_verb_is_not() -> None:
    assert stems("When is the May meeting?") == ["may", "meet"]
    assert stems("Until 3 May 2019") == ["3", "may", "2019"]
    assert stems("May I ask what I may do?") == stems("ask")
