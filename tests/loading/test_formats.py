"""Which loader reads what, the errors for everything else, and that no other error escapes."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qa.errors import (
    DamagedFileError,
    EmptyFileError,
    EncryptedFileError,
    LoadError,
    TooLargeError,
    UnsupportedFormatError,
)
from qa.limits import Limits
from qa.loading import read, supported_suffixes
from qa.loading.formats import FORMATS, choose
from qa.loading.pdf.recognition import program
from qa.loading.workers.pool import content, load
from tests.loading.soundness import SHARED, check, check_problem


def check_or_load_error(data: bytes, source: str) -> None:
    try:
        document = read(data, source)
    except LoadError as error:
        check_problem(error, source)
    else:
        check(document)


def word_file(text: str = "A short note for everybody.") -> bytes:
    import docx

    document = docx.Document()
    document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def compound_file(*streams: str) -> bytes:
    """An OLE compound file with a header, a FAT sector and a directory sector."""
    end_of_chain, free = 0xFFFFFFFE, 0xFFFFFFFF
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, 1, 0, 4096, end_of_chain, 0, end_of_chain, 0, 0),
    )
    header += struct.pack("<I", free) * ((512 - len(header)) // 4)
    fat = struct.pack("<II", 0xFFFFFFFD, end_of_chain) + struct.pack("<I", free) * 126
    entries = b""
    for name in ("Root Entry", *streams):
        encoded = name.encode("utf-16-le")
        entry = encoded.ljust(64, b"\0") + struct.pack("<HB", len(encoded) + 2, 2)
        entries += entry.ljust(128, b"\0")
    return header + fat + entries.ljust(512, b"\0")


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "content")
    return buffer.getvalue()


def test_every_suffix_has_a_module_that_can_be_imported() -> None:
    from importlib import import_module

    assert supported_suffixes() >= {".txt", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx"}
    for name in filter(None, (one.parser for one in FORMATS)):
        assert callable(import_module(f"qa.loading.{name}").parse)


def test_importing_the_package_imports_no_parser() -> None:
    code = (
        "import sys, qa.loading; "
        "heavy = {'pypdfium2', 'docx', 'bs4', 'lxml', 'markdown_it', 'charset_normalizer'}; "
        "heavy |= {'xlrd', 'olefile'}; "
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_suffix_may_be_in_capitals() -> None:
    assert read(b"# Title\n\nText.", "READ.MD").title == "Title"


def test_a_word_file_is_read_as_one_whatever_its_name() -> None:
    for source in ("note.pdf", "note.txt", "note.doc", "note"):
        assert read(word_file(), source).text == "A short note for everybody."


def test_a_text_that_speaks_of_pdf_stays_a_text() -> None:
    text = "The first bytes are %PDF-1.7, and PK for archives."
    assert read(text.encode(), "formats.txt").text == text


@pytest.mark.parametrize("source", ["table.xlsb", "picture.gif", "noise.mp3", "Makefile", ".txt"])
def test_a_kind_without_a_loader_is_named_with_what_can_be_read(source: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"(?s)what can be read: .*\.docx.*\.txt") as e:
        read(b"some bytes", source)
    assert str(e.value).startswith(source)


@pytest.mark.parametrize("source", ["minutes.doc", "minutes.docx", "minutes"])
def test_an_old_word_file_is_known_by_its_content(source: str) -> None:
    assert (
        choose(compound_file("WordDocument", "1Table"), source).parser
        == "office.through_libreoffice"
    )


def test_an_office_file_with_a_password_says_so() -> None:
    with pytest.raises(EncryptedFileError, match=r"plan\.docx .* password"):
        read(compound_file("EncryptionInfo", "EncryptedPackage"), "plan.docx")


def test_a_stream_name_inside_the_content_does_not_count() -> None:
    data = compound_file("WordDocument") + b"xx" + "EncryptedPackage\0".encode("utf-16-le")
    assert choose(data, "minutes.doc").parser == "office.through_libreoffice"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"GIF89a" + bytes(100), "a GIF image"),
        (b"<!DOCTYPE html><p>404 not found", "a web page"),
        (b"just words", "text"),
        (archive("a.txt", "b.txt"), "a ZIP archive"),
    ],
)
def test_the_error_for_a_file_with_a_wrong_suffix_says_what_it_is(data: bytes, what: str) -> None:
    with pytest.raises(DamagedFileError, match=rf"report\.pdf is {what}.*not a \.pdf"):
        read(data, "report.pdf")


def test_the_error_for_a_workbook_named_docx_says_what_it_is() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"report\.docx is a binary Excel workbook"):
        read(archive("[Content_Types].xml", "xl/workbook.bin"), "report.docx")


def test_a_cut_off_word_file_is_damaged() -> None:
    data = word_file()
    with pytest.raises(DamagedFileError, match=r"note\.docx"):
        read(data[: len(data) // 2], "note.docx")


@pytest.mark.parametrize("suffix", sorted(supported_suffixes()))
def test_an_empty_file_is_an_error_that_names_it(suffix: str) -> None:
    with pytest.raises(EmptyFileError, match=f"hollow{suffix}"):
        read(b"", f"hollow{suffix}")


@pytest.mark.parametrize("data", [b" \n\t\n", b"\xef\xbb\xbf", b"\xc2\xad\xc2\xad", b"\x0c"])
def test_invisible_characters_are_not_text(data: bytes) -> None:
    with pytest.raises(EmptyFileError):
        read(data, "blank.txt")


def test_load_reads_the_file_and_names_it_by_its_source(tmp_path: Path) -> None:
    path = tmp_path / "stored-under-another-name"
    path.write_text("Body of the text.")
    document = load(path, "docs/travel-policy_2024.txt")
    assert document.source == "docs/travel-policy_2024.txt"
    assert document.title == "travel policy 2024"


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"x" * 2000)
    with pytest.raises(TooLargeError, match=r"big\.txt.*max_file_megabytes"):
        load(path, "big.txt", Limits(max_file_megabytes=0.001))
    with pytest.raises(TooLargeError, match=r"big\.txt.*max_file_megabytes"):
        content(path, "big.txt", Limits(max_file_megabytes=0.001))
    assert load(path, "big.txt", Limits(max_file_megabytes=0.002)).text
    assert content(path, "big.txt", Limits(max_file_megabytes=0.002)) == b"x" * 2000


def test_a_file_that_cannot_be_opened_is_a_load_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path, tmp_path / "nul\0.txt"):
        with pytest.raises(LoadError, match=r"x\.txt cannot be opened"):
            load(path, "x.txt")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(alphabet="#*-_>`|<>[]()!&;:\n \tab1\"'=/~\\", max_size=200).map(str.encode),
    ),
    suffix=st.sampled_from(sorted(supported_suffixes())),
    start=st.sampled_from(
        [
            b"",
            b"%PDF-1.7\n",
            b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"---\na: b\n---\n",
        ]
    ),
)
@example(data=b"<main>\xed\xa0\x80</main>", suffix=".html", start=b"")
@example(data=b"<noscript><main>x</main></noscript>", suffix=".html", start=b"")
@example(data=b"&#xD800;&#0;", suffix=".md", start=b"")
def test_any_bytes_give_a_document_or_a_load_error(data: bytes, suffix: str, start: bytes) -> None:
    check_or_load_error(start + data, f"any{suffix}")


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_word_file_with_broken_bytes_gives_a_document_or_a_load_error(
    data: st.DataObject,
) -> None:
    content = bytearray(word_file())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[position] = data.draw(st.integers(0, 255))
    check_or_load_error(bytes(content), "any.docx")


SCANS = ("MEDRPT-2024-PAT-3847_medical_report_scan.pdf", "loremipsum-flat.pdf")
EXPECTED: dict[str, type[LoadError]] = {
    **({} if program() else dict.fromkeys(SCANS, LoadError)),
    "password.pdf": EncryptedFileError,
    "truncated.pdf": DamagedFileError,
    "empty.txt": EmptyFileError,
    "fake-text-all-whitespace.txt": EmptyFileError,
    "empty.eml": EmptyFileError,
}
PHRASES = {
    "docx-hdrftr.docx": "Last header para\n\nMain document\n\npara1",
    **({"loremipsum-flat.pdf": "Lorem ipsum dolor sit amet, consectetur"} if program() else {}),
    "simple.zip": "\n\nstanley-cups.csv\n\nStanley Cups\n\nTeam | Location | Stanley Cups\n",
    "factbook-utf-16.xml": "\nCanada | Ottawa | Justin Trudeau | Hockey\n",
    "test_notebook.ipynb": "\nCode Cell Below\n\n# comment in code\nprint(42)\n\n42\n",
    "simple.odt": "\n\n- Hockey\n\nAnalysis\n\nThis is my first thought.",
    "winter-sports.epub": "\nIII. | Tees and Crampits | 79\n",
    "eng_spa_mult.rtf": "de razón y conciencia, deben comportarse fraternalmente",
    "fake-email-attachment.eml": "\n\nAttachment: fake-attachment.txt\n\nHey this is a fake",
    "fake-email-utf-16.eml": "\n- Violets are blue",
    "test_outlook_msg.msg": "\nTo: test.recipient@example.com\nDate: 22 December 2024, 08:23\n",
    "test.pptx": "\n1 | 2 | 3 | 4 | 5 | 6\n7 | 8 | 9 |",
    "fake-power-point-malformed.pptx": "Slide 1: Test Slide",
    "group-shapes-nested.pptx": "\n\nG\n\nH\n\n",
    "2023-half-year-analyses-by-segment.xlsx": "\nZone NA | 12,553 | 2,713 | 2,632 | (81) | (29)",
    "test.xlsx": "\n\nColA | ColB | ColC | ColD\n1 | 2 | 3 | 4\n",
    "xlsx-subtable-cases.xlsx": "\nc | d | e\n",
    "semicolon-delimited.csv": "\nsed, do | eiusmod | tempor incididunt\n",
    "test_mskanji.csv": "\n三木英子 | 25 | 大阪\n",
    "multi-column-2p.pdf": "candidate contexts, where traditional sparse vector space models",
    "REPAIR-2022-INV-001_multipage.pdf": "\nPaint Labor | 1.5 | 150 | 225\n",
    "SPARSE-2024-INV-1234_borderless_table.pdf": "\nWarehouse: Distribution Center East\n",
    "embedded-link.pdf": "\n2. Now, what would happen if the embedded url is across two lines",
    "pdf-bad-color-space.pdf": "plan to invest in nature-based and technology-based carbon removal",
    "rotated-page-90.pdf": "Second line of text here",
    "test.docx": "\n7 | 8 | 9 | 10 | 11 | 12\n",
    "wrong-extension-docx-named.pdf": "\n7 | 8 | 9 | 10 | 11 | 12\n",
    "docx-tables.docx": "d | e | f; g&t | h | i",
    "equations.docx": "(2.5 mm)=2.2×10^(-4)",
    "test_wikipedia.html": "\nOperating income | US$88.5 billion (2023)\n",
    "test_blog.html": "\n- gpt-3.5-turbo, a relatively cheap model that powers the popular ChatGPT",
    "example-10k-1p.html": "\nItem 9A. | Controls and Procedures | 35\n",
    "example-steelJIS-datasheet-utf-16.html": "\n0.39 - 0.46 | 0.2 - 0.35 | 0.65 - 1.1 | max 0",
    "fake-text-utf-16-le.txt": "Doylestown",
    "umlauts-non-utf8.md": "können\n\näöüß",
    "UDHR_first_article_all.txt": "Все люди рождаются свободными",
}
UNWANTED = {
    "test_wikipedia.html": ["[edit]", "Edit links", "Jump to content", "Alemannisch", "[23]"],
    "test_blog.html": ["Skip to main content", "Recent posts", "Copyright"],
    "docx-hdrftr.docx": ["I should not be included"],
}


def shared_files() -> list[str]:
    return sorted(path.name for path in SHARED.glob("*")) if SHARED.is_dir() else ["(absent)"]


@pytest.mark.shared
@pytest.mark.parametrize("name", shared_files())
def test_a_real_file_gives_sensible_text_or_the_right_error(name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the folder shared/files is not beside the checkout")
    path = SHARED / name
    expected = EXPECTED.get(name)
    if path.suffix not in supported_suffixes():
        expected = UnsupportedFormatError
    if expected:
        with pytest.raises(expected, match=r"^[\w.-]+ ") as raised:
            load(path, name)
        assert type(raised.value) is expected
        return
    document = load(path, name)
    check(document)
    assert PHRASES.get(name, "") in document.text
    for unwanted in UNWANTED.get(name, []):
        assert unwanted not in document.text
