"""reStructuredText: what is left when its marks are gone, Sphinx's among them."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def restructured(text: str) -> Document:
    document = read(text.encode(), "harbour.rst")
    check(document)
    return document


def test_headings_words_and_links() -> None:
    document = restructured(
        "Harbour guide\n=============\n\nA berth costs **40** ``crowns``; ask `the office "
        "<https://office.example>`_. 10\\ :sup:`6` litres.\n\nFees\n----\n\nMore.\n"
    )
    assert document.title == "Harbour guide"
    assert [(h.level, h.text) for h in document.headings] == [(1, "Harbour guide"), (2, "Fees")]
    assert "A berth costs 40 crowns; ask the office. 10⁶ litres." in document.text
    assert [link.target for link in document.links] == ["https://office.example"]


def test_lists_and_steps() -> None:
    document = restructured(
        "#. Pay.\n#. Leave.\n\n   - by north\n   - by south\n\nBerth\n   A place.\n"
    )
    assert document.text == ("1. Pay.\n2. Leave.\n  - by north\n  - by south\n\n- Berth: A place.")


@pytest.mark.parametrize(
    "table",
    [
        "=====  ===\nZone   Fee\n=====  ===\nNorth  40\n=====  ===\n",
        "+-------+-----+\n| Zone  | Fee |\n+=======+=====+\n| North | 40  |\n+-------+-----+\n",
        ".. list-table::\n   :header-rows: 1\n\n   * - Zone\n     - Fee\n   * - North\n     - 40\n",
        '.. csv-table::\n   :header: "Zone", "Fee"\n\n   "North", 40\n',
    ],
)
def test_tables_have_rows(table: str) -> None:
    assert restructured(table).text == "Zone | Fee\nNorth | 40"


def test_roles_and_directives_of_others_give_their_words() -> None:
    document = restructured(
        "See :ref:`the fees <fees>`, :doc:`leaving` and :py:class:`Berth`.\n\n"
        ".. toctree::\n   :maxdepth: 2\n\n   one\n   two\n\n"
        ".. versionadded:: 2.1\n   Night berths.\n\n.. tabs::\n   :any: option\n\n   Some words.\n"
    )
    assert document.text == ("See the fees, leaving and Berth.\n\n2.1 Night berths.\n\nSome words.")


def test_remarks_are_notes_and_code_is_code() -> None:
    document = restructured(
        ".. warning:: Mind the crane.\n\n.. code-block:: bash\n\n   pay --now\n\n::\n\n   leave\n"
    )
    kinds = {b.kind: document.text[b.start : b.end] for b in document.blocks}
    assert kinds["note"] == "Warning\n\nMind the crane."
    assert [document.text[b.start : b.end] for b in document.blocks if b.kind == "code"] == [
        "pay --now",
        "leave",
    ]


def test_no_other_file_is_read_and_no_html_let_through() -> None:
    document = restructured(
        "Words.\n\n.. include:: /etc/hostname\n\n.. raw:: html\n   :file: /etc/hostname\n\n"
        ".. csv-table:: x\n   :file: /etc/hostname\n\n.. literalinclude:: /etc/hostname\n"
    )
    assert document.text == "Words."


def test_nothing_but_marks_is_refused() -> None:
    with pytest.raises(EmptyFileError, match=r"^harbour\.rst "):
        restructured(".. toctree::\n\n   one\n")


def test_a_file_that_is_included_is_told() -> None:
    document = read(b"Fees\n====\n\nThey are:\n\n.. include:: fees.txt\n", "a.rst")
    assert document.reading.warnings == ("Not read: fees.txt, which it includes",)
