"""Values of data files as they are written, and files that programs accept though they are odd."""

from __future__ import annotations

import pytest

from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def shown(text: str, name: str) -> Document:
    document = read(text.encode(), name)
    check(document)
    return document


@pytest.mark.parametrize(
    "said", ["NO", "8:30", "19.90", "0755", "on", "2024-03-12", "1_000", "1e3"]
)
def test_values_of_yaml_are_what_is_written(said: str) -> None:
    assert shown(f"a: x\nb: {said}\n", "a.yaml").text == f"- a: x\n- b: {said}"


def test_what_is_empty_in_yaml_is_nothing_and_what_is_put_in_is_there() -> None:
    text = "base: &base\n  fee: 40\nnorth:\n  <<: *base\n  day: 5\nnone: null\nalso: ~\n"
    assert shown(text, "a.yaml").text == "base\n\n- fee: 40\n\nnorth\n\n- fee: 40\n- day: 5"


def test_tags_for_programs_do_nothing() -> None:
    text = "name: !Sub 'files-${Zone}'\nrole: !GetAtt [Writer, Arn]\nkey: !vault |\n  secret\n"
    assert shown(text, "a.yaml").text == (
        "- name: files-${Zone}\n- key: secret\n\nrole\n\n- Writer\n- Arn"
    )
    harmful = "a: x\nb: !!python/object/apply:os.system ['touch /tmp/harm']\n"
    assert shown(harmful, "a.yaml").text == "- a: x\n\nb\n\n- touch /tmp/harm"


def test_numbers_of_json_are_what_is_written() -> None:
    text = (
        '{"version": 1.10, "items": [{"item": "Rope", "price": 19.90}, {"item": "x", "price": 80}]}'
    )
    assert shown(text, "a.json").text == (
        "- version: 1.10\n\nitems\n\nitem | price\nRope | 19.90\nx | 80"
    )
    assert shown("[" + "9" * 5000 + ", 1]", "a.json").text.startswith("- 999")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x, ] // y", /* why */ "b": [1, 2,], // more\n}',
        '// first\n{"a": "x, ] // y", "b": [1, 2]}',
    ],
)
def test_remarks_and_commas_too_many_harm_no_json(text: str) -> None:
    assert shown(text, "a.json").text == "- a: x, ] // y\n\nb\n\n- 1\n- 2"


def test_lines_of_json_need_no_suffix_of_their_own() -> None:
    text = '{"zone": "North", "fee": 40}\n{"zone": "South", "fee": 50}\n'
    assert shown(text, "a.json").text == "zone | fee\nNorth | 40\nSouth | 50"


def test_a_line_of_json_that_is_cut_off_is_told() -> None:
    document = shown('{"a": 1, "b": 2}\n{"a": \n{"a": 3, "b": 4}\n', "a.jsonl")
    assert document.text == "a | b\n1 | 2\n3 | 4"
    assert document.reading.warnings[0].startswith("Not read: line 2 (")


def test_rows_without_names_are_a_table_below_those_that_stand_beside_them() -> None:
    rows = '[["North", 40], ["South", 50]]'
    table = "North | 40\nSouth | 50"
    assert shown(rows, "a.json").text == table
    named = f'{{"data": {rows}, "columns": ["Zone", "Fee"], "year": 2024}}'
    assert shown(named, "a.json").text == f"- year: 2024\n\ndata\n\nZone | Fee\n{table}"


def test_pages_within_values_are_their_text() -> None:
    text = '{"a": "<p>It closes at <b>22:00</b>.</p><p>Always.</p>", "b": "x < y and y > z"}'
    assert shown(text, "a.json").text == ("- a: It closes at 22:00.\nAlways.\n- b: x < y and y > z")


def test_texts_that_xml_defines_itself_stand_for_their_names() -> None:
    head = '<!DOCTYPE a [<!ENTITY firm "Moor and Sons">]>'
    assert shown(f"{head}<a><by>&firm;</by><of>rope</of></a>", "a.xml").text == (
        "- by: Moor and Sons\n- of: rope"
    )
