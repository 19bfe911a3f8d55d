from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.index.index import Index
from qa.indexing.folders.files import File, Listing, Part, digest, existing, folder_name, printable
from qa.indexing.folders.ignoring import Ignoring
from qa.records import Progress, Skipped
from tests.indexing.mirroring import sync, texts, write


def test_names_may_be_anything(index: Index, tmp_path: Path) -> None:
    names = [
        "Ünïcödé – 文件.txt",
        "with  spaces .txt",
        "a:b?c*.txt",
        "'; DROP TABLE x; --.txt",
        "n\nl.txt",
    ]
    for name in names:
        write(tmp_path / "odd names" / name, f"The file is called {len(name)}.")
    bad = os.fsencode(tmp_path / "odd names") + b"/caf\xe9.txt"
    Path(os.fsdecode(bad)).write_text("Not UTF-8.")

    report = sync(index, tmp_path / "odd names")

    expected = sorted(f"odd names/{name}" for name in [*names, "caf\\xe9.txt"])
    assert list(report.added) == sorted(texts(index)) == expected
    assert list(sync(index).unchanged) == expected
    assert "\ud800" not in repr(report)


def test_two_folders_of_one_name_are_kept_apart(index: Index, tmp_path: Path) -> None:
    for year in ("2023", "2024", "2025"):
        write(tmp_path / year / "docs" / "a.txt", f"The year {year}.")

    sync(index, tmp_path / "2023" / "docs", tmp_path / "2024" / "docs")
    sync(index, tmp_path / "2025" / "docs")

    assert {source: text.strip() for source, text in texts(index).items()} == {
        "docs/a.txt": "The year 2023.",
        "2024/docs/a.txt": "The year 2024.",
        "2025/docs/a.txt": "The year 2025.",
    }
    assert len(sync(index).unchanged) == 3


def test_a_single_file_is_mirrored_like_a_folder(index: Index, docs: Path) -> None:
    sync(index, docs / "plums.txt")
    assert list(texts(index)) == ["plums.txt"]

    write(docs / "plums.txt", "Plums are red now.")
    assert sync(index).changed == ("plums.txt",)
    (docs / "plums.txt").unlink()
    assert [skipped.source for skipped in sync(index).skipped] == ["plums.txt"]
    assert texts(index)["plums.txt"].strip() == "Plums are red now."


def found(root: Path, left_out: Path | None = None) -> tuple[list[str], list[Skipped]]:
    listing = Listing(left_out, Ignoring.of(()))
    sources = [file.source for file in listing.files(Part("docs", root, root))]
    return sources, [*listing.unseen, *listing.passed_over]


def test_files_come_in_order_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    for name in (".git/config.md", ".hidden.md", "b.md", "a/.x/y.md", "a/c.md", "~$b.docx", "Z.md"):
        write(tmp_path / name, "Pears.")

    assert found(tmp_path) == (["docs/Z.md", "docs/b.md", "docs/a/c.md"], [])


def test_the_index_is_not_a_document(index: Index, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "Pears.")
    sync(index, tmp_path)

    report = sync(index, tmp_path)

    assert [source.rpartition("/")[2] for source in report.unchanged] == ["a.txt"]
    assert report.skipped == ()


def test_links_that_lead_out_are_not_followed_but_reported(
    index: Index, docs: Path, tmp_path: Path
) -> None:
    write(tmp_path / "elsewhere" / "figs.txt", "Figs are brown.")
    write(tmp_path / "docs2" / "beets.txt", "Beets are red.")
    (docs / "figs.txt").symlink_to(tmp_path / "elsewhere" / "figs.txt")
    (docs / "beets.txt").symlink_to("../docs2/beets.txt")
    (docs / "all").symlink_to(tmp_path / "elsewhere")
    (docs / "round").symlink_to(docs)
    (docs / "lost.txt").symlink_to(tmp_path / "nothing.txt")
    (docs / "self.txt").symlink_to(docs / "self.txt")

    report = sync(index, docs)

    assert len(report.added) == len(texts(index)) == 3
    skipped = {one.source: one.reason for one in report.skipped}
    names = ["all", "beets.txt", "figs.txt", "lost.txt", "round", "self.txt"]
    assert sorted(skipped) == [f"docs/{name}" for name in names]
    assert "is a link to a folder" in skipped["docs/all"]
    assert "leads out of its folder" in skipped["docs/figs.txt"]
    assert "leads out of its folder" in skipped["docs/beets.txt"]
    assert "cannot be opened" in skipped["docs/lost.txt"]


