from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.index.keywords import FILE, KeywordIndex
from qa.records import Passage
from qa.text.terms import stems

Texts = dict[str, list[str]]

TEXTS: Texts = {
    "codes": ["Error E-4012 means that the certificate expired.", "Error E-4013 is another."],
    "visit": ["Kim Yong Chol last came to Washington in June.", "He brought a letter."],
    "zürich": ["Das Büro in Zürich bleibt geschlossen.", "A naïve résumé."],
    "bangkok": ["会议在曼谷举行。"],
}


class Source:
    """Where the passages come from, and how often it was asked for which documents."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def __call__(self, ids: Sequence[str]) -> Iterable[Passage]:
        self.asked.extend(ids)
        for id in ids:
            for number, text in enumerate(self.texts[id]):
                yield Passage(f"{id}:v:{number}", id, f"{id}.md", "Notes", 0, len(text), text)

    @property
    def versions(self) -> dict[str, str]:
        return {id: str(hash(tuple(texts))) for id, texts in self.texts.items()}


@pytest.fixture
def source() -> Source:
    return Source({id: list(texts) for id, texts in TEXTS.items()})


@pytest.fixture
def index(tmp_path: Path, source: Source) -> Iterator[KeywordIndex]:
    index = KeywordIndex(tmp_path)
    index.reconcile(source.versions, source)
    yield index
    index.close()


def found(index: KeywordIndex, question: str, limit: int = 10) -> list[str]:
    return [id for id, _ in index.search(stems(question), limit)]


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("What is E-4012?", "codes:v:0"),
        ("error 4013", "codes:v:1"),
        ("When does Kim Yong Chol come?", "visit:v:0"),
        ("Who brings letters?", "visit:v:1"),
        ("zurich", "zürich:v:0"),
        ("naive resume", "zürich:v:1"),
        ("曼谷", "bangkok:v:0"),
        ("CERTIFICATES", "codes:v:0"),
    ],
)
def test_words_are_found_in_any_form(index: KeywordIndex, question: str, passage: str) -> None:
    assert found(index, question)[0] == passage


def test_scores_are_higher_for_better_matches_and_best_comes_first(index: KeywordIndex) -> None:
    results = index.search(stems("error E-4012 certificate"), 10)

    assert [id for id, _ in results] == ["codes:v:0", "codes:v:1"]
    assert results[0][1] > results[1][1] > 0


def test_a_search_can_be_limited_to_documents(index: KeywordIndex) -> None:
    question = stems("error letter")

    assert {id for id, _ in index.search(question, 9)} == {"codes:v:0", "codes:v:1", "visit:v:1"}
    assert [id for id, _ in index.search(question, 9, ["visit"])] == ["visit:v:1"]
    assert index.search(question, 9, []) == []


def test_restricted_and_free_searches_score_alike(index: KeywordIndex) -> None:
    question = stems("error letter E-4012")

    assert index.search(question, 9, list(TEXTS)) == index.search(question, 9)


def test_the_title_counts(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path)
    passage = Passage("a:v:0", "a", "a.md", "Travel policy", 0, 8, "Ask Ada.", heading="Fares")
    index.reconcile({"a": "1"}, lambda _: [passage])

    assert found(index, "travel policy") == found(index, "fares") == ["a:v:0"]
    index.close()


def test_documents_are_added_replaced_and_removed(index: KeywordIndex, source: Source) -> None:
    source.texts["visit"] = ["Nobody came."]
    source.texts["new"] = ["Pears are green."]
    del source.texts["codes"]
    source.asked.clear()

    index.reconcile(source.versions, source)

    assert sorted(source.asked) == ["new", "visit"]
    assert found(index, "error certificate letter") == []
    assert found(index, "pears") == ["new:v:0"]
    assert [index.entries(id) for id in ("codes", "visit", "new")] == [0, 1, 1]


def test_nothing_is_read_when_nothing_has_changed(tmp_path: Path, source: Source) -> None:
    for _ in range(2):
        index = KeywordIndex(tmp_path)
        index.reconcile(source.versions, source)
        index.close()

    assert sorted(source.asked) == sorted(TEXTS)


def test_opening_and_searching_writes_nothing(
    tmp_path: Path, index: KeywordIndex, source: Source
) -> None:
    before = (tmp_path / FILE).read_bytes()

    other = KeywordIndex(tmp_path)
    other.reconcile(source.versions, source)
    found(other, "error")
    other.close()

    assert (tmp_path / FILE).read_bytes() == before


def damage_end(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[4096:] = b"\x55" * (len(raw) - 4096)
    file.write_bytes(raw)


def drop_table(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE passages")
    connection.close()


def age(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda file: file.write_bytes(b"not a database " * 1000),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:6000]),
    "bad pages": damage_end,
    "another version": age,
    "a table is gone": drop_table,
    "empty": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_or_stale_file_is_made_again(tmp_path: Path, source: Source, damage: str) -> None:
    index = KeywordIndex(tmp_path)
    index.reconcile(source.versions, source)
    expected = index.search(stems("error E-4012"), 9)
    index.close()
    DAMAGE[damage](tmp_path / FILE)

    again = KeywordIndex(tmp_path)
    again.reconcile(source.versions, source)

    assert again.search(stems("error E-4012"), 9) == expected
    again.close()


def test_damage_that_shows_during_a_search_is_repaired_at_once(
    tmp_path: Path, source: Source
) -> None:
    index = KeywordIndex(tmp_path)
    index.reconcile(source.versions, source)
    expected = index.search(stems("error E-4012"), 9)
    damage_end(tmp_path / FILE)
    index._connection.execute("PRAGMA cache_size = 0")  # or it would answer from memory
    source.asked.clear()

    assert index.search(stems("error E-4012"), 9) == expected
    assert index.rarity(["error"])["error"] > 0
    assert sorted(source.asked) == sorted(TEXTS)
    index.close()


def test_no_text_is_stored(tmp_path: Path, index: KeywordIndex) -> None:
    stored = (tmp_path / FILE).read_bytes()

    for texts in TEXTS.values():
        for text in texts:
            assert text.encode() not in stored
    assert b"certificate" not in stored  # "certif" is
    assert b"brought" not in stored


def test_nothing_of_what_was_removed_stays_in_the_file(
    tmp_path: Path, index: KeywordIndex, source: Source
) -> None:
    index._connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite have it on
    del source.texts["codes"]

    index.reconcile(source.versions, source)

    stored = (tmp_path / FILE).read_bytes()
    assert b"certif" not in stored
    assert b"4012" not in stored
    assert b"letter" in stored


@pytest.mark.parametrize(
    "question",
    [
        '" OR NEAR(', "*", "AND", "NOT error", "body: error", "^error", "error*", "{context} : x",
        "'; DROP TABLE passages; --", "error) OR 1=1", "\x00", "%", "_", '"""', "NEAR(error p, 5)",
        "\\", "?", ":1", "a" * 5000, "()",
    ],
)  # fmt: skip
def test_no_question_is_mistaken_for_a_command(
    index: KeywordIndex, source: Source, question: str
) -> None:
    index.search(stems(question, keep_stop_words=True), 10)
    index.search([question], 10)  # even if a stem were to hold all that
    index.rarity([question])

    assert found(index, "E-4012")[0] == "codes:v:0"
    assert sum(index.entries(id) for id in TEXTS) == 7
    assert len(source.asked) == len(TEXTS)  # nor for damage


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(question=st.text(max_size=40))
def test_any_text_can_be_asked(index: KeywordIndex, question: str) -> None:
    assert len(index.search([question, *stems(question)], 5)) <= 5
    assert all(value > 0 for value in index.rarity([question]).values())


