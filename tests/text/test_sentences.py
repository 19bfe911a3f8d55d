from __future__ import annotations

from itertools import pairwise
from textwrap import fill

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.text.sentences import sentences, trim


def split(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met Mr. Jones at 5 p.m. on Friday.", "They left."],
        ["The U.S. delegation arrived.", "It was led by Gen. Kim, e.g. as its negotiator."],
        ["Version 3.14 costs $4.50.", "See Fig. 3 on vpn-2.example.com for more."],
        ["Did he go?", "Yes!", "He said: “We leave.”"],
        ["Sales fell by 1.5 million.", "No. 5 is alive."],
    ],
    ids=lambda expected: expected[0],
)
def test_a_full_stop_inside_a_sentence_does_not_split_it(expected: list[str]) -> None:
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["会议在曼谷举行。", "双方同意了吗？", "没有！"]),
        ("ja", ["東京は首都です。", "大阪は違います。"]),
        ("ar", ["وصل الوفد اليوم.", "هل سيغادر غدا؟", "نعم!"]),
        ("hi", ["प्रतिनिधिमंडल आज पहुँचा।", "क्या वे कल जाएँगे?", "हाँ।"]),
        ("ru", ["Делегация прибыла сегодня.", "Она уедет завтра?", "Да!"]),
    ],
)
def test_other_scripts_are_split_under_their_own_code_and_under_any(
    language: str, expected: list[str]
) -> None:
    text = ("" if language in ("zh", "ja") else " ").join(expected)

    assert split(text, language) == expected
    assert split(text) == expected


def test_abbreviations_and_dates_of_the_language_do_not_split() -> None:
    expected = ["Die Reise dauert z. B. drei Tage.", "Herr Dr. Müller kommt am 3. Mai."]

    assert split(" ".join(expected), "de") == expected
    assert split("Это г. Москва. Да.", "ru") == ["Это г. Москва.", "Да."]


def test_list_items_table_rows_and_headings_are_sentences_of_their_own() -> None:
    text = "Leave\n\n- thirty days\n  - half days too.\nPrice | EUR\nsonde | 410\n1) ask\n2) wait\n"

    assert split(text) == [
        "Leave", "- thirty days", "- half days too.", "Price | EUR", "sonde | 410",
        "1) ask", "2) wait",
    ]  # fmt: skip


def test_a_wrapped_sentence_is_whole() -> None:
    text = (
        "It wakes the radio less often, and the batteries last about a fifth\n"
        "longer than with 3.0 in cold water. One sonde, which belongs to the\n"
        "Bittern family, restarted by itself. The report was written by Dr.\n"
        "Leila Haddad."
    )

    assert [" ".join(sentence.split()) for sentence in split(text)] == [
        "It wakes the radio less often, and the batteries last about a fifth longer than with 3.0 "
        "in cold water.",
        "One sonde, which belongs to the Bittern family, restarted by itself.",
        "The report was written by Dr. Leila Haddad.",
    ]


def test_a_sentence_in_a_narrow_column_is_whole() -> None:
    expected = ["The boat house is locked at half past nine.", "The workshop is open until ten."]
    text = fill(" ".join(expected), 18)

    assert text.count("\n") > 3
    assert [" ".join(sentence.split()) for sentence in split(text)] == expected
    assert split("Apples\nPears, ripe\nPlums, dried\nand nuts.") == [
        *("Apples", "Pears, ripe", "Plums, dried", "and nuts.")
    ]


@pytest.mark.parametrize("text", ["1. Open the lid.", "10. Shut it.", "a. Ask.", "II. The end."])
def test_the_number_of_an_item_is_not_a_sentence(text: str) -> None:
    assert split(text) == [text]


def test_a_wrapped_item_ends_where_the_next_begins() -> None:
    text = (
        "- Jonas Lindqvist asks the regional authority for the\n"
        "  permit before the end of April.\n"
        "- Petra Dvořáková places the order for the second line\n"
        "  and tells the others."
    )

    assert [" ".join(sentence.split()) for sentence in split(text)] == [
        "- Jonas Lindqvist asks the regional authority for the permit before the end of April.",
        "- Petra Dvořáková places the order for the second line and tells the others.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A heading that is quite long, but much shorter than the paragraph below\n" + "word " * 60,
        "short are the lines of a poem\nthat nobody but its poet broke",
        "Place:    Ghent, room Polder, and by video from Olomouc, daily\nTime:     thirteen hours",
        "what the sonde measures | the accuracy of it | in the field\npressure | 0.1 | bar",
        "A paragraph of its own without a point at its end, sixty wide\n\nand then another one",
        "Open https://example.com/a/path that is long and see for yourself\n- then choose Help",
    ],
    ids=["heading", "verse", "columns", "table", "paragraphs", "list"],
)
def test_a_line_that_was_not_wrapped_ends_its_sentence(text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]

    assert split(text) == lines


TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(" \n\t.!?,;:-•|'\"()[]1aAéß。？।؟\u2028\u00a0\u200b\r\U0001f600"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)
WRAPPED = st.lists(
    st.text(alphabet="aeT. ,", min_size=30, max_size=90), min_size=1, max_size=6
).map("\n".join)


@given(TEXTS | WRAPPED)
@example("")
@example("...")
@example("One.\r\nTwo.\x0b Three.\x85Four.")
@example("👨‍👩‍👧 yes! \U0001f600. नमस्ते। Done.")
def test_ranges_are_in_order_and_do_not_overlap_or_include_outer_white_space(text: str) -> None:
    ranges = sentences(text)

    for start, end in ranges:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    for (_, end), (start, _) in pairwise(ranges):
        assert end <= start


@given(TEXTS | WRAPPED)
def test_every_word_is_in_a_sentence(text: str) -> None:
    covered = {at for start, end in sentences(text) for at in range(start, end)}

    assert all(at in covered for at, letter in enumerate(text) if letter.isalnum())


@given(TEXTS, st.data())
def test_trimming_removes_only_white_space(text: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(min_value=0, max_value=len(text)))
    last = data.draw(st.integers(min_value=first, max_value=len(text)))

    start, end = trim(text, first, last)

    assert first <= start <= end <= last
    assert text[start:end] == text[first:last].strip()
