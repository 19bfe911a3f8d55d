from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.access import OWNER
from qa.errors import (
    IndexLockedError,
    IndexMismatchError,
    IndexUnavailableError,
    QAError,
    UnknownSourceError,
)
from qa.index.index import Index
from qa.index.keywords import FILE
from qa.index.layout import FORMAT, Head, document_id, text_version
from qa.index.scope import Scope
from qa.index.stores.folder_store import FolderStore
from qa.indexing.preparing.splitting import VERSION
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.records import Document, Heading
from qa.text.terms import stems
from tests.indexing.mirroring import embedder_of, prepared

FRUIT = [
    Document("Pears are green and sweet.", "fruit/pears.md", id="pears", metadata={"year": 2020}),
    Document("Plums are blue and sour.", "fruit/plums.md", id="plums", metadata={"year": 2021}),
    Document("Leeks grow in a trench.", "greens/leeks.md", id="leeks", metadata={"year": 2021}),
]


def put(index: Index, documents: Iterable[Document]) -> None:
    with index.writing(0) as session:
        session.put(prepared(index, *documents))
        session.publish()


@pytest.fixture
def index(tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    index = Index(FolderStore(tmp_path / "index"), Preparing(embedder, 200))
    yield index
    index.close()


@pytest.fixture
def other(tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """The same index, as another Assistant has it open."""
    index = Index(FolderStore(tmp_path / "index"), Preparing(embedder, 200))
    yield index
    index.close()


def sources(index: Index) -> list[str]:
    with index.reading(OWNER) as snapshot:
        assert len(snapshot.nearest([1.0] * 384, 1)) == min(1, len(snapshot.ids))
        return sorted(snapshot.ids)


def nearest(index: Index, question: str, limit: int = 3) -> list[str]:
    with index.reading(OWNER) as snapshot:
        found = snapshot.nearest(embedder_of(index).embed_query(question), limit)
    return [id.split(":")[0] for id, _ in found]


def test_an_empty_index_holds_nothing_and_makes_no_file(index: Index) -> None:
    with index.reading(OWNER) as snapshot:
        assert snapshot.entries == {}
        assert snapshot.nearest([1.0] * 384, 5) == []
        assert snapshot.keywords.search(["pear"], 5) == []
        assert snapshot.passages([]) == []
        with pytest.raises(UnknownSourceError):
            snapshot.document("a.md")
    assert not index.store.folder.exists()


def test_documents_are_found_by_meaning_and_by_word(index: Index) -> None:
    put(index, FRUIT)

    assert nearest(index, "Which fruit tastes sour?")[0] == "plums"
    assert nearest(index, "How are vegetables planted?", 1) == ["leeks"]
    with index.reading(OWNER) as snapshot:
        ((id, _),) = snapshot.keywords.search(stems("trenches"), 5)
        (passage,) = snapshot.passages([id])
    assert (passage.source, passage.text) == ("greens/leeks.md", "Leeks grow in a trench.")


def test_a_document_is_read_back_as_it_was_given(index: Index) -> None:
    text = "Costs\n\n" + "Pears cost 4.20 a kilo. " * 120 + "\fTravel\n\nPlums cost less.\n"
    second = text.index("\f") + 1
    document = Document(
        text=text,
        source="é/prices 2024.pdf",
        title="Prices “2024”",
        id="p",
        pages=(0, second),
        headings=(Heading(0, 1, "Costs"), Heading(second, 1, "Travel")),
        metadata={"year": 2024, "draft": False, "by": "Ada", "weight": 0.5},
    )
    put(index, [document])

    with index.reading(OWNER) as snapshot:
        assert snapshot.document(document.source) == document
        passages = snapshot.passages(snapshot.entry(document.source).passage_ids)

    assert len(passages) > 2
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.metadata == document.metadata
    assert (passages[-1].page, passages[-1].heading) == (2, "Travel")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5)
)
def test_any_text_is_read_back_as_it_was_given(index: Index, texts: list[str]) -> None:
    texts = [text for text in texts if text.strip()]
    documents = [Document(text, f"s{n}", id=f"d{n}") for n, text in enumerate(texts)]
    put(index, documents)

    with index.reading(OWNER) as snapshot:
        for document in documents:
            assert snapshot.document(document.source).text == document.text


def test_the_nearest_passages_are_those_that_comparing_all_finds(index: Index) -> None:
    texts = [f"Note {n}: the price of {n * 7} pears in shop {n % 11}." for n in range(300)]
    put(index, [Document(text, f"n{n}", id=f"n{n}") for n, text in enumerate(texts)])
    vectors = embedder_of(index).encode(texts)

    hits = total = 0
    for question in ("price of pears", "shop 7", "Note 250", "What costs 700?"):
        vector = embedder_of(index).embed_query(question)
        similarities = vectors @ np.asarray(vector, "f4")
        best = {f"n{n}" for n in np.argsort(-similarities)[:20]}
        with index.reading(OWNER) as snapshot:
            found = snapshot.nearest(vector, 20)
            again = snapshot.cosines(vector, [id for id, _ in found])
        assert dict(found) == pytest.approx(again, abs=1e-4)
        for id, similarity in found:
            assert similarity == pytest.approx(similarities[int(id[1:].split(":")[0])], abs=1e-4)
        hits += len(best & {id.split(":")[0] for id, _ in found})
        total += 20

    assert hits >= 0.95 * total