def test_what_a_link_brought_in_is_gone_when_it_leads_out(
    index: Index, docs: Path, tmp_path: Path
) -> None:
    sync(index, docs)
    write(tmp_path / "elsewhere" / "figs.txt", "Figs are brown.")
    (docs / "plums.txt").unlink()
    (docs / "plums.txt").symlink_to(tmp_path / "elsewhere" / "figs.txt")
    shutil.rmtree(docs / "deep")
    (docs / "deep").symlink_to(tmp_path / "elsewhere")

    report = sync(index)

    assert report.removed == ("docs/deep/er/leeks.html", "docs/plums.txt")
    assert list(texts(index)) == ["docs/pears.md"]


def test_a_link_that_stays_within_is_read_once(index: Index, docs: Path) -> None:
    """As where a volume is swapped as a whole: visible links to files in a hidden folder."""
    write(docs / "..2024" / "figs.txt", "Figs are brown.")
    (docs / "..data").symlink_to("..2024")
    (docs / "figs.txt").symlink_to("..data/figs.txt")
    (docs / "same.txt").symlink_to("figs.txt")
    (docs / "more.txt").symlink_to("plums.txt")

    report = sync(index, docs)

    assert report.skipped == ()
    assert len(report.added) == 4
    assert texts(index)["docs/figs.txt"].strip() == "Figs are brown."
    assert len(sync(index).unchanged) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="links are opened step by step on Unix")
@pytest.mark.parametrize("name", ["pears.md", "deep/er/leeks.html"])
@pytest.mark.parametrize("moment", ["listed", "compared"])
def test_a_link_that_is_put_there_during_the_sync_is_not_followed(
    index: Index, docs: Path, tmp_path: Path, name: str, moment: str
) -> None:
    write(tmp_path / "elsewhere" / Path(name).name, "Zanthorp figs.")
    # Two of the three files are compared before the last one is, and none is read by then.
    before = "docs/deep/er/leeks.html" if moment == "listed" else "docs/plums.txt"
    swapped = False

    def swap(progress: Progress) -> None:
        nonlocal swapped
        if progress.stage == "comparing" and progress.source == before and not swapped:
            swapped = True
            place = docs / name if name == "pears.md" else (docs / name).parent
            place.rename(docs / ".hidden")
            target = tmp_path / "elsewhere"
            place.symlink_to(target / name if name == "pears.md" else target)

    report = sync(index, docs, progress=swap)

    assert f"docs/{name}" in {skipped.source for skipped in report.skipped}
    assert not any("Zanthorp" in text for text in texts(index).values())


def test_a_linked_folder_is_known_by_where_it_leads(index: Index, docs: Path) -> None:
    (docs.parent / "link").symlink_to(docs)

    sync(index, docs.parent / "link")

    assert len(sync(index, docs).unchanged) == 3


def test_anything_but_a_file_is_reported_without_waiting(index: Index, docs: Path) -> None:
    os.mkfifo(docs / "pipe.txt")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(docs / "socket.txt"))
        report = sync(index, docs)

    assert [one.source for one in report.skipped] == ["docs/pipe.txt", "docs/socket.txt"]
    assert "it is not a file" in report.skipped[0].reason
    assert len(report.added) == 3


