"""What reading files and whole syncs cost, in processor time and resident memory (Linux only).

python -m tests.benchmarks.files parsing whole many long
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qa
from qa.errors import LoadError
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.limits import DEFAULTS
from qa.loading import read
from qa.loading.workers.pool import loading
from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.records import Document, Progress
from qa.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT / ".." / "shared" / "files"
_TICKS = os.sysconf("SC_CLK_TCK")


def parsing(rounds: int = 5) -> None:
    """A loader's processor time against its library's, which only has to find the text."""
    for name, bare in _BARE.items():
        data = (SHARED / name).read_bytes()
        ratios = []
        for _ in range(rounds + 1):  # in turn, since other processes come and go; the first imports
            alone = _took(lambda: bare(data))  # noqa: B023
            ratios.append(alone / _took(lambda: read(data, name)))  # noqa: B023
        print(f"parsing {name}: {statistics.median(ratios[1:]):.2f} of the library's throughput")


def whole() -> None:
    """A sync of a mixed folder against parsing and encoding alone, in processor time."""
    files = [file for file in sorted(SHARED.iterdir()) if file.suffix != ".tsv"]
    found = _sync(SHARED)
    embedder = open_embedder(PACKAGED_EMBEDDER)
    preparing = Preparing(embedder, Settings().passage_tokens)
    embedder.encode(["warm"])
    documents: list[Document] = []

    def parse() -> None:
        with loading(((file, file.name) for file in files), DEFAULTS) as futures:
            for one in futures:
                with contextlib.suppress(LoadError):
                    documents.append(one.result())

    parsed = _took(parse)
    encoded = _took(lambda: preparing.prepared([Incoming(one) for one in documents]))
    took = found["marks"][-1][1]
    print(
        f"whole: sync {took:.1f} s of the processor, parsing {parsed:.1f} s, cutting and encoding "
        f"{encoded:.1f} s: {took / (parsed + encoded):.2f} times"
    )


def many(files: int = 10_000) -> None:
    """Ten thousand small files, in one sync."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(files):
            text = f"# Note {number}\n\nShelf {number % 97} holds part {number * 7919 % files}.\n"
            place = Path(folder, str(number % 100))
            place.mkdir(exist_ok=True)
            (place / f"{number}.md").write_text(text, encoding="utf-8")
        _print_halves(f"{files:,} small files", _sync(Path(folder)))


def long(pages: int = 3000) -> None:
    """A PDF of three thousand pages."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    for page in range(pages):
        pdf.add_page()
        numbers = range(page * 12, page * 12 + 12)
        pdf.multi_cell(0, 6, "\n".join(f"Valve {one} is checked once a year." for one in numbers))
    with tempfile.TemporaryDirectory() as folder:
        pdf.output(str(Path(folder, "long.pdf")))
        _print_halves(f"a PDF of {pages:,} pages", _sync(Path(folder)))


def _sync(folder: Path) -> dict[str, Any]:
    """A sync in a process of its own, so that nothing is resident but what it needs."""
    with tempfile.TemporaryDirectory() as index:
        command = [sys.executable, "-m", "tests.benchmarks.files", "--sync", str(folder), index]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _synced(folder: str, index: str) -> None:
    """Sync, and print how much was done with how much processor time and memory, as time went."""
    marks: list[tuple[float, float, float]] = []
    with qa.Assistant(index=index) as assistant:
        assistant.embedder.encode(["warm"])
        before, last = _spent(), 0.0

        def told(progress: Progress) -> None:
            nonlocal last
            if progress.stage in ("reading", "embedding") and time.monotonic() > last + 0.2:
                last = time.monotonic()
                marks.append((progress.share, _spent() - before, _resident(os.getpid())))

        report = assistant.sync([folder], progress=told)
        marks.append((1.0, _spent() - before, _resident(os.getpid())))
    print(json.dumps({"marks": marks, "passages": report.passages, "added": len(report.added)}))


def _print_halves(what: str, found: dict[str, Any]) -> None:
    marks = found["marks"]
    middle = next(number for number, mark in enumerate(marks) if mark[0] >= 0.5)
    first, second = (max(mark[2] for mark in half) for half in (marks[:middle], marks[middle:]))
    half, end = marks[middle][1], marks[-1][1]
    done = marks[middle][0]
    pace = (end - half) / (1 - done) / (half / done)
    print(
        f"{what}: {found['added']:,} added, {found['passages']:,} passages; {first:,.0f} MiB in "
        f"the first half, {second:,.0f} in the second ({second / first:.3f} times); processor time "
        f"{half:.0f} and {end - half:.0f} s ({pace:.3f} times)"
    )


def _resident(process: int) -> float:
    """MiB of a process and of those that it has started."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has ended
        return 0.0
    own = status.partition("VmRSS:")[2].split()
    return (int(own[0]) / 1024 if own else 0.0) + sum(map(_resident, _children(process)))


def _children(process: int) -> list[int]:
    """The processes that any thread of a process has started, and that still run."""
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.extend(map(int, thread.read_text().split()))
    return found


def _spent() -> float:
    """Seconds of the processor that this process and those that it started have taken."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = 0.0
    for child in _children(os.getpid()):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            running += sum(map(int, fields[11:15])) / _TICKS
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def _took(work: Callable[[], object]) -> float:
    started = _spent()
    work()
    return _spent() - started


def _pdf(data: bytes) -> object:
    from pypdfium2 import PdfDocument  # type: ignore[import-untyped]

    with contextlib.closing(PdfDocument(data)) as document:
        return [page.get_textpage().get_text_range() for page in document]


def _docx(data: bytes) -> object:
    from docx import Document as Word

    word = Word(io.BytesIO(data))
    cells = [[cell.text for row in table.rows for cell in row.cells] for table in word.tables]
    return [paragraph.text for paragraph in word.paragraphs], cells


def _html(data: bytes) -> object:
    from lxml.html import document_fromstring  # type: ignore[import-untyped]

    return document_fromstring(data).text_content()


def _markdown(data: bytes) -> object:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").parse(data.decode())


_BARE: dict[str, Callable[[bytes], object]] = {
    "multi-column-2p.pdf": _pdf,
    "reliance.pdf": _pdf,
    "REPAIR-2022-INV-001_multipage.pdf": _pdf,
    "test.docx": _docx,
    "docx-tables.docx": _docx,
    "test_wikipedia.html": _html,
    "example-10k-1p.html": _html,
}
_PARTS = {part.__name__: part for part in (parsing, whole, many, long)}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=" ".join(_PARTS))
    parser.add_argument("--sync", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sync:
        _synced(*given.sync)
        return
    for name in given.parts or _PARTS:
        _PARTS[name]()


if __name__ == "__main__":
    main()