def test_a_search_can_be_limited_to_documents(index: Index) -> None:
    put(index, FRUIT)
    vector = embedder_of(index).embed_query("sweet")

    with index.reading(OWNER) as snapshot:
        assert snapshot.select(Scope()) is None
        assert snapshot.select(Scope("fruit")) == ["pears", "plums"]
        assert snapshot.select(Scope("/fruit/", {"year": 2021})) == ["plums"]
        assert snapshot.select(Scope(None, {"year": [2020, 2021]})) == ["pears", "plums", "leeks"]
        with pytest.raises(UnknownSourceError, match=r"'fru'.* fruit"):
            snapshot.select(Scope("fru"))
        assert snapshot.select(Scope(None, {"colour": "green"})) == []
        assert [id[:5] for id, _ in snapshot.nearest(vector, 5, ["leeks"])] == ["leeks"]
        assert snapshot.nearest(vector, 5, []) == []


def test_a_search_can_be_limited_to_thousands_of_documents(index: Index) -> None:
    put(index, FRUIT)

    with index.reading(OWNER) as snapshot:
        among = [f"d{n}" for n in range(50_000)]
        assert snapshot.nearest([1.0] * 384, 5, [*among, "leeks"])[0][0].startswith("leeks")
        assert snapshot.keywords.search(["leek"], 5, [*among, "leeks"])


def test_a_changed_document_is_found_by_its_new_text_only(index: Index, other: Index) -> None:
    put(index, FRUIT)
    assert nearest(other, "sour fruit", 1) == ["plums"]

    put(index, [Document("Cranes build nests.", "fruit/plums.md", id="plums")])

    for one in (index, other):
        assert nearest(one, "birds", 1) == ["plums"]
        with one.reading(OWNER) as snapshot:
            assert snapshot.keywords.search(stems("plums sour"), 5) == []
            assert snapshot.document("fruit/plums.md").text == "Cranes build nests."
            assert snapshot.view.passages.count() == 3


def test_a_new_title_is_embedded_and_found(index: Index) -> None:
    put(index, FRUIT)

    put(index, [Document(FRUIT[0].text, FRUIT[0].source, id="pears", title="Astronomy")])

    assert nearest(index, "astronomy", 1) == ["pears"]
    with index.reading(OWNER) as snapshot:
        assert len(snapshot.keywords.search(stems("astronomy"), 5)) == 1
        assert snapshot.view.passages.count() == 3


def test_text_that_goes_back_to_what_it_was_within_one_session_is_kept(index: Index) -> None:
    put(index, FRUIT)
    with index.writing(0) as session:
        session.put(prepared(index, Document("Cranes build nests.", "fruit/pears.md", id="pears")))
        session.put(prepared(index, FRUIT[0]))
        session.remove(["plums"])
        session.put(prepared(index, FRUIT[1]))
        session.publish()

    with index.reading(OWNER) as snapshot:
        assert [snapshot.document(d.source).text for d in FRUIT] == [d.text for d in FRUIT]
        assert snapshot.view.passages.count() == 3


def test_a_snapshot_stays_what_it_is_while_others_write(index: Index, other: Index) -> None:
    put(index, FRUIT)
    with other.reading(OWNER) as snapshot:
        for number in range(4):
            with index.writing(0) as session:
                session.remove(list(session.entries))
                session.put(prepared(index, Document(f"Number {number}.", "n", id="n")))
                session.publish()
        assert sorted(snapshot.entries) == ["leeks", "pears", "plums"]
        assert snapshot.document("fruit/pears.md").text == FRUIT[0].text
        assert len(snapshot.nearest([1.0] * 384, 5)) == 3
        assert len(snapshot.keywords.search(["pear"], 5)) == 1
    assert sources(other) == ["n"]


def test_an_open_index_survives_its_deletion(index: Index, other: Index) -> None:
    put(index, FRUIT)
    assert len(sources(other)) == 3

    shutil.rmtree(index.store.folder)

    assert sources(other) == []
    put(index, FRUIT[:1])  # the first generation again, and yet another one
    assert sources(other) == ["fruit/pears.md"]
    assert nearest(other, "pear") == ["pears"]


