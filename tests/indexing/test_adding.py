from __future__ import annotations

import pytest

from qa.errors import (
    LoadError,
)
from qa.index.index import Index
from qa.indexing import adding
from qa.records import Document
from tests.indexing.mirroring import Counting, add, changes, holders, texts


def test_added_documents_are_stored_replaced_and_left_unchanged(
    index: Index, counting: Counting
) -> None:
    first = Document("A note on wombats.", "note", metadata={"by": "Ada"})
    assert changes(add(index, [first])) == {"added": ["note"], "passages": 1}
    assert changes(add(index, [first])) == {"unchanged": ["note"]}

    other = Document("A note on newts.", "note")
    assert changes(add(index, [other])) == {"changed": ["note"], "passages": 1}

    assert texts(index) == {"note": "A note on newts."}
    assert holders(index, "wombats") == []
    counting.texts.clear()
    relabelled = Document("A note on newts.", "note", metadata={"by": "Bob"})
    assert changes(add(index, [relabelled])) == {"changed": ["note"]}
    assert counting.texts == []


def test_the_last_of_several_documents_with_one_source_counts(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "CHARACTERS_AT_ONCE", 100)
    notes = [Document(f"Note {number}.", "note") for number in range(3)]

    report = add(index, [*notes, Document("Big. " * 30, "big"), notes[1]])

    assert report.added == ("big", "note")
    assert texts(index)["note"] == "Note 1."


def test_an_id_belongs_to_one_document(index: Index) -> None:
    report = add(index, [Document("One.", "a", id="x"), Document("Two.", "b", id="x")])
    assert texts(index) == {"b": "Two."}
    assert report.removed == ("a",)

    add(index, [Document("Three.", "b", id="y")])
    assert texts(index) == {"b": "Three."}


def test_documents_that_cannot_be_stored_are_refused_and_none_is_added(index: Index) -> None:
    good = Document("Pears.", "good")
    for bad in (
        Document("half \ud800", "bad"),
        Document("Plums.", "bad\udfff"),
        Document("Plums.", "bad", metadata={"day": object()}),  # type: ignore[dict-item]
    ):
        with pytest.raises(LoadError, match="bad"):
            add(index, [good, bad])
    assert index.store.generation() == 0
