"""Write the PDF and Word samples of `seeds/` from the Markdown sources beside this script.

    python tests/seeds/make_seeds.py [FOLDER]

The same sources and the same library versions give the same bytes: dates are
taken from `WRITTEN`, and nothing is compressed, because compressors differ.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph
from fpdf import FPDF, FontFace
from markdown_it import MarkdownIt
from markdown_it.token import Token

SOURCES = Path(__file__).resolve().parent
SEEDS = SOURCES.parents[1] / "seeds"
FORMATS = {
    "travel-and-expenses": "pdf",
    "cal-7-safety-data-sheet": "pdf",
    "bittern-product-sheet": "docx",
    "leave-policy": "docx",
}
# The versions whose output is committed; others may place a line differently.
MADE_WITH = {"fpdf2": "2.8.9", "python-docx": "1.2.0"}
WRITTEN = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
COMPANY = "Veldmere Instruments"
TEAL = (13, 79, 92)
PALE = (232, 241, 242)
GREY = (96, 108, 114)


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the uppermost below the title."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A bulleted list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table whose first row is its header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Table


@dataclass(frozen=True)
class Paper:
    """A source: its masthead and its blocks."""

    title: str
    number: str
    owner: str
    date: str
    blocks: tuple[Block, ...]


def read_paper(path: Path) -> Paper:
    """A Markdown source with its four lines of front matter."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in front.splitlines())
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return Paper(**facts, blocks=tuple(blocks_of(tokens)))


def blocks_of(tokens: list[Token]) -> list[Block]:
    """The blocks of a parsed source; a kind that no paper uses is an error."""
    blocks: list[Block] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end = next(
            later
            for later in range(position, len(tokens))
            if tokens[later].level == token.level and tokens[later].nesting == -1
        )
        inside = tokens[position + 1 : end]
        texts = tuple(one.content for one in inside if one.type == "inline")
        match token.type:
            case "heading_open":
                blocks.append(Heading(int(token.tag[1]) - 1, texts[0]))
            case "paragraph_open":
                blocks.append(Paragraph(texts[0]))
            case "bullet_list_open":
                blocks.append(Bullets(texts))
            case "table_open":
                width = sum(one.type == "th_open" for one in inside)
                rows = (texts[start : start + width] for start in range(0, len(texts), width))
                blocks.append(Table(tuple(rows)))
            case other:
                raise ValueError(f"make_seeds cannot set a {other}")
        position = end + 1
    return blocks


