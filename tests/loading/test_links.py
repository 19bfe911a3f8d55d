"""Links of a document: words of its text that lead somewhere, whatever the format."""

from __future__ import annotations

import io

import pytest

from qa.index.layout import Entry
from qa.index.leading import leading
from qa.index.parts import Parts, parts_record, read_parts
from qa.loading import read
from qa.loading.workers import frames
from qa.records import Document, Heading, Link, Passage


def links(document: Document) -> list[tuple[str, str]]:
    return [(document.text[link.start : link.end], link.target) for link in document.links]


MARKDOWN = """# [Leave](https://a.example/leave)

Ask here or [here](https://a.example/2), and *read [the **whole** policy](../p.md#top)*.
Not [this](javascript:alert(1)).

- [ ] [Apply](#how)
  and wait

| Form | Link |
|---|---|
| A | [PDF](https://a.example/a.pdf) |
| B | [PDF](https://a.example/b.pdf) |

**[How?](#x)**
Write to <help@a.example>.
"""


def test_of_markdown() -> None:
    assert links(read(MARKDOWN.encode(), "a/b.md")) == [
        ("Leave", "https://a.example/leave"),
        ("here", "https://a.example/2"),
        ("the whole policy", "../p.md#top"),
        ("Apply", "#how"),
        ("PDF", "https://a.example/a.pdf"),
        ("PDF", "https://a.example/b.pdf"),
        ("How?", "#x"),
        ("help@a.example", "mailto:help@a.example"),
    ]


def test_the_second_of_two_same_words_is_the_link() -> None:
    document = read(MARKDOWN.encode(), "a.md")
    link = document.links[1]
    assert document.text[: link.start].endswith("Ask here or ")


def test_of_a_web_page() -> None:
    page = (
        "<h1>Leave</h1><p>Ask here or <a href='https://a.example/2'> here </a>, and read <a "
        "href='p.html#top'>the <b>whole</b>\n policy</a>.</p><ul><li><a href='#how'>Apply</a></li>"
        "<li><a href=\"java&#10;script:alert(1)\">Press</a></li></ul><pre><a href='x'>x</a></pre>"
    )
    assert links(read(page.encode(), "a.html")) == [
        ("here", "https://a.example/2"),
        ("the whole policy", "p.html#top"),
        ("Apply", "#how"),
    ]


def test_of_a_word_document() -> None:
    docx = pytest.importorskip("docx")
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = docx.Document()
    paragraph = made.add_paragraph("Ask here or ")
    for words, target in (("here", "https://a.example/2"), ("there", "file:///c:/x")):
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), made.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, True))
        run = paragraph.add_run(words)
        link.append(run._r)
        paragraph._p.append(link)
        paragraph.add_run(" and ")
    file = io.BytesIO()
    made.save(file)
    document = read(file.getvalue(), "a.docx")
    assert links(document) == [("here", "https://a.example/2")]
    assert document.text[: document.links[0].start].endswith("Ask here or ")


def test_links_are_kept_on_the_way_and_checked() -> None:
    document = read(MARKDOWN.encode(), "a.md")
    message = frames.decoded(frames.encoded(frames.to_message(document)))
    arrived = frames.from_message(message, "a.md")
    assert isinstance(arrived, Document)
    assert arrived.links == document.links
    for wrong in ([0, 4, "javascript:x"], [4, 4, "#a"], [0, 10**6, "#a"], [0, 4, ""]):
        with pytest.raises(ValueError, match=r"link|address"):
            frames.from_message({**message, "links": [wrong]}, "a.md")
    with pytest.raises(ValueError, match="link"):
        frames.from_message({**message, "links": [[0, 4, "#a"], [3, 5, "#b"]]}, "a.md")


def test_links_are_kept_with_the_passage_that_they_begin_in() -> None:
    passage = Passage("d:v:0", "d", "a.md", "", 10, 30, "x" * 20)
    kept = (Link(12, 15, "https://a.example/ü"), Link(20, 21, "#a"))
    record = {"start": 10} | parts_record(Parts(links=kept), passage)
    assert read_parts(record).links == kept


def entry(source: str, *headings: str) -> Entry:
    places = tuple(Heading(10 * at, 1, text) for at, text in enumerate(headings))
    return Entry(source, source, "", "v", "", 1, 100, headings=places)


def test_links_between_documents_lead_to_those_that_are_there() -> None:
    own = entry("docs/travel/a.md", "Start", "How to Apply?")
    known = {
        one.source: one
        for one in (
            own,
            entry("docs/leave.md", "Top"),
            entry("docs/top/index.md"),
            entry("docs/ü.md"),
        )
    }

    def target(written: str) -> str | None:
        found = list(leading([Link(0, 1, written)], own, known.get))
        return found[0].target if found else None

    assert target("https://a.example") == "https://a.example"
    assert target("../leave.md") == "#source:docs/leave.md"
    assert target("../leave#top") == "#source:docs/leave.md:0-3"
    assert target("/leave/?x=1") == "#source:docs/leave.md"
    assert target("/top/") == "#source:docs/top/index.md"
    assert target("../%C3%BC.md") == "#source:docs/%C3%BC.md"
    assert target("#how-to-apply") == "#source:docs/travel/a.md:10-23"
    for nowhere in (
        "#nothing",
        "b.md",
        "../../../etc/passwd",
        "javascript:x",
        "//evil.example",
        "a:b",
    ):
        assert target(nowhere) is None


def test_links_of_a_page_of_the_web_are_relative_to_its_address() -> None:
    own = entry("https://x.example/handbook/a.html", "Start")
    known = {one.source: one for one in (own, entry("https://x.example/handbook/leave?p=1", "Top"))}

    def target(written: str) -> str:
        (found,) = leading([Link(0, 1, written)], own, known.get)
        return found.target

    assert target("leave?p=1#top") == "#source:https%3A//x.example/handbook/leave%3Fp%3D1:0-3"
    assert target("https://x.example/handbook/leave?p=1").startswith("#source:")
    assert target("#start") == "#source:https%3A//x.example/handbook/a.html:0-5"
    assert target("../press") == "https://x.example/press"
    assert target("https://y.example/") == "https://y.example/"
    assert target("mailto:someone@x.example") == "mailto:someone@x.example"
