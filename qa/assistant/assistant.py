"""The Assistant, which connects the parts and is the interface to all of them."""

from __future__ import annotations

import asyncio
import copy
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from qa.access import Viewer
from qa.answering import (
    Answerer,
    AnswerStream,
    Asking,
    Finding,
    QuotingAnswerer,
    answered,
    related,
)
from qa.assistant.arguments import (
    answer_of,
    check_parts,
    limit_of,
    place_of,
    question_of,
    questions_of,
    seconds_of,
)
from qa.assistant.history import turns_of
from qa.assistant.upkeep import Upkeep
from qa.errors import ArgumentError, described
from qa.events import Answered, Asker, Searched, Unanswered, sources_of
from qa.index import Index, Scope, Searchable, check_alike, open_index, reading_together
from qa.indexing import EndedSyncs
from qa.places import cache_folder
from qa.reading import Reader, open_reader
from qa.records import Answer, Hit
from qa.retrieval import Retrieval
from qa.settings import Settings, settings_of
from qa.text.sentences import Range

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

Pieces = Generator[str, None, Answer]

TOOL = (
    "Answers a question from the documents, in their own words, with footnotes that quote them. "
    "Says so if they do not have the answer."
)
# Those of people with different permissions are different.
_KEPT_EXAMPLES = 32


