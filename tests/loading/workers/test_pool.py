"""That a file can harm nothing but its own parsing: real files that do, and real workers."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from qa.errors import DamagedFileError, LoadError, TooLargeError
from qa.index.index import Index
from qa.limits import DEFAULTS, Limits
from qa.loading.workers import pool as workers
from qa.loading.workers.frames import from_message, to_message
from qa.records import Block, Document, Heading, Scan
from qa.settings import Settings
from tests.indexing.mirroring import sync, texts, write

PROJECT = Path(__file__).resolve().parents[3]
PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
LIMITED = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory need Linux")
# A megabyte of empty headings: many seconds, and more than half a gigabyte.
SLOW = "#\n#\n" * 300_000


def pdf_of(content: bytes, height: int = 792) -> bytes:
    """A PDF of one page."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 %d]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>" % height,
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.4\n"
    body += b"".join(b"%d 0 obj\n%s\nendobj\n" % pair for pair in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R>>\n%%EOF"


BOMB = pdf_of(b"BT /F1 9 Tf 9 9 Td 14 TL " + b"(Words) ' " * 2_000_000)


def lines_pdf(lines: int, seen: int | None = None) -> bytes:
    """A PDF of one page, as long as its lines need, or those that are seen; all are the same."""
    shown = b"(Words of a line.) ' " * lines
    height = 14 * (lines if seen is None else seen)
    return pdf_of(b"BT /F1 10 Tf 40 %d Td 14 TL %s ET" % (height, shown), height + 20)


def pages_pdf(pages: int) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    for number in range(pages):
        pdf.add_page()
        pdf.write(6, f"Page {number} of the book.")
    return bytes(pdf.output())


def word_file(paragraphs: int = 1) -> bytes:
    import docx

    document = docx.Document()
    for _ in range(paragraphs):
        document.add_paragraph("A short note for everybody.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def repacked(data: bytes, **parts: bytes) -> bytes:
    """A Word document with other parts: `document` is word/document.xml."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(Path(name).stem, old.read(name)))
    return buffer.getvalue()


def running() -> set[int]:
    """The workers that this process has, dead ones that nobody fetched included."""
    return workers_of(os.getpid())


def workers_of(parent: int) -> set[int]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and (b"loading.workers.worker" in command or fields[0] == "Z"):
            found.add(int(process.name))
    return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def eventually(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def fresh() -> None:
    """No worker is there yet."""
    for processes in {1, 2, workers._cores()}:
        workers._pool(processes).close()


def file_of(folder: Path, name: str, data: bytes | str) -> tuple[Path, str]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path, name


def loaded(*files: tuple[Path, str], limits: Limits = DEFAULTS) -> list[Any]:
    """What became of each file, by one worker at a time."""
    with workers.loading(files, limits, 1) as documents:
        return [came(document) for document in documents]


def came(document: Future[Document]) -> str | LoadError:
    try:
        return document.result().text
    except LoadError as error:
        return error


@PROC
def test_a_worker_that_is_killed_costs_one_file_and_is_replaced(
    fresh: None, tmp_path: Path
) -> None:
    quick = file_of(tmp_path, "quick.txt", "Quick.")
    loaded(quick)
    (worker,) = running()
    before = cpu_seconds(worker)
    slow = file_of(tmp_path, "slow.md", SLOW)
    with workers.loading([slow, quick], Limits(), 1) as documents:
        first = next(documents)
        eventually(lambda: cpu_seconds(worker) > before + 0.1)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(LoadError, match=r"slow\.md ended the process .*SIGKILL"):
            first.result()
        assert next(documents).result().text == "Quick."
    assert worker not in running()
    assert len(running()) == 1


@PROC
def test_a_ctrl_c_does_not_reach_the_worker(fresh: None, tmp_path: Path) -> None:
    """It would die of it, and the file it was at be taken for one that cannot be read."""
    loaded(file_of(tmp_path, "quick.txt", "Quick."))
    (worker,) = running()
    before = cpu_seconds(worker)
    slow = file_of(tmp_path, "slow.md", "#\n#\n" * 30_000 + "The end.")
    with workers.loading([slow], Limits(), 1) as documents:
        document = next(documents)
        eventually(lambda: cpu_seconds(worker) > before + 0.05)
        os.kill(worker, signal.SIGINT)
        assert document.result().text == "The end."


@PROC
def test_a_worker_that_died_in_between_is_noticed(fresh: None, tmp_path: Path) -> None:
    quick = file_of(tmp_path, "quick.txt", "Quick.")
    loaded(quick)
    (worker,) = running()
    os.kill(worker, signal.SIGKILL)
    # Its threads may outlive the one that /proc shows.
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
    eventually(lambda: os.waitid(os.P_PID, worker, ended) is not None)
    assert loaded(quick) == ["Quick."]
    assert worker not in running()


@LIMITED
@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("bomb.pdf", BOMB, LoadError),  # PDFium gives up at once where it is given nothing
        ("bomb.md", SLOW, TooLargeError),
    ],
)
def test_a_file_that_needs_more_memory_costs_that_file(
    name: str, data: bytes | str, kind: type[LoadError], tmp_path: Path
) -> None:
    bomb, quick = file_of(tmp_path, name, data), file_of(tmp_path, "quick.txt", "Quick.")
    limits = Limits(parsing_megabytes=150, parsing_cpu_seconds=120, parsing_seconds=120)
    error, text = loaded(bomb, quick, limits=limits)
    assert isinstance(error, kind), error
    assert f"{name} " in str(error)
    assert "parsing_megabytes" in str(error)
    assert text == "Quick."


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(parsing_cpu_seconds=1), marks=PROC, id="cpu"),
        pytest.param(Limits(parsing_seconds=0.7), id="clock"),
    ],
)
def test_a_file_that_takes_too_long_costs_that_file(limits: Limits, tmp_path: Path) -> None:
    slow, quick = file_of(tmp_path, "slow.md", SLOW), file_of(tmp_path, "quick.txt", "Quick.")
    before = time.monotonic()
    error, text = loaded(slow, quick, limits=limits)
    assert time.monotonic() - before < 20
    assert type(error) is TooLargeError
    changed = {name for name, value in vars(limits).items() if value != getattr(Limits(), name)}
    assert f"slow.md takes too long to read; {changed.pop()} allows" in str(error)
    assert text == "Quick."


def test_the_time_of_earlier_files_does_not_count(fresh: None, tmp_path: Path) -> None:
    files = [file_of(tmp_path, f"{n}.md", "#\n#\n" * 6_000 + "The end.") for n in range(30)]
    assert loaded(*files, limits=Limits(parsing_cpu_seconds=2)) == ["The end."] * 30


@pytest.mark.parametrize(
    ("name", "data", "limits", "told"),
    [
        ("a.pdf", pages_pdf(3), {"max_pages": 2}, "has 3 pages; max_pages allows 2"),
        ("a.pdf", lines_pdf(300), {"max_page_lines": 200}, "max_page_lines allows 200"),
        ("a.pdf", lines_pdf(300, seen=9), {"max_page_lines": 200}, "max_page_lines allows 200"),
        ("a.pdf", lines_pdf(300), {"max_characters": 2000}, "max_characters allows 2,000"),
        ("a.docx", word_file(99), {"max_characters": 2000}, "max_characters allows 2,000"),
        ("a.txt", "word " * 500, {"max_characters": 2000}, "max_characters allows 2,000"),
        ("a.md", "word " * 500, {"max_characters": 2000}, "max_characters allows 2,000"),
        ("a.html", "<p>" + "word " * 500, {"max_characters": 2000}, "max_characters allows 2,000"),
        (
            "a.docx",
            repacked(word_file(), document=b"<a>" + b"<b/>" * 3_000_000 + b"</a>"),
            {},
            "max_unpacked_ratio allows 200",
        ),
        (
            "a.docx",
            repacked(word_file(), styles=bytes(1_500_000), document=bytes(1_500_000)),
            {"max_unpacked_megabytes": 2},
            "max_unpacked_megabytes allows 2",
        ),
    ],
)
def test_everything_that_is_counted_has_its_limit(
    name: str, data: bytes | str, limits: dict[str, Any], told: str, tmp_path: Path
) -> None:
    (error,) = loaded(file_of(tmp_path, name, data), limits=Limits(**limits))
    assert type(error) is TooLargeError, error
    assert str(error).startswith(f"{name} ")
    assert told in str(error)


def test_a_page_of_very_many_lines_is_read_in_time(tmp_path: Path) -> None:
    """It took a minute: the lines of a column were looked through for each of them."""
    file = file_of(tmp_path, "long.pdf", lines_pdf(30_000))
    limits = Limits(max_page_lines=100_000, parsing_cpu_seconds=6)
    (text,) = loaded(file, limits=limits)
    assert isinstance(text, str), text
    assert text.count("Words of a line.") == 30_000


@pytest.mark.parametrize("mark", ["[", "![", "[a](", "*a_"])
def test_a_paragraph_of_nothing_but_marks_is_read_in_time(mark: str, tmp_path: Path) -> None:
    """Half a megabyte of them took up to two minutes."""
    file = file_of(tmp_path, "marks.md", f"# Title\n\n{mark * 300_000}\n\nThe *end*.")
    (text,) = loaded(file, limits=Limits(parsing_cpu_seconds=5))
    assert isinstance(text, str), text
    assert text.endswith("The end.")


def test_files_come_in_order_and_few_are_read_ahead(tmp_path: Path) -> None:
    taken = 0

    def files() -> Iterator[tuple[Path, str]]:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield file_of(tmp_path, f"{number}.txt", f"Note {number}.")

    with workers.loading(files(), Limits(), 2) as documents:
        for number, document in enumerate(documents):
            assert document.result().text == f"Note {number}."
            assert taken <= number + 4


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        (error,) = loaded((path, "x.txt"))
        assert str(error).startswith("x.txt cannot be opened: it is not a file")


@PROC
def test_a_worker_sees_no_secrets_and_leaves_no_core(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    loaded(file_of(tmp_path, "quick.txt", "Quick."))
    (worker,) = running()
    assert b"sesame" not in Path(f"/proc/{worker}/environ").read_bytes()
    limits = Path(f"/proc/{worker}/limits").read_text()
    assert "Max core file size        0 " in limits


@PROC
def test_workers_that_nobody_needs_end(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.2)
    quick = file_of(tmp_path, "quick.txt", "Quick.")
    assert loaded(quick, quick) == ["Quick.", "Quick."]
    eventually(lambda: not running())
    assert loaded(quick) == ["Quick."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@PROC
def test_a_sync_that_is_ended_leaves_no_worker(number: signal.Signals, tmp_path: Path) -> None:
    for name in range(4):
        write(tmp_path / "docs" / f"{name}.md", SLOW)
    script = "import sys, qa; qa.Assistant(index=sys.argv[1]).sync([sys.argv[2]])"
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "index"), str(tmp_path / "docs")],
        cwd=PROJECT,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    eventually(lambda: any(cpu_seconds(pid) > 0.3 for pid in workers_of(child.pid)), 60)
    found = workers_of(child.pid)
    os.killpg(child.pid, number) if number == signal.SIGINT else child.kill()
    before = time.monotonic()
    assert child.wait(timeout=60) != 0
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in found), 60)
    assert time.monotonic() - before < 15  # not when the files are done


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "pears.md", "# Pears\n\nPears are green.")
    script = write(
        tmp_path / "script.py",
        "import qa\nprint('begins')\nprint(qa.Assistant(index='index').sync('docs').added)\n",
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{os.environ['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "begins\n('docs/pears.md',)\n", done.stderr


def test_the_process_that_serves_parses_nothing(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, data in (("a.pdf", pages_pdf(1)), ("b.docx", word_file())):
        file_of(docs, name, data)
    write(docs / "c.md", "# Pears\n\nPears are green.")
    file_of(docs, "d.html", b"<p>Caf\xe9s are blue.</p>")
    script = """
import sys
from pathlib import Path
import qa, ui.server
assistant = qa.Assistant(index=sys.argv[1])
before = set(sys.modules)
assert len(assistant.sync([sys.argv[2]]).added) == 4
parsers = {"charset_normalizer", "docx", "lxml", "markdown_it", "pypdfium2"}
print((set(sys.modules) - before) & parsers)
maps = Path("/proc/self/maps")
print("pdfium" in (maps.read_text() if maps.exists() else ""))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "index"), str(docs)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "set()\nFalse\n", done.stderr


def test_a_sync_goes_on_after_files_that_are_refused(index: Index, docs: Path) -> None:
    (docs / "bomb.pdf").write_bytes(
        pdf_of(b"BT /F1 9 Tf 9 9 Td 14 TL " + b"(Words) ' " * 2_000_000)
    )
    write(docs / "long.txt", "word " * 1000)
    settings = Settings(parsing_megabytes=200, max_characters=1000, max_pages=1)

    report = sync(index, docs, settings=settings)

    assert [skipped.source for skipped in report.skipped] == ["docs/bomb.pdf", "docs/long.txt"]
    assert "parsing_megabytes" in report.skipped[0].reason or sys.platform != "linux"
    assert "max_characters" in report.skipped[1].reason
    assert sorted(texts(index)) == ["docs/deep/er/leeks.html", "docs/pears.md", "docs/plums.txt"]


DOCUMENT = Document(
    text="Pears\n\n- are green.",
    source="a.md",
    title="Pears",
    pages=(0, 7),
    headings=(Heading(0, 1, "Pears"),),
    blocks=(
        Block("heading", 0, 5, 1),
        Block("list", 7, 19),
        Block("item", 7, 19, 0, "-", 1),
    ),
    scans=(Scan(0, 5, 0.93), Scan(7, 19, 1.0)),
)


def test_a_document_comes_as_it_was_sent() -> None:
    assert from_message(to_message(DOCUMENT), "a.md") == DOCUMENT
    error = from_message(to_message(DamagedFileError("a.md is damaged.")), "a.md")
    assert type(error) is DamagedFileError
    assert str(error) == "a.md is damaged."


@pytest.mark.parametrize(
    "change",
    [
        {"text": None},
        {"text": "Short"},
        {"title": 7},
        {"pages": [3, 1]},
        {"pages": [-1]},
        {"pages": [1e999]},
        {"headings": [[0, 1, "Plums"]]},
        {"headings": [[0, 1]]},
        {"blocks": [[9, 0, 5, 0, "", 0]]},
        {"blocks": [[-1, 0, 5, 0, "", 0]]},
        {"blocks": [[1, 0, 20, 0, "", 0]]},
        {"blocks": [[1, 5, 0, 0, "", 0]]},
        {"blocks": [[1, 7, 2, 0, "", 0], [1, -7, 5, 0, "", 0]]},
        {"blocks": [[2, 0, 5, 0, "", 0], [3, 0, 9, 0, "-", 1]]},
        {"blocks": [[3, 0, 5, 0, "-", 1]]},
        {"blocks": [[1, 0, 5]]},
        {"blocks": [[1, 0, 5, 0, None, 0]]},
        {"scans": [[7, 20, 0.5]]},
        {"scans": [[7, 9, 0.5], [8, 10, 0.5]]},
        {"scans": [[0, 5, 1.1]]},
        {"scans": [[0, 5, float("nan")]]},
        {"scans": [[0, 5]]},
        {"metadata": {"a": []}},
        {"metadata": 3},
        {"error": "SystemExit", "reason": ""},
        {"error": "DamagedFileError"},
        {"error": "DamagedFileError", "reason": "", "format": 3},
        {"formats": [3]},
        {"warnings": None},
        {"error": ["LoadError"], "reason": ""},
    ],
)
def test_a_reply_that_is_not_a_document_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no |not |after"):
        from_message({**to_message(DOCUMENT), **change}, "a.md")
