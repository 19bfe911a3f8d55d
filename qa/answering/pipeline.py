"""The way of a question through the parts: what it means, what may answer it, and the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from qa.answering.citations import checked, placed
from qa.answering.confidence import confidence
from qa.answering.deadline import Deadline
from qa.answering.finding import Finding, Found
from qa.answering.own_words import why_not
from qa.answering.quoting import Answerer, in_full
from qa.answering.suggesting.going_on import sections, unsaid
from qa.answering.units.choosing import Choice
from qa.errors import GenerationError
from qa.events import sources_of
from qa.index import Scope, Searchable
from qa.questions import (
    Form,
    asks_for_more,
    background,
    gone_on_with,
    recent,
    restated,
    small_talk_of,
    standalone,
)
from qa.records import (
    Answer,
    Attached,
    Citation,
    Draft,
    Hit,
    Reason,
    Span,
    Turn,
)
from qa.settings import Settings
from qa.text.asking import asked_stems
from qa.text.terms import stems

_FORMS_TRIED = 3

Opening = Callable[[], AbstractContextManager[Searchable]]
"""Opens what is asked, for the length of a block."""

Resting = Callable[[Sequence[str]], None]
"""Is told of the sources that words may rest on, before the first of these words is given."""


def _unheard(sources: Sequence[str]) -> None:
    """Nobody wants to know."""


@runtime_checkable
class Rewriter(Protocol):
    """An answerer that can also say what a follow-up means."""

    def rewritten(self, question: str, history: Sequence[Turn]) -> str | None:
        """The question in a form that stands alone; None if none could be found."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """The parts that a question passes through, one after the other."""

    settings: Settings
    finding: Finding
    answerer: Answerer
    quoting: Answerer
    resting: Resting = _unheard

    def answer(
        self,
        question: str,
        history: Sequence[Turn],
        scope: Scope,
        reading: Opening,
        attached: Opening | None = None,
    ) -> Generator[str, None, Answer]:
        """Yield the text piece by piece; return the whole answer.

        What is `attached` is searched with the rest, and comes first where it surely answers.
        """
        started = time.perf_counter()
        limit = Deadline(self.settings.question_timeout)
        history = recent(
            history, self.settings.max_history_turns, self.settings.max_history_characters
        )
        reason = self._unanswerable(question, history)
        if reason is not None:
            return (yield from _without_search(question, reason, self.settings.brand_name))
        more = gone_on_with(question, history)
        if more is None:
            asked = self._understood(question, history)
        else:
            asked = self._understood(history[more].question, history[:more])
        limit.check()
        behind = background(asked, history)
        own, found = self._found(asked, scope, behind, limit, reading, attached)
        read = time.perf_counter()
        if not found.entries:
            return (yield from _without_search(question, "no documents"))
        if more is None:
            drafting = self._drafted(found.meant, found)
        else:
            told = "\n".join(turn.answer for turn in history)
            drafting = self._more(question, asked, found, told)
        answerer, draft = yield from limit.kept(drafting)
        suggestion = None
        if not draft.found and more is None:
            suggestion = self._suggestion(question, asked, history, scope, reading)
        others = sections(asked, found.choices, draft.citations) if more is None else ()
        done = time.perf_counter()
        return replace(
            _answer(question, asked, draft, found, others),
            answerer=answerer.name,
            suggestion=suggestion,
            attached=None if own is None else _attached(draft, own),
            seconds={
                "retrieve": found.retrieved - started,
                "read": read - found.retrieved,
                "answer": done - read,
                "total": done - started,
            },
        )

    def _found(
        self, asked: str, scope: Scope, behind: Mapping[str, float], limit: Deadline,
        reading: Opening, attached: Opening | None,
    ) -> tuple[Found | None, Found]:  # fmt: skip
        """What was found in what is attached, and what the answer is made of."""
        own = None
        if attached is not None:
            with attached() as snapshot:
                own = self.finding.found(snapshot, asked, Scope(), behind, limit)
            if confidence(asked, own.choices, own.spans) >= self.settings.sure:
                return own, own
        with reading() as snapshot:
            return own, self.finding.found(snapshot, asked, scope, behind, limit)

    def _understood(self, question: str, history: Sequence[Turn]) -> str:
        """The question in a form that stands alone: by the chat model if it can, by rules
        otherwise.
        """
        rewritten = None
        if history and isinstance(self.answerer, Rewriter):
            rewritten = self.answerer.rewritten(question, history)
        return rewritten or standalone(question, history)

    def _unanswerable(self, question: str, history: Sequence[Turn]) -> Reason | None:
        text = question.strip()
        if not text or not any(letter.isalnum() for letter in text):
            return "empty"
        if len(text) > self.settings.max_question_characters:
            return "too long"
        if asks_for_more(text) and not history:
            return "empty"
        return small_talk_of(text)

    def _drafted(self, asked: str, found: Found) -> Generator[str, None, tuple[Answerer, Draft]]:
        """The answer or the refusal, and who worded it."""
        answerer = self.answerer
        hits, spans, choices = found.hits, found.spans, found.choices
        draft = yield from self._worded(answerer, asked, hits, spans, choices)
        stand_in = draft.unsupported or draft.failure
        if not draft.found and stand_in and self.quoting is not answerer:
            # The model had an answer, but not from the passages, or it had none because it failed;
            # what the passages say themselves holds.
            answerer = self.quoting
            quoted = yield from self._worded(answerer, asked, hits, spans, choices)
            draft = replace(quoted, unsupported=draft.unsupported, failure=draft.failure)
        if not draft.text:
            draft = replace(draft, text=why_not(draft.reason or "not said", asked))
            yield draft.text
        return answerer, draft

    def _more(
        self, question: str, asked: str, found: Found, told: str
    ) -> Generator[str, None, tuple[Answerer, Draft]]:
        """What answers a question except for what was `told`, and who worded it."""
        score = confidence(asked, found.choices, found.spans)
        if score < self.settings.threshold:
            return (yield from self._drafted(asked, found))
        left = unsaid(found.choices, told)
        if not left:
            text = why_not("nothing more", question)
            yield text
            return self.quoting, Draft(text, found=False, reason="nothing more")
        failure = None
        if self.quoting is not self.answerer:
            hits = [choice.as_hit() for choice in left]
            more = f"{asked} ({question})"
            written = yield from self._worded(self.answerer, more, hits, [], left)
            if written.found:
                return self.answerer, written
            failure = written.failure
        grounds = _grounds(found.hits, left)
        draft = yield from self._given(in_full(left, Form.OVERVIEW, ""), grounds)
        sure = score >= self.settings.sure
        draft = checked(replace(draft, score=score, sure=sure, failure=failure), grounds)
        return self.quoting, draft

    def _worded(
        self,
        answerer: Answerer,
        asked: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice],
    ) -> Generator[str, None, Draft]:
        """Word the answer; the pieces, joined, are its text. A refusal has no pieces and no
        spans.
        """
        grounds = _grounds(hits, choices)
        draft = yield from self._given(answerer.stream(asked, hits, spans, choices), grounds)
        draft = checked(draft, grounds)
        return draft if draft.found else replace(draft, text="")

    def _given(
        self, pieces: Generator[str, None, Draft], grounds: Sequence[Hit]
    ) -> Generator[str, None, Draft]:
        """The same pieces; before the first, it is told what they rest on.

        If a chat model fails before that, a draft says why.
        """
        try:
            try:
                first = next(pieces)
            except StopIteration as end:
                nothing: Draft = end.value
                return nothing
            except GenerationError as error:
                return Draft("", found=False, failure=str(error))
            self.resting(sources_of(grounds))
            yield first
            return (yield from pieces)
        finally:
            pieces.close()

    def _suggestion(
        self,
        question: str,
        asked: str,
        history: Sequence[Turn],
        scope: Scope,
        reading: Opening,
    ) -> str | None:
        """Another form of a refused question that the documents do answer."""
        forms = [form for form in restated(question, history) if form not in (question, asked)]
        if not forms:
            return None
        with reading() as snapshot:
            for form in forms[:_FORMS_TRIED]:
                best = self.finding.best(snapshot, form, scope)
                if best is not None and _about(best, question):
                    return form
        return None


def _answer(
    question: str, asked: str, draft: Draft, found: Found, others: Sequence[Citation]
) -> Answer:
    """The answer that a draft makes; `others` are the sections to go on with."""
    grounds = _grounds(found.hits, found.choices)
    stretches = [choice.stretch for choice in found.choices]
    return Answer(
        question=question,
        asked=asked,
        text=draft.text,
        found=draft.found,
        score=draft.score,
        short=draft.short,
        statements=draft.statements,
        citations=placed(draft.citations, grounds, found.entries, stretches),
        sections=placed(others, grounds, found.entries),
        hits=tuple(found.hits),
        reason=draft.reason,
        unsupported=draft.unsupported,
        disagreement=draft.disagreement,
        sure=draft.sure,
        failure=draft.failure,
    )


def _attached(draft: Draft, own: Found) -> Attached:
    """Whether the answer rests on what was attached."""
    sources = {entry.source for entry in own.entries.values()}
    rests = any(citation.source in sources for citation in draft.citations)
    return "answered" if rests else "not said"


def _without_search(
    question: str, reason: Reason, name: str | None = None
) -> Generator[str, None, Answer]:
    text = why_not(reason, question, name)
    yield text
    return Answer(question=question, asked=question, text=text, found=False, reason=reason)


def _grounds(hits: Sequence[Hit], choices: Sequence[Choice]) -> list[Hit]:
    """Everything that an answer may quote: the hits, and the surroundings of the first of them."""
    stretches = {id(choice.stretch): choice.stretch for choice in choices}
    return [*hits, *(Hit(stretch.passage, 0.0) for stretch in stretches.values())]


def _about(span: Span, question: str) -> bool:
    """Whether most of what a question itself says is in a span or above it."""
    passage = span.hit.passage
    held = set(stems(f"{passage.title} {passage.heading} {span.text}"))
    wanted = set(asked_stems(question))
    return 2 * len(wanted & held) >= len(wanted)
