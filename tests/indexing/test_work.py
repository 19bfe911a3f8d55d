from __future__ import annotations

from qa.indexing.work import Work
from qa.records import Progress


def test_the_share_grows_with_what_is_read_and_with_what_is_embedded() -> None:
    told: list[Progress] = []
    work = Work([9000, 49_000, 39_000], told.append)

    work.reads(0, "a")
    work.reads(1, "b")
    embeds = work.embeds(2, "b")
    embeds(64, 128)
    embeds(128, 128)
    work.ends(2)
    work.reads(2, "c")
    work.embeds(3, "c")(10, 10)

    assert [round(one.share, 3) for one in told] == [0, 0.01, 0.33, 0.6, 0.6, 1]
    assert [one.done for one in told] == [0, 1, 2, 2, 2, 3]
    assert [one.passages for one in told] == [0, 0, 64, 128, 128, 138]
    assert {one.total for one in told} == {3}


def test_what_is_held_already_is_done_without_passages() -> None:
    told: list[Progress] = []
    work = Work([0, 0], told.append)

    work.embeds(1, "a")
    work.ends(1)
    work.reads(1, "b")

    assert told[-1].share == 0.5
    assert told[-1].done == 1


def test_what_comes_in_any_order_counts_by_its_size() -> None:
    told: list[Progress] = []
    work = Work([9000, 49_000, 39_000], told.append)

    work.prepares(2, "c", 10)
    work.prepares(0, "a", 0)
    work.prepares(1, "b", 128)

    assert [round(one.share, 3) for one in told] == [0.4, 0.5, 1]
    assert [(one.done, one.passages, one.source) for one in told] == [
        (1, 10, "c"),
        (2, 10, "a"),
        (3, 138, "b"),
    ]
