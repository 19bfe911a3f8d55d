"""Shared by the tests of syncing: an embedder that counts, and views of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from qa.access import OWNER
from qa.index.index import Index
from qa.index.making import Prepared
from qa.indexing import adding, syncing
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.models.embedders import Embedder, Part
from qa.models.fast_encoder import Vectors
from qa.records import Document, Progress, SyncReport
from qa.settings import Settings
from qa.text.terms import stems
from tests.wrapped_embedder import Wrapped

SETTINGS = Settings(lock_timeout=0.2)


class Counting(Wrapped):
    """Another embedder, and a list of what it was given."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self.texts: list[str] = []
        self.fail_after: int | None = None
        self.failure: BaseException = KeyboardInterrupt()

    def encode(self, texts: Sequence[str]) -> Vectors:
        self._count(texts)
        return self.inner.encode(texts)

    def encode_with_parts(
        self, texts: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[Vectors]:
        self._count(texts)
        return self.inner.encode_with_parts(texts, parts)

    def _count(self, texts: Sequence[str]) -> None:
        self.texts.extend(texts)
        if self.fail_after is not None and len(self.texts) > self.fail_after:
            raise self.failure


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def sync(
    index: Index,
    *folders: Path,
    settings: Settings = SETTINGS,
    progress: Callable[[Progress], None] = lambda _: None,
    rebuild: bool = False,
    retry: bool = False,
) -> SyncReport:
    return syncing.sync(
        index,
        preparing_of(index),
        folders or None,
        settings,
        progress=progress,
        rebuild=rebuild,
        retry=retry,
    )


def add(index: Index, documents: Iterable[Document]) -> SyncReport:
    return adding.add(index, preparing_of(index), documents, SETTINGS)


def prepared(index: Index, *documents: Document, folder: str = "") -> list[Prepared]:
    return preparing_of(index).prepared([Incoming(one, "digest", folder) for one in documents])


def texts(index: Index) -> dict[str, str]:
    with index.reading(OWNER) as snapshot:
        assert snapshot.view.passages.count() == sum(e.passages for e in snapshot.entries.values())
        return {source: snapshot.document(source).text for source in sorted(snapshot.ids)}


def holders(index: Index, word: str) -> list[str]:
    """The sources whose passages hold a word, by the keyword index."""
    with index.reading(OWNER) as snapshot:
        ids = [id for id, _ in snapshot.keywords.search(stems(word), 99)]
        return sorted(passage.source for passage in snapshot.passages(ids))


def changes(report: SyncReport) -> dict[str, object]:
    """The fields of a report that are not empty."""
    lists = report.to_dict()
    lists["skipped"] = [skipped.source for skipped in report.skipped]
    return {name: value for name, value in lists.items() if value and name != "seconds"}


def preparing_of(index: Index) -> Preparing:
    assert isinstance(index.made_by, Preparing)
    return index.made_by


def embedder_of(index: Index) -> Embedder:
    return preparing_of(index).embedder
