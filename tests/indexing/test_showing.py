"""Pages of the files behind documents: only as they were read, and only by a worker."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from qa.indexing import showing
from qa.limits import Limits
from qa.loading.workers import pool as workers
from qa.loading.workers.tasks import Task
from tests.loading.pdf.test_file import STORY, paper
from tests.loading.workers.test_pool import pdf_of

PAPER = "docs/paper.pdf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "paper.pdf").write_bytes(paper(STORY, f"Page two. {STORY}", "", "The last page."))
    (folder / "note.txt").write_text("The bell rings.", encoding="utf-8")
    return folder


@pytest.fixture
def own(tmp_path: Path, folder: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.sync([folder])
        yield assistant


def test_a_page_is_drawn_and_marked_once(
    own: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Task[object]] = []

    def counting(place: workers.Place, source: str, task: Task[object], limits: Limits) -> object:
        drawn.append(task)
        return workers.done(place, source, task, limits)

    monkeypatch.setattr(showing, "done", counting)
    first = own.page(PAPER, 1, 600)
    assert first[8:12] == b"WEBP"
    assert own.page(PAPER, 1, 600) is first
    assert own.page(PAPER, 2, 600) != first
    assert len(drawn) == 2
    marks = own.marks(PAPER, 0, 9)
    assert own.marks(PAPER, 0, 9) == marks != own.marks(PAPER, 0, 19)
    assert len(drawn) == 4
    own.forget(PAPER)
    assert own._showing._kept._kept == {}


def test_pictures_are_kept_as_long_as_they_fit(
    own: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own.page(PAPER, 1, 600)
    monkeypatch.setattr(showing, "_KEPT_BYTES", len(first) * 3 // 2)
    second = own.page(PAPER, 2, 600)
    assert list(own._showing._kept._kept.values()) == [(second, len(second))]


def test_marks_are_on_each_page_of_the_quote(own: qa.Assistant) -> None:
    text = own.document(PAPER).text
    start = text.index("certificate expires")
    [one] = own.marks(PAPER, start, start + 10)
    assert one.page == 1
    assert len(one.boxes) == 1
    end = text.index("Page two. The instrument") + 20
    assert [marked.page for marked in own.marks(PAPER, start, end)] == [1, 2]
    over = own.marks(PAPER, text.index("Page two"), len(text))
    assert [marked.page for marked in over] == [2, 4]  # the third has no text
    assert over[0].to_dict()["boxes"][0] == [round(edge, 4) for edge in over[0].boxes[0]]


@pytest.mark.parametrize(
    ("call", "kind", "told"),
    [
        (lambda own: own.page(PAPER, 5), qa.ArgumentError, r"has 4 page\(s\); there is no page 5"),
        (lambda own: own.page(PAPER, 0), qa.ArgumentError, "no page 0"),
        (lambda own: own.page(PAPER, 1, 601), qa.ArgumentError, "600, 900"),
        (lambda own: own.page(PAPER, "1"), qa.ArgumentError, "page is a whole number"),
        (lambda own: own.page("docs/none.pdf", 1), qa.UnknownSourceError, "none"),
        (lambda own: own.page("docs/note.txt", 1), qa.UnsupportedFormatError, r"note\.txt"),
        (lambda own: own.marks("docs/note.txt", 0, 3), qa.UnsupportedFormatError, r"note\.txt"),
        (lambda own: own.marks(PAPER, 5, 5), qa.ArgumentError, "no range"),
        (lambda own: own.marks(PAPER, 0, 10**9), qa.ArgumentError, "no range"),
        (lambda own: own.marks(PAPER, -3, 5), qa.ArgumentError, "no range"),
        (lambda own: own.marks(PAPER, 0.0, 5), qa.ArgumentError, "start is a whole number"),
    ],
)
def test_an_error_says_what_cannot_be_shown(
    own: qa.Assistant, call: object, kind: type[qa.QAError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call(own)  # type: ignore[operator]


def test_a_file_that_has_changed_is_not_shown(own: qa.Assistant, folder: Path) -> None:
    for data in (paper("Another text."), b"%PDF-1.4 cut off", b""):
        (folder / "paper.pdf").write_bytes(data)
        for call in (lambda: own.page(PAPER, 1), lambda: own.marks(PAPER, 0, 9)):
            with pytest.raises(qa.LoadError, match=r"has changed since it was read.*qa sync"):
                call()
    (folder / "paper.pdf").unlink()
    with pytest.raises(qa.LoadError, match="is not there any more"):
        own.page(PAPER, 1)
    (folder / "paper.pdf").symlink_to("/etc/passwd")
    with pytest.raises(qa.LoadError, match="is not there any more"):
        own.page(PAPER, 1)


def test_a_document_that_was_added_has_no_pages_to_show(own: qa.Assistant) -> None:
    own.add([qa.Document("One. Two.", "docs/paper2.pdf", pages=(0, 5))])
    with pytest.raises(qa.UnsupportedFormatError):
        own.page("docs/paper2.pdf", 1)


def test_a_page_that_takes_too_long_ends_its_worker_alone(own: qa.Assistant, folder: Path) -> None:
    heavy = b"BT /F1 9 Tf 9 9 Td (Words) Tj ET " + b"0 0 600 700 re f " * 60_000
    (folder / "heavy.pdf").write_bytes(pdf_of(heavy))
    assert not own.sync([folder]).skipped
    own._showing._limits = type(own._showing._limits)(parsing_cpu_seconds=1, parsing_seconds=5)
    with pytest.raises(qa.TooLargeError, match=r"docs/heavy\.pdf takes too long to read"):
        own.page("docs/heavy.pdf", 1, 2400)
    assert own.page(PAPER, 1, 600)


def test_only_a_limited_number_may_wait(own: qa.Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    began = threading.Semaphore(0)

    def waits(*_: object) -> bytes:
        began.release()
        go.wait(30)
        return b"drawn"

    monkeypatch.setattr(showing, "done", waits)
    monkeypatch.setattr(showing, "_check_unchanged", lambda *_: None)
    threads = [
        threading.Thread(target=own.page, args=(PAPER, number % 4 + 1, width))
        for number, width in enumerate(showing.WIDTHS[:4] * 4)
    ]
    for thread in threads:
        thread.start()
        began.acquire(timeout=30)
    with pytest.raises(qa.BusyError, match="Try again"):
        own.page(PAPER, 1, 2400)
    go.set()
    for thread in threads:
        thread.join()


def test_no_pdf_is_opened_in_the_process_that_shows_it(tmp_path: Path, folder: Path) -> None:
    script = (
        "import sys, qa\n"
        "own = qa.Assistant(sys.argv[1]); own.sync([sys.argv[2]])\n"
        f"assert own.page({PAPER!r}, 1, 600) and own.marks({PAPER!r}, 0, 9)\n"
        "print([name for name in ('pypdfium2', 'PIL') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "other"), str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "[]"
