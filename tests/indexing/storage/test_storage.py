"""A storage of each kind is mirrored as a folder is, at the cost of what has changed."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import quote

import pytest

from qa.access import OWNER, Viewer
from qa.errors import SettingsError
from qa.index.index import Index
from qa.indexing import syncing
from qa.records import SyncReport
from qa.settings import Settings
from tests.indexing.mirroring import SETTINGS, Counting, changes, preparing_of, texts, write
from tests.indexing.storage.serving import Bucket, Folder, Shelf


def sync(index: Index, *places: str | Path, settings: Settings = SETTINGS) -> SyncReport:
    return syncing.sync(index, preparing_of(index), places or None, settings)


def filled(shelf: Shelf) -> Shelf:
    shelf.put("leave.md", "# Leave\n\nEveryone has 30 days of leave.")
    shelf.put("travel/trains.txt", "Trains are paid in second class.")
    shelf.put("travel/abroad/visa.html", "<h1>Visa</h1><p>The office gets every visa.</p>")
    return shelf


def names(shelf: Shelf, sources: object) -> list[str]:
    assert isinstance(sources, list | tuple)
    return sorted(source.removeprefix(f"{shelf.url}/") for source in sources)


def reasons(shelf: Shelf, report: SyncReport) -> dict[str, str]:
    return {one.source.removeprefix(f"{shelf.url}/"): one.reason for one in report.skipped}


def test_all_files_are_read_and_the_unchanged_ones_cost_nothing(
    index: Index, shelf: Shelf, counting: Counting, parsed: list[str]
) -> None:
    filled(shelf)

    report = sync(index, shelf.url)

    files = ["leave.md", "travel/abroad/visa.html", "travel/trains.txt"]
    assert report.skipped == ()
    assert names(shelf, report.added) == files
    assert "30 days" in texts(index)[f"{shelf.url}/leave.md"]
    assert shelf.fetched() == files

    counting.texts.clear()
    parsed.clear()
    assert len(sync(index).unchanged) == 3
    assert shelf.fetched() == parsed == counting.texts == []


def test_what_changed_is_read_again_and_what_moved_is_only_fetched(
    index: Index, shelf: Shelf, counting: Counting, parsed: list[str]
) -> None:
    sync(index, filled(shelf).url)
    shelf.put("leave.md", "# Leave\n\nEveryone has 31 days of leave.")
    shelf.put("new/pay.md", "# Pay\n\nWages come on the last day of the month.")
    shelf.put("visas.html", "<h1>Visa</h1><p>The office gets every visa.</p>")
    shelf.remove("travel/abroad/visa.html")
    shelf.remove("travel/trains.txt")
    shelf.fetched()
    parsed.clear()

    report = sync(index)

    assert changes(report) == {
        "added": [f"{shelf.url}/new/pay.md"],
        "changed": [f"{shelf.url}/leave.md"],
        "renamed": [
            {"from": f"{shelf.url}/travel/abroad/visa.html", "to": f"{shelf.url}/visas.html"}
        ],
        "removed": [f"{shelf.url}/travel/trains.txt"],
        "passages": 2,
    }
    assert shelf.fetched() == ["leave.md", "new/pay.md", "visas.html"]
    assert names(shelf, parsed) == ["leave.md", "new/pay.md"]
    assert "31 days" in texts(index)[f"{shelf.url}/leave.md"]


def test_names_are_taken_as_they_are(index: Index, shelf: Shelf) -> None:
    odd = ["50% #1/a&b+c.md", "Größe/œuvre 東京.md", "a;b=c,d [1].md", "why%20not.md"]
    for name in odd:
        shelf.put(name, f"This is the text of {name}.")

    report = sync(index, shelf.url)

    assert report.skipped == ()
    assert names(shelf, report.added) == sorted(odd)
    assert all(name in texts(index)[f"{shelf.url}/{name}"] for name in odd)


def test_what_is_left_out_or_refused_is_not_fetched(index: Index, shelf: Shelf) -> None:
    filled(shelf)
    for name in (".env", ".git/config.md", "drafts/plan.md", "~$leave.docx", "notes.bak.md"):
        shelf.put(name, "Nobody should read this.")
    shelf.put(".qaignore", "drafts/\n")
    shelf.put("travel/.qaignore", "*.txt\n")
    shelf.put("film.mp4", "Not a text.")
    shelf.put("large.md", "x" * 300_000)
    settings = Settings(lock_timeout=0.2, ignore=("*.bak.md",), max_file_megabytes=0.1)

    report = sync(index, shelf.url, settings=settings)

    assert names(shelf, report.added) == ["leave.md", "travel/abroad/visa.html"]
    found = reasons(shelf, report)
    assert set(found) == {"film.mp4", "large.md"}
    assert "a .mp4 file, which cannot be read" in found["film.mp4"]
    assert "max_file_megabytes allows 0.1" in found["large.md"]
    assert shelf.fetched() == [
        ".qaignore", "leave.md", "travel/.qaignore", "travel/abroad/visa.html",
    ]  # fmt: skip


def test_a_folder_with_rules_is_closed_until_groups_are_named(index: Index, shelf: Shelf) -> None:
    filled(shelf)
    salaries = f"{shelf.url}/salaries"
    shelf.put("salaries/bands.md", "# Bands\n\nThe highest band is 9,000 crowns.")

    def seen(*groups: str) -> list[str]:
        with index.reading(Viewer("ada", groups)) as snapshot:
            return names(shelf, [entry.source for entry in snapshot.entries.values()])

    sync(index, shelf.url)
    everything = ["leave.md", "salaries/bands.md", "travel/abroad/visa.html", "travel/trains.txt"]
    assert seen() == everything

    shelf.put("salaries/.qa-access.toml", '[read]\n"*" = ["people"]\n')
    shelf.put("salaries/board/ada.md", "# Ada\n\nAda has 12,000 crowns.")
    told = reasons(shelf, sync(index))
    assert seen() == seen("people") == [name for name in everything if "salaries" not in name]
    assert set(told) == {"salaries/.qa-access.toml"}
    assert f"qa sync {salaries} --group people" in told["salaries/.qa-access.toml"]
    assert set(reasons(shelf, sync(index))) == set(told), "it says so each time"

    syncing.sync(index, preparing_of(index), [salaries], SETTINGS, groups=["people"])
    assert seen() == [name for name in everything if "salaries" not in name]
    assert seen("people") == sorted([*everything, "salaries/board/ada.md"])
    assert reasons(shelf, sync(index)) == {}


def test_one_file_is_a_place_and_a_larger_place_takes_it_in(index: Index, dav: Folder) -> None:
    filled(dav)

    assert sync(index, f"{dav.url}/travel/trains.txt").added == (f"{dav.url}/travel/trains.txt",)
    dav.fetched()
    report = sync(index, dav.url)

    assert len(report.added) == 2
    assert report.unchanged == (f"{dav.url}/travel/trains.txt",)
    assert dav.fetched() == ["leave.md", "travel/abroad/visa.html"]
    assert len(sync(index, f"{dav.url}/travel").unchanged) == 3
    with index.reading(OWNER) as snapshot:
        assert snapshot.head is not None
        assert snapshot.head.folders == {dav.url: dav.url}


def test_a_place_that_is_not_there_is_refused_and_changes_nothing(
    index: Index, shelf: Shelf
) -> None:
    filled(shelf)

    with pytest.raises(SettingsError, match="nowhere is not there"):
        sync(index, shelf.url, f"{shelf.url}-nowhere")

    assert not index.store.generation()


def test_a_place_that_is_gone_keeps_its_documents(index: Index, bucket: Bucket) -> None:
    sync(index, filled(bucket).url)
    for name in ("leave.md", "travel/trains.txt", "travel/abroad/visa.html"):
        bucket.remove(name)

    report = sync(index)

    assert [one.source for one in report.skipped] == [bucket.url]
    assert "is not there. What was read there before is kept" in report.skipped[0].reason
    assert len(texts(index)) == 3


def test_there_is_a_limit_to_what_is_listed(index: Index, dav: Folder) -> None:
    filled(dav)
    settings = Settings(lock_timeout=0.2, max_storage_files=2)

    report = sync(index, dav.url, settings=settings)

    assert report.added == ()
    assert "max_storage_files" in report.skipped[0].reason
    assert dav.fetched() == []


def test_a_link_is_reported_and_not_followed(index: Index, ssh: Folder, tmp_path: Path) -> None:
    filled(ssh)
    secret = write(tmp_path / "secret.md", "Nobody should read this.")
    (ssh.root / "secret.md").symlink_to(secret)

    report = sync(index, ssh.url)

    assert len(report.added) == 3
    assert reasons(ssh, report)["secret.md"].endswith("is a link, which is not followed.")


def test_a_file_that_cannot_be_fetched_stays_as_it_is_and_the_others_go_on(
    index: Index, dav: Folder
) -> None:
    sync(index, filled(dav).url)
    dav.put("leave.md", "# Leave\n\nEveryone has 40 days of leave.")
    dav.put("pay.md", "Wages come on the last day of the month.")
    dav.broken = {"leave.md"}

    report = sync(index)

    assert report.added == (f"{dav.url}/pay.md",)
    assert "500" in reasons(dav, report)["leave.md"]
    assert "30 days" in texts(index)[f"{dav.url}/leave.md"]
    dav.broken = set()
    assert sync(index).changed == (f"{dav.url}/leave.md",)


def test_files_that_cannot_be_fetched_do_not_keep_others_out(index: Index, dav: Folder) -> None:
    dav.broken = {f"{number}.md" for number in range(12)}
    for name in (*dav.broken, "sound.md"):
        dav.put(name, "Some text.")

    report = sync(index, dav.url)

    assert report.added == (f"{dav.url}/sound.md",)
    assert set(reasons(dav, report)) == dav.broken


def test_when_the_server_goes_away_the_rest_is_not_asked_for(index: Index, dav: Folder) -> None:
    for number in range(100):
        dav.put(f"{number:03}.md", f"This is text number {number}.")
    dav.ends_after = 64  # as many as are fetched together

    report = sync(index, dav.url)

    assert len(report.added) == 64
    assert "500" in reasons(dav, report)[dav.url]
    dav.ends_after = math.inf
    assert len(sync(index).added) == 36


def test_a_file_that_arrives_too_slowly_is_given_up(index: Index, dav: Folder) -> None:
    filled(dav)
    dav.slow = {"leave.md"}
    settings = Settings(lock_timeout=0.2, storage_file_seconds=1)

    report = sync(index, dav.url, settings=settings)

    assert len(report.added) == 2
    assert "storage_file_seconds" in reasons(dav, report)["leave.md"]


def test_an_interrupted_sync_goes_on(index: Index, dav: Folder, counting: Counting) -> None:
    sync(index, filled(dav).url)
    for number in range(3):
        dav.put(f"more/{number}.md", f"This is text number {number}.")
    counting.failure, counting.fail_after = KeyboardInterrupt(), len(counting.texts)

    with pytest.raises(KeyboardInterrupt):
        sync(index)
    counting.fail_after = None

    assert len(texts(index)) >= 3
    sync(index)
    assert len(texts(index)) == 6


def test_links_lead_to_other_files_of_the_place(index: Index, bucket: Bucket) -> None:
    bucket.put("a/leave.md", "# Leave\n\nSee [pay](../b/pay.md) and [more](https://x.example/).")
    bucket.put("b/pay.md", "# Pay\n\nWages come on the last day of the month.")
    sync(index, bucket.url)

    with index.reading(OWNER) as snapshot:
        links = snapshot.links(snapshot.document(f"{bucket.url}/a/leave.md"))

    assert [link.target for link in links] == [
        f"#source:{quote(bucket.url, safe='/')}/b/pay.md", "https://x.example/",
    ]  # fmt: skip