UNPRIVILEGED = """
import ctypes, sys
import qa
# Without these two, even root is held to a file's permissions.
libc = ctypes.CDLL(None, use_errno=True)
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(header, data)
data[0] &= ~(1 << 1 | 1 << 2)
assert libc.capset(header, data) == 0
"""

SYNC_UNPRIVILEGED = f"""{UNPRIVILEGED}
report = qa.Assistant(index=sys.argv[1]).sync()
for one in report.skipped:
    print(one.source, one.reason, sep=": ")
print(len(report.unchanged), report.added, report.changed, report.removed)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="drops capabilities of Linux")
def test_files_that_may_not_be_read_are_reported_and_their_text_is_kept(
    index: Index, docs: Path
) -> None:
    sync(index, docs)
    (docs / "deep").chmod(0)
    (docs / "plums.txt").chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SYNC_UNPRIVILEGED, str(index.store.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (docs / "deep").chmod(0o755)
        (docs / "plums.txt").chmod(0o644)

    assert done.stdout.splitlines() == [
        "docs/deep: docs/deep cannot be opened: Permission denied. Its documents are kept.",
        "docs/plums.txt: docs/plums.txt cannot be opened: Permission denied."
        " Its previous text is kept.",
        "1 () () ()",
    ], done.stderr
    assert len(texts(index)) == 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="drops capabilities of Linux")
def test_a_folder_below_one_that_may_not_be_looked_into_is_not_called_missing(
    tmp_path: Path,
) -> None:
    """So it is with documents in somebody's home, and a service of another user."""
    inner = tmp_path / "home" / "docs"
    inner.mkdir(parents=True)
    inner.parent.chmod(0)
    looking = f"""{UNPRIVILEGED}
from pathlib import Path
from qa.indexing.folders.files import existing
try:
    existing(Path(sys.argv[1]))
except qa.SettingsError as error:
    print(error)
"""
    try:
        done = subprocess.run(
            [sys.executable, "-c", looking, str(inner)], capture_output=True, text=True, check=False
        )
    finally:
        inner.parent.chmod(0o755)

    assert done.stdout.startswith(f"{inner} cannot be opened: Permission denied."), done.stderr
    assert existing(inner) == inner


def test_a_file_that_vanishes_during_the_sync_is_gone(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(index, docs)

    def vanish(progress: Progress) -> None:
        (docs / "plums.txt").unlink(missing_ok=True)

    report = sync(index, docs, progress=vanish)

    assert (report.removed, report.skipped) == (("docs/plums.txt",), ())


@pytest.mark.parametrize(
    ("folders", "name"),
    [
        ({}, "docs"),
        ({"docs": "/a/docs"}, "docs"),  # the same one
        ({"docs": "/nowhere/docs"}, "docs"),  # moved here from there
        ({"docs": "/"}, "a/docs"),
        ({"docs": "/", "a/docs": "/"}, "/a/docs"),
        ({"a": "/", "docs": "/"}, "/a/docs"),  # a/docs/x would be taken for docs/x of a
    ],
)
def test_folders_are_distinguished_by_as_much_of_their_path_as_necessary(
    folders: dict[str, str], name: str
) -> None:
    assert folder_name(Path("/a/docs"), folders) == name


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert existing(tmp_path) == tmp_path.resolve()
    with pytest.raises(SettingsError, match="nowhere"):
        existing(tmp_path / "nowhere")


def test_a_digest_changes_with_the_content_only(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a", "Pears."), write(tmp_path / "b", "Pears.")

    def content(path: Path) -> str:
        return digest(File(path, path.name, "docs", tmp_path))

    assert content(one) == content(other)
    assert content(write(other, "Plums.")) != content(one)


def test_names_that_are_not_text_are_written_with_escapes() -> None:
    assert printable("Zürich – 文件.txt") == "Zürich – 文件.txt"
    assert printable(os.fsdecode(b"caf\xe9.txt")) == "caf\\xe9.txt"
