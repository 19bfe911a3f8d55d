"""Web pages: the text that readers would call the content of the page."""

from __future__ import annotations

import re
from itertools import islice

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks, is_question, superscript
from qa.loading.html.boilerplate import SILENT, Boilerplate, Element, is_hidden
from qa.loading.html.counting import Count
from qa.loading.html.definitions import Definitions
from qa.loading.html.roles import follow_roles, is_panel
from qa.loading.html.style_sheets import StyleSheets
from qa.loading.html.table import Cell, Table, is_layout
from qa.loading.html.tree import decode, tree_of
from qa.loading.links import Linked
from qa.loading.symbols import DONE, OPEN
from qa.records import BlockKind, Document, Link
from qa.text.cleaning import clean, one_line
from qa.text.sentences import BULLETS, CELL_SEPARATOR, LIST_MARK

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
_DEFINITIONS = frozenset(("dl", "dt", "dd"))
_BOLD = frozenset(("b", "strong"))
_NOTED = frozenset(("br", "a", "img", "sup", "span"))  # of those that are no blocks, at their start
_WITH_BOXES = frozenset(("li", "td", "label"))
_MAY_ASK = frozenset(("p", "div", "section", "li", "dd", "td"))  # around a question in bold
_ASKING = frozenset(("dt", "summary"))
_NOTE = re.compile(
    r"(?:[a-z]+-)?(?:admonition|callout|alert)(?:[-_].*)?"
    r"|note|tip|hint|important|warning|caution|danger"
)
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_SPACES = re.compile(" {2,}")
_AROUND_BREAK = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{2,}")
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*super")
_BLOCK_STYLE = re.compile(r"display\s*:\s*block")
_TYPED_BULLETS = frozenset(BULLETS) - frozenset("*–—-")
_SITE_SEPARATORS = (" - ", " | ", " — ", " – ", " :: ", " · ", " » ")


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The content of the page; navigation and other boilerplate is left out."""
    markup = clean(decode(data, source))
    root = tree_of(markup)
    if root is None:
        raise EmptyFileError(f"{source} is a web page without content. Get it again.")
    follow_roles(root)
    blocks = Blocks()
    boilerplate = Boilerplate(root)
    limits.check(source, "max_characters", boilerplate.characters, "has {} characters")
    sheets = StyleSheets(root)
    Renderer(blocks, boilerplate, sheets).render(boilerplate.main(root))
    if blocks.empty:  # all of it looks like boilerplate, which is better than nothing
        Renderer(blocks, sheets=sheets).render(root)
    if blocks.empty:
        raise EmptyFileError(
            f"{source} has no text in its HTML; a script may put it there. "
            "Save the page from a browser after it has loaded, or print it to PDF."
        )
    return blocks.document(source, _titles(root, blocks))


def render_fragment(markup: str, blocks: Blocks) -> None:
    """Add the text of a piece of HTML to `blocks`; nothing in it counts as boilerplate."""
    root = tree_of(clean(markup))
    if root is not None:
        follow_roles(root)
        Renderer(blocks, sheets=StyleSheets(root)).render(root)


class Renderer:
    """Walks through a tree once, without recursion, and writes its text into blocks."""

    def __init__(
        self,
        blocks: Blocks,
        boilerplate: Boilerplate | None = None,
        sheets: StyleSheets | None = None,
    ) -> None:
        self._blocks = blocks
        self._boilerplate = boilerplate
        self._sheets = sheets
        self._inline: list[str] = []
        self._linked = Linked()  # the links of the inline text
        self._pre = 0
        self._lists: list[Count | None] = []  # of the items of each open list
        self._definitions = Definitions(blocks)
        self._raised: Element = None  # the element that raises a number
        self._asks = False  # whether a question here would be a block of its own
        self._item = False  # whether the text belongs to a list item
        self._tables: list[Table | None] = []  # None for a layout table

    def render(self, root: Element) -> None:
        """Write everything below `root`."""
        from lxml.etree import iterwalk  # type: ignore[import-untyped]

        walk = iterwalk(root, events=("start", "end"))
        dropped: Element = None
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag == "input":
                    self._add_box(element)
                if element is not root and self._drops(element, tag):
                    dropped = element
                    walk.skip_subtree()
                    continue
                if tag in _BLOCKS:
                    self._start_block(element, tag)
                elif tag in _NOTED:
                    self._start(element, tag)
                if text := element.text:
                    self._text(text)
            else:
                if element is dropped:
                    dropped = None
                    if tag in _BLOCKS:
                        self._flush()
                else:
                    self._end(element, tag)
                if element is not root and (text := element.tail):
                    self._text(text)
        self._flush()

    def _drops(self, element: Element, tag: str) -> bool:
        if is_panel(element):
            return False
        if self._sheets and self._sheets.hide(element):
            return True
        if self._boilerplate is None:
            return tag in SILENT or is_hidden(element)
        return self._boilerplate.drops(element) or (tag == "sup" and _is_note_mark(element))

    def _add_box(self, element: Element) -> None:
        """The box of a task, as it is ticked."""
        if (element.get("type") or "").lower() == "checkbox" and _is_in_item(element):
            self._text(f"{OPEN if element.get('checked') is None else DONE} ")

    def _text(self, text: str) -> None:
        if self._raised is not None:
            text = superscript(text.strip())
        elif not self._pre and (not text.isprintable() or "  " in text):
            text = _SPACE.sub(" ", text)
        self._inline.append(text)

    def _start(self, element: Element, tag: str) -> None:
        """Begin an element that is no block by itself."""
        if tag == "br":
            self._inline.append("\n")
        elif tag == "a":
            if not self._pre:
                self._linked.open(len(self._inline), element.get("href") or "")
        elif tag == "img":
            if alt := _meaningful_alt(element):
                self._text(alt)
        elif _is_raised(element):
            self._start_superscript(element)
        elif _is_shown_as_block(element):
            self._start_block(element, tag)

    def _start_block(self, element: Element, tag: str) -> None:
        self._flush()
        self._asks = tag in _ASKING
        if tag == "pre":
            self._pre += 1
        elif tag in _LISTS:
            self._lists.append(Count.of(element) if tag == "ol" else None)
            self._open("list")
        elif tag == "li":
            self._item = True
            self._open("item", self._next_marker(element))
        elif _is_note(element):
            self._open("note")
        elif tag in _DEFINITIONS and self._cell is None:
            self._definitions.start(element)
        elif tag == "table":
            self._tables.append(None if is_layout(element) else Table())
        elif self._table and tag == "tr":
            self._table.rows.append([])
        elif self._table and tag in ("td", "th"):
            self._table.open_cell(element)

    def _end(self, element: Element, tag: str) -> None:
        if tag in _HEADING_LEVELS and not self._cell:
            self._definitions.before_block()
            since = self._blocks.here
            text, raw, links = self._take()
            self._blocks.heading(text.rstrip("¶#§ "), _HEADING_LEVELS[tag])
            self._blocks.link(links, raw, since)
        elif tag in _BLOCKS or _is_shown_as_block(element):
            self._flush()
            self._end_block(element, tag)
        elif element is self._raised:
            self._raised = None
        elif tag == "a" and not self._pre:
            self._linked.close(len(self._inline))
        elif tag in _BOLD and self._is_bold_question(element):
            self._flush()

    def _end_block(self, element: Element, tag: str) -> None:
        if tag == "pre":
            self._pre -= 1
        elif tag in _LISTS and self._lists:
            self._lists.pop()
            self._close("list")
        elif tag == "li":
            self._item = False
            self._close("item")
        elif _is_note(element):
            self._close("note")
        elif tag in _DEFINITIONS and self._cell is None:
            self._definitions.end(element)
        elif tag == "table" and self._tables:
            table = self._tables.pop()
            if table:
                self._add_rows(list(table.clean_rows()))
        elif self._table and tag in ("td", "th"):
            self._table.cell = None

    def _open(self, kind: BlockKind, marker: str = "") -> None:
        if self._cell is None:
            self._definitions.before_block()
            self._blocks.open(kind, marker)

    def _close(self, kind: BlockKind) -> None:
        if self._cell is None:
            self._blocks.close(kind)

    def _add_rows(self, rows: list[tuple[list[str], bool]]) -> None:
        if self._cell is not None:  # a table inside a cell of another one
            for row, _ in rows:
                self._cell.add(CELL_SEPARATOR.join(row), is_item=True)
            return
        self._open("table")
        for row, header in rows:
            self._blocks.row(row, header=header)
        self._close("table")

    def _flush(self) -> None:
        """Close the paragraph made of the inline text so far."""
        if not self._inline:
            return
        if all(map(str.isspace, self._inline)):
            self._inline.clear()
            self._linked.clear()
            return
        text, raw, links = self._take()
        if not text.strip():
            return
        if self._cell is not None:
            self._cell.add(text, is_item=self._item)
            self._item = False
        elif self._pre:
            self._definitions.before_block()
            self._blocks.add(text, "code")
        elif not self._definitions.takes(text):
            asks, self._asks = self._asks and is_question(text), False
            paragraphs = _BLANK_LINES.split(self._definitions.with_term(text))
            since = self._blocks.here
            for paragraph in paragraphs:
                if asks or not self._add_list(paragraph):
                    self._blocks.add(paragraph, "question" if asks else "paragraph")
            self._blocks.link(links, raw, since)

    def _add_list(self, text: str) -> bool:
        """Add lines that begin with bullets, as people type them, as a list; whether it is one."""
        lines = text.split("\n")
        marks = [LIST_MARK.match(line) for line in lines]
        first = next((place for place, mark in enumerate(marks) if mark), len(lines))
        typed = [line[0] in _TYPED_BULLETS for line in lines[first:] if line]
        if not typed or not all(typed) or self._lists:
            return False
        if first:
            self._blocks.add("\n".join(lines[:first]))
        for line, mark in zip(lines[first:], marks[first:], strict=True):
            self._blocks.item(line[mark.end() :] if mark else line)
        return True

    def _take(self) -> tuple[str, str, list[Link]]:
        """The inline text so far, as it will be written, and as it was read with its links."""
        raw, links = "".join(self._inline), self._linked.links(self._inline)
        self._inline.clear()
        self._linked.clear()
        if self._pre:
            return raw, raw, []
        text = _SPACES.sub(" ", raw) if "  " in raw else raw
        return (_AROUND_BREAK.sub("\n", text) if "\n" in text else text).strip(), raw, links

    def _is_bold_question(self, element: Element) -> bool:
        """Whether a bold text is a question that fills its line."""
        around, following = element.getparent(), element.getnext()
        if self._pre or self._cell or around is None or around.tag not in _MAY_ASK:
            return False
        if following is not None and following.tag != "br" and following.tag not in _BLOCKS:
            return False
        line = "".join(self._inline).strip()
        whole = line == one_line("".join(element.itertext())) and not (element.tail or "").strip()
        self._asks = whole and is_question(line)
        return self._asks

    def _next_marker(self, item: Element) -> str:
        count = self._lists[-1] if self._lists else None
        return "-" if count is None else count.next(item)

    def _start_superscript(self, element: Element) -> None:
        text = "".join(element.itertext()).strip()
        if superscript(text) != text and self._inline and not self._pre:
            self._inline[-1] = self._inline[-1].rstrip(" ")
            self._raised = element

    @property
    def _table(self) -> Table | None:
        return self._tables[-1] if self._tables else None

    @property
    def _cell(self) -> Cell | None:
        return self._table.cell if self._table else None


def _is_note_mark(element: Element) -> bool:
    """A raised link within the page, as in "text[12]", which looks like one of our footnotes."""
    return "reference" in (element.get("class") or "").split() or any(
        (link.get("href") or "").startswith("#") for link in element.iter("a")
    )


def _is_in_item(element: Element) -> bool:
    """Whether it is seen with what it is about: in a list item, a cell, or a label."""
    around = list(islice(element.iterancestors(), 3))
    return any(one.tag in _WITH_BOXES for one in around) and not is_hidden(element)


def _is_note(element: Element) -> bool:
    if element.tag == "blockquote":
        return True
    if element.tag not in ("div", "aside", "section"):
        return False
    named = element.get("class")
    return bool(named) and any(map(_NOTE.fullmatch, named.lower().split()))


def _is_raised(element: Element) -> bool:
    if element.tag == "sup":
        return True
    style = element.get("style") if element.tag == "span" else None
    return bool(style and _RAISED_STYLE.search(style))


def _is_shown_as_block(element: Element) -> bool:
    style = element.get("style") if element.tag == "span" else None
    return bool(style and _BLOCK_STYLE.search(style))


def _meaningful_alt(element: Element) -> str:
    """The description of an image, unless it is a link's label, or there is a caption."""
    alt = one_line(element.get("alt") or "")
    if len(alt.split()) < 3 or alt.startswith("{\\"):  # a logo's name; a formula's source
        return ""
    around = list(islice(element.iterancestors(), 4))
    captioned = any(next(parent.iter("figcaption"), None) is not None for parent in around[:2])
    return "" if captioned or any(parent.tag == "a" for parent in around) else f" {alt} "


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
