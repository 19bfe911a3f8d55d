"""Markdown as programs for notes and sites write it."""

from __future__ import annotations

import pytest

from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def markdown(text: str) -> Document:
    document = read(text.encode(), "notes.md")
    check(document)
    return document


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("See [[Leave policy|leave rules]] and [[Travel]].", "See leave rules and Travel."),
        ("A map: ![[map.png]] here.", "A map: here."),
        ("The code is ==4711== today.", "The code is 4711 today."),
        ("If a == b, then b == a.", "If a == b, then b == a."),
        ("It costs 40. %%ask Bob first%%", "It costs 40."),
        ("`[[x]]`, `==x==` and `%%x%%`", "[[x]], ==x== and %%x%%"),
        (
            "The SLA holds.\n\n*[SLA]: service level agreement",
            "The SLA holds.\n\nSLA: service level agreement",
        ),
        ("import Tabs from '@theme/Tabs';\nexport const x = 1;\n\nRun it.", "Run it."),
        ("We import cars from Italy.\n\nexport them", "We import cars from Italy.\n\nexport them"),
        ("```\nimport x from 'y';\n##z ==a==\n```", "import x from 'y';\n##z ==a=="),
    ],
)
def test_marks_of_other_programs_are_no_text(written: str, seen: str) -> None:
    assert markdown(written).text == seen


def test_headings_need_no_space() -> None:
    document = markdown("#Fees\n\nIt is 40. #tag\n\n##Hours\n\nFrom nine.\n\n#tag\n")
    assert [(one.level, one.text) for one in document.headings] == [(1, "Fees"), (2, "Hours")]
    assert document.text.endswith("#tag")


def test_a_table_of_html_may_have_blank_lines() -> None:
    rows = "<tr><th>Zone</th><th>Fee</th></tr>\n\n<tr><td>North</td><td>40</td></tr>"
    document = markdown(f"Fees:\n\n<table>\n{rows}\n\n</table>\n\nAfter.\n")
    assert document.text == "Fees:\n\nZone | Fee\nNorth | 40\n\nAfter."
    open_table = markdown(f"<table>\n{rows}\n\nAfter.\n")
    assert "North | 40" in open_table.text
    assert open_table.text.endswith("After.")


def test_a_file_that_is_included_is_told() -> None:
    document = markdown('They are:\n\n--8<-- "fees.md"\n\nSo.\n')
    assert document.text == "They are:\n\nSo."
    assert document.reading.warnings == ("Not read: fees.md, which it includes",)