class PaperPdf(FPDF):
    """A paper on A4, with a masthead on its first page and a footer on every page."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(format="A4")
        self.paper = paper
        # The built-in fonts keep the file small; cp1252 gives them the euro sign.
        self.core_fonts_encoding = "cp1252"
        self.set_compression(False)
        self.set_creation_date(WRITTEN)
        self.set_title(paper.title)
        self.set_author(COMPANY)
        self.set_producer(COMPANY)
        self.set_lang("en")
        self.set_margins(24, 20, 24)
        self.set_auto_page_break(True, margin=26)
        self.c_margin = 0  # text starts where rules and tables do
        # Replaced by the number of pages; as wide as a digit, and in no paper.
        self.alias_nb_pages("\N{CURRENCY SIGN}")

    def header(self) -> None:
        """The masthead, or on later pages a thin line."""
        self.set_fill_color(*TEAL)
        if self.page_no() > 1:
            self.rect(self.l_margin, 14, self.epw, 0.4, style="F")
            self.set_y(20)
            return
        self.rect(0, 0, self.w, 9, style="F")
        self.set_y(16)
        self.set_text_color(*TEAL)
        self.set_font("Helvetica", "B", 10)
        self.cell(0, 5, COMPANY, new_x="LMARGIN", new_y="NEXT")
        self.ln(5)
        self.set_font("Helvetica", "B", 21)
        self.multi_cell(0, 9, self.paper.title, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1)
        self.set_text_color(*GREY)
        self.set_font("Helvetica", "", 9)
        for line in (f"{self.paper.number}. {self.paper.date}.", f"Owner: {self.paper.owner}."):
            self.cell(0, 4.6, line, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)
        self.rect(self.l_margin, self.get_y(), self.epw, 0.4, style="F")
        self.ln(3)

    def footer(self) -> None:
        """The number of the paper and of the page."""
        self.set_y(-17)
        self.set_font("Helvetica", "", 8)
        self.set_text_color(*GREY)
        self.cell(self.epw / 2, 5, f"{COMPANY} | {self.paper.number}")
        self.cell(self.epw / 2, 5, f"Page {self.page_no()} of \N{CURRENCY SIGN}", align="R")

    def body(self) -> None:
        """Everything below the masthead."""
        self.add_page()
        for position, block in enumerate(self.paper.blocks):
            self.set_text_color(25, 32, 36)
            self.set_font("Helvetica", "", 10.5)
            match block:
                case Heading():
                    if self.will_page_break(millimetres_to_keep(self.paper.blocks[position:])):
                        self.add_page()
                    self.add_heading(block)
                case Paragraph():
                    self.running(block.text)
                    self.ln(2.2)
                case Bullets():
                    for item in block.items:
                        self.cell(5, 5.2, "\N{BULLET}")
                        self.running(item)
                    self.ln(2.2)
                case Table():
                    self.add_table(block)

    def running(self, text: str) -> None:
        """Text from here to the right margin, ragged as in a letter."""
        margin = self.l_margin
        self.set_left_margin(self.get_x())
        self.multi_cell(0, 5.2, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.set_left_margin(margin)
        self.set_x(margin)

    def add_heading(self, heading: Heading) -> None:
        """A heading, entered in the outline."""
        self.ln(2.5 if heading.level == 1 else 0.8)
        self.start_section(heading.text, level=heading.level - 1)
        self.set_text_color(*TEAL)
        self.set_font("Helvetica", "B", 13 if heading.level == 1 else 10.5)
        self.cell(0, 6.5, heading.text, new_x="LMARGIN", new_y="NEXT")
        self.ln(0.6)

    def add_table(self, table: Table) -> None:
        """A ruled table as wide as the text, its first column the widest."""
        columns = len(table.rows[0])
        longest = [max(len(row[column]) for row in table.rows) for column in range(columns)]
        self.ln(0.8)
        self.set_font("Helvetica", "", 9.5)
        self.set_draw_color(176, 194, 198)
        with self.table(
            col_widths=[max(8, length) for length in longest],
            text_align="LEFT",
            line_height=5.6,
            padding=(0.3, 1.5),
            headings_style=FontFace(emphasis="BOLD", color=TEAL, fill_color=PALE),
            borders_layout="HORIZONTAL_LINES",
        ) as grid:
            for row in table.rows:
                grid.row(row)
        self.ln(3)


def millimetres_to_keep(blocks: tuple[Block, ...]) -> float:
    """About the height of the first blocks that no page break may part: headings to first text."""
    height = 0.0
    for block, following in pairwise((*blocks, None)):
        match block:
            case Heading():
                height += 12
            case Table(rows):
                return height + 6.5 * len(rows)
            case _:
                height += 12
                if not isinstance(following, Table):
                    break
    return height


def pdf_bytes(paper: Paper) -> bytes:
    """The paper as a PDF."""
    pdf = PaperPdf(paper)
    pdf.body()
    return bytes(pdf.output())


def docx_bytes(paper: Paper) -> bytes:
    """The paper as a Word document."""
    document = Document()
    set_properties(document, paper)
    drop_unused(document)
    set_styles(document)
    document.add_heading(paper.title, 0)
    note = document.add_paragraph(f"{paper.number}. {paper.date}. Owner: {paper.owner}.")
    note.runs[0].font.color.rgb = RGBColor(*GREY)
    for block in paper.blocks:
        match block:
            case Heading():
                document.add_heading(block.text, block.level)
            case Paragraph():
                document.add_paragraph(block.text)
            case Bullets():
                for item in block.items:
                    document.add_paragraph(item, style="List Bullet")
            case Table():
                add_word_table(document, block)
    section = document.sections[0]
    section.header.paragraphs[0].text = f"{COMPANY} | {paper.number}"
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_page_number(footer)
    plain = BytesIO()
    document.save(plain)
    return without_clock(plain)


def set_properties(document: WordDocument, paper: Paper) -> None:
    """Title, author and fixed dates."""
    properties = document.core_properties
    properties.title = paper.title
    properties.author = properties.last_modified_by = COMPANY
    properties.subject = paper.number
    properties.comments = ""
    properties.language = "en"
    # Word properties hold UTC without saying so.
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)


def drop_unused(document: WordDocument) -> None:
    """Remove nine tenths of the template: table styles, a second copy of all styles, a picture."""
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in ("Normal Table", "Table Grid"):
            style.delete()
    for relations in (document.part.rels, document.part.package.rels):
        for number, relation in list(relations.items()):
            if relation.reltype.endswith(("/stylesWithEffects", "/thumbnail")):
                relations.pop(number)


def set_styles(document: WordDocument) -> None:
    """The company's font and colour in place of the template's."""
    normal = document.styles["Normal"]
    normal.font.name = "Arial"
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    for name in ("Title", "Heading 1", "Heading 2"):
        font = document.styles[name].font
        font.color.rgb = RGBColor(*TEAL)
        # Heading styles name a theme font, which would win over `font.name`.
        fonts = document.styles[name].element.rPr.rFonts
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        font.name = "Arial"


def add_word_table(document: WordDocument, table: Table) -> None:
    """A grid with a shaded header that is repeated on each page."""
    grid = document.add_table(len(table.rows), len(table.rows[0]), style="Table Grid")
    for row, texts in zip(grid.rows, table.rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
    for cell in grid.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
        shade(cell)
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph()


def shade(cell: _Cell) -> None:
    """Fill a cell with the pale tone."""
    fill = OxmlElement("w:shd")
    fill.set(qn("w:val"), "clear")
    fill.set(qn("w:fill"), "{:02X}{:02X}{:02X}".format(*PALE))
    cell._tc.get_or_add_tcPr().append(fill)


def add_page_number(paragraph: WordParagraph) -> None:
    """`Page` and a field that Word fills in, with 1 for programs that do not."""
    paragraph.add_run("Page ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def without_clock(archive: BytesIO) -> bytes:
    """The same archive, its entries stored and dated `WRITTEN`."""
    fixed = BytesIO()
    with ZipFile(archive) as before, ZipFile(fixed, "w") as after:
        for name in before.namelist():
            entry = ZipInfo(name, date_time=WRITTEN.timetuple()[:6])
            entry.compress_type = ZIP_STORED
            entry.create_system = 0  # the same on every operating system
            entry.external_attr = 0
            after.writestr(entry, before.read(name))
    return fixed.getvalue()


def write_seeds(folder: Path) -> list[Path]:
    """Write every paper into `folder` and print the paths."""
    written = []
    for name, form in FORMATS.items():
        paper = read_paper(SOURCES / f"{name}.md")
        target = folder / f"{name}.{form}"
        target.write_bytes(pdf_bytes(paper) if form == "pdf" else docx_bytes(paper))
        written.append(target)
    return written


if __name__ == "__main__":
    for path in write_seeds(Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS):
        print(path)
