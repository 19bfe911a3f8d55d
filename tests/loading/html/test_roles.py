"""Web pages: what elements say of themselves by roles and labels, and lists as people type them."""

from __future__ import annotations

import pytest

from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def page(body: str) -> Document:
    document = read(f"<html><body><h1>Fees</h1>{body}</body></html>".encode(), "fees.html")
    check(document)
    return document


def shown(body: str) -> str:
    return page(body).text.removeprefix("Fees\n\n")


def table(*cells: str) -> str:
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<table><tr><th>Service</th><th>Basic</th></tr><tr>{row}</tr></table>"


def test_tables_lists_and_headings_of_other_elements_are_what_their_roles_say() -> None:
    rows = "".join(
        f"<div role='row'><span role='{role}'>{a}</span><span role='{role}'>{b}</span></div>"
        for role, a, b in (("columnheader", "Zone", "Fee"), ("cell", "North", "40"))
    )
    assert shown(f"<div role='table'><div role='rowgroup'>{rows}</div></div>") == (
        "Zone | Fee\nNorth | 40"
    )
    assert shown("<div role='list'><div role='listitem'>North</div></div>") == "- North"
    document = page("<div role='heading' aria-level='3'>Hours</div><p>From nine.</p>")
    assert [(one.level, one.text) for one in document.headings] == [(1, "Fees"), (3, "Hours")]


def test_a_role_that_stands_nowhere_does_nothing() -> None:
    assert shown("<div role='row'>a</div><div role='listitem'>b</div>") == "a\n\nb"


@pytest.mark.parametrize(
    ("icon", "said"),
    [
        ("<img src='y.png' alt='Yes'>", "Yes"),
        ("<i class='fa fa-times' title='Not included'></i>", "Not included"),
        ("<span role='img' aria-label='Included'></span>", "Included"),
        ("<svg><title>Included</title><path/></svg>", "Included"),
        ("<i class='fa'></i>", ""),
        ("<img alt='Yes'> 40", "40"),
    ],
)
def test_a_cell_of_icons_has_their_words(icon: str, said: str) -> None:
    assert shown(table("Sauna", icon)) == f"Service | Basic\nSauna{f' | {said}' if said else ''}"


def test_a_panel_is_read_although_only_one_is_shown_at_a_time() -> None:
    panels = "<div role='tabpanel'><p>Run it.</p></div>"
    panels += "<div role='tabpanel' hidden><p>Set it up.</p><p hidden>no</p></div>"
    assert shown(f"<div role='tablist'><button role='tab'>Linux</button></div>{panels}") == (
        "Run it.\n\nSet it up."
    )


def test_lines_with_bullets_that_people_type_are_a_list() -> None:
    document = page("<p>Wear:<br>• a vest<br>• boots</p><p>· a helmet</p><p>- no<br>- no</p>")
    assert document.text.removeprefix("Fees\n\n") == (
        "Wear:\n\n- a vest\n- boots\n- a helmet\n\n- no\n- no"
    )
    assert sum(block.kind == "item" for block in document.blocks) == 3


def test_boxes_stand_by_what_they_are_about() -> None:
    box = "<input type='checkbox' {}>"
    assert shown(f"<p><label>{box.format('checked')}Vegan</label></p>") == "☑ Vegan"
    assert shown(table("Sauna", box.format(""))) == "Service | Basic\nSauna | ☐"


def test_a_table_with_names_of_columns_may_have_tables_in_its_cells() -> None:
    inner = "<table><tr><td>Summer</td><td>40</td></tr><tr><td>Winter</td><td>20</td></tr></table>"
    assert shown(table("North", inner)) == ("Service | Basic\nNorth | Summer | 40; Winter | 20")
