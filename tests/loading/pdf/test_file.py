"""PDF: pages, paragraphs, running heads, titles and unreadable files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO
from itertools import zip_longest
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF
from fpdf.enums import TextMode, XPos, YPos
from PIL import Image

from qa.errors import DamagedFileError, EncryptedFileError, LoadError
from qa.loading import read
from qa.loading.pdf.columns import HYPHEN, Line
from qa.loading.pdf.layout import mend_hyphens, paragraphs
from qa.loading.pdf.running_lines import drop_running_lines
from qa.records import Document
from tests.loading.soundness import check

STORY = (
    "The instrument hangs in the river and reports on the water. It wakes at an interval that its "
    "owner chooses, takes a reading, keeps it on board and sends it to the platform whenever there "
    "is a connection. A reading that could not be delivered is kept and delivered later, so that "
    "nothing is lost when a mast is struck by lightning or when a certificate expires."
)
OTHER = (
    "A second paragraph follows after a gap. It is long enough to be broken into several lines as "
    "well, and every one of them has to come back together without a trace of where it was broken."
)


class Paper(FPDF):
    head = ""
    foot = ""

    def header(self) -> None:
        if self.head:
            self.cell(0, 8, self.head, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        if self.foot:
            self.set_y(-15)
            self.cell(0, 8, self.foot.format(self.page_no()), align="C")


def paper(*pages: str | Callable[[Paper], None], head: str = "", foot: str = "") -> bytes:
    pdf = Paper()
    pdf.head, pdf.foot = head, foot
    pdf.set_font("Helvetica", size=11)
    for page in pages:
        pdf.add_page()
        if callable(page):
            page(pdf)
        elif page:
            pdf.multi_cell(0, 6, page)
    return bytes(pdf.output())


def pdf(*pages: str | Callable[[Paper], None], head: str = "", foot: str = "") -> Document:
    document = read(paper(*pages, head=head, foot=foot), "annual-report.pdf")
    check(document)
    return document


def test_a_paragraph_is_put_together_again() -> None:
    assert pdf(STORY).text == STORY


def test_paragraphs_stay_apart() -> None:
    assert pdf(f"{STORY}\n\n{OTHER}").text == f"{STORY}\n\n{OTHER}"
    assert pdf(f"{STORY}\n{OTHER}").text == f"{STORY}\n\n{OTHER}"


def test_justified_and_narrow_columns_are_put_together_too() -> None:
    def narrow(page: Paper) -> None:
        page.multi_cell(60, 6, STORY, align="J")

    assert pdf(narrow).text == STORY


def test_list_items_and_short_lines_stay_on_lines_of_their_own() -> None:
    text = (
        "Things to bring:\n- a pair of boots\n- the calibration kit with one bottle of each of the "
        "three solutions, and a spare bottle of the neutral one in case of a spill\n- lunch\n"
        "Meeting point\n1. The yard behind the mill, at the gate that opens to the canal and not "
        "at the one that faces the street\n2. The boiler house"
    )
    assert pdf(text).text == text


def test_table_rows_stay_on_lines_of_their_own() -> None:
    rows = [("Tier", "Where", "Limit"), ("A", "London, Zurich", "210"), ("B", "Ghent", "165")]

    def table(page: Paper) -> None:
        page.multi_cell(0, 6, STORY, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.ln(6)
        with page.table() as drawn:
            for cells in rows:
                row = drawn.row()
                for cell in cells:
                    row.cell(cell)

    assert pdf(table).text.endswith(
        "\n\nTier | Where | Limit\nA | London, Zurich | 210\nB | Ghent | 165"
    )


def test_pages_are_counted_also_when_one_is_blank() -> None:
    document = pdf(STORY, "", OTHER)
    assert document.text == f"{STORY}\n\n\n\n{OTHER}"
    assert document.pages == (0, len(STORY) + 2, len(STORY) + 4)
    assert document.page_at(document.text.index("second paragraph")) == 3
    assert document.page_at(5) == 1


def test_running_heads_feet_and_page_numbers_are_left_out() -> None:
    pages = [f"Part {number}. {STORY}" for number in ("one", "two", "three", "four")]
    document = pdf(*pages, head="Veldmere Instruments", foot="FIN-014 | Page {} of 4")
    assert document.text == "\n\n".join(pages)
    assert pdf(*pages, foot="- {} -").text == "\n\n".join(pages)


def test_page_numbers_go_on_two_pages_but_other_lines_stay() -> None:
    document = pdf(STORY, OTHER, head="Veldmere Instruments", foot="Page {} of 2")
    assert document.text == f"Veldmere Instruments\n{STORY}\n\nVeldmere Instruments\n{OTHER}"


def test_a_subtotal_at_the_foot_of_every_page_is_text() -> None:
    pages = [f"{STORY}\nSubtotal {amount}" for amount in (410, 77, 1205, 9)]
    text = pdf(*pages).text
    assert all(f"Subtotal {amount}" in text for amount in (410, 77, 1205, 9))


def test_pages_that_hold_nothing_but_the_same_line_keep_it() -> None:
    assert pdf("Left blank", "Left blank", "Left blank").text.count("Left blank") == 3


def line(text: str, bottom: float, right: float = 300.0, left: float = 50.0) -> Line:
    return Line(text, left, right, bottom, 12.0)


def joined(lines: list[Line]) -> str:
    return "".join(part for found in paragraphs(lines) for part in (found.before, found.text))


def test_words_broken_at_a_line_end_are_mended() -> None:
    def mended(*lines: str) -> str:
        return mend_hyphens([joined([line(words, 700 - 14 * n) for n, words in enumerate(lines)])])[
            0
        ]

    assert mended(f"about the negoti{HYPHEN}", "ation of the price") == (
        "about the negotiation of the price"
    )
    assert mended("about the long negoti-", "ation of the price") == (
        "about the long negotiation of the price"
    )
    assert mended(f"the un{HYPHEN}", f"believ{HYPHEN}", "able price") == "the unbelievable price"
    assert mended(f"the BM{HYPHEN}", "25 score") == "the BM-25 score"
    assert mended(f"the Lucene{HYPHEN}", "Solr server") == "the Lucene-Solr server"
    assert mended(f"a d{HYPHEN}", "dimensional space") == "a d-dimensional space"
    assert mended(f"a dual{HYPHEN}", "encoder, for a dual-encoder has two") == (
        "a dual-encoder, for a dual-encoder has two"
    )


def test_a_compound_keeps_its_hyphen_where_its_parts_are_words_and_the_whole_is_none() -> None:
    def mended(*pieces: str) -> str:
        return mend_hyphens([HYPHEN.join(pieces)])[0]

    assert mended("the long", "term lease") == "the long-term lease"
    assert mended("price", "determining factors") == "price-determining factors"
    assert mended("the mainte", "nance of") == "the maintenance of"
    assert mended("to under", "stand it") == "to understand it"
    assert mend_hyphens([f"the mainte{HYPHEN}", "nance"], {0}) == ["the mainte", "nance"]
    assert mend_hyphens([f"the long{HYPHEN}", "term"], {0}) == ["the long-", "term"]


def test_a_sentence_goes_on_over_the_end_of_a_page() -> None:
    document = pdf("The key to the archive is valid for", "seventeen working days.\n\nNext.")
    assert document.text.startswith("The key to the archive is valid for seventeen working days.")
    assert document.pages == (0, 36)
    assert document.text[36:].startswith("seventeen")
    assert document.blocks[0].end == len(
        "The key to the archive is valid for seventeen working days."
    )
    assert (
        pdf("One page ends.", "another one begins").text == "One page ends.\n\nanother one begins"
    )


def test_text_that_nobody_sees_is_left_out() -> None:
    def draw(page: Paper) -> None:
        page.cell(0, 8, "The grant amounts to 9,000 crowns.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.set_text_color(255, 255, 255)
        page.cell(0, 8, "White words.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.set_text_color(0, 0, 0)
        page.text_mode = TextMode.INVISIBLE
        page.cell(0, 8, "Invisible words.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.text_mode = TextMode.FILL
        page.text(500, 100, "Words beside the page.")
        page.set_font_size(0.5)
        page.cell(0, 8, "Tiny words.")

    assert pdf(draw).text == "The grant amounts to 9,000 crowns."


def test_white_words_on_a_dark_ground_and_words_behind_a_scan_stay() -> None:
    def draw(page: Paper) -> None:
        page.set_fill_color(0, 0, 80)
        page.set_text_color(255, 255, 255)
        page.cell(0, 8, "White words.", fill=True)

    def scan(page: Paper) -> None:
        page.image(Image.new("RGB", (60, 60), "white"), 0, 0, 100, 100)
        page.text_mode = TextMode.INVISIBLE
        page.cell(0, 8, "Recognised words.")

    assert pdf(draw).text == "White words."
    assert pdf(scan).text == "Recognised words."


def test_a_raised_digit_is_not_part_of_the_number_before_it() -> None:
    def draw(page: Paper) -> None:
        page.write(6, "The levy is 12")
        page.char_vpos = "SUP"
        page.write(6, "3")
        page.char_vpos = "LINE"
        page.write(6, " crowns, H")
        page.char_vpos = "SUB"
        page.write(6, "2")
        page.char_vpos = "LINE"
        page.write(6, "O is 140.")

    assert pdf(draw).text == "The levy is 12³ crowns, H2O is 140."


def two_columns(page: Paper, left: list[str], right: list[str]) -> None:
    for texts in zip(left, right, strict=True):
        for text in texts:
            page.cell(90, 6, text)
        page.ln()


def test_columns_that_were_drawn_row_by_row_are_read_one_after_the_other() -> None:
    left = ["The pump house stands at the", "north end of the quay and is", "inspected every week."]
    right = ["The signal mast stands at the", "south end of the pier and is", "painted every year."]
    document = pdf(lambda page: two_columns(page, left, right))
    assert document.text == f"{' '.join(left)}\n\n{' '.join(right)}"


@pytest.mark.parametrize("longer", [0, 1])
def test_a_column_may_be_longer_than_the_one_beside_it(longer: int) -> None:
    columns = [
        ["The pump house stands at the", "north end of the quay and is", "inspected every week."],
        ["The signal mast stands at the", "south end of the pier and is", "painted every year."],
    ]
    columns[longer][-1:] = ["looked after by the pilot and", "by nobody else."]
    rows = list(zip_longest(*columns, fillvalue=""))
    document = pdf(lambda page: two_columns(page, *(list(one) for one in zip(*rows, strict=True))))
    assert document.text == "\n\n".join(map(" ".join, columns))


def test_a_bullet_in_another_font_begins_an_item() -> None:
    def drawn(page: Paper) -> None:
        for text in (STORY, OTHER):
            page.set_font("ZapfDingbats")
            page.cell(8, 6, "n")
            page.set_font("Helvetica")
            page.multi_cell(0, 6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    document = pdf(drawn)
    assert document.text == f"■ {STORY}\n■ {OTHER}"
    assert [block.kind for block in document.blocks] == ["list", "item", "item"]


def test_the_rows_of_a_table_are_not_taken_for_columns() -> None:
    left = ["Pump house by the quay", "Signal mast on the pier", "Harbour office in town"]
    right = ["Inspected every week", "Painted every year", "Cleaned every day"]
    document = pdf(lambda page: two_columns(page, left, right))
    assert [line for line in document.text.splitlines() if line] == [
        f"{a} | {b}" for a, b in zip(left, right, strict=True)
    ]


def test_larger_lines_are_headings_and_lists_are_told() -> None:
    def draw(page: Paper) -> None:
        for size, text in ((20, "Harbour"), (14, "Rules"), (11, STORY), (14, "Fees"), (11, OTHER)):
            page.set_font_size(size)
            page.multi_cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.multi_cell(0, 6, "Bring:\n- boots\n- lunch")

    document = pdf(draw)
    assert [(h.level, h.text) for h in document.headings] == [
        *((1, "Harbour"), (2, "Rules"), (2, "Fees"))
    ]
    assert document.heading_path(document.text.index("A second")) == ("Harbour", "Fees")
    kinds = [block.kind for block in document.blocks]
    assert kinds[-4:] == ["paragraph", "list", "item", "item"]


def test_bold_lines_above_ordinary_text_are_headings() -> None:
    def draw(page: Paper) -> None:
        for style, size, text in (
            ("B", 20, "Harbour"),
            ("B", 11, "Rules"),
            ("", 11, STORY),
            ("B", 11, "Not to be moved"),
            ("B", 11, "Not to be lifted"),
            ("B", 11, "Fees"),
            ("", 11, OTHER),
            ("B", 11, "Ask at the gate."),
        ):
            page.set_font("Helvetica", style, size)
            page.multi_cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    document = pdf(draw)
    told = [(heading.level, heading.text) for heading in document.headings]
    assert told == [(1, "Harbour"), (2, "Rules"), (2, "Fees")]


def test_where_most_is_bold_no_line_is_a_heading_for_that() -> None:
    def draw(page: Paper) -> None:
        for style, text in (("B", "Please read this"), ("", "It is short.")) * 3:
            page.set_font("Helvetica", style, 11)
            page.multi_cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    assert pdf(draw).headings == ()


def test_raised_pieces_go_back_to_their_line() -> None:
    pieces = [
        line("observed in practice", 700, right=150),
        Line("2", 150.5, 154, 705, 7),
        line(", as shown", 700, left=154.2),
    ]
    assert joined(pieces) == "observed in practice², as shown"


def test_columns_are_not_run_together() -> None:
    left = [line(f"left column line {n} is full", 700 - 14 * n) for n in range(3)]
    right = [line(f"right column line {n} is full", 700 - 14 * n, 560, 310) for n in range(3)]
    assert joined([*left, *right]).split("\n\n")[0].endswith("left column line 2 is full")


def test_odd_and_even_pages_may_have_heads_of_their_own() -> None:
    def page(number: int) -> list[Line]:
        head = "Annual report" if number % 2 else "Chapter one"
        body = [line(f"{'ABCDEFGH'[number]} {word}", 700 - 14 * n) for n, word in enumerate(words)]
        return [line(f"{head} {number}", 800), *body]

    words = STORY.split()[:20]

    kept = drop_running_lines([page(number) for number in range(8)])
    assert [lines[0].text for lines in kept] == [f"{letter} The" for letter in "ABCDEFGH"]


def test_pages_that_are_alike_as_forms_are_keep_their_lines() -> None:
    form = "Name:\nAddress:\nDate of birth:\nNationality:\nSignature:\nPlace and date:"
    pages = [f"{form}\nRead by {name}" for name in ("Ann", "Bea", "Cai")]
    assert pdf(*pages).text == "\n\n".join(pages)


def titled(title: str | None, text: str = "") -> Document:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    pdf.multi_cell(0, 6, text or STORY)
    if title is not None:
        pdf.set_title(title)
    return read(bytes(pdf.output()), "annual-report.pdf")


def test_the_title_is_the_one_in_the_properties_if_a_person_wrote_it() -> None:
    assert titled("Travel and expenses").title == "Travel and expenses"
    for made_up in ("untitled", "Microsoft Word - report_final.doc", "report_v3.indd"):
        assert titled(made_up, f"House rules\n\n{STORY}").title == "House rules"


def test_without_it_the_title_is_what_is_set_largest_else_a_short_first_line() -> None:
    def large(page: Paper) -> None:
        page.multi_cell(0, 6, "Veldmere Instruments\n")
        page.set_font_size(20)
        page.multi_cell(0, 10, "Rules for those who\ntravel", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.set_font_size(11)
        page.multi_cell(0, 6, f"{STORY}\n{STORY}")

    assert pdf(large).title == "Rules for those who travel"
    assert pdf(f"12 May 2024\nHouse rules\n\n{STORY}").title == "House rules"
    assert pdf(STORY).title == "annual report"


def test_characters_beyond_the_basic_plane_do_not_shift_the_layout() -> None:
    font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

    def smiles(page: Paper) -> None:
        page.add_font("DejaVu", "", font)
        page.set_font("DejaVu", size=11)
        page.multi_cell(0, 6, "A smile \N{GRINNING FACE} in the middle of a sentence. " * 6)

    try:
        text = pdf(smiles).text
    except FileNotFoundError:
        pytest.skip("the DejaVu fonts are not installed")
    assert text == ("A smile \N{GRINNING FACE} in the middle of a sentence. " * 6).strip()


def test_a_password_is_asked_for() -> None:
    document = FPDF()
    document.set_encryption(owner_password="owner", user_password="user")
    document.add_page()
    with pytest.raises(EncryptedFileError, match=r"secret\.pdf asks for a password"):
        read(bytes(document.output()), "secret.pdf")


def test_a_pdf_that_only_forbids_changes_is_read() -> None:
    document = FPDF()
    document.set_encryption(owner_password="owner")
    document.set_font("Helvetica", size=11)
    document.add_page()
    document.multi_cell(0, 6, "May be read.")
    assert read(bytes(document.output()), "open.pdf").text == "May be read."


def test_pages_without_text_are_said_to_be_a_scan() -> None:
    def picture(page: Paper) -> None:
        page.rect(20, 20, 100, 100, style="F")

    with pytest.raises(LoadError, match=r"annual-report\.pdf .*2 page\(s\).*scan"):
        pdf(picture, picture)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_cut_off_file_is_damaged(share: float) -> None:
    data = paper(STORY, OTHER)
    with pytest.raises(DamagedFileError, match=r"half\.pdf is a PDF that is cut off"):
        read(data[: int(len(data) * share)], "half.pdf")


def test_junk_before_the_header_does_not_hide_a_pdf() -> None:
    assert read(b"\r\n" + paper(STORY), "annual-report").text == STORY
    assert read(b"Content-Type: application/pdf\r\n\r\n" + paper(STORY), "a.pdf").text == STORY


def test_many_threads_may_read_at_once() -> None:
    data = [paper(f"{STORY} Number {number}.") for number in range(4)]
    found: dict[int, set[str]] = {number: set() for number in range(4)}

    def work(number: int) -> None:
        for _ in range(20):
            found[number].add(read(data[number], f"{number}.pdf").text)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {f"{STORY} Number {number}."} for number in range(4)}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_lines_stay_in_order_however_a_page_and_its_text_are_turned(
    angle: int, rotation: int
) -> None:
    steps = [f"Step {number} comes before the next one." for number in range(5)]

    def drawn(page: Paper) -> None:
        with page.rotation(angle, x=105, y=148):
            for number, step in enumerate(steps):
                page.text(50, 100 + 10 * number, step)

    document = pypdfium2.PdfDocument(paper(drawn))
    document[0].set_rotation(rotation)
    saved = BytesIO()
    document.save(saved)
    document.close()

    text = read(saved.getvalue(), "steps.pdf").text
    assert [line for line in text.split("\n") if line] == steps


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_lines_that_run_another_way_than_most_keep_their_order(angle: int) -> None:
    steps = [f"Step {number} comes before the next one." for number in range(5)]

    def drawn(page: Paper) -> None:
        page.set_y(230)
        page.multi_cell(0, 6, STORY)
        with page.rotation(angle, x=105, y=148):
            for number, step in enumerate(steps):
                page.text(60, 120 + 6 * number, step)

    lines = [line for line in pdf(drawn).text.split("\n") if line]
    assert [line for line in lines if line.startswith("Step")] == steps
    assert STORY in lines


def test_a_file_that_is_attached_to_a_pdf_is_told(tmp_path: Path) -> None:
    (tmp_path / "fees.csv").write_text("Zone,Fee\nNorth,40\n")
    pdf = FPDF()
    pdf.set_font("Helvetica")
    pdf.add_page()
    pdf.cell(text="The fees are attached.")
    pdf.embed_file(tmp_path / "fees.csv")
    document = read(bytes(pdf.output()), "fees.pdf")
    assert document.reading.warnings == ("Not read: fees.csv, which is attached to it",)
