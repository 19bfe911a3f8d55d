"""Plain text: encodings, characters nobody sees, titles."""

from __future__ import annotations

import codecs

import pytest

from qa.errors import DamagedFileError
from qa.loading import read
from qa.loading.blocks import telling_title, title_from_name

GERMAN = (
    "Kündigungsfrist: drei Monate zum Quartalsende. Gehälter werden überwiesen, auch für Aushilfen."
)
FRENCH = (
    "L'été dernier, les employés ont reçu une prime. Où est passé le reçu de l'hôtel ? À la gare."
)
RUSSIAN = (
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
    "совестью и должны поступать в отношении друг друга в духе братства."
)
POLISH = (
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw, różni i mali."
)
GREEK = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
CHINESE = "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"
CZECH = "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        ("A hotel costs up to 50 € a night – “breakfast” included.", "cp1252"),
        ("naïve", "cp1252"),
        ("¿Qué?", "cp1252"),
        (CZECH, "cp1250"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (RUSSIAN, "utf-16-le"),
    ],
)
def test_text_is_read_in_the_encoding_it_comes_in(text: str, encoding: str) -> None:
    assert read(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_decides_and_is_left_out(mark: bytes, encoding: str) -> None:
    assert read(mark + RUSSIAN.encode(encoding), "a.txt").text == RUSSIAN


def test_a_long_file_whose_first_accent_comes_late_is_decoded_rightly() -> None:
    text = "plain ascii line\n" * 20_000 + "Größe der Schrauben\n" * 10
    assert read(text.encode("cp1252"), "a.txt").text == text


def test_a_character_cut_off_at_the_end_does_not_turn_utf8_into_something_else() -> None:
    assert read(f"{GERMAN} €".encode()[:-1], "a.txt").text == f"{GERMAN} "


def test_one_broken_character_does_not_turn_utf8_into_something_else() -> None:
    data = (GERMAN * 3).encode() + b"\xff" + (GERMAN * 3).encode()
    assert read(data, "a.txt").text == GERMAN * 3 + "\ufffd" + GERMAN * 3


def test_noise_is_not_text() -> None:
    noise = bytes(range(256)) * 20
    with pytest.raises(DamagedFileError, match=r"a\.txt is no text .* UTF-8"):
        read(noise, "a.txt")


def test_line_ends_become_one_kind_and_nothing_else_is_collapsed() -> None:
    text = read(b"a  b\r\n\tc\rd\n\n\n e \x0bf", "a.txt").text
    assert text == "a  b\n\tc\nd\n\n\n e \nf"


def test_controls_and_soft_hyphens_are_left_out() -> None:
    text = "The ne\u00adgo\x00ti\x07ation of the contract\ufeff"
    assert read(text.encode(), "a.txt").text == "The negotiation of the contract"


def test_a_short_first_line_set_apart_is_the_title() -> None:
    assert read(b"\n  Travel policy \n\nBody.", "x-1.txt").title == "Travel policy"


@pytest.mark.parametrize("text", ["One line only", "First\nsecond", "x" * 121 + "\n\nBody"])
def test_without_a_line_set_apart_the_title_comes_from_the_name(text: str) -> None:
    assert read(text.encode(), "docs/travel-policy_2024.txt").title == "travel policy 2024"


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("a/b/travel-policy_2024.txt", "travel policy 2024"),
        ("minutes_2024-01-15.pdf", "minutes 2024-01-15"),
        ("Q3%20report.html", "Q3 report"),
        ("---.txt", "---"),
    ],
)
def test_file_names_are_made_readable(source: str, title: str) -> None:
    assert title_from_name(source) == title


@pytest.mark.parametrize(
    "title",
    [
        *(
            "",
            None,
            "untitled",
            "Untitled document",
            "Microsoft Word - Report_v3.doc",
            "(anonymous)",
        ),
        *("scan0001.jpg", "Document1", "travel_policy_2024", "---", "PowerPoint Presentation"),
    ],
)
def test_titles_that_a_program_made_up_tell_nothing(title: str | None) -> None:
    assert telling_title(title) == ""


def test_a_title_that_a_person_wrote_is_kept() -> None:
    assert telling_title(" Travel\nand expenses ") == "Travel and expenses"


def test_the_colours_of_a_log_are_no_text() -> None:
    data = b"Log\n\n\x1b[31mERROR\x1b[0m pump 3\n\x1b[1;32mOK\x1b[K [3]\n"
    assert read(data, "pumps.txt").text == "Log\n\nERROR pump 3\nOK [3]\n"
