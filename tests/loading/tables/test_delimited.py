"""Text with separators: which one, which encoding, which header."""

from __future__ import annotations

import pytest

from qa.errors import DamagedFileError, EmptyFileError
from qa.loading import read
from tests.loading.soundness import check


def text(data: bytes, name: str = "fees.csv") -> str:
    document = read(data, name)
    check(document)
    return document.text


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_recognised_from_the_lines(separator: str) -> None:
    lines = [["Zone", "Fee", "Note"], ["North, East", "40", "a; b"], ["South", "1.250", "c | d"]]
    data = "\r\n".join(
        separator.join(f'"{cell}"' if separator.strip() in cell or "," in cell else cell
                       for cell in line) for line in lines)  # fmt: skip
    assert text(data.encode()) == (
        "Zone | Fee | Note\nNorth, East | 40 | a; b\nSouth | 1.250 | c ¦ d"
    )


def test_decimal_commas_do_not_part_values() -> None:
    data = "Zone;Fee;Share\nA;1,5;0,2\nB;2,5;0,4\n"
    assert text(data.encode()) == "Zone | Fee | Share\nA | 1,5 | 0,2\nB | 2,5 | 0,4"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_recognised(encoding: str) -> None:
    data = "Größe;Preis\ngroß;40 €\nkleiner;30 €\n".encode(encoding)
    assert text(data) == "Größe | Preis\ngroß | 40 €\nkleiner | 30 €"


def test_a_value_may_hold_quotes_and_lines() -> None:
    data = b'Zone,Note\nA,"He said ""no"",\ntwice"\nB,x\n'
    assert text(data) == 'Zone | Note\nA | He said "no", twice\nB | x'


def test_excel_may_say_the_separator() -> None:
    assert text(b"sep=;\nZone;Fee, net\nA;40\n") == "Zone | Fee, net\nA | 40"


def test_the_names_of_columns_are_their_header() -> None:
    document = read(b"Zone,Fee\nA,40\n", "fees.csv")
    assert [block.level for block in document.blocks if block.kind == "row"] == [1, 0]
    document = read(b"2024-01-01,40\n2024-01-02,50\n", "fees.csv")
    assert [block.level for block in document.blocks if block.kind == "row"] == [0, 0]


@pytest.mark.parametrize(
    ("rows", "level"),
    [
        ("Length,12.4 m\nDraught,1.6 m", 0),
        ("Part,Length\nMast,9 m", 1),
        ("Sales,2023\nRent,40", 1),
        ("Runner,5 km,10 km\nHolm,20:10,43:05", 1),
    ],
)
def test_a_name_and_its_value_are_no_header(rows: str, level: int) -> None:
    document = read(rows.encode(), "boat.csv")
    assert [block.level for block in document.blocks if block.kind == "row"] == [level, 0]


def test_lines_above_a_table_are_no_part_of_it() -> None:
    data = b"Fees of the harbour\n\nZone,Fee\nA,40\n"
    assert text(data) == "Fees of the harbour\n\nZone | Fee\nA | 40"


@pytest.mark.parametrize("data", [b",,,\n,,,\n", b"\n\n", b'""\n'])
def test_separators_alone_are_no_values(data: bytes) -> None:
    with pytest.raises(EmptyFileError):
        read(data, "a.csv")


def test_a_missing_quotation_mark_is_reported() -> None:
    with pytest.raises(DamagedFileError, match="quotation mark"):
        read(b'a,"b\n' + b"x,y\n" * 400_000, "a.csv")


def test_a_tab_separated_file_and_an_empty_first_cell() -> None:
    assert text(b"Zone\tFee\nA\t40\n\t50\n", "a.tsv") == "Zone | Fee\nA | 40\n– | 50"


def test_a_number_that_is_a_text_for_excel_keeps_its_noughts() -> None:
    document = read(b'Article,Name\n="00123",Rope\n="00124",Anchor\n', "articles.csv")
    assert document.text == "Article | Name\n00123 | Rope\n00124 | Anchor"
