"""The way of a question through the parts: hits, the spans in them, and an answer of those."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from qa.answering import REFUSALS, Answerer, checked, hit_of
from qa.conversation import background, restated, standalone
from qa.entries import Entry
from qa.joint import Joint
from qa.reading import Reader
from qa.records import Answer, Citation, Draft, Hit, Reason, Span, Turn, heading_path
from qa.retrieval import Query, Retrieval
from qa.settings import Settings
from qa.snapshot import Snapshot
from qa.terms import stems

_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening|day)|greetings|bye|goodbye"
    r"|how are you"
    r"|(?:ok(?:ay)?|great|perfect|cool|good|nice|well)(?:[\s,.!]+(?:great|good|perfect))?"
    r"|(?:(?:ok(?:ay)?|great|perfect|cool|good|well|many)[\s,.!]+)*(?:thanks|thank you)"
    r"(?: a lot| so much| very much| again)?(?:[,.!]* that (?:helps|helped))?"
    r")(?: there| all| everyone)?[\s!.,?]*",
    re.IGNORECASE,
)
# An example or a suggestion is answered at least this surely.
_SURE = 0.5
_FORMS_TRIED = 3

Reading = Callable[[], AbstractContextManager[Snapshot | Joint]]
"""Opens what is asked, for the length of a block."""


@runtime_checkable
class Rewriter(Protocol):
    """An answerer that can also say what a follow-up means."""

    def rewritten(self, question: str, history: Sequence[Turn]) -> str | None:
        """The question as it stands alone; None if that could not be found out."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """The parts that a question passes through, one after the other."""

    settings: Settings
    retrieval: Retrieval
    reader: Reader
    answerer: Answerer
    quoting: Answerer

    def answer(
        self,
        question: str,
        history: Sequence[Turn],
        folder: str | None,
        where: Mapping[str, Any] | None,
        reading: Reading,
    ) -> Generator[str, None, Answer]:
        """Yield the text piece by piece; return the whole answer."""
        started = time.perf_counter()
        reason = self._unanswerable(question)
        if reason is not None:
            return (yield from _without_search(question, reason))
        asked = self._understood(question, history)
        behind = background(asked, history)
        with reading() as snapshot:
            hits = self.search(snapshot, asked, self.settings.limit, folder, where, behind)
            retrieved = time.perf_counter()
            spans = self._read(snapshot, asked, hits)
            entries = snapshot.entries
        read = time.perf_counter()
        if not entries:
            return (yield from _without_search(question, "no documents"))
        answerer, draft = yield from self._drafted(asked, hits, spans)
        suggestion = None if draft.found else self._suggestion(question, asked, history, reading)
        done = time.perf_counter()
        return Answer(
            question=question,
            asked=asked,
            text=draft.text,
            found=draft.found,
            score=draft.score,
            short=draft.short,
            citations=_placed(draft.citations, hits, entries),
            hits=tuple(hits),
            answerer=answerer.name,
            reason=draft.reason,
            unsupported=draft.unsupported,
            disagreement=draft.disagreement,
            suggestion=suggestion,
            seconds={
                "retrieve": retrieved - started,
                "read": read - retrieved,
                "answer": done - read,
                "total": done - started,
            },
        )

    def search(
        self,
        snapshot: Snapshot | Joint,
        question: str,
        limit: int,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        behind: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """The passages most likely to answer, best first; `behind` is the query's background."""
        if not snapshot.entries:
            return []
        documents = snapshot.select(folder, where)
        return self.retrieval(Query(question, snapshot, limit, documents, behind or {}))

    def _understood(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it stands alone: by the chat model, if it can, and else by rules."""
        rewritten = None
        if history and isinstance(self.answerer, Rewriter):
            rewritten = self.answerer.rewritten(question, history)
        return rewritten or standalone(question, history)

    def best(self, snapshot: Snapshot | Joint, question: str) -> Span | None:
        """What surely answers a question, if anything does."""
        hits = self.search(snapshot, question, self.settings.limit)
        spans = self._read(snapshot, question, hits)
        sure = max(_SURE, self.settings.threshold)
        return spans[0] if spans and spans[0].score >= sure else None

    def _unanswerable(self, question: str) -> Reason | None:
        text = question.strip()
        if not text or not any(letter.isalnum() for letter in text):
            return "empty"
        if len(text) > self.settings.max_question_characters:
            return "too long"
        return "greeting" if _GREETING.fullmatch(text) else None

    def _read(self, snapshot: Snapshot | Joint, question: str, hits: Sequence[Hit]) -> list[Span]:
        if not hits:
            return []
        return self.reader.read(question, hits, snapshot.keywords.rarity(stems(question)))

    def _drafted(
        self, asked: str, hits: Sequence[Hit], spans: Sequence[Span]
    ) -> Generator[str, None, tuple[Answerer, Draft]]:
        """The answer or the refusal, and who worded it."""
        answerer = self.answerer
        draft = yield from _worded(answerer, asked, hits, spans)
        if not draft.found and draft.unsupported and self.quoting is not answerer:
            # The model had an answer, but not from the passages: what they say themselves holds.
            answerer = self.quoting
            quoted = yield from _worded(answerer, asked, hits, spans)
            draft = replace(quoted, unsupported=draft.unsupported)
        if not draft.text:
            draft = replace(draft, text=REFUSALS[draft.reason or "not said"])
            yield draft.text
        return answerer, draft

    def _suggestion(
        self, question: str, asked: str, history: Sequence[Turn], reading: Reading
    ) -> str | None:
        """Another form of a question that was refused, which the documents do answer."""
        forms = [form for form in restated(question, history) if form not in (question, asked)]
        if not forms:
            return None
        with reading() as snapshot:
            for form in forms[:_FORMS_TRIED]:
                best = self.best(snapshot, form)
                if best is not None and _about(best, question):
                    return form
        return None


def _without_search(question: str, reason: Reason) -> Generator[str, None, Answer]:
    text = REFUSALS[reason]
    yield text
    return Answer(question=question, asked=question, text=text, found=False, reason=reason)


def _worded(
    answerer: Answerer, asked: str, hits: Sequence[Hit], spans: Sequence[Span]
) -> Generator[str, None, Draft]:
    """Word the answer; the pieces that are yielded, joined, are its text. A refusal has neither."""
    drafting = answerer.stream(asked, hits, spans)
    try:
        draft = yield from drafting
    finally:
        drafting.close()
    draft = checked(draft, hits)
    return draft if draft.found else replace(draft, text="")


def _placed(
    citations: Sequence[Citation], hits: Sequence[Hit], entries: Mapping[str, Entry]
) -> tuple[Citation, ...]:
    """The citations with the heading above each quote, which a passage need not begin with."""
    placed: list[Citation] = []
    for citation in citations:
        hit = hit_of(citation, hits)
        assert hit is not None, "a citation that was checked stands in a hit"
        path = heading_path(entries[hit.passage.document_id].headings, citation.start)
        placed.append(replace(citation, heading=" > ".join(path)))
    return tuple(placed)


def _about(span: Span, question: str) -> bool:
    """Whether most of what a question itself says is in a span, or above it."""
    passage = span.hit.passage
    held = set(stems(f"{passage.title} {passage.heading} {span.text}"))
    wanted = set(stems(question))
    return 2 * len(wanted & held) >= len(wanted)
