"""Old Word and PowerPoint files, made by LibreOffice itself and read through it."""

from __future__ import annotations

import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import docx
import pytest

from qa.errors import DamagedFileError, LoadError, TooLargeError
from qa.limits import DEFAULTS, Limits
from qa.loading import read
from qa.loading.office.through_libreoffice import program
from qa.loading.workers.pool import load
from tests.loading.office.presentations import presentation, shape, table

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
# A text with a picture that lies elsewhere.
FLAT = """<?xml version="1.0"?><office:document office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.text"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:text>
 <text:p>Forty crowns.<draw:frame svg:width="3cm" svg:height="3cm" text:anchor-type="as-char">
 <draw:image xlink:href="PICTURE" xlink:type="simple"/></draw:frame></text:p>
 </office:text></office:body></office:document>"""
needs_office = pytest.mark.skipif(program() is None, reason="LibreOffice is not installed")


def saved_as(suffix: str, data: bytes, name: str, folder: Path) -> bytes:
    """The file as LibreOffice saves it in another format."""
    office = program()
    assert office is not None
    (folder / name).write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", suffix, "--outdir", folder, folder / name],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return (folder / name).with_suffix(f".{suffix}").read_bytes()


def handbook() -> bytes:
    document = docx.Document()
    document.add_heading("Berths", 1)
    document.add_paragraph("A berth costs 40 crowns a night.")
    document.add_heading("Leaving", 2)
    for step in ("Pay at the office.", "Hand in the key."):
        document.add_paragraph(step, "List Number")
    rows = document.add_table(2, 2)
    for cell, text in zip(
        [cell for row in rows.rows for cell in row.cells], "Zone Fee North 40".split(), strict=True
    ):
        cell.text = text
    document.add_paragraph("The harbour master")
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def with_macros() -> bytes:
    """The handbook as a file that may hold macros."""
    data = BytesIO()
    with zipfile.ZipFile(BytesIO(handbook())) as before, zipfile.ZipFile(data, "w") as after:
        for member in before.namelist():
            after.writestr(member, before.read(member).replace(WORD.encode(), MACROS.encode()))
    return data.getvalue()


@needs_office
def test_an_old_word_file_keeps_its_headings_lists_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "old.doc"
    path.write_bytes(saved_as("doc", handbook(), "handbook.docx", tmp_path))
    document = load(path, "old.doc")
    assert [(h.level, h.text) for h in document.headings] == [(1, "Berths"), (2, "Leaving")]
    assert "A berth costs 40 crowns a night." in document.text
    assert "1. Pay at the office.\n2. Hand in the key." in document.text
    assert "Zone | Fee\nNorth | 40" in document.text
    assert {"list", "item", "table", "row"} <= {block.kind for block in document.blocks}


@needs_office
def test_an_old_presentation_keeps_its_slides(tmp_path: Path) -> None:
    slides = presentation(
        shape("Harbour safety", kind="title", at=(0, 0))
        + shape("Wear a vest", kind="body", at=(0, 50))
        + table(["Zone", "Fee"], ["North", "40"])
    )
    path = tmp_path / "old.ppt"
    path.write_bytes(saved_as("ppt", slides, "slides.pptx", tmp_path))
    text = load(path, "old.ppt").text
    assert "Harbour safety" in text
    assert "Wear a vest" in text


@needs_office
def test_a_word_file_with_macros_is_read_as_any_other() -> None:
    assert "A berth costs 40 crowns a night." in read(with_macros(), "handbook.docm").text


@needs_office
def test_links_in_a_document_are_not_followed(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # LibreOffice asks in all these ways  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    picture = f"http://127.0.0.1:{server.server_port}/picture.png"
    page = FLAT.replace("PICTURE", picture)
    try:
        old = saved_as("doc", page.encode(), "linked.fodt", tmp_path)
        assert picture.encode() in old or picture.encode("utf-16-le") in old
        assert asked, "LibreOffice by itself follows the link"
        asked.clear()
        assert "Forty crowns." in read(old, "linked.doc").text
        assert asked == []
    finally:
        server.shutdown()
        server.server_close()


@needs_office
def test_a_damaged_one_is_named(tmp_path: Path) -> None:
    old = saved_as("doc", handbook(), "handbook.docx", tmp_path)
    with pytest.raises(LoadError, match=r"^half\.doc"):
        read(old[:1500], "half.doc")
    with pytest.raises(DamagedFileError, match=r"^broken\.doc"):
        read(old[:4096] + b"\xff" * (len(old) - 4096), "broken.doc")


@needs_office
def test_it_may_not_take_longer_than_a_file_may(tmp_path: Path) -> None:
    old = saved_as("doc", handbook(), "handbook.docx", tmp_path)
    with pytest.raises(TooLargeError, match=r"^slow\.doc .*parsing_seconds"):
        read(old, "slow.doc", Limits(parsing_seconds=0.05))


def test_without_libreoffice_the_error_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("qa.loading.office.through_libreoffice._PLACES", ())
    with pytest.raises(LoadError, match=r"^plan\.docm .*LibreOffice.*Install it, or save .*\.docx"):
        read(with_macros(), "plan.docm", DEFAULTS)
