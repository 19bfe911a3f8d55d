from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.index.index import Index
from qa.indexing.folders.files import Listing, Part
from qa.indexing.folders.ignoring import LARGEST_BYTES, Ignoring, parsed
from qa.settings import Settings
from tests.indexing.mirroring import changes, sync, texts, write


def listed(root: Path, *setting: str) -> list[str]:
    listing = Listing(None, Ignoring.of(setting))
    return sorted(file.source[5:] for file in listing.files(Part("docs", root, root)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = [
        "plan.md", "notes.bak", "drafts/a.md", "drafts/final/b.md", "team/drafts/c.md",
        "team/x.md", "team/keep.bak", "Zürich/übersicht.txt", "with space.txt",
    ]  # fmt: skip
    for name in names:
        write(tmp_path / "docs" / name, "Pears.")
    return tmp_path / "docs"


def test_a_file_of_patterns_leaves_out_what_they_match(folder: Path) -> None:
    write(folder / ".qaignore", "# what nobody should find\n\n*.bak\ndrafts/\n")

    assert listed(folder) == ["Zürich/übersicht.txt", "plan.md", "team/x.md", "with space.txt"]


def test_patterns_further_down_count_more_and_only_there(folder: Path) -> None:
    write(folder / ".qaignore", "*.bak\n/drafts\n")
    write(folder / "team" / ".qaignore", "!keep.bak\n/x.md\n")

    assert listed(folder) == [
        "Zürich/übersicht.txt", "plan.md", "team/drafts/c.md", "team/keep.bak", "with space.txt",
    ]  # fmt: skip


def test_the_setting_counts_most(folder: Path) -> None:
    write(folder / ".qaignore", "!drafts/\n!*.bak\nplan.md")

    assert listed(folder, "drafts/", "*.bak", "Zürich/*", "!plan.md") == [
        "plan.md",
        "team/x.md",
        "with space.txt",
    ]


def test_what_programs_leave_behind_is_left_out(folder: Path) -> None:
    for name in ("~$plan.docx", ".~lock.plan.odt#", "a.tmp", "a.pdf.crdownload", "a.pdf.part"):
        write(folder / name, "Not a document.")

    assert len(listed(folder)) == 9
    write(folder / ".qaignore", "!*.part")
    assert "a.pdf.part" in listed(folder)


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize(
    "patterns",
    [
        ["*"], ["**"], ["**/"], ["/*", "!/a"], ["*", "!*/", "!*.md"], ["a"], ["/a"], ["a/"],
        ["a/b"], ["a/*"], ["a/**"], ["**/b"], ["a/**/c.md"], ["a/*", "!a/b/"], ["a/b/*", "!c.md"],
        ["*.md", "!c.md"], ["!c.md", "*.md"], ["?.md"], ["[a-c].md"], ["[!a-c].md"], ["[^c].md"],
        ["\\!x"], ["\\#y"], ["#y"], ["x y"], ["x y\\ "], ["x y  "], ["c.md "], ["é.*"], ["**/**"],
        ["a/", "!a/b/c.md"], ["*/b"], ["b/c.md"], ["/b/c.md"], ["***"], ["a**b"], ["/"], ["[c"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path, patterns: list[str]) -> None:
    root = tmp_path / "docs"
    for top, name in itertools.product(("", "a/", "a/b/", "b/"), ("c.md", "d.txt", "x y", "é.txt")):
        write(root / top / name, "Pears.")
    for name in ("!x", "#y", "z/a/b/c.md", "axb/q.md"):
        write(root / name, "Pears.")
    write(root / ".gitignore", "\n".join(patterns))
    write(root / ".qaignore", "\n".join(patterns))
    git = ["git", "-C", str(root), "-c", "core.quotePath=off"]
    subprocess.run([*git, "init", "-q"], check=True)
    found = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"},
    )
    theirs = [name for name in found.stdout.decode().split("\0") if name and name[0] != "."]

    assert listed(root) == sorted(theirs)


def test_what_becomes_ignored_leaves_the_index_and_comes_back(index: Index, docs: Path) -> None:
    sync(index, docs)
    write(docs / "deep" / ".qaignore", "leeks.*")

    assert changes(sync(index))["removed"] == ["docs/deep/er/leeks.html"]
    assert sync(index, docs, settings=Settings(ignore=("plums.txt",))).removed == (
        "docs/plums.txt",
    )
    assert list(texts(index)) == ["docs/pears.md"]
    (docs / "deep" / ".qaignore").unlink()
    assert sync(index).added == ("docs/deep/er/leeks.html", "docs/plums.txt")


def test_a_part_obeys_the_patterns_above_it(index: Index, docs: Path) -> None:
    write(docs / ".qaignore", "deep/er/*.html\nplums.txt\n")
    sync(index, docs)

    named = sync(index, docs / "plums.txt", docs / "deep")

    assert list(texts(index)) == ["docs/pears.md"]
    ((source, reason),) = [(one.source, one.reason) for one in named.skipped]
    assert source == "docs/plums.txt"
    assert ".qaignore" in reason


def test_a_line_that_is_not_a_pattern_is_reported_and_the_others_count(
    index: Index, docs: Path
) -> None:
    write(docs / ".qaignore", "plums.txt\n[z-a].md\n!\n")

    report = sync(index, docs)

    assert len(report.added) == 2
    assert [one.source for one in report.skipped] == ["docs/.qaignore"] * 2
    assert "line 2 ([z-a].md) is not a pattern" in report.skipped[0].reason


@pytest.mark.parametrize("fault", ["folder", "long", "leads out", "leads nowhere"])
def test_where_the_patterns_cannot_be_read_everything_stays(
    index: Index, docs: Path, tmp_path: Path, fault: str
) -> None:
    sync(index, docs)
    place = docs / ".qaignore"
    if fault == "folder":
        place.mkdir()
    elif fault == "long":
        write(place, "#" * (LARGEST_BYTES + 1))
    else:
        place.symlink_to(write(tmp_path / "x", "plums.txt") if fault == "leads out" else "nowhere")
    write(docs / "salaries.txt", "Not for everyone.")
    (docs / "pears.md").unlink()

    report = sync(index)

    assert [one.source for one in report.skipped] == ["docs"]
    assert "docs/.qaignore cannot be read" in report.skipped[0].reason
    assert (report.added, report.removed, len(texts(index))) == ((), (), 3)


def test_patterns_may_be_a_link_within_the_folder(index: Index, docs: Path) -> None:
    write(docs / "..data" / "patterns", "plums.txt")
    (docs / ".qaignore").symlink_to("..data/patterns")

    assert len(sync(index, docs).added) == 2


def test_a_setting_that_is_no_pattern_is_refused(
    monkeypatch: pytest.MonkeyPatch, index: Index, docs: Path
) -> None:
    with pytest.raises(SettingsError, match=r"ignore.*\[z-a\]"):
        sync(index, docs, settings=Settings(ignore=("[z-a]",)))
    monkeypatch.setenv("QA_IGNORE", "drafts/, *.bak")
    assert Settings.load().ignore == ("drafts/", "*.bak")


@pytest.mark.parametrize(
    "pattern", ["*a" * 40 + "b", "**/a/" * 400 + "b", "[a-z]*" * 500, "?" * 900]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    patterns = parsed([pattern])
    started = time.perf_counter()

    for name in ("a" * 250, "a/" * 2000 + "a"):
        patterns.decide(name, folder=False)

    assert time.perf_counter() - started < 1


def test_any_text_is_a_pattern_or_an_error() -> None:
    lines = [chr(code) * 3 for code in (*range(0x250), 0x1F600, 0xFFFE)] + [
        "(?i)x",
        "\\Q*",
        "{a,b}",
    ]

    found = parsed(lines)

    assert len(found.rules) + len(found.faults) <= len(lines)
    assert all(line in lines for _, line in found.faults)
    assert parsed(["(?i)x"]).decide("X", folder=False) is None
    assert parsed(["(?i)x"]).decide("(?i)x", folder=False) is True
