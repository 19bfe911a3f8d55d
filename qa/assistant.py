"""The Assistant: the parts, wired, and what a caller sees of them."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import re
import time
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa import syncing
from qa.answering import REFUSALS, Answerer, QuotingAnswerer, checked, hit_of
from qa.conversation import restated, standalone
from qa.entries import Entry
from qa.errors import SettingsError
from qa.examples import questions
from qa.index import Index, Snapshot
from qa.joint import Joint
from qa.models import Embedder, cache_folder, open_embedder
from qa.reading import QuotingReader, Reader
from qa.records import (
    Answer,
    Citation,
    Document,
    Draft,
    Forgotten,
    Hit,
    Progress,
    Reason,
    Source,
    Span,
    Status,
    SyncReport,
    Turn,
    heading_path,
)
from qa.retrieval import Query, Retrieval
from qa.settings import Settings
from qa.store import open_store
from qa.streaming import AnswerStream
from qa.terms import stems

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening|day)|greetings|thanks?(?: you)?"
    r"|thank you(?: very much)?|bye|goodbye|how are you)(?: there| all| everyone)?[\s!.,?]*",
    re.IGNORECASE,
)


# An example or a suggestion is answered at least this surely.
_SURE = 0.5
# Where examples are looked for: in few documents and near their beginning, to be quick.
_DOCUMENTS_LOOKED_AT = 12
_PASSAGES_LOOKED_AT = 20
_QUESTIONS_TRIED = 4
_FORMS_TRIED = 3


class Assistant:
    """Answers questions from the documents of an index, with a checked footnote on everything.

    One Assistant serves many threads. Opening it touches no network, no model
    and no index; each is opened when first needed.

    Args:
        index: a folder, or the URL of a Chroma server.
        chat_model: `provider:name` to write the answers; None quotes.
        settings: all settings at once; then nothing else may be given.
        retrieval: replaces the retrieval (or one of its steps).
        reader: replaces what finds the answer in the hits.
        answerer: replaces what words the answer.
        overrides: any other field of `Settings`.

    Raises:
        SettingsError: a setting is unknown or malformed.
        ModelUnavailableError: there is no such embedder.
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
        place = None if index is None else str(index)
        self.settings = settings or Settings.load(index=place, chat_model=chat_model, **overrides)
        self.embedder = open_embedder(self.settings.embedder, fast=self.settings.fast_encoder)
        self.index = _index(self.settings, self.embedder)
        self.retrieval = retrieval or Retrieval(
            self.embedder,
            candidates=self.settings.candidates,
            dense_weight=self.settings.dense_weight,
        )
        self.reader = reader or QuotingReader()
        self.quoting = QuotingAnswerer(self.settings.threshold)
        self.answerer = answerer or self._answerer()
        self._examples: tuple[object, list[str]] | None = None

    def with_index(self, index: str | Path) -> Assistant:
        """An Assistant on another index, with the settings, models and steps of this one.

        It shares what takes long to open, so that it costs next to nothing.
        Hand it to `ask(…, also=[…])` to ask both indexes at once.
        """
        other = copy.copy(self)
        other.settings = self.settings.model_copy(update={"index": str(index)})
        other.index = _index(other.settings, self.embedder)
        other._examples = None
        return other

    # What the index holds

    def sync(
        self,
        folders: Sequence[str | Path] | str | Path | None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        rebuild: bool = False,
    ) -> SyncReport:
        """Mirror folders: add what is new, replace what changed, remove what is gone.

        Without folders, those that the index mirrors already; an empty index
        is given the sample documents. `rebuild` makes the index anew.

        Raises:
            SettingsError: there is no such folder.
            IndexLockedError: another sync did not finish in time.
        """
        given = [folders] if isinstance(folders, str | Path) else folders
        report = progress or (lambda _: None)
        return syncing.sync(self.index, given, self.settings, progress=report, rebuild=rebuild)

    def add(self, documents: Iterable[Document]) -> SyncReport:
        """Add documents that are not in files; one with a known source replaces it."""
        return syncing.add(self.index, documents, self.settings)

    def forget(self, source: str) -> Forgotten:
        """Remove a source, or all of a folder, and prove that nothing of it is left.

        Raises:
            UnknownSourceError: the index holds no such source or folder.
        """
        return syncing.forget(self.index, source, self.settings)

    def document(self, source: str) -> Document:
        """A document as it was read: the text that the offsets of citations count in.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        with self.index.reading() as snapshot:
            return snapshot.document(source)

    def status(self) -> Status:
        """What the index holds, and when it last changed."""
        with self.index.reading() as snapshot:
            entries = sorted(snapshot.entries.values(), key=lambda entry: entry.source)
            head = snapshot.head
            return Status(
                index=self.settings.index,
                embedder=self.embedder.name,
                sources=[
                    Source(e.source, e.title, e.id, e.passages, e.characters, e.metadata)
                    for e in entries
                ],
                passages=sum(entry.passages for entry in entries),
                folders=list(head.folders.values()) if head else [],
                updated=head.updated if head else None,
            )

    def close(self) -> None:
        """Let go of the index's files."""
        self.index.close()

    # Questions

    def search(
        self,
        question: str,
        *,
        limit: int | None = None,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
    ) -> list[Hit]:
        """The passages most likely to answer, best first.

        `folder` keeps to sources below it, `where` to documents whose metadata
        equal it (a list of values: any of them). The documents of the assistants
        in `also` (see `with_index`) are searched too, all of them; what is found
        competes in one ranking.

        Raises:
            SettingsError: one of `also` has another embedder.
        """
        text = " ".join(question.split())[: self.settings.max_question_characters]
        if not text:
            return []
        with self._reading(also) as snapshot:
            return self._search(snapshot, text, limit or self.settings.limit, folder, where)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
    ) -> Answer:
        """The answer, each statement with the passage that it rests on.

        `history` holds the earlier turns, oldest first, so that a follow-up is
        understood. See `search` for `folder`, `where` and `also`.

        Raises:
            QAError: the index or a model cannot be used; never because of what was asked.
        """
        stream = self.stream(question, history=history, folder=folder, where=where, also=also)
        for _ in stream:
            pass
        return stream.answer

    async def aask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
    ) -> Answer:
        """`ask`, without blocking the event loop."""
        return await asyncio.to_thread(
            self.ask, question, history=history, folder=folder, where=where, also=also
        )

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        also: Sequence[Assistant] = (),
    ) -> AnswerStream:
        """The answer piece by piece, to iterate over with `for` or `async for`."""
        return AnswerStream(self._answer(question, history, folder, where, also))

    def examples(self, limit: int = 3) -> list[str]:
        """Questions that the documents answer, in their own words; of different documents first.

        The same for as long as the index does not change.
        """
        with self.index.reading() as snapshot:
            head = snapshot.head
            state = (head and head.generation, head and head.updated, limit)
            if self._examples is None or self._examples[0] != state:
                self._examples = (state, list(islice(self._answered(snapshot, limit), limit)))
            return list(self._examples[1])

    # LangChain

    def as_retriever(self, **fields: Any) -> BaseRetriever:
        """A LangChain retriever; `k`, `folder` and `where` as fields or on each call."""
        from qa.runnables import FootnoteRetriever

        return FootnoteRetriever(assistant=self, **fields)

    def as_runnable(self) -> Runnable[Any, Answer]:
        """A LangChain runnable from a question, or {"question", "history", …}, to an Answer."""
        from qa.runnables import answering

        return answering(self)

    # The way through

    def _answered(self, snapshot: Snapshot, limit: int) -> Iterator[str]:
        """Examples: of documents spread over the index, one of each in turn."""
        entries = sorted(snapshot.entries.values(), key=lambda entry: entry.source)
        step = max(1, len(entries) // max(1, limit))
        spread = [entry for first in range(step) for entry in entries[first::step]]
        waiting = [self._answered_by(snapshot, entry) for entry in spread[:_DOCUMENTS_LOOKED_AT]]
        while waiting:
            found = [(made, next(made, None)) for made in waiting[:limit]]
            yield from (question for _, question in found if question is not None)
            going_on = [made for made, question in found if question is not None]
            waiting = waiting[limit:] + going_on

    def _answered_by(self, snapshot: Snapshot, entry: Entry) -> Iterator[str]:
        passages = snapshot.passages(entry.passage_ids[:_PASSAGES_LOOKED_AT])
        text = "".join(passage.text for passage in passages)
        headings = [heading.text for heading in entry.headings]
        for question in islice(questions(entry.title, headings, text), _QUESTIONS_TRIED):
            best = self._best(snapshot, question)
            if best is not None and best.hit.passage.document_id == entry.id:
                yield question

    def _suggestion(
        self, question: str, asked: str, history: Sequence[Turn], also: Sequence[Assistant]
    ) -> str | None:
        """Another form of a question that was refused, which the documents do answer."""
        forms = [form for form in restated(question, history) if form not in (question, asked)]
        if not forms:
            return None
        with self._reading(also) as snapshot:
            for form in forms[:_FORMS_TRIED]:
                best = self._best(snapshot, form)
                if best is not None and _about(best, question):
                    return form
        return None

    def _best(self, snapshot: Snapshot | Joint, question: str) -> Span | None:
        """What surely answers a question, if anything does."""
        hits = self._search(snapshot, question, self.settings.limit, None, None)
        spans = self._read(snapshot, question, hits)
        sure = max(_SURE, self.settings.threshold)
        return spans[0] if spans and spans[0].score >= sure else None

    @contextlib.contextmanager
    def _reading(self, also: Sequence[Assistant]) -> Iterator[Snapshot | Joint]:
        indexes = list(dict.fromkeys((self.index, *(other.index for other in also))))
        for index in indexes:
            if index.embedder.fingerprint != self.embedder.fingerprint:
                raise SettingsError(
                    f"{index.store.location} cannot be searched together with "
                    f"{self.index.store.location}: it has another embedder. "
                    "Open it by `assistant.with_index(folder)`."
                )
        with contextlib.ExitStack() as stack:
            snapshots = [stack.enter_context(index.reading()) for index in indexes]
            yield snapshots[0] if len(snapshots) == 1 else Joint(snapshots)

    def _answer(
        self,
        question: str,
        history: Sequence[Turn],
        folder: str | None,
        where: Mapping[str, Any] | None,
        also: Sequence[Assistant],
    ) -> Generator[str, None, Answer]:
        started = time.perf_counter()
        reason = self._unanswerable(question)
        if reason is not None:
            answer = _without_search(question, reason)
            yield answer.text
            return answer
        asked = standalone(question, history)
        with self._reading(also) as snapshot:
            hits = self._search(snapshot, asked, self.settings.limit, folder, where)
            retrieved = time.perf_counter()
            spans = self._read(snapshot, asked, hits)
            empty = not snapshot.entries
        read = time.perf_counter()
        if empty:
            answer = _without_search(question, "no documents")
            yield answer.text
            return answer
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
        suggestion = None if draft.found else self._suggestion(question, asked, history, also)
        done = time.perf_counter()
        return Answer(
            question=question,
            asked=asked,
            text=draft.text,
            found=draft.found,
            score=draft.score,
            short=draft.short,
            citations=_placed(draft.citations, hits, snapshot.entries),
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

    def _search(
        self,
        snapshot: Snapshot | Joint,
        question: str,
        limit: int,
        folder: str | None,
        where: Mapping[str, Any] | None,
    ) -> list[Hit]:
        if not snapshot.entries:
            return []
        documents = snapshot.select(folder, where)
        return self.retrieval(Query(question, snapshot, limit, documents))

    def _read(self, snapshot: Snapshot | Joint, question: str, hits: Sequence[Hit]) -> list[Span]:
        if not hits:
            return []
        return self.reader.read(question, hits, snapshot.keywords.rarity(stems(question)))

    def _unanswerable(self, question: str) -> Reason | None:
        text = question.strip()
        if not text or not any(letter.isalnum() for letter in text):
            return "empty"
        if len(text) > self.settings.max_question_characters:
            return "too long"
        return "greeting" if _GREETING.fullmatch(text) else None

    def _answerer(self) -> Answerer:
        if self.settings.chat_model is None:
            return self.quoting
        from qa.chat_models import open_chat_model
        from qa.writing import ChatAnswerer

        model = open_chat_model(
            self.settings.chat_model,
            url=self.settings.chat_model_url,
            timeout=self.settings.chat_model_timeout,
        )
        return ChatAnswerer(
            model,
            self.settings.chat_model,
            unsupported=self.settings.unsupported,
            timeout=self.settings.chat_model_timeout,
        )


def _index(settings: Settings, embedder: Embedder) -> Index:
    store = open_store(settings.index, cache_folder())
    return Index(store, embedder, settings.passage_tokens)


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


def _without_search(question: str, reason: Reason) -> Answer:
    return Answer(
        question=question, asked=question, text=REFUSALS[reason], found=False, reason=reason
    )