def test_whatever_is_in_a_text_it_can_be_stored_and_found(tmp_path: Path) -> None:
    text = 'Say "pears" OR (NEAR* plums\x00) — AND {x}: ^y; ' + "z" * 3000
    passage = Passage("a:v:0", "a", "a.md", "", 0, len(text), text)
    index = KeywordIndex(tmp_path)
    index.reconcile({"a": "1"}, lambda _: [passage])

    assert found(index, "pears") == found(index, "plums") == found(index, "z" * 3000) == ["a:v:0"]
    index.close()


def test_a_rare_word_counts_more_than_a_common_one(index: KeywordIndex) -> None:
    rarity = index.rarity(stems("error certificate unheard-of"))

    assert rarity["error"] < rarity["certif"] < rarity["unheard-of"]


def test_an_empty_index_finds_nothing() -> None:
    index = KeywordIndex(None)

    assert index.search(["pear"], 5) == []
    assert index.search([], 5) == []
    assert index.rarity(["pear"])["pear"] >= 0
    index.close()


def test_two_indexes_of_one_file_are_filled_at_once(tmp_path: Path, source: Source) -> None:
    """As where several processes share the cache of a server."""
    texts = {f"d{n}": [f"Document {n} tells of pears."] for n in range(300)}
    source = Source(texts)
    failures: list[BaseException] = []
    together = threading.Barrier(8)

    def fill() -> None:
        together.wait()
        try:
            index = KeywordIndex(tmp_path)
            index.reconcile(source.versions, source)
            index.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=fill) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    index = KeywordIndex(tmp_path)
    index.reconcile(source.versions, source)
    assert failures == []
    assert len(index.search(["pear"], 1000)) == 300
    index.close()
