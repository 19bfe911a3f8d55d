"""What the tests of syncing share: an embedder that counts, and ways to look at an index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from qa import syncing
from qa.encoding import Vectors
from qa.index import Index
from qa.models import Embedder
from qa.records import SyncReport
from qa.settings import Settings
from qa.terms import stems

SETTINGS = Settings(lock_timeout=0.2)


class Counting(Embedder):
    """Another embedder, and a list of what it was given."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner.name, inner.fingerprint)
        self.inner = inner
        self.texts: list[str] = []
        self.fail_after: int | None = None
        self.failure: BaseException = KeyboardInterrupt()

    @property
    def max_tokens(self) -> int:
        return self.inner.max_tokens

    @property
    def tokenizer(self) -> Tokenizer:
        return self.inner.tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        if self.fail_after is not None and len(self.texts) > self.fail_after:
            raise self.failure
        return self.inner.encode(texts)


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def sync(index: Index, *folders: Path, rebuild: bool = False) -> SyncReport:
    return syncing.sync(index, folders or None, SETTINGS, rebuild=rebuild)


def texts(index: Index) -> dict[str, str]:
    with index.reading() as snapshot:
        assert snapshot.view.passages.count() == sum(e.passages for e in snapshot.entries.values())
        return {source: snapshot.document(source).text for source in sorted(snapshot.ids)}


def holders(index: Index, word: str) -> list[str]:
    """The sources whose passages hold a word, by the keyword index."""
    with index.reading() as snapshot:
        ids = [id for id, _ in snapshot.keywords.search(stems(word), 99)]
        return sorted(passage.source for passage in snapshot.passages(ids))


def changes(report: SyncReport) -> dict[str, object]:
    """What is not empty in a report."""
    lists = report.to_dict()
    lists["skipped"] = [skipped.source for skipped in report.skipped]
    return {name: value for name, value in lists.items() if value and name != "seconds"}
