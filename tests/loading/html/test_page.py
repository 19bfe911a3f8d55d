"""Web pages: the text that a reader would see in them."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def page(body: str, head: str = "") -> Document:
    found = read(f"<!DOCTYPE html><html><head>{head}</head><body>{body}".encode(), "my-page.html")
    check(found)
    return found


def test_blocks_are_set_apart_and_white_space_is_collapsed_as_in_a_browser() -> None:
    document = page("<p>One\n   two&nbsp; <b>th</b>ree<br> Four</p><div>Five<p>Six</div>seven")
    assert document.text == "One two three\nFour\n\nFive\n\nSix\n\nseven"


def test_headings_are_recorded() -> None:
    document = page("<h1>Top</h1><p>a</p><h3>Low <a class=headerlink href='#x'>¶</a></h3><p>b")
    assert document.text == "Top\n\na\n\nLow\n\nb"
    assert [(h.level, h.text, h.start) for h in document.headings] == [(1, "Top", 0), (3, "Low", 8)]


def test_preformatted_text_is_verbatim() -> None:
    assert page("<pre>def f():\n    <b>return</b>  1\n</pre>").text == "def f():\n    return  1"


def test_lists_nest_and_count() -> None:
    document = page("<p>x<ul><li>a<ul><li>b</ul><li><p>c<p>more</ul><ol start=3><li>d<li>e</ol>")
    assert document.text == "x\n\n- a\n  - b\n- c\n\nmore\n\n3. d\n4. e"


def test_tables_become_rows_of_cells() -> None:
    document = page(
        "<table><caption>Rates</caption><thead><tr><th>City<th>Rate</thead>"
        "<tr><td>Bern<td><p>210</p><p>CHF</p><tr><td>Both<td><ul><li>a<li>b</ul></table><p>End"
    )
    assert document.text == "Rates\n\nCity | Rate\nBern | 210 CHF\nBoth | a; b\n\nEnd"


def test_currency_and_percent_columns_go_back_to_their_numbers() -> None:
    document = page(
        "<table><tr><td>Sales<td> <td>$<td>1,200<td> <td>(<td>5<td>)<td>%"
        "<tr><td>Costs<td> <td>$<td>900<td> <td><td>7<td><td>%</table>"
    )
    assert document.text == "Sales | $1,200 | (5)%\nCosts | $900 | 7%"


def test_a_table_that_only_lays_out_the_page_is_read_as_blocks() -> None:
    document = page(
        "<table><tr><td><h1>Top</h1><p>Text.</p><table><tr><td>a<td>b<tr><td>1<td>2</table></table>"
    )
    assert document.text == "Top\n\nText.\n\na | b\n1 | 2"


def test_a_table_of_names_and_values_is_data_even_with_a_table_inside() -> None:
    document = page(
        "<table><tr><th>Name<td>Ann<tr><th>Sizes<td><table><tr><td>S<td>1<tr><td>L<td>2</table>"
        "</table>"
    )
    assert document.text == "Name | Ann\nSizes | S | 1; L | 2"


BOILERPLATE = [
    "<nav>Home Products</nav>",
    "<header><a href=/>Acme</a><ul><li>Menu</ul></header>",
    "<footer>Copyright</footer>",
    "<aside>Latest news</aside>",
    "<div class='cookie-banner'>We use cookies</div>",
    "<div id='CybotCookiebotDialog' role=dialog>Accept all</div>",
    "<div role=navigation>Menu</div>",
    "<div class='breadcrumbs'>Home / Here</div>",
    "<form class=search-form>Find <input value=x><button>Go</button></form>",
    "<p hidden>secret</p>",
    "<p style='color:red; display:none'>secret</p>",
    "<span aria-hidden=true>icon</span>",
    "<script>var x = 'code'</script><style>p {}</style><noscript>Turn it on</noscript>",
    "<template>later</template><svg><text>drawn</text></svg><iframe>no</iframe>",
    "<span class=mw-editsection>[<a href=/edit>edit</a>]</span>",
    "<a href=/edit>Edit this page</a>",
    "<div class=social-share>Tweet</div>",
    "<sup><a href='#note-1'>[1]</a></sup>",
    "<!-- a comment -->",
]


@pytest.mark.parametrize("boilerplate", BOILERPLATE)
def test_what_is_not_content_is_left_out(boilerplate: str) -> None:
    content = "<p>The limit is 210 francs a night, breakfast and taxes included.</p>"
    for before, after in ((boilerplate, ""), ("", boilerplate)):
        document = page(f"<div>{before}{content}{after}</div>")
        assert document.text == "The limit is 210 francs a night, breakfast and taxes included."


def test_the_main_part_is_preferred_where_it_has_substance() -> None:
    text = "The main part holds what this page is about. " * 10
    assert page(f"<div>Around</div><main><p>{text}</main><div>After").text == text.strip()
    assert page(f"<div>Around</div><div role=main>{text}</div>After").text == text.strip()
    assert page(f"<main>Loading</main><div><p>{text}</div>").text == f"Loading\n\n{text.strip()}"


def test_a_page_that_is_one_big_form_or_menu_keeps_its_text() -> None:
    text = "The whole page lies in one form, as some systems make them. " * 5
    assert page(f"<form><h1>Top</h1><p>{text}</form>").text == f"Top\n\n{text.strip()}"
    assert page(f"<div class=menu><p>{text}</div>").text == text.strip()
    assert page(f"<nav><p>{text}</nav>").text == text.strip()


def test_a_heading_in_a_header_and_a_question_in_a_button_stay() -> None:
    document = page(
        "<article><header><h1>Top</h1></header><h2><button>May I?</button></h2><p>Yes.</article>"
    )
    assert document.text == "Top\n\nMay I?\n\nYes."


def test_a_note_at_the_side_stays_and_its_kind_is_told_by_class() -> None:
    assert page("<p>Text.</p><aside class=warning>Hot!</aside>").text == "Text.\n\nHot!"


def test_raised_numbers_stay_apart_from_what_they_raise() -> None:
    document = page("<p>10<sup>6</sup> m <sup>2</sup> on the 1<sup>st</sup>, H<sub>2</sub>O")
    assert document.text == "10⁶ m² on the 1st, H2O"
    notes = page(
        "<p>4,500<sup>a</sup> of 12<sup>1,2</sup>, 7<sup><b>3</b></sup>, "
        "8<span style='vertical-align: super'>9</span> and 2<sup><a href=/n>5</a></sup>"
    )
    assert notes.text == "4,500ᵃ of 12¹,², 7³, 8⁹ and 2⁵"


@pytest.mark.parametrize(
    "unseen",
    [
        *("<s>4 crowns</s>", "<del>4 crowns</del>", "<strike>4 <b>crowns</b></strike>"),
        "<span style='text-decoration: line-through'>4 crowns</span>",
        "<span style='font-size:0'>4 crowns</span>",
        "<span style='color: #FFF; font-size: 0.0em'>4 crowns</span>",
        "<span style='opacity:0;'>4 crowns</span>",
        "<span style='color:white'>4 crowns</span>",
        "<div style='position:absolute; left:-9999px'>4 crowns</div>",
    ],
)
def test_text_that_nobody_is_meant_to_read_is_left_out(unseen: str) -> None:
    assert page(f"<p>Parking costs 6 crowns.</p>{unseen}").text == "Parking costs 6 crowns."


@pytest.mark.parametrize(
    "seen",
    [
        *("<span style='font-size:0.9em'>6</span>", "<span style='opacity:0.9'>6</span>"),
        "<div style='background: navy'><span style='color:white'>6</span></div>",
        "<div class=banner><span style='color:white'>6</span></div>",
        "<span style='background-color:white; color: black'>6</span>",
    ],
)
def test_text_that_is_only_set_in_another_way_stays(seen: str) -> None:
    assert page(f"<p>Parking costs</p>{seen}").text == "Parking costs\n\n6"


def test_a_line_break_does_not_cut_a_sentence() -> None:
    document = page(
        "<p>The boat house<br>is locked at<br>half past nine.<p>Kaai 12<br>9000 Ghent<br>Belgium"
        "<p>apples<br>pears"
    )
    assert document.text == (
        "The boat house is locked at half past nine.\n\nKaai 12\n9000 Ghent\nBelgium\n\n"
        "apples\npears"
    )


def test_an_image_is_told_by_a_sentence_but_not_by_a_logos_name() -> None:
    assert page("<p>See <img alt='a map of the site'> or <img alt='logo'>").text == (
        "See a map of the site or"
    )
    assert (
        page("<figure><img alt='a map of it'><figcaption>Map</figcaption></figure>").text == "Map"
    )


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Leave - Acme Intranet</title>", "<h1>Leave</h1>x", "Leave"),
        ("<title>Acme | Leave</title>", "<h1>Leave</h1>x", "Leave"),
        ("<title>Leave - and holidays</title>", "<h1>Rules</h1>x", "Leave - and holidays"),
        ("", "<h1>Rules</h1>x", "Rules"),
        ("<title> </title>", "x", "my page"),
    ],
)
def test_the_title_loses_the_name_of_the_site_only(head: str, body: str, title: str) -> None:
    assert page(body, head).title == title


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ("<meta charset=windows-1251>", "cp1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>", "cp932"),
        ("<?xml version='1.0' encoding='iso-8859-2'?>", "iso-8859-2"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=utf-8>", "cp1252"),  # it lies
        ("<meta charset=no-such-thing>", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("<meta charset=utf-8>", "utf-16-le"),
    ],
)
def test_the_encoding_is_the_one_declared_unless_that_cannot_be(
    declaration: str, encoding: str
) -> None:
    words = {
        "cp1251": "Все люди рождаются свободными",
        "cp932": "すべての人間は自由である",
        "iso-8859-2": "Všichni lidé rodí se svobodní",
    }.get(encoding, "Kündigung für Aushilfen")
    data = f"{declaration}<html><body><p>{words}</p>".encode(encoding)
    assert read(data, "a.html").text == words


def test_depth_costs_neither_text_nor_the_stack() -> None:
    for opening, closing in (("<div>", "</div>"), ("<b>", "</b>"), ("<ul><li>", "</ul>")):
        document = page("before" + opening * 30_000 + "deep" + closing * 30_000 + "<p>after</p>")
        assert "deep" in document.text
        assert document.text.endswith("after")


def test_a_page_that_only_a_script_fills_says_what_to_do() -> None:
    with pytest.raises(EmptyFileError, match=r"my-page\.html .*script.*print it to PDF"):
        page("<div id=root></div><script>render()</script>")
    with pytest.raises(EmptyFileError):
        read(b"<!-- nothing -->", "my-page.html")


@pytest.mark.parametrize(
    ("rows", "levels"),
    [
        # In bold, unless the next row is, too.
        ("<td><b>Size<td><p><strong>Black</strong></p><tr><td>A4<td>one<tr><td>A3<td>two", "100"),
        ("<td><b>Size<td><b>Black<tr><td><b>A4<td><b>one<tr><td>A3<td>two", "000"),
        # Names above columns of values.
        ("<td>Size<td>Black<td>Red<tr><td>A4<td>0.10<td>0.50<tr><td>A3<td>0.20<td>0.90", "100"),
        # A name and its value in each row, and a table of texts.
        ("<td>Firm<td>Holm<tr><td>Founded<td>1904<tr><td>Staff<td>38", "000"),
        ("<td>Ida<td>hall<td>oak<tr><td>Ola<td>yard<td>elm<tr><td>Per<td>loft<td>ash", "000"),
        ("<th>Size<td>A4<td>A3<tr><th>Black<td>0.10<td>0.20<tr><th>Red<td>0.50<td>0.90", "000"),
        # Names of parts of columns, with names that reach down to them.
        ("<th rowspan=2>Room<th colspan=2>High<tr><td>One<td>Two<tr><td>Sea<td>9<td>130", "110"),
        ("<th>Room<th colspan=2>High<tr><td>Sea<td>nine<td>ten<tr><td>Yard<td>one<td>two", "100"),
    ],
)
def test_the_names_of_columns_are_told_by_the_cells(rows: str, levels: str) -> None:
    blocks = page(f"<table><tr>{rows}</table>").blocks
    assert "".join(str(block.level) for block in blocks if block.kind == "row") == levels


def test_tasks_have_their_boxes() -> None:
    box = "<input type=checkbox"
    tasks = f"<li>{box} checked disabled> Sign<li><p>{box}> Book</p><li><label>{box} hidden>Go"
    document = page(f"<ul>{tasks}</ul><form><p>{box}> Remember me</form>")
    assert document.text == "- ☑ Sign\n- ☐ Book\n- Go\n\nRemember me"
