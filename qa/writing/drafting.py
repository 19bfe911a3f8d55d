"""An answer while it is being written: each sentence is checked, then shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.answering import cite
from qa.checking import Evidence, Support
from qa.records import MARKER, Citation, Draft, Span
from qa.text.markup.links import unlinked
from qa.writing.prompts import NOT_SAID, recites
from qa.writing.sentence_stream import Piece

UNSUPPORTED_MARK = "[unsupported]"
"""What follows a sentence that no passage supports, if such sentences are kept."""
_MOST_REPETITIONS = 3
_LONGEST_SENTENCE = 1500
_SHORT_WORDS = 8

_LIST_MARK = re.compile(r"[-*+•–>]|\d[.)]")
# Models escape the underscore, or leave it out.
_STOPS = re.compile(rf"\b{NOT_SAID}\b|\bNOT(?:\\_| )SAID\b")
_RECITES = re.compile(r"</?passages?\b", re.I)
_ABOUT_PASSAGES = re.compile(r"(?:the|this|these)\s+(?:\w+\s+)?passages?\b", re.I)
# “The passages do not mention the price” says that there is no answer, in the model's own words.
_REFUSES = re.compile(
    r"\b(?:passages?|documents?|texts?|sources?|context|information|article|details?|answer)\b.{0,300}"
    r"\b(?:not|n['’]t|no|nothing|without|lack\w*|insufficient)\b"
    r"|\b(?:not|n['’]t|no|nothing)\b.{0,300}"
    r"\b(?:passages?|documents?|texts?|sources?|context|information|article|mentioned|specified"
    r"|provided|stated|answer)\b"
    r"|\bI\b.{0,300}\b(?:cannot|can['’]t|don['’]t|do not|unable|sorry|apologi[sz]e)\b"
    r"|^(?:I['’]m sorry|sorry|unfortunately)\b",
    re.IGNORECASE,
)


class Drafting:
    """The answer so far."""

    def __init__(self, evidence: Evidence, *, marks: bool) -> None:
        self.is_over = False
        self._evidence = evidence
        self._marks = marks
        self._shown: list[str] = []
        self._citations: list[Citation] = []
        self._scores: list[float] = []
        self._unsupported: list[str] = []
        self._seen: set[tuple[str, str]] = set()
        self._repetitions = 0
        self._leads: list[Piece] = []  # they lead in what comes next, and wait for it
        self._context = ""  # the lead-in of the list that is being written
        self._marked: list[str] = []  # shown as soon as anything supported is
        self._before = ""  # the white space before what was left out

    def add(self, piece: Piece) -> Iterator[str]:
        """Checks a sentence, and gives what can be shown now."""
        lead = "" if piece.introduces else self._lead
        said = (lead, piece.text.casefold())  # the same hours may hold on two days
        if _STOPS.search(piece.text):
            self.is_over = True
        elif recites(piece.text) or _RECITES.search(piece.text):
            # The prompt; what follows is no answer.
            self._unsupported.append(piece.text)
            self.is_over = True
        elif said in self._seen:
            self._repetitions += 1
            self.is_over = self._repetitions >= _MOST_REPETITIONS
        elif _ABOUT_PASSAGES.match(piece.text):
            self._pass_over(piece)
        elif not self._evidence.says_something(piece.text):
            self._leave_out(piece)
        elif piece.introduces:
            self._leads.append(piece)
            self._context = ""
        else:
            yield from self._check(piece)
        self._seen.add(said)

    def end(self) -> Iterator[str]:
        """A lead-in that leads nowhere has to stand on its own."""
        leads, self._leads = self._leads, []
        for lead in leads:
            yield from self._check(lead)

    def finished(self) -> Draft:
        """The draft; what was yielded, joined, is its text."""
        unsupported = tuple(self._unsupported)
        if not self._scores:
            return Draft(text="", found=False, reason="not said", unsupported=unsupported)
        return Draft(
            text="".join(self._shown),
            found=True,
            citations=tuple(self._citations),
            score=sum(self._scores) / len(self._scores),
            short=self._short(),
            unsupported=unsupported,
        )

    def _check(self, piece: Piece) -> Iterator[str]:
        lead = self._lead
        with_lead = self._support(f"{lead} {piece.text}", piece) if lead else None
        support = with_lead or self._support(piece.text, piece)
        if support is None:
            yield from self._refuse(piece)
            return
        for text in self._marked:
            yield self._show(text)
        self._marked.clear()
        for waiting in self._leads:
            if with_lead:
                yield self._show(self._spaced(waiting) + waiting.text)
            else:
                self._unsupported.append(waiting.text)
                self._leave_out(waiting)
        if self._leads:
            self._context = lead if with_lead else ""
            self._leads = []
        elif not _LIST_MARK.search(piece.before):
            self._context = ""
        yield self._show(f"{self._spaced(piece)}{piece.text} {self._cite(support)}")
        self._scores.append(support.score)

    @property
    def _lead(self) -> str:
        """What leads in to what is being written."""
        return " ".join(lead.text for lead in self._leads) or self._context

    def _support(self, claim: str, piece: Piece) -> Support | None:
        if len(claim) > _LONGEST_SENTENCE:
            return None
        return self._evidence.support(claim, [number - 1 for number in piece.cited])

    def _refuse(self, piece: Piece) -> Iterator[str]:
        if not self._marks or _REFUSES.search(piece.text):
            self._pass_over(piece)
            return
        self._unsupported.append(piece.text)
        text = f"{self._spaced(piece)}{piece.text} {UNSUPPORTED_MARK}"
        if self._scores:
            yield self._show(text)
        else:
            self._marked.append(text)

    def _pass_over(self, piece: Piece) -> None:
        """Leave a sentence out; an answer that begins by refusing is a refusal."""
        if _REFUSES.search(piece.text):
            self.is_over = not self._scores
        else:
            self._unsupported.append(piece.text)
        self._leave_out(piece)

    def _show(self, text: str) -> str:
        if not self._shown:
            text = text.lstrip()
        text = unlinked(text)
        self._shown.append(text)
        return text

    def _leave_out(self, piece: Piece) -> None:
        self._before = self._spaced(piece)

    def _spaced(self, piece: Piece) -> str:
        """What comes before a piece, now that others before it may be missing."""
        before, self._before = self._before, ""
        if "\n" in piece.before:
            breaks_more = before.count("\n") > piece.before.count("\n")
            return "\n" + piece.before if breaks_more else piece.before
        return before if "\n" in before else piece.before or before

    def _cite(self, support: Support) -> str:
        numbers = sorted({self._number(span) for span in support.spans})
        return "".join(f"[{number}]" for number in numbers)

    def _number(self, span: Span) -> int:
        """The footnote of a quote: one that holds it already, or a new one."""
        passage = span.hit.passage
        for citation in self._citations:
            if (
                citation.source == passage.source
                and citation.start <= span.start
                and span.end <= citation.end
            ):
                return citation.number
        self._citations.append(cite(span, len(self._citations) + 1))
        return len(self._citations)

    def _short(self) -> str | None:
        """The whole answer, if it is a phrase that a quote holds word for word."""
        phrase = MARKER.sub("", "".join(self._shown)).strip(" .*_")
        is_short = 0 < len(phrase.split()) < _SHORT_WORDS
        return phrase if is_short and any(phrase in c.quote for c in self._citations) else None