def test_an_open_index_whose_files_are_lost_is_reported(index: Index, other: Index) -> None:
    put(index, FRUIT)
    assert len(sources(other)) == 3

    shutil.rmtree(index.store.folder / "generations")

    with pytest.raises(IndexUnavailableError, match="qa sync"):
        sources(other)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the generation": lambda folder: shutil.rmtree(folder / "generations" / "1"),
    "the database": lambda folder: next(folder.rglob("chroma.sqlite3")).write_bytes(b"x" * 8192),
    "the database's file": lambda folder: next(folder.rglob("chroma.sqlite3")).unlink(),
    "all records": lambda folder: next(folder.rglob("chroma.sqlite3")).write_bytes(b""),
    "the vectors": lambda folder: [file.write_bytes(b"") for file in folder.rglob("header.bin")],
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_reported_and_repaired_by_a_rebuild(
    index: Index, other: Index, what: str
) -> None:
    put(index, FRUIT)
    DAMAGE[what](index.store.folder)

    with pytest.raises(IndexUnavailableError, match="qa sync"):
        sources(other)
    with pytest.raises(IndexUnavailableError, match="qa sync"):
        put(other, FRUIT)
    with other.writing(0, rebuild=True, unread=True) as session:
        session.put(prepared(index, FRUIT[0]))
        session.publish()
    assert sources(other) == ["fruit/pears.md"]


@pytest.mark.parametrize("damage", [b"\x00\x01", b"", b"2", None])
def test_a_damaged_current_is_reported_and_repaired_by_the_next_writer(
    index: Index, other: Index, damage: bytes | None
) -> None:
    put(index, FRUIT)
    file = index.store.folder / "CURRENT"
    file.unlink() if damage is None else file.write_bytes(damage)

    with pytest.raises(IndexUnavailableError, match="qa sync"):
        sources(other)
    put(other, FRUIT[:1])
    assert len(sources(other)) == 3


def test_a_lost_keyword_index_is_made_again(index: Index, other: Index) -> None:
    put(index, FRUIT)
    file = next(index.store.folder.rglob(FILE))

    for damage in (file.unlink, lambda: file.write_bytes(b"x" * 5000)):
        damage()
        with other.reading(OWNER) as snapshot:
            assert len(snapshot.keywords.search(["pear"], 5)) == 1
        other.close()


def test_another_embedder_is_refused_and_nothing_is_changed(
    index: Index, embedder: Embedder, tiny_model: Path
) -> None:
    from qa.models.embedders import open_embedder

    put(index, FRUIT)
    tiny = open_embedder(str(tiny_model))
    stranger = Index(index.store, Preparing(tiny, 200))

    with pytest.raises(IndexMismatchError) as caught:
        sources(stranger)
    with pytest.raises(IndexMismatchError):
        put(stranger, FRUIT)

    message = str(caught.value)
    assert embedder.fingerprint in message
    assert tiny.fingerprint in message
    assert "qa sync --rebuild" in message
    assert index.store.generation() == 1


def test_another_size_of_passages_is_refused(index: Index, embedder: Embedder) -> None:
    put(index, FRUIT)

    with pytest.raises(
        IndexMismatchError, match=rf"splitter {VERSION}/200.*splitter {VERSION}/100"
    ):
        sources(Index(index.store, Preparing(embedder, 100)))


def test_another_format_is_refused(index: Index) -> None:
    head = Head(embedder_of(index).fingerprint, index.splitter, format=FORMAT + 1)

    with pytest.raises(IndexMismatchError, match=rf"format {FORMAT + 1}.*format {FORMAT}"):
        index.check(head)


def test_a_second_writer_is_refused_in_time(index: Index, other: Index) -> None:
    with (
        index.writing(0),
        pytest.raises(IndexLockedError, match="has not finished yet"),
        other.writing(0.1),
    ):
        pass


def test_closing_one_reader_does_not_disturb_another(index: Index, other: Index) -> None:
    put(index, FRUIT)
    assert len(sources(other)) == 3

    index.close()

    assert nearest(other, "sour fruit", 1) == ["plums"]
    assert nearest(index, "sour fruit", 1) == ["plums"]  # and it opens again when it is used


def test_many_threads_read_while_one_writes(index: Index, other: Index) -> None:
    put(index, FRUIT)
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        vector = embedder_of(other).embed_query("number")
        try:
            while not stop.is_set():
                with other.reading(OWNER) as snapshot:
                    ids = [id for id, _ in snapshot.nearest(vector, 10)]
                    assert len(snapshot.passages(ids)) == len(snapshot.entries)
                    text = snapshot.document("n").text if "n" in snapshot.ids else ""
                    assert text == "" or len(snapshot.keywords.search(["number"], 5)) == 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(12):
        put(index, [Document(f"Number {number}.", "n", id="n")])
    stop.set()
    for thread in threads:
        thread.join()

    assert failures == []


def test_an_id_is_free_or_another_is_made() -> None:
    first = document_id("a.md")

    assert document_id("a.md", {first}) not in ("", first)
    assert document_id("a.md") == first != document_id("b.md")


def test_the_version_of_a_text_changes_with_text_headings_and_pages() -> None:
    document = Document("Pears.", "a.md")
    changed = [
        Document("Plums.", "a.md"),
        Document("Pears.", "a.md", headings=(Heading(0, 1, "Pears."),)),
        Document("Pears.", "a.md", pages=(0,)),
    ]

    assert len({text_version(one) for one in [document, *changed]}) == 4
    assert text_version(Document("Pears.", "b.md", title="B")) == text_version(document)


def test_errors_of_the_index_are_one_family() -> None:
    for error in (IndexMismatchError, IndexLockedError, IndexUnavailableError, UnknownSourceError):
        assert issubclass(error, QAError)
