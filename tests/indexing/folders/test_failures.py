from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from qa.access import OWNER
from qa.index.index import Index
from qa.indexing.folders.failures import within
from qa.indexing.folders.files import File, digest
from qa.indexing.forgetting import forget
from qa.loading.formats import MARKDOWN
from qa.records import Status
from qa.settings import Settings
from tests.indexing.mirroring import SETTINGS, sync, texts, write

BROKEN = b"%PDF-1.7\nnothing of that"


def made_by_an_older_loader(index: Index, format: str, older: str) -> None:
    """Let the index say that an older version read what it has of a format, as one would have."""

    def older_ones(formats: Iterable[str]) -> tuple[str, ...]:
        return tuple(older if one == format else one for one in formats)

    with index.writing(1) as session:
        for entry in list(session.entries.values()):
            reading = replace(entry.reading, formats=older_ones(entry.reading.formats))
            session.relabel(replace(entry, reading=reading))
        failures = {
            source: replace(one, unread=replace(one.unread, format=older))
            if one.unread.format == format
            else one
            for source, one in session.failures.items()
        }
        session.set_failures(failures)
        session.publish()


def status(index: Index) -> Status:
    with index.reading(OWNER) as snapshot:
        return snapshot.status("index", "embedder")


def test_a_file_that_failed_is_not_tried_again_until_it_changes(
    index: Index, docs: Path, parsed: list[str]
) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    (docs / "notes.db").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    first = sync(index, docs)
    assert len(parsed) == 5
    parsed.clear()
    generation = index.store.generation()

    assert sync(index).skipped == first.skipped
    assert parsed == []
    assert index.store.generation() == generation

    write(docs / "broken.pdf", "%PDF-1.7\nnothing, again")
    assert len(sync(index).skipped) == 2
    assert parsed == ["docs/broken.pdf"]


def test_failures_are_in_the_status_with_reason_and_time(index: Index, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    (docs / "notes.db").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    (docs / "round").symlink_to(docs)
    reasons = {one.source: one.reason for one in sync(index, docs).skipped}

    found = status(index)
    failed = {one.source: one for one in found.failed}

    assert list(failed) == ["docs/broken.pdf", "docs/notes.db"]
    assert all(one.reason == reasons[source] for source, one in failed.items())
    assert (failed["docs/broken.pdf"].format, failed["docs/notes.db"].format) == ("pdf 7", "")
    assert [one.source for one in found.skipped] == ["docs/round"]
    assert failed["docs/broken.pdf"].since <= (found.updated or "")

    (docs / "broken.pdf").unlink()
    (docs / "round").unlink()
    sync(index)
    assert [one.source for one in status(index).failed] == ["docs/notes.db"]
    assert status(index).skipped == []


def test_retry_tries_everything_that_failed_and_nothing_else(
    index: Index, docs: Path, parsed: list[str]
) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    sync(index, docs)
    since = status(index).failed[0].since
    parsed.clear()
    time.sleep(1.1)

    assert len(sync(index, retry=True).skipped) == 1

    assert parsed == ["docs/broken.pdf"]
    assert status(index).failed[0].since == since


def test_a_limit_that_was_raised_is_a_reason_to_try_again(
    index: Index, docs: Path, parsed: list[str]
) -> None:
    write(docs / "big.txt", "pears " * 1000)
    small = Settings(max_file_megabytes=0.005)
    sync(index, docs, settings=small)
    assert [one.source for one in status(index).failed] == ["docs/big.txt"]
    parsed.clear()
    sync(index, settings=small)
    assert parsed == []

    assert sync(index, settings=Settings(max_file_megabytes=1)).added == ("docs/big.txt",)
    assert status(index).failed == []


def test_a_new_loader_tries_what_failed_and_reads_its_own_format_alone(
    index: Index, docs: Path, parsed: list[str]
) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    write(docs / "empty.md", " ")
    sync(index, docs)
    parsed.clear()
    made_by_an_older_loader(index, MARKDOWN.read_as, "md 0")

    report = sync(index)

    assert sorted(parsed) == ["docs/empty.md", "docs/pears.md"]
    assert (report.added, report.changed, report.passages) == ((), (), 0)  # the text is the same
    assert len(report.unchanged) == 3
    parsed.clear()
    sync(index)
    assert parsed == []


def test_a_new_loader_of_what_is_packed_reads_the_archive_again(
    index: Index, docs: Path, parsed: list[str]
) -> None:
    with zipfile.ZipFile(docs / "all.zip", "w") as archive:
        archive.writestr("figs.md", "Figs are brown.")
    sync(index, docs)
    (source,) = [one for one in status(index).sources if one.source == "docs/all.zip"]
    assert source.reading.formats == ("zip 2", MARKDOWN.read_as)
    parsed.clear()
    made_by_an_older_loader(index, MARKDOWN.read_as, "md 0")

    sync(index)

    assert sorted(parsed) == ["docs/all.zip", "docs/pears.md"]


def test_a_file_that_could_not_be_opened_is_tried_each_time(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("qa.indexing.folders.files.File.opened", refused)
        assert len(sync(index, docs).skipped) == 3
    assert len(status(index).failed) == 3

    assert len(sync(index).added) == 3
    assert status(index).failed == []


def test_failures_of_other_folders_are_kept(index: Index, docs: Path, tmp_path: Path) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    write(tmp_path / "more" / "figs.txt", "Figs are brown.")
    sync(index, docs)
    (docs / "broken.pdf").unlink()

    sync(index, tmp_path / "more")
    assert len(status(index).failed) == 1
    sync(index, docs / "deep")
    assert len(status(index).failed) == 1

    forget(index, "docs", SETTINGS)
    assert status(index).failed == []


def test_what_is_known_of_a_document(index: Index, docs: Path) -> None:
    before = time.time()
    sync(index, docs)

    (pears,) = [one for one in status(index).sources if one.source == "docs/pears.md"]

    assert pears.reading.formats == (MARKDOWN.read_as,)
    assert (pears.pages, pears.passages, pears.reading.warnings) == (None, 1, ())
    assert before - 1 <= datetime.fromisoformat(pears.read).timestamp() <= time.time()
    read = pears.read
    time.sleep(1.1)
    sync(index)
    assert next(one for one in status(index).sources if one.source == pears.source).read == read


def test_a_file_is_not_even_opened_while_its_stamp_is_the_same(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "broken.pdf").write_bytes(BROKEN)
    time.sleep(2.6)  # until nothing can change unnoticed
    sync(index, docs)
    hashed: list[File] = []

    def counted(file: File) -> str:
        hashed.append(file)
        return digest(file)

    monkeypatch.setattr("qa.indexing.folders.files.digest", counted)
    assert len(sync(index).unchanged) == 3
    assert hashed == []

    before = (docs / "plums.txt").stat()
    write(docs / "plums.txt", "Plums are rud and sour.".ljust(before.st_size))
    os.utime(docs / "plums.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sync(index).changed == ("docs/plums.txt",)
    assert "rud" in texts(index)["docs/plums.txt"]


def test_what_lies_within_a_folder() -> None:
    assert within("docs/a.md", ("docs",))
    assert within("docs", ("docs",))
    assert not within("docs2/a.md", ("docs",))
