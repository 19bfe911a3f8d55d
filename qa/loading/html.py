"""Web pages: the text that a reader of the page would call its content.

lxml alone parses here: it builds the tree that BeautifulSoup would build with
it, in a tenth of the time.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

from qa.errors import EmptyFileError
from qa.loading.blocks import CELL_SEPARATOR, Blocks, clean, one_line, superscript
from qa.loading.boilerplate import SILENT, Boilerplate, Element, is_hidden
from qa.loading.decoding import decode_as
from qa.loading.html_table import Cell, Table, is_layout
from qa.loading.plain import decode_or_raise
from qa.records import Document

_BLOCKS = frozenset(
    (
        *("html", "body", "main", "article", "section", "header", "footer", "aside", "nav", "div"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "p", "pre", "blockquote", "address", "hr"),
        *("ul", "ol", "menu", "dir", "li", "dl", "dt", "dd", "figure", "figcaption", "center"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
        *("details", "summary", "form", "fieldset", "legend"),
    )
)
_HEADING_LEVELS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_AROUND_BREAK = re.compile(r" *\n *")
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,100}?encoding=["']([\w.:-]+)""",
    re.IGNORECASE,
)
_DECLARATION_WITHIN = 4096
_SITE_SEPARATORS = (" - ", " | ", " — ", " – ", " :: ", " · ", " » ")
# libxml2 drops what lies deeper than 2048 elements.
_DEEPEST = 1000


def parse(data: bytes, source: str) -> Document:
    """The content of the page; navigation and other boilerplate is left out."""
    markup = clean(_decode(data, source))
    root = _tree(markup)
    if root is None:
        raise EmptyFileError(f"{source} is a web page without content. Get it again.")
    blocks = Blocks()
    boilerplate = Boilerplate(root)
    Renderer(blocks, boilerplate).render(boilerplate.main(root))
    if blocks.empty:  # all of it looks like boilerplate: better that than nothing
        Renderer(blocks).render(root)
    if blocks.empty:
        raise EmptyFileError(
            f"{source} has no text in its HTML; a script may put it there. "
            "Save the page from a browser after it has loaded, or print it to PDF."
        )
    return blocks.document(source, _titles(root, blocks))


def render_fragment(markup: str, blocks: Blocks) -> None:
    """Add the text of a piece of HTML to `blocks`; nothing in it counts as boilerplate."""
    root = _tree(clean(markup))
    if root is not None:
        Renderer(blocks).render(root)


def _decode(data: bytes, source: str) -> str:
    """As browsers do: byte order mark, then what the page declares, then a guess."""
    if not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        declared = _DECLARED.search(data, 0, _DECLARATION_WITHIN)
        if declared:
            name = (declared[1] or declared[2]).decode("ascii", "replace").lower()
            # A declaration that can be read as ASCII is no UTF-16; Latin-1 means cp1252 on the web.
            name = "utf-8" if name.startswith("utf-16") else name
            name = "cp1252" if name in ("iso-8859-1", "latin1", "latin-1", "ascii") else name
            text = decode_as(data, name)
            if text is not None:
                return text
    return decode_or_raise(data, source)


def _tree(markup: str) -> Element:
    """The root element; None where there is nothing in the markup."""
    from lxml import etree  # type: ignore[import-untyped]

    if not markup.strip():
        return None
    data = markup.encode("utf-8")
    options = {"encoding": "utf-8", "huge_tree": True}
    parser = etree.HTMLParser(remove_comments=True, remove_pis=True, **options)
    try:
        root = etree.fromstring(data, parser)
        if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            root = etree.fromstring(data, etree.HTMLParser(target=_ShallowTree(), **options))
    except etree.ParserError:  # nothing but comments
        return None
    return root


