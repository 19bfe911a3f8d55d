"""What stands above and below the text on the pages of a Word document, such as a letterhead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qa.loading.furniture import numbers_pages
from qa.loading.office.word.letters import is_on
from qa.loading.office.word.styles import Element, W, attribute
from qa.text.cleaning import one_line

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_NUMBER = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Margin:
    """A header or a footer, and the relations that its links are in."""

    element: Element
    relations: Any


def margins(document: Any, kind: str) -> Iterator[Margin]:
    """The headers or the footers (`kind`) that pages show, each once.

    Numbers of pages are left out, and so are lines that the text or the title has, too.
    """
    from docx.oxml import parse_xml

    said = {_words(paragraph) for paragraph in document.element.body.iter(f"{W}p")}
    said.add(one_line(document.core_properties.title or ""))
    whole: set[str] = set()
    two_sided = is_on(document.settings.element.find(f"{W}evenAndOddHeaders"))
    for section in document.element.body.iter(f"{W}sectPr"):
        shown = {"default": True, "even": two_sided, "first": is_on(section.find(f"{W}titlePg"))}
        references = {attribute(one, "type"): one for one in section.iter(f"{W}{kind}Reference")}
        for type_ in ("first", "default", "even"):
            relation = document.part.rels.get(references.get(type_, {}).get(_RELATION))
            if relation is None or relation.is_external or not shown[type_]:
                continue
            part = relation.target_part
            element = parse_xml(part.blob)
            _leave_out(element, said)
            words = _words(element)
            if words and words not in whole:
                whole.add(words)
                yield Margin(element, part.rels)


def _leave_out(element: Element, said: set[str]) -> None:
    """Remove what numbers pages and what was `said`; add to that what is left.

    A cell of a table stays, since the one beside it may need it.
    """
    for paragraph in element.iter(f"{W}p"):
        numbered = _without_numbers(paragraph)
        words = _words(paragraph)
        alone = numbered and numbers_pages(words)
        in_cell = next(paragraph.iterancestors(f"{W}tc"), None) is not None
        if alone or (words in said and not in_cell):
            _empty(list(paragraph.iter(f"{W}t")))
        else:
            said.add(words)


def _without_numbers(paragraph: Element) -> bool:
    """Remove the fields that show the number of a page, or of all; whether there were any."""
    found = False
    field: list[Element] = []  # the texts of the field that is open
    depth = 0
    numbers = False
    for element in paragraph.iter(f"{W}fldChar", f"{W}instrText", f"{W}t", f"{W}fldSimple"):
        if element.tag == f"{W}fldSimple":
            if _NUMBER.match(attribute(element, "instr")):
                found = True
                field.extend(element.iter(f"{W}t"))
                _empty(field)
        elif element.tag == f"{W}fldChar":
            step = {"begin": 1, "end": -1}.get(attribute(element, "fldCharType"), 0)
            depth = max(depth + step, 0)
            if not depth:
                found = found or numbers
                if numbers:
                    _empty(field)
                field.clear()
                numbers = False
        elif element.tag == f"{W}instrText":
            numbers = numbers or _NUMBER.match(element.text or "") is not None
        elif depth:
            field.append(element)
    return found


def _empty(texts: list[Element]) -> None:
    for text in texts:
        text.text = ""
    texts.clear()


def _words(element: Element) -> str:
    return one_line("".join(text.text or "" for text in element.iter(f"{W}t")))
