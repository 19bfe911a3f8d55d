"""JSON, YAML and XML as what they say, and notebooks."""

from __future__ import annotations

import json

import pytest

from qa.errors import DamagedFileError, EmptyFileError, TooLargeError
from qa.limits import Limits
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def shown(text: str, name: str = "fees.json") -> Document:
    document = read(text.encode(), name)
    check(document)
    return document


VALUE = {
    "title": "Harbour fees",
    "valid": True,
    "none": None,
    "berths": [{"zone": "North", "fee": 40}, {"zone": "South", "fee": 50}],
    "contact": {"name": "Ann", "phones": ["1", "2"]},
}
TEXT = (
    "- title: Harbour fees\n- valid: true\n\nberths\n\nzone | fee\nNorth | 40\nSouth | 50\n\n"
    "contact\n\n- name: Ann\n\nphones\n\n- 1\n- 2"
)


def test_mappings_are_sections_and_records_are_tables() -> None:
    document = shown(json.dumps(VALUE))
    assert document.text == TEXT
    assert document.title == "Harbour fees"
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "berths"), (1, "contact"), (2, "phones"),
    ]  # fmt: skip
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0, 0]


def test_yaml_says_the_same() -> None:
    text = (
        "title: Harbour fees\nvalid: yes\nnone:\nberths:\n- {zone: North, fee: 40}\n"
        "- {zone: South, fee: 50}\ncontact:\n  name: Ann\n  phones: ['1', '2']\n"
    )
    assert shown(text, "fees.yaml").text == TEXT.replace("valid: true", "valid: yes")
    assert shown("a: 1\n---\nb: 2\n", "two.yml").text == "1\n\n- a: 1\n\n2\n\n- b: 2"


def test_lines_of_json_are_rows() -> None:
    lines = '{"zone": "North", "fee": 40}\n\n{"zone": "South", "fee": 50}\n'
    assert shown(lines, "fees.jsonl").text == "zone | fee\nNorth | 40\nSouth | 50"


def test_records_of_different_kinds_are_sections_by_their_names() -> None:
    found = shown('[{"name": "North", "berths": [1, 2]}, {"id": 7, "fees": {"a": 1}}]').text
    assert found == "North\n\n- name: North\n\nberths\n\n- 1\n- 2\n\n7\n\n- id: 7\n\nfees\n\n- a: 1"


def test_xml_is_what_its_elements_say() -> None:
    text = (
        '<?xml version="1.0" encoding="utf-16"?><harbour name="Moor"><!-- no --><fee zone="North">'
        '40</fee><fee zone="South">50</fee><note>Pay <b>at once</b>, please.</note><empty/>'
        "</harbour>"
    )
    document = shown(text, "fees.xml")
    assert document.text == (
        "- name: Moor\n- note: Pay at once, please.\n\nfee\n\nzone | text\nNorth | 40\nSouth | 50"
    )
    document = read(text.encode("utf-16"), "fees.xml")
    assert document.text.startswith("- name: Moor")


def test_a_repeated_element_is_a_row_with_what_is_in_it() -> None:
    parts = "".join(
        f'<part code="{code}"><name>{name}</name><quantity unit="pieces">{count}</quantity>'
        f"{more}</part>"
        for code, name, count, more in (
            ("AX-1", "Bolt", 420, "<fits>A1</fits><fits>A2</fits>"),
            ("AX-2", "Nut", 515, "<fits>A3</fits>"),
        )
    )
    document = shown(f"<stock>{parts}</stock>", "stock.xml")
    assert document.text == (
        "part\n\ncode | name | quantity | quantity unit | fits\n"
        "AX-1 | Bolt | 420 | pieces | A1; A2\nAX-2 | Nut | 515 | pieces | A3"
    )
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0, 0]


@pytest.mark.parametrize(
    "records",
    [
        '{"a": 1, "a b": 2}, {"a": {"b": 3}, "a b": 4}',  # two values for a column
        '{"a": [1, [2]]}, {"a": [3]}',
        '{"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}',
        f'{{"a": {list(range(99))}}}, {{"a": [1]}}',
    ],
)
def test_records_that_hold_more_than_a_row_can_say_are_sections(records: str) -> None:
    assert "table" not in {block.kind for block in shown(f"[{records}]").blocks}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": ', "a.json"),
        ("a: [", "a.yaml"),
        ("<a><b></a>", "a.xml"),
        ("[" * 100_000, "a.json"),
        ('{"a": 1\n{"b"', "a.jsonl"),
        ("{}", "a.ipynb"),
        ("[", "a.ipynb"),
    ],
)
def test_malformed_files_are_refused(text: str, name: str) -> None:
    with pytest.raises(DamagedFileError, match=name):
        read(text.encode(), name)


def test_an_empty_value_is_no_text_and_too_much_is_refused() -> None:
    with pytest.raises(EmptyFileError):
        read(b"{}", "a.json")
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
    )
    with pytest.raises(TooLargeError, match="max_characters"):
        read(bomb.encode(), "a.yaml", Limits(max_characters=20_000))


def test_entities_lead_nowhere() -> None:
    text = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a><b>x</b><c>&e;</c></a>'
    assert shown(text, "a.xml").text == "- b: x\n- c: &e;"


def test_a_notebook_is_its_text_its_code_and_what_it_showed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Fees\n", "\n", "- North: *40*"]},
        {
            "cell_type": "code",
            "source": "fee(1)",
            "outputs": [
                {"text": ["40\n"]},
                {"data": {"text/plain": "a", "text/html": "<table><tr><th>Z<th>F<tr><td>N<td>4"}},
                {"data": {"image/png": "AAAA"}},
            ],
        },
        {"cell_type": "raw", "source": "The end."},
        "odd",
    ]
    document = shown(json.dumps({"cells": cells, "metadata": {}}), "my_fees.ipynb")
    assert document.text == "Fees\n\n- North: 40\n\nfee(1)\n\n40\n\nZ | F\nN | 4\n\nThe end."
    assert document.title == "Fees"
    assert [b.kind for b in document.blocks if b.parent < 0] == [
        "heading", "list", "code", "code", "table", "paragraph",
    ]  # fmt: skip


def test_a_notebook_has_shown_markdown_and_errors() -> None:
    outputs = [
        {"data": {"text/markdown": ["**Note:** it rose"], "text/plain": "<Markdown object>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "bad zone", "traceback": ["…"]},
    ]
    cells = [{"cell_type": "code", "source": "f()", "outputs": outputs}]
    assert shown(json.dumps({"cells": cells}), "a.ipynb").text == (
        "f()\n\nNote: it rose\n\nValueError: bad zone"
    )


def test_a_notebook_of_before_2014_has_headings() -> None:
    cells = [{"cell_type": "heading", "level": 2, "source": ["Fees"]}]
    cells.append({"cell_type": "code", "input": "f()", "outputs": []})
    document = shown(json.dumps({"worksheets": [{"cells": cells}]}), "a.ipynb")
    assert [(one.level, one.text) for one in document.headings] == [(2, "Fees")]