class _ShallowTree:
    """A parser target that puts what is nested too deeply next to each other."""

    def __init__(self) -> None:
        from lxml import etree

        self._builder = etree.TreeBuilder()
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element, unless it lies too deep."""
        self._depth += 1
        if self._depth <= _DEEPEST:
            self._builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        """Close an element that was opened."""
        if self._depth <= _DEEPEST:
            self._builder.end(tag)
        else:
            self._builder.data(" ")
        self._depth -= 1

    def data(self, text: str) -> None:
        """Text between tags."""
        self._builder.data(text)

    def close(self) -> Element:
        """The tree."""
        return self._builder.close()


class Renderer:
    """Walks a tree once, without recursion, and writes its text into blocks."""

    def __init__(self, blocks: Blocks, boilerplate: Boilerplate | None = None) -> None:
        self._blocks = blocks
        self._boilerplate = boilerplate
        self._inline: list[str] = []
        self._pre = 0
        self._lists: list[int | None] = []  # the next number of each open list
        self._marker: str | None = None
        self._tables: list[Table | None] = []  # None for a table that only lays out

    def render(self, root: Element) -> None:
        """Write everything below `root`."""
        from lxml.etree import iterwalk  # type: ignore[import-untyped]

        walk = iterwalk(root, events=("start", "end"))
        dropped: Element = None
        for event, element in walk:
            if event == "start":
                if element is not root and self._drops(element):
                    dropped = element
                    walk.skip_subtree()
                else:
                    self._start(element)
                    self._text(element.text)
            else:
                if element is dropped:
                    dropped = None
                    if element.tag in _BLOCKS:
                        self._flush()
                else:
                    self._end(element)
                if element is not root:
                    self._text(element.tail)
        self._flush()

    def _drops(self, element: Element) -> bool:
        if self._boilerplate is None:
            return element.tag in SILENT or is_hidden(element)
        return self._boilerplate.drops(element) or _is_note_mark(element)

    def _text(self, text: str | None) -> None:
        if text:
            self._inline.append(text if self._pre else _SPACE.sub(" ", text))

    def _start(self, element: Element) -> None:
        tag = element.tag
        if tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._text(_meaningful_alt(element))
        elif tag == "sup" and not len(element):
            self._start_superscript(element)
        elif tag in _BLOCKS or _is_shown_as_block(element):
            self._start_block(element, tag)

    def _start_block(self, element: Element, tag: str) -> None:
        self._flush()
        if tag == "pre":
            self._pre += 1
        elif tag in _LISTS:
            if not self._lists and not self._cell:
                self._blocks.end_group()
            self._lists.append(_first_number(element) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "table":
            self._tables.append(None if is_layout(element) else Table())
            if self._cell is None:
                self._blocks.end_group()
        elif self._table and tag == "tr":
            self._table.rows.append([])
        elif self._table and tag in ("td", "th"):
            self._table.open_cell(element)

    def _end(self, element: Element) -> None:
        tag = element.tag
        if tag in _HEADING_LEVELS and not self._cell:
            self._blocks.heading(self._take().rstrip("¶#§ "), _HEADING_LEVELS[tag])
        elif tag in _BLOCKS or _is_shown_as_block(element):
            self._flush()
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag == "pre":
            self._pre -= 1
        elif tag in _LISTS and self._lists:
            self._lists.pop()
            if not self._lists and not self._cell:
                self._blocks.end_group()
        elif tag == "li":
            self._marker = None
        elif tag == "table" and self._tables:
            table = self._tables.pop()
            self._add_rows(list(table.clean_rows()) if table else [])
        elif self._table and tag in ("td", "th"):
            self._table.cell = None

    def _add_rows(self, rows: list[list[str]]) -> None:
        if self._cell is not None:  # a table inside a cell of another one
            for row in rows:
                self._cell.add(CELL_SEPARATOR.join(row), is_item=True)
            return
        for row in rows:
            self._blocks.row(row)
        self._blocks.end_group()

    def _flush(self) -> None:
        """Close the paragraph that the inline text so far makes up."""
        if not self._inline:
            return
        text = self._take()
        if not text.strip():
            return
        if self._cell is not None:
            self._cell.add(text, is_item=self._marker is not None)
        elif self._pre:
            self._blocks.add(text, "verbatim")
        else:
            for paragraph in re.split(r"\n{2,}", text):
                if self._marker is not None:
                    self._blocks.item(paragraph, self._marker, max(0, len(self._lists) - 1))
                    self._marker = None
                else:
                    self._blocks.add(paragraph)

    def _take(self) -> str:
        text = "".join(self._inline)
        self._inline.clear()
        if self._pre:
            return text
        return _AROUND_BREAK.sub("\n", re.sub(" {2,}", " ", text)).strip()

    def _next_marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _start_superscript(self, element: Element) -> None:
        text = (element.text or "").strip()
        raised = superscript(text)
        if raised != text and self._inline and not self._pre:
            self._inline[-1] = self._inline[-1].rstrip(" ")
            element.text = raised

    @property
    def _table(self) -> Table | None:
        return self._tables[-1] if self._tables else None

    @property
    def _cell(self) -> Cell | None:
        return self._table.cell if self._table else None


def _is_note_mark(element: Element) -> bool:
    """A raised link into the same page, as in "text[12]": it reads like a footnote of ours."""
    if element.tag != "sup":
        return False
    return "reference" in (element.get("class") or "").split() or any(
        (link.get("href") or "").startswith("#") for link in element.iter("a")
    )


def _is_shown_as_block(element: Element) -> bool:
    style = element.get("style")
    return bool(style and element.tag == "span" and re.search(r"display\s*:\s*block", style))


def _meaningful_alt(element: Element) -> str:
    """What an image is said to show, unless that is a link's label, or said by a caption too."""
    alt = one_line(element.get("alt") or "")
    if len(alt.split()) < 3 or alt.startswith("{\\"):  # a logo's name; a formula's source
        return ""
    around = list(islice(element.iterancestors(), 4))
    captioned = any(next(parent.iter("figcaption"), None) is not None for parent in around[:2])
    return "" if captioned or any(parent.tag == "a" for parent in around) else f" {alt} "


def _first_number(element: Element) -> int:
    start = element.get("start") or ""
    return int(start) if re.fullmatch(r"\d{1,6}", start, re.ASCII) else 1


def _titles(root: Element, blocks: Blocks) -> list[str]:
    title = next(("".join(element.itertext()) for element in root.iter("title")), "")
    title = one_line(title)
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    tops += [one_line("".join(element.itertext())) for element in root.iter("h1")]
    for top in tops:
        for separator in _SITE_SEPARATORS:
            if title.startswith(top + separator) or title.endswith(separator + top):
                return [top]
    return [title, *tops]
