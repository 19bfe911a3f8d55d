"""An index of many documents, in a folder and on a server; whole, it holds 40,000."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromadb.api.models.Collection import Collection

import qa
from qa.access import OWNER
from qa.index import snapshot
from qa.index.index import Index, open_store
from qa.index.stores import paging
from qa.index.stores.store import Store
from qa.indexing import adding
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder, open_embedder
from qa.models.fast_encoder import Vectors
from qa.records import Document
from tests.chroma_server import chroma_server, is_installed
from tests.indexing.mirroring import SETTINGS, holders, write
from tests.wrapped_embedder import Wrapped

SHELVES = 10


class Ready(Wrapped):
    """Vectors that are ready at once, under the name of the embedder that is asked with."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self._random = np.random.default_rng(0)

    def encode(self, texts: Any) -> Vectors:
        # Texts of one form are alike: none is far nearer to a question than all others.
        vectors = 3 + self._random.standard_normal((len(texts), 32)).astype("f4")
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "f4")


class Calls:
    """The sizes of each call to Chroma and of its result."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.largest: dict[str, int] = {}
        for name in ("get", "upsert", "delete", "query"):
            monkeypatch.setattr(Collection, name, self._watched(name, getattr(Collection, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(collection: Collection, **given: Any) -> Any:
            brought = call(collection, **given)
            values = ((given.get("where") or {}).get("document_id") or {}).get("$in", ())
            self._note(name, len(given.get("ids") or ()))
            self._note("filter", len(values))
            if name == "get":
                self._note("brought", len(brought["ids"]))
            return brought

        return watched

    def _note(self, name: str, size: int) -> None:
        self.largest[name] = max(size, self.largest.get(name, 0))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def count(whole: bool, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many documents there are; with fewer of them, pages are smaller in proportion."""
    if whole:
        return 40_000
    monkeypatch.setattr(paging, "READ", 40)
    monkeypatch.setattr(paging, "WRITTEN", 30)
    monkeypatch.setattr(paging, "VALUES", 100)
    monkeypatch.setattr(snapshot, "_FILTERED_GLADLY", 60)
    return 400


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the index is."""
    if request.param == "folder":
        yield str(tmp_path / "index")
        return
    if not is_installed():
        pytest.skip("the command `chroma` is not installed")
    with chroma_server(tmp_path / "data") as (url, _):
        yield url


def filled(store: Store, embedder: Embedder, count: int) -> None:
    """An index of one short line a document, on ten shelves."""
    preparing = Preparing(Ready(embedder), SETTINGS.passage_tokens)
    index = Index(store, preparing)
    lines = [f"Item {n} costs {n % 97} euros." for n in range(count)]
    documents = [
        Document(line, f"stock/{n % SHELVES}/{n}", metadata={"even": n % 2 == 0})
        for n, line in enumerate(lines)
    ]
    assert len(adding.add(index, preparing, documents, SETTINGS).added) == count
    index.close()


def test_every_call_to_chroma_is_a_page(
    place: str, count: int, calls: Calls, tmp_path: Path, tiny_model: Path
) -> None:
    """Made, opened, asked, searched in parts, synced, forgotten from, told of."""
    filled(open_store(place, tmp_path / "cache"), open_embedder(str(tiny_model)), count)
    # The tiny embedder's vectors must not decide whether there is an answer.
    settings = qa.Settings(index=place, embedder=str(tiny_model), reader="words", threshold=0)
    assistant = qa.Assistant(settings=settings)
    assistant.index.store = open_store(place, tmp_path / "other-cache")

    assert len(assistant.status().sources) == assistant.status().passages == count
    assert assistant.ask("What does item 133 cost?").citations[0].source == "stock/3/133"
    assert assistant.search("item 133")[0].passage.source == "stock/3/133"
    for folder, where in (("stock/3", None), (None, {"even": True}), ("stock", {"even": False})):
        hits = assistant.search("What does item 133 cost?", folder=folder, where=where)
        assert len(hits) == 10
        assert all(hit.passage.source.startswith(folder or "") for hit in hits)
        assert all((where or {}).items() <= hit.passage.metadata.items() for hit in hits)

    write(tmp_path / "docs" / "figs.txt", "Figs are brown.")
    assert assistant.sync([tmp_path / "docs"]).added == ("docs/figs.txt",)
    forgotten = assistant.forget("stock/3/133")
    assert (forgotten.passages, forgotten.left) == (1, 0)
    forgotten = assistant.forget("stock/5")
    assert (forgotten.passages, forgotten.left) == (count // SHELVES, 0)
    assert assistant.status().passages == count - count // SHELVES
    assert holders(assistant.index, "133") == []
    assert holders(assistant.index, "brown") == ["docs/figs.txt"]
    assistant.close()

    largest = calls.largest
    assert largest["get"] <= paging.READ
    assert largest["brought"] <= paging.READ
    assert max(largest["upsert"], largest["delete"]) <= paging.WRITTEN
    assert largest["filter"] <= paging.VALUES


def test_a_search_in_many_documents_brings_the_nearest_of_them(
    count: int, calls: Calls, tmp_path: Path, tiny_model: Path
) -> None:
    """Whether they are listed, all at once or in parts, or enough of what is near is among them."""
    embedder = open_embedder(str(tiny_model))
    store = open_store(str(tmp_path / "index"), tmp_path)
    filled(store, embedder, count)
    index = Index(store, Preparing(embedder, SETTINGS.passage_tokens))
    with index.reading(OWNER) as opened:
        ids = [id for entry in opened.entries.values() for id in entry.passage_ids]
        vector = Ready(embedder).encode(["?"])[0].tolist()
        cosines = opened.cosines(vector, ids)
        nearest = sorted(ids, key=lambda id: -cosines[id])
        for part in (
            nearest[::2],  # first, since nothing is listed for these
            nearest[:20],
            nearest[-20:],
            nearest[-count * 2 // 3 :],
            nearest[count // 10 :],
        ):
            documents = [id.split(":")[0] for id in part]
            found = [id for id, _ in opened.nearest(vector, 5, documents)]
            assert part != nearest[::2] or calls.largest["filter"] == 0
            assert len(found) == 5
            assert set(found) <= set(part)
            # The search of a graph is not exact, only close.
            assert cosines[found[-1]] >= cosines[part[min(9, len(part) - 1)]] - 1e-6
    index.close()
    assert calls.largest["filter"] == paging.VALUES


def test_records_that_move_up_while_they_are_read_are_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server, another process may delete some meanwhile."""
    monkeypatch.setattr(paging, "READ", 10)
    store = open_store(str(tmp_path / "index"), tmp_path)
    ids = [f"{n:03d}" for n in range(100)]
    doomed = [ids[0:3], ids[5:35], ids[36:37], []]
    with store.writing(1) as writer:
        records = writer.begin().documents
        records.upsert(ids, [[1.0, n / 100] for n in range(100)])
        get = Collection.get

        def meanwhile(collection: Collection, **given: Any) -> Any:
            found = get(collection, **given)
            if doomed and given.get("offset") and (gone := doomed.pop(0)):
                collection.delete(ids=gone)
            return found

        monkeypatch.setattr(Collection, "get", meanwhile)
        found = records.get(include=[])["ids"]
        monkeypatch.undo()
        left = records.get(include=[])["ids"]
    assert set(left) <= set(found)
    assert len(found) == len(set(found))
    assert len(left) == 66
