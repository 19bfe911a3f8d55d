from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qa.access import OWNER
from qa.errors import (
    SettingsError,
)
from qa.index.index import Index
from qa.index.stores.folder_store import FolderStore
from qa.indexing.forgetting import forget
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import open_embedder
from qa.places import sample_folder
from qa.records import Progress
from qa.settings import Settings
from tests.indexing.mirroring import SETTINGS, Counting, changes, holders, sync, texts, write


def test_a_folder_is_mirrored(index: Index, docs: Path, counting: Counting) -> None:
    names = ["docs/deep/er/leeks.html", "docs/pears.md", "docs/plums.txt"]

    assert changes(sync(index, docs)) == {"added": names, "passages": 3}
    assert changes(sync(index)) == {"unchanged": names}
    assert changes(sync(index, docs)) == {"unchanged": names}
    assert len(counting.texts) == 3
    assert texts(index)["docs/plums.txt"].strip() == "Plums are blue and sour."
    assert index.store.generation() == 1


def test_changed_files_are_replaced_and_missing_ones_are_removed(
    index: Index, docs: Path, counting: Counting
) -> None:
    sync(index, docs)
    write(docs / "plums.txt", "Plums are red now.")
    (docs / "pears.md").unlink()
    write(docs / "figs.txt", "Figs are brown.")
    counting.texts.clear()

    report = sync(index)

    assert changes(report) == {
        "added": ["docs/figs.txt"],
        "changed": ["docs/plums.txt"],
        "removed": ["docs/pears.md"],
        "unchanged": ["docs/deep/er/leeks.html"],
        "passages": 2,
    }
    assert len(counting.texts) == 2
    assert sorted(texts(index)) == ["docs/deep/er/leeks.html", "docs/figs.txt", "docs/plums.txt"]
    assert holders(index, "sour") == holders(index, "pears") == []
    assert holders(index, "red") == ["docs/plums.txt"]


def test_a_moved_file_is_neither_read_nor_embedded_again(
    index: Index, docs: Path, counting: Counting, parsed: list[str]
) -> None:
    sync(index, docs)
    counting.texts.clear()
    parsed.clear()
    write(docs / "sub" / "x", "").unlink()
    (docs / "pears.md").rename(docs / "sub" / "Birnen – neu.md")
    (docs / "plums.txt").rename(docs / "prunes.txt")

    report = sync(index)

    assert report.renamed == (
        ("docs/pears.md", "docs/sub/Birnen – neu.md"),
        ("docs/plums.txt", "docs/prunes.txt"),
    )
    assert (report.added, report.removed, report.changed) == ((), (), ())
    assert counting.texts == parsed == []
    assert holders(index, "sweet") == ["docs/sub/Birnen – neu.md"]
    assert sync(index).unchanged == tuple(sorted(texts(index)))
    assert counting.texts == parsed == []


def test_a_title_that_comes_from_the_name_changes_with_it(index: Index, docs: Path) -> None:
    sync(index, docs)
    (docs / "plums.txt").rename(docs / "prunes.txt")
    sync(index)

    with index.reading(OWNER) as snapshot:
        title = snapshot.entry("docs/prunes.txt").title
    assert title.lower() != "plums"
    assert holders(index, "prunes") == ["docs/prunes.txt"]


def test_a_title_of_its_own_stays_even_if_the_name_was_the_same(index: Index, docs: Path) -> None:
    write(docs / "travel-policy.md", "# travel policy\n\nTrains come first.")
    sync(index, docs)
    (docs / "travel-policy.md").rename(docs / "old.md")
    sync(index)

    with index.reading(OWNER) as snapshot:
        assert snapshot.entry("docs/old.md").title == "travel policy"


def test_a_moved_folder_is_neither_read_nor_embedded_again(
    index: Index, docs: Path, counting: Counting, parsed: list[str]
) -> None:
    sync(index, docs)
    counting.texts.clear()
    parsed.clear()
    (docs / "deep").rename(docs / "low")
    assert sync(index).renamed == (("docs/deep/er/leeks.html", "docs/low/er/leeks.html"),)

    docs.rename(docs.with_name("files"))
    assert len(sync(index, docs.with_name("files")).renamed) == 3

    assert counting.texts == parsed == []
    assert len(texts(index)) == 3


def test_a_file_that_becomes_another_kind_is_read_again(index: Index, docs: Path) -> None:
    write(docs / "plums.txt", "# Plums\n\nThey are *blue*.")
    sync(index, docs)

    (docs / "plums.txt").rename(docs / "plums.md")

    assert changes(sync(index))["added"] == ["docs/plums.md"]
    assert "*" not in texts(index)["docs/plums.md"]


def test_files_that_swap_their_names_keep_their_own_texts(index: Index, docs: Path) -> None:
    write(docs / "figs.txt", "Figs are brown.")
    sync(index, docs)
    (docs / "plums.txt").rename(docs / "x.txt")
    (docs / "figs.txt").rename(docs / "plums.txt")
    (docs / "x.txt").rename(docs / "figs.txt")

    assert sync(index).changed == ("docs/figs.txt", "docs/plums.txt")
    assert texts(index)["docs/plums.txt"].strip() == "Figs are brown."
    assert texts(index)["docs/figs.txt"].strip() == "Plums are blue and sour."


def test_a_name_that_was_renamed_away_can_be_used_again(index: Index, docs: Path) -> None:
    sync(index, docs)
    (docs / "plums.txt").rename(docs / "prunes.txt")
    write(docs / "plums.txt", "Plums, a second time.")

    sync(index)
    (docs / "prunes.txt").rename(docs / "old prunes.txt")
    sync(index)

    assert texts(index)["docs/plums.txt"].strip() == "Plums, a second time."
    assert texts(index)["docs/old prunes.txt"].strip() == "Plums are blue and sour."


