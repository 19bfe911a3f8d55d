"""Archives: their files as sections, and what they may not do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from typing import Any

import pytest

from qa.errors import DamagedFileError, EmptyFileError, TooLargeError, UnsupportedFormatError
from qa.limits import Limits
from qa.loading import read
from qa.loading.containers.archive import MOST_FILES
from tests.loading.packing import archive
from tests.loading.soundness import check


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    return buffer.getvalue()


FILES = {
    "a/fees.md": b"# Fees\n\nA berth costs 40 crowns.",
    "__MACOSX/a/x.md": b"x",
    "a/.hidden.md": b"x",
    "logo.gif": b"GIF89a",
    "b.csv": b"Zone,Fee\nNorth,40\n",
    "cut.docx": b"PK\x03\x04",
}
TEXT = (
    "a/fees.md\n\nFees\n\nA berth costs 40 crowns.\n\nb.csv\n\nZone | Fee\nNorth | 40\n\n"
    "cut.docx\n\nNot read: cut.docx is a ZIP or Office file that is cut off"
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("all.zip", archive(FILES)),
        ("all.tar", tar(FILES)),
        ("all.tgz", tar(FILES, "w:gz")),
        ("all.tar.gz", tar(FILES, "w:gz")),
        ("all.tar.bz2", tar(FILES, "w:bz2")),
        ("all.tar.xz", tar(FILES, "w:xz")),
    ],
)
def test_each_file_that_can_be_read_is_a_section(name: str, data: bytes) -> None:
    document = read(data, name)
    check(document)
    assert document.text.startswith(TEXT)
    assert "passwd" not in document.text
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "a/fees.md"), (2, "Fees"), (1, "b.csv"), (1, "cut.docx"),
    ]  # fmt: skip


@pytest.mark.parametrize("packing", [gzip, bz2, lzma])
def test_one_file_may_be_packed_by_itself(packing: Any) -> None:
    suffix = {gzip: "gz", bz2: "bz2", lzma: "xz"}[packing]
    found = read(packing.compress(b"# Fees\n\nIt is 40."), f"docs/fees.md.{suffix}")
    assert found.text == "fees.md\n\nFees\n\nIt is 40."


@pytest.mark.parametrize("packing", [gzip, bz2, lzma])
def test_what_is_packed_is_not_unpacked_without_end(
    packing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffix = {gzip: "gz", bz2: "bz2", lzma: "xz"}[packing]
    monkeypatch.setattr("qa.loading.containers.archive.LARGEST_UNPACKED", 50_000)
    with pytest.raises(TooLargeError, match=rf"^a\.txt\.{suffix} "):
        read(packing.compress(b"a" * 60_000), f"a.txt.{suffix}")
    with pytest.raises(DamagedFileError, match=rf"^cut\.txt\.{suffix} "):
        read(packing.compress(bytes(range(256)) * 99)[:-30], f"cut.txt.{suffix}")


def test_an_archive_without_a_file_that_can_be_read_says_why() -> None:
    with pytest.raises(EmptyFileError, match=r"a\.zip holds no file .*logo\.gif is a GIF image"):
        read(archive({"logo.gif": FILES["logo.gif"]}), "a.zip")


def test_archives_are_not_unpacked_without_end() -> None:
    with pytest.raises(TooLargeError, match=r"a\.zip holds more than 1,000 files"):
        read(archive({f"{n}.txt": "x" for n in range(MOST_FILES + 1)}), "a.zip")
    with pytest.raises(TooLargeError, match=r"a\.zip .*max_file_megabytes"):
        read(archive({"a.txt": "x" * 20_000}), "a.zip", Limits(max_file_megabytes=0.01))
    nested = archive({"0.txt": "The innermost."})
    for number in range(5):
        nested = archive({f"{number}.zip": nested, f"{number}.md": f"Level {number}."})
    text = read(nested, "a.zip").text
    assert "Level 2." in text
    assert "lies in more than 3 files" in text
    assert "innermost" not in text


def test_another_program_s_archive_is_none_of_ours() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"app\.jar is a ZIP archive"):
        read(archive({"a.txt": "x"}), "app.jar")


def test_names_in_utf8_that_do_not_say_so_are_read() -> None:
    for encoding in ("utf-8", "cp437"):
        name = "Gebühren.txt".encode(encoding)
        data = archive({"x" * len(name): "It is 40."}).replace(b"x" * len(name), name)
        assert read(data, "all.zip").text == "Gebühren.txt\n\nIt is 40."
