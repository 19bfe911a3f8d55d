"""The Assistant: the parts, wired, and what a caller sees of them."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa import syncing
from qa.answering import Answerer, QuotingAnswerer
from qa.asking import Asking
from qa.errors import SettingsError
from qa.examples import answered
from qa.extraction import open_reader
from qa.index import Index, Snapshot
from qa.joint import Joint
from qa.models import Embedder, cache_folder, open_embedder
from qa.reading import Reader
from qa.records import (
    Answer,
    Document,
    Forgotten,
    Hit,
    Progress,
    Source,
    Status,
    SyncReport,
    Turn,
)
from qa.retrieval import Retrieval
from qa.settings import Settings
from qa.store import open_store
from qa.streaming import AnswerStream

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable


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
        place = None if index is None else str(index)
        self.settings = settings or Settings.load(index=place, chat_model=chat_model, **overrides)
        self.embedder = open_embedder(self.settings.embedder, fast=self.settings.fast_encoder)
        self.index = _index(self.settings, self.embedder)
        self.retrieval = retrieval or Retrieval(
            self.embedder,
            candidates=self.settings.candidates,
            dense_weight=self.settings.dense_weight,
        )
        self.reader = reader or open_reader(self.settings.reader)
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
            return self._asking.search(snapshot, text, limit or self.settings.limit, folder, where)

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
        return AnswerStream(
            self._asking.answer(question, history, folder, where, lambda: self._reading(also))
        )

    def examples(self, limit: int = 3) -> list[str]:
        """Questions that the documents answer, in their own words; of different documents first.

        The same for as long as the index does not change.
        """
        with self.index.reading() as snapshot:
            head = snapshot.head
            state = (head and head.generation, head and head.updated, limit)
            if self._examples is None or self._examples[0] != state:
                found = answered(snapshot, limit, self._asking.best)
                self._examples = (state, list(islice(found, limit)))
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

    # The parts

    @property
    def _asking(self) -> Asking:
        # Anew for every question: whoever has the Assistant may replace a part of it.
        return Asking(self.settings, self.retrieval, self.reader, self.answerer, self.quoting)

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