class Assistant(Upkeep):
    """Answers questions from the documents of an index, with a checked footnote on everything.

    One Assistant serves many threads. Opening it touches no network, no model
    and no index; each is opened when first needed.

    Args:
        index: a folder, or the URL of a Chroma server.
        chat_model: `provider:name` to write the answers; without one, answers are quotes.
        settings: all settings at once; then nothing else may be given.
        retrieval: replaces the retrieval (or one of its steps).
        reader: replaces what finds the answer in the hits.
        answerer: replaces what writes the answer.
        overrides: any other field of `Settings`.

    Raises:
        SettingsError: a setting is unknown or malformed.
        ModelUnavailableError: there is no such embedder or reader.
    """

    def __init__(
        self,
        index: str | Path | None = None,
        chat_model: str | None = None,
        *,
        settings: Settings | None = None,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
        answerer: Answerer | None = None,
        **overrides: Any,
    ) -> None:
        place = None if index is None else place_of(index, "The index")
        whole = settings_of(settings, {"index": place, "chat_model": chat_model, **overrides})
        check_parts(retrieval=retrieval, reader=reader, answerer=answerer)
        super().__init__(whole)
        self.retrieval = retrieval or Retrieval(
            self.embedder,
            candidates=self.settings.candidates,
            dense_weight=self.settings.dense_weight,
        )
        self.reader = reader or open_reader(self.settings.reader)
        self.quoting = QuotingAnswerer(self.settings.threshold, self.settings.sure)
        self.answerer = answerer or _answerer(self.settings, self.quoting)
        self._examples: deque[tuple[object, list[str]]] = deque(maxlen=_KEPT_EXAMPLES)

    def with_index(self, index: str | Path) -> Assistant:
        """An Assistant on another index, with the settings, models and steps of this one.

        It shares everything that takes long to open, so that it costs next to nothing. Pass it to
        `ask(…, also=[…])` to ask both indexes at once.
        """
        self._check_open()
        other = copy.copy(self)
        place = place_of(index, "The index")
        other.settings = self.settings.model_copy(update={"index": place})
        other._closed = Event()
        other.index = open_index(place, cache_folder(), self._preparing)
        other.syncs = EndedSyncs(other.index)
        other._examples = deque(maxlen=_KEPT_EXAMPLES)
        other._kept = None
        return other

    # Questions

    def search(
        self,
        question: str,
        *,
        limit: int | None = None,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
        viewer: Viewer | None = None,
    ) -> list[Hit]:
        """The passages most likely to answer, best first.

        `folder` limits the search to the sources below it, `where` to documents with these metadata
        (if a value is a list, any of its items matches). All documents of the assistants in `also`
        (see `with_index`) are searched, too, in one ranking. A `viewer` gets what they may read, as
        if there was nothing else; without one, nothing is hidden.

        Raises:
            ArgumentError: an argument is not what it must be.
            UnknownSourceError: the index holds no such folder.
            SettingsError: one of `also` has another embedder.
        """
        self._check_open()
        scope = Scope.of(folder, where, self._seeing(viewer))
        number, others = limit_of(limit, self.settings.limit), _others(also)
        text = " ".join(question_of(question).split())[: self.settings.max_question_characters]
        if not text:
            return []
        started = time.perf_counter()
        with self._reading(others, scope.viewer) as snapshot:
            hits = self._finding.search(snapshot, text, number, scope)
        self.listeners.tell(
            Searched(
                by=Asker(scope.viewer, self._way),
                question=text,
                folder=scope.folder,
                sources=sources_of(hits),
                seconds=time.perf_counter() - started,
            )
        )
        return hits

    def ask(
        self,
        question: str,
        *,
        history: Iterable[Any] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
        viewer: Viewer | None = None,
    ) -> Answer:
        """The answer, in which each statement cites the passage that it rests on.

        `history` has the earlier turns, oldest first, so that follow-ups are understood: `Turn`s,
        (question, answer) or (role, text) pairs, mappings with `question` or with `role` and
        `content`, or LangChain messages. See `search` for `folder`, `where` and `viewer`. The
        documents of `also` come first if they surely have the answer; otherwise all are searched
        together, as in a search.

        Raises:
            ArgumentError: an argument is not what it must be.
            UnknownSourceError: the index holds no such folder.
            QAError: the index or a model cannot be used; never because of the question.
        """
        stream = self.stream(
            question, history=history, folder=folder, where=where, also=also, viewer=viewer
        )
        for _ in stream:
            pass
        return stream.answer

    async def aask(
        self,
        question: str,
        *,
        history: Iterable[Any] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
        viewer: Viewer | None = None,
    ) -> Answer:
        """`ask`, without blocking the event loop."""
        given: dict[str, Any] = {"folder": folder, "where": where, "also": also, "viewer": viewer}
        return await asyncio.to_thread(self.ask, question, history=history, **given)

    def stream(
        self,
        question: str,
        *,
        history: Iterable[Any] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
        viewer: Viewer | None = None,
    ) -> AnswerStream:
        """The answer piece by piece, to iterate over with `for` or `async for`."""
        self._check_open()
        text, turns = question_of(question), turns_of(history)
        scope = Scope.of(folder, where, self._seeing(viewer))
        others = _others(also)
        check_alike(self._indexes(others))
        apart = [other for other in others if other.index is not self.index]
        seeing = scope.viewer
        attached = (lambda: apart[0]._reading(apart[1:], seeing)) if apart else None
        given: list[str] = []
        asking = replace(self._asking, resting=given.extend)
        pieces = asking.answer(text, turns, scope, lambda: self._reading(others, seeing), attached)
        if self._kept is not None and not (turns or others):
            pieces = self._kept.answered(
                text, scope, lambda: self.index.reading(seeing), pieces, given.extend
            )
        return AnswerStream(self._told(text, scope, pieces, given), self._precedence)

    def examples(
        self,
        limit: int = 3,
        *,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
    ) -> list[str]:
        """Questions made from the documents' own words, which they surely answer.

        Each has been asked, and is answered where its words were found. Questions from different
        documents come first. They are kept until the index changes; people's questions take
        precedence while they are made. See `search` for `folder`, `where` and `viewer`.
        """
        self._check_open()
        scope = Scope.of(folder, where, self._seeing(viewer))
        number = limit_of(limit, 3)
        with self.index.reading(scope.viewer) as snapshot:
            head = snapshot.head
            state = (head and head.generation, head and head.updated, number, scope)
            for known, made in list(self._examples):
                if known == state:
                    return list(made)

            def check(question: str, document_id: str, place: Range) -> bool:
                self._precedence.give_way()
                self._check_open()  # they may be made while somebody closes this
                return self._finding.answers(snapshot, question, document_id, place, scope)

            found = list(islice(answered(snapshot, number, scope, check), number))
            self._examples.append((state, found))
            return list(found)

    def related(
        self,
        answer: Answer,
        limit: int = 3,
        *,
        asked: Iterable[str] = (),
        also: Sequence[Assistant] = (),
        seconds: float = 0.5,
        viewer: Viewer | None = None,
    ) -> list[str]:
        """Follow-up questions that the documents around an answer, or the closest ones, answer.

        They are made from headings; each has been asked, and is surely answered below its heading.
        The question itself and those `asked` before are left out. `also` and `viewer` are as
        for `ask`.
        After this many `seconds`, no more are tried.
        """
        self._check_open()
        answer, before, number = answer_of(answer), questions_of(asked), limit_of(limit, 3)
        seconds, others = seconds_of(seconds), _others(also)
        with self._reading(others, self._seeing(viewer)) as snapshot:

            def check(question: str, document_id: str, section: Range) -> bool:
                return self._finding.answers(snapshot, question, document_id, section)

            return related(snapshot, answer, before, number, check, seconds)

    # LangChain

    def as_retriever(self, **fields: Any) -> BaseRetriever:
        """A LangChain retriever; `k`, `folder`, `where` and `viewer` as fields or on each call.

        Raises:
            ArgumentError: a field is unknown, or its value does not fit.
        """
        from qa.assistant.langchain_views import retriever

        return retriever(self, fields)

    def as_runnable(self) -> Runnable[Any, Answer]:
        """A LangChain runnable from a question, or {"question", "history", …}, to an Answer."""
        from qa.assistant.langchain_views import answering

        return answering(self)

    def as_tool(
        self,
        name: str = "ask_documents",
        description: str = TOOL,
        *,
        folder: str | None = None,
        viewer: Viewer | None = None,
    ) -> BaseTool:
        """A LangChain tool for an agent; see `search` for `folder` and `viewer`.

        The model gets the answer with its footnotes, and the tool's message has the Answer as its
        `artifact`.

        Raises:
            ArgumentError: an argument is not what it must be.
        """
        from qa.assistant.langchain_views import tool

        scope = Scope.of(folder, None, self._seeing(viewer))
        return tool(self.seen_by(scope.viewer), name, description, scope.folder)

    def _told(self, question: str, scope: Scope, pieces: Pieces, given: Sequence[str]) -> Pieces:
        """The same pieces and answer; how it ended, and with what sources `given`, is told."""
        started = time.perf_counter()
        by = Asker(scope.viewer, self._way)
        try:
            answer = yield from pieces
        except BaseException as error:
            seconds, sources = time.perf_counter() - started, tuple(dict.fromkeys(given))
            why = "stopped" if isinstance(error, GeneratorExit) else type(error).__name__
            about: dict[str, Any] = {"question": question, "folder": scope.folder}
            self.listeners.tell(
                Unanswered(by=by, error=why, sources=sources, seconds=seconds, **about)
            )
            raise
        seconds = time.perf_counter() - started
        self.listeners.tell(Answered.with_answer(answer, by, scope.folder, seconds))
        return answer

    # The parts

    @property
    def _finding(self) -> Finding:
        # Made anew for every question, because callers may replace a part of the Assistant at any
        # time.
        return Finding(self.settings, self.retrieval, self.reader)

    @property
    def _asking(self) -> Asking:
        return Asking(self.settings, self._finding, self.answerer, self.quoting)

    def _indexes(self, also: Sequence[Assistant]) -> list[Index]:
        """The index and those of the others, without repetition."""
        for one in (self, *also):
            one._check_open()
        return list(dict.fromkeys((self.index, *(other.index for other in also))))

    def _reading(
        self, also: Sequence[Assistant], viewer: Viewer
    ) -> AbstractContextManager[Searchable]:
        for other in also:
            other._seeing(viewer)
        return reading_together(self._indexes(also), viewer)


def _answerer(settings: Settings, quoting: QuotingAnswerer) -> Answerer:
    if settings.chat_model is None:
        return quoting
    from qa.writing import open_answerer

    return open_answerer(settings.chat_model, settings)


def _others(also: object) -> list[Assistant]:
    others = list(also) if isinstance(also, Iterable) else []
    assistants = [other for other in others if isinstance(other, Assistant)]
    if not isinstance(also, Iterable) or len(assistants) < len(others):
        raise ArgumentError(f"also is a list of assistants, not {described(also)}.")
    return assistants