def test_one_copy_of_a_file_can_go(index: Index, docs: Path) -> None:
    shutil.copy(docs / "plums.txt", docs / "copy.txt")
    sync(index, docs)
    (docs / "plums.txt").unlink()

    assert sync(index).removed == ("docs/plums.txt",)
    assert holders(index, "sour") == ["docs/copy.txt"]


def test_other_folders_stay_as_they_are(index: Index, docs: Path, tmp_path: Path) -> None:
    write(tmp_path / "more" / "figs.txt", "Figs are brown.")
    sync(index, docs)
    (docs / "plums.txt").unlink()

    assert changes(sync(index, tmp_path / "more")) == {"added": ["more/figs.txt"], "passages": 1}
    assert "docs/plums.txt" in texts(index)
    assert sync(index).removed == ("docs/plums.txt",)


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_read(
    index: Index, docs: Path
) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of that")
    (docs / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    (docs / "empty.txt").touch()
    (docs / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 100)

    report = sync(index, docs)

    reasons = {skipped.source: skipped.reason for skipped in report.skipped}
    names = ["broken.pdf", "empty.txt", "locked.docx", "photo.jpg"]
    assert sorted(reasons) == [f"docs/{name}" for name in names]
    assert all(source in reason for source, reason in reasons.items())
    assert len(report.added) == 3
    assert len(sync(index).skipped) == 4  # told every time


def test_the_earlier_text_of_a_damaged_file_is_gone(index: Index, docs: Path) -> None:
    sync(index, docs)
    (docs / "plums.txt").write_bytes(b"%PDF-1.7\nnothing of that")

    report = sync(index)

    assert report.removed == ("docs/plums.txt",)
    assert [skipped.source for skipped in report.skipped] == ["docs/plums.txt"]
    assert holders(index, "plums") == []


def test_a_file_over_the_limit_is_reported(index: Index, docs: Path) -> None:
    write(docs / "big.txt", "pears " * 1000)

    report = sync(index, docs, settings=Settings(max_file_megabytes=0.005))

    assert [skipped.source for skipped in report.skipped] == ["docs/big.txt"]
    assert "max_file_megabytes" in report.skipped[0].reason


def test_an_empty_folder_holds_nothing(index: Index, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()

    assert changes(sync(index, tmp_path / "void")) == {}
    assert texts(index) == {}
    assert changes(sync(index)) == {}


def test_a_folder_that_vanished_keeps_its_documents_and_says_so(index: Index, docs: Path) -> None:
    sync(index, docs)
    docs.rename(docs.with_name("away"))

    report = sync(index)

    ((source, reason),) = [(skipped.source, skipped.reason) for skipped in report.skipped]
    assert source == "docs"
    assert str(docs) in reason
    assert "qa forget docs" in reason
    assert len(texts(index)) == 3
    docs.with_name("away").rename(docs)
    assert len(sync(index).unchanged) == 3


def test_a_folder_that_does_not_exist_is_refused(index: Index, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"There is no folder or file .*nowhere"):
        sync(index, tmp_path / "nowhere")
    assert index.store.generation() == 0


def test_samples_make_way_for_the_first_folder(index: Index, docs: Path) -> None:
    samples = sync(index).added
    assert samples
    assert all(source.startswith("seeds/") for source in samples)

    report = sync(index, docs)

    assert report.removed == report.samples == samples
    assert sorted(texts(index)) == sorted(report.added)
    assert sync(index).unchanged == report.added


def test_samples_that_were_named_stay(index: Index, docs: Path) -> None:
    samples = sync(index).added
    assert sync(index, sample_folder()).unchanged == samples

    assert sync(index, docs).removed == ()
    assert set(samples) < set(texts(index))


def test_an_index_that_was_emptied_stays_empty(index: Index, docs: Path) -> None:
    sync(index, docs)
    forget(index, "docs", SETTINGS)

    assert changes(sync(index)) == {}
    assert texts(index) == {}


def test_progress_names_files_and_passages(index: Index, docs: Path) -> None:
    told: list[Progress] = []

    sync(index, docs, progress=told.append)

    assert {progress.stage for progress in told} == {"comparing", "reading", "embedding"}
    assert all(0 <= progress.done <= progress.total == 3 for progress in told)
    assert (told[-1].stage, told[-1].done, told[-1].passages) == ("embedding", 3, 3)
    assert told[-1].share == 1
    told.clear()
    sync(index, progress=told.append)
    assert {progress.stage for progress in told} == {"comparing"}


def test_progress_goes_on_while_one_file_is_embedded(index: Index, docs: Path) -> None:
    write(docs / "long.txt", "\n\n".join(f"Pears of sort {n} are sweet. " * 9 for n in range(200)))
    told: list[Progress] = []

    sync(index, docs / "long.txt", progress=told.append)

    shares = [progress.share for progress in told]
    assert len(told) > 4
    assert shares == sorted(shares)
    assert len(set(shares)) > 3


def test_a_huge_text_is_taken_in_whole(
    tmp_path: Path, docs: Path, tiny_model: Path, whole: bool
) -> None:
    line = "Entry {}: " + "international organizations, environmental responsibilities. " * 5 + "\n"
    count = (5_000_000 if whole else 2_000_000) // len(line)
    text = "".join(line.format(number) for number in range(count))
    write(docs / "huge.txt", text)
    index = Index(FolderStore(tmp_path / "index"), Preparing(open_embedder(str(tiny_model)), 200))

    report = sync(index, docs)

    assert report.passages > 1_000
    assert texts(index)["docs/huge.txt"] == text
    assert holders(index, f"{count - 1}") == ["docs/huge.txt"]
    index.close()
