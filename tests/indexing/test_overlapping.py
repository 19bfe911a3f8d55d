"""Nested folders: each file is held once, whichever folders are named, in any order."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from qa.access import OWNER
from qa.index.index import Index
from qa.indexing.forgetting import forget
from qa.indexing.preparing.storing import Incoming
from qa.records import Document
from tests.indexing.mirroring import SETTINGS, Counting, holders, preparing_of, sync, texts, write

MAST, TOP, PUMP = "m/sub/mast.md", "m/top.txt", "m/sub/deeper/pump.txt"
ALL = sorted([MAST, TOP, PUMP])


@pytest.fixture
def m(tmp_path: Path) -> Path:
    write(tmp_path / MAST, "# Mast\n\nThe mast is 14 metres high.")
    write(tmp_path / TOP, "The mast is painted red.")
    write(tmp_path / PUMP, "The pump by the mast lifts nine litres.")
    return tmp_path / "m"


def mirrored(index: Index) -> list[str]:
    with index.reading(OWNER) as snapshot:
        assert snapshot.head is not None
        return sorted(snapshot.head.folders.values())


ORDERS = [
    *itertools.permutations(["m", "m/sub", "m/sub/mast.md"]),
    ("m/sub/deeper", "m/sub/mast.md", "m/sub", "m"),
    ("m/sub/mast.md", "m/sub/deeper", "m"),
]


@pytest.mark.parametrize("order", ORDERS)
def test_each_file_is_held_once_in_whichever_order(
    index: Index, m: Path, counting: Counting, order: tuple[str, ...]
) -> None:
    for name in order:
        sync(index, m.parent / name)

    assert list(texts(index)) == ALL
    assert mirrored(index) == [str(m)]
    assert len(counting.texts) == 3  # renamed, not embedded again
    assert sync(index).unchanged == tuple(ALL)
    assert holders(index, "mast") == ALL


def test_so_it_is_for_all_at_once_and_by_other_names(
    index: Index, m: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(index, m / "sub", m, m / "sub" / "mast.md")
    monkeypatch.chdir(m)
    sync(index, Path("sub"), Path(), Path("../m/"))
    (m.parent / "link").symlink_to(m / "sub")
    report = sync(index, m.parent / "link")

    assert list(texts(index)) == ALL
    assert mirrored(index) == [str(m)]
    assert report.unchanged == (PUMP, MAST)


def test_a_part_of_a_folder_is_synced_and_the_rest_left(index: Index, m: Path) -> None:
    sync(index, m)
    write(m / "top.txt", "The mast is painted green.")
    write(m / "sub" / "mast.md", "The mast is 15 metres high.")
    (m / "sub" / "deeper" / "pump.txt").unlink()

    report = sync(index, m / "sub")

    assert (report.changed, report.removed, report.unchanged) == ((MAST,), (PUMP,), ())
    assert texts(index)[TOP].strip() == "The mast is painted red."
    assert sync(index).changed == (TOP,)


def test_what_changed_meanwhile_is_seen_where_a_folder_is_taken_in(index: Index, m: Path) -> None:
    sync(index, m / "sub")
    write(m / "sub" / "mast.md", "The mast is 15 metres high.")
    (m / "sub" / "deeper" / "pump.txt").unlink()

    report = sync(index, m)

    assert report.changed == (MAST,)
    assert PUMP in report.removed
    assert sorted(texts(index)) == sorted([MAST, TOP])


def test_a_hidden_folder_is_none_of_the_folder_around_it(index: Index, m: Path) -> None:
    write(m / ".notes" / "a.txt", "The mast has a lamp.")
    sync(index, m)
    sync(index, m / ".notes")

    assert sorted(texts(index)) == sorted([*ALL, ".notes/a.txt"])
    assert len(sync(index).unchanged) == 4
    forget(index, "m", SETTINGS)
    assert list(texts(index)) == [".notes/a.txt"]
    assert mirrored(index) == [str(m / ".notes")]


def test_a_folder_that_was_moved_is_not_held_twice(
    index: Index, m: Path, counting: Counting
) -> None:
    write(m / "copy.txt", "The mast is painted red.")
    sync(index, m)
    m.rename(m.with_name("m2"))

    report = sync(index, m.with_name("m2"))

    assert len(report.renamed) == 4
    assert sorted(texts(index)) == sorted(n.replace("m/", "m2/") for n in [*ALL, "m/copy.txt"])
    assert mirrored(index) == [str(m.with_name("m2"))]
    assert len(counting.texts) == 4
    assert sync(index).skipped == ()


def test_a_folder_that_is_away_keeps_what_is_found_nowhere_else(index: Index, m: Path) -> None:
    sync(index, m)
    write(m.parent / "other" / "top.txt", "The mast is painted red.")
    m.rename(m.with_name("away"))

    report = sync(index, m.parent / "other")

    assert report.renamed == ((TOP, "other/top.txt"),)
    assert sorted(texts(index)) == sorted([MAST, PUMP, "other/top.txt"])
    m.with_name("away").rename(m)
    assert sync(index).added == (TOP,)  # it is there twice, in two folders


def test_what_is_forgotten_answers_by_no_other_name(index: Index, m: Path) -> None:
    sync(index, m / "sub")
    sync(index, m)

    assert forget(index, MAST, SETTINGS).sources == (MAST,)

    assert holders(index, "14") == []
    assert sorted(texts(index)) == sorted([TOP, PUMP])
    (m.parent / MAST).unlink()
    assert sync(index).added == ()


def twice(index: Index, m: Path) -> None:
    """An index of an earlier release, which holds the inner folder's files by two names."""
    sync(index, m)
    with index.writing(1) as session:
        session.set_head(folders={"m": str(m), "sub": str(m / "sub")})
        batch = []
        for name in (MAST, PUMP):
            entry = session.find(name)
            assert entry is not None
            document = Document((m.parent / name).read_text(), name[2:], id=f"twice-{name[-5]}")
            batch.append(Incoming(document, entry.digest, "sub"))
        session.put(preparing_of(index).prepared(batch))
        session.publish()
    assert sorted(texts(index)) == sorted([*ALL, "sub/mast.md", "sub/deeper/pump.txt"])


@pytest.mark.parametrize("again", ["all", "m", "m/sub"])
def test_what_is_held_twice_from_before_is_held_once_after_a_sync(
    index: Index, m: Path, again: str
) -> None:
    twice(index, m)

    report = sync(index, *([] if again == "all" else [m.parent / again]))

    assert report.removed == ("sub/deeper/pump.txt", "sub/mast.md")
    assert list(texts(index)) == ALL
    assert mirrored(index) == [str(m)]


@pytest.mark.parametrize("name", [MAST, "sub/mast.md", "m/sub", "m"])
def test_what_is_held_twice_from_before_is_forgotten_everywhere(
    index: Index, m: Path, name: str
) -> None:
    twice(index, m)

    forgotten = forget(index, name, SETTINGS)

    assert {MAST, "sub/mast.md"} <= set(forgotten.sources)
    assert forgotten.left == 0
    assert holders(index, "14") == []
    if name == "m":
        assert sync(index).added == ()
        assert texts(index) == {}


def test_an_index_that_is_made_anew_holds_each_file_once(index: Index, m: Path) -> None:
    twice(index, m)
    sync(index, rebuild=True)
    assert list(texts(index)) == ALL
    sync(index, m / "sub", rebuild=True)
    assert list(texts(index)) == ALL
    assert mirrored(index) == [str(m)]
