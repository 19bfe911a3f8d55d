"""Reports about an index: short for people, complete for programs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from qa.cli.output.reports import (
    changed,
    duration,
    print_checks,
    print_forgotten,
    print_status,
    print_sync,
    skipped_lines,
    summary,
)
from qa.cli.output.terminal import Terminal
from qa.doctor import Check
from qa.records import Forgotten, Permitted, Reading, Skipped, Source, Status, SyncReport

if TYPE_CHECKING:
    from collections.abc import Sequence


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def pipe() -> io.StringIO:
    return io.StringIO()


def status(sources: Sequence[str]) -> Status:
    return Status(
        index="index",
        embedder="package:all-MiniLM-L6-v2",
        sources=[Source(source, f"Title of {source}", source, 2, 900) for source in sources],
        passages=2 * len(sources),
        folders=["/srv/docs"],
        updated="2026-03-01T10:00:00+00:00",
    )


def test_a_sync_names_every_file_and_ends_with_a_summary(pipe: io.StringIO) -> None:
    report = SyncReport(
        added=("d/a.txt",),
        changed=("d/b.txt",),
        renamed=(("d/c.txt", "d/e.txt"),),
        removed=("d/f.txt",),
        unchanged=("d/g.txt", "d/h.txt"),
        skipped=(Skipped("d/i.pdf", "d/i.pdf is a scan."),),
        passages=7,
        seconds=1.25,
    )
    print_sync(Terminal(pipe, pipe), report)
    assert pipe.getvalue().splitlines() == [
        "+ d/a.txt",
        "~ d/b.txt",
        "→ d/c.txt → d/e.txt",
        "- d/f.txt",
        "! d/i.pdf is a scan.",
        "1 added, 1 changed, 1 renamed, 1 removed, 2 unchanged, 1 skipped, "
        "7 passages embedded in 1.2 s.",
    ]


def test_a_sync_says_which_documents_others_may_read_now(pipe: io.StringIO) -> None:
    readers = (Permitted("d/a.txt", None, ("hr", "board")), Permitted("d/b.txt", ("hr",), ()))
    report = SyncReport(unchanged=("d/a.txt", "d/b.txt", "d/c.txt"), readers=readers)
    print_sync(Terminal(pipe, pipe), report)
    assert pipe.getvalue().splitlines() == [
        "· d/a.txt: everybody → hr, board",
        "· d/b.txt: hr → nobody",
        "1 unchanged, 2 with other readers in 0.0 s.",
    ]
    assert changed(report)
    assert not changed(SyncReport(unchanged=("d/a.txt",)))


def test_removed_samples_are_one_line(pipe: io.StringIO) -> None:
    samples = ("seeds/a.md", "seeds/b.md")
    report = SyncReport(added=("d/a.txt",), removed=("d/f.txt", *samples), samples=samples)
    print_sync(Terminal(pipe, pipe), report)
    assert pipe.getvalue().splitlines() == [
        "+ d/a.txt",
        "- d/f.txt",
        "2 sample documents removed to make room for your own.",
        "1 added, 1 removed in 0.0 s.",
    ]


def test_an_empty_folder_is_named_as_one() -> None:
    assert summary(SyncReport(seconds=0.04)) == "Nothing to read in 0.0 s."


def test_many_files_skipped_for_one_reason_share_a_line() -> None:
    scans = [Skipped(f"d/{n}.pdf", f"d/{n}.pdf is a scan.") for n in range(5)]
    alone = Skipped("d/x.docx", "d/x.docx asks for a password.")
    lines = list(skipped_lines([*scans, alone]))
    assert lines == [
        "5 files: is a scan. (d/0.pdf, d/1.pdf, d/2.pdf, d/3.pdf, d/4.pdf)",
        "d/x.docx asks for a password.",
    ]


def test_many_files_of_other_kinds_are_summed_up_by_suffix() -> None:
    names = ["a.xlsb", "b.xlsb", "c.XLSB", "Makefile", "d.gif"]
    skipped = [Skipped(f"d/{name}", f"d/{name} cannot be read.") for name in names]
    (line,) = skipped_lines(skipped)
    assert line.startswith("5 files of other kinds: 3 × .xlsb, 1 × no suffix, 1 × .gif.")
    assert ".docx" in line


def test_a_few_files_of_other_kinds_are_listed_with_what_to_do() -> None:
    skipped = [Skipped("d/a.ppt", "d/a.ppt is an old presentation. Export it as PDF.")]
    assert list(skipped_lines(skipped)) == ["d/a.ppt is an old presentation. Export it as PDF."]


def test_a_long_list_is_cut_at_a_terminal_only(pipe: io.StringIO) -> None:
    report = SyncReport(added=tuple(f"d/{number:03}.txt" for number in range(90)))
    screen = Screen()
    print_sync(Terminal(screen, screen), report)
    print_sync(Terminal(pipe, pipe), report)
    assert "d/089.txt" not in screen.getvalue()
    assert "50 more" in screen.getvalue()
    assert "d/089.txt" in pipe.getvalue()


def test_a_status_lists_each_document_with_its_passages(pipe: io.StringIO) -> None:
    print_status(Terminal(pipe, pipe), status(["d/b.txt", "d/a.txt"]))
    lines = pipe.getvalue().splitlines()
    assert lines[0] == "Index    index"
    assert lines[1] == "Holds    2 documents, 4 passages"
    assert lines[2] == "Folders  /srv/docs"
    assert lines[-2:] == [
        "      2  d/a.txt  Title of d/a.txt",
        "      2  d/b.txt  Title of d/b.txt",
    ]


def test_a_status_says_what_was_read_in_part(pipe: io.StringIO) -> None:
    mail = Source("d/a.eml", "A", "1", 2, 9, reading=Reading(("eml 1",), ("Not read: x.png",)))
    print_status(Terminal(pipe, pipe), Status("index", "e", [mail], 2, [], None))
    assert pipe.getvalue().splitlines()[-2:] == ["Read in part", "! d/a.eml: Not read: x.png"]


def test_a_line_break_in_the_name_of_a_file_makes_no_line_of_its_own(pipe: io.StringIO) -> None:
    name = "docs/plums.txt\n! docs/pears.txt is damaged"
    print_status(Terminal(pipe, pipe), status([name]))
    print_sync(Terminal(pipe, pipe), SyncReport(added=(name,)))
    listed = [line for line in pipe.getvalue().splitlines() if "pears" in line]
    assert len(listed) == 2
    assert all("plums" in line for line in listed)


def test_a_status_of_many_documents_is_by_folder_at_a_terminal(pipe: io.StringIO) -> None:
    sources = [f"d/{'old' if number < 10 else 'new'}/{number}.txt" for number in range(60)]
    screen = Screen()
    print_status(Terminal(screen, screen), status(sources))
    print_status(Terminal(pipe, pipe), status(sources))
    assert "d/new/59.txt" not in screen.getvalue()
    assert "50  d/new/" in screen.getvalue()
    assert "d/new/59.txt" in pipe.getvalue()


def test_an_empty_index_comes_with_how_to_fill_it(pipe: io.StringIO) -> None:
    print_status(Terminal(pipe, pipe), Status("index", "e", [], 0, [], None))
    assert "0 documents" in pipe.getvalue()
    assert "never" in pipe.getvalue()
    assert "qa sync" in pipe.getvalue()


def test_forgetting_says_what_is_gone_and_that_nothing_is_left(pipe: io.StringIO) -> None:
    print_forgotten(Terminal(pipe, pipe), Forgotten(("d/a.txt",), 3, 0))
    first, second = pipe.getvalue().splitlines()
    assert first == "- d/a.txt"
    assert second.startswith("Forgotten: 1 document, 3 passages.")
    assert "nothing left" in second


def test_a_check_is_a_line_and_its_advice_another(pipe: io.StringIO) -> None:
    checks = [Check("disk", "ok", "9 GB free"), Check("index", "problem", "gone", "qa sync")]
    print_checks(Terminal(pipe, pipe), checks)
    assert pipe.getvalue().splitlines() == [
        "ok      disk: 9 GB free",
        "problem index: gone",
        "        qa sync",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.05, "0.1 s"), (59.94, "59.9 s"), (75, "1 min 15 s"), (7265, "2 h 01 min")],
)
def test_durations_are_written_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
