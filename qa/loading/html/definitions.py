"""Definition lists of web pages: each term with its definition, as one list item."""

from __future__ import annotations

from dataclasses import dataclass, field

from qa.loading.blocks import Blocks, is_question
from qa.loading.html.boilerplate import Element
from qa.text.cleaning import one_line

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(slots=True)
class _Group:
    """A list that is being read: terms without a definition so far, and the present position."""

    terms: list[str] = field(default_factory=list)
    in_term: bool = False
    in_item: bool = False


class Definitions:
    """Turns `dl`, `dt` and `dd` into list items, except questions and headings."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._groups: list[_Group | None] = []
        self._lead = ""

    def start(self, element: Element) -> None:
        """Begin an element of a definition list."""
        if element.tag == "dl":
            group = None if _is_of_questions(element) else _Group()
            self._groups.append(group)
            if group:
                self.before_block()
                self._blocks.open("list")
        elif (group := self._group) and element.tag == "dt":
            self._end_item(group)
            group.in_term = True
        elif group and element.tag == "dd":
            self._begin_item(group)

    def end(self, element: Element) -> None:
        """It ends."""
        group = self._group
        if group and element.tag == "dt":
            group.in_term = False
        elif element.tag == "dl" and self._groups:
            if group:
                if group.terms:
                    self._begin_item(group)
                self._end_item(group)
                self._blocks.close("list")
            self._groups.pop()

    def takes(self, text: str) -> bool:
        """Whether `text` is a term, which is then kept until its definition comes."""
        group = self._group
        if group is None or not group.in_term:
            return False
        group.terms.append(one_line(text).rstrip(":"))
        return True

    def with_term(self, text: str) -> str:
        """The first words of a definition, with the terms in front."""
        lead, self._lead = self._lead, ""
        return lead + text

    def before_block(self) -> None:
        """Write a term whose definition does not begin with words."""
        if self._lead:
            self._blocks.add(self.with_term("").rstrip())

    @property
    def _group(self) -> _Group | None:
        return self._groups[-1] if self._groups else None

    def _begin_item(self, group: _Group) -> None:
        if not group.in_item:
            self._blocks.open("item", "-")
            group.in_item = True
        if group.terms:
            self._lead = f"{', '.join(group.terms)}: "
            group.terms.clear()

    def _end_item(self, group: _Group) -> None:
        if group.in_item:
            if self._lead:
                self._blocks.add(self.with_term("").rstrip(": "))
            self._blocks.close("item")
            group.in_item = False


def _is_of_questions(element: Element) -> bool:
    terms = ("".join(term.itertext()) for term in element.iter("dt"))
    return next(element.iter(*_HEADINGS), None) is not None or any(map(is_question, terms))
