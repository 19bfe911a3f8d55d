from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import records
from qa.records import (
    Answer,
    Block,
    Citation,
    Document,
    Heading,
    Hit,
    Link,
    Passage,
    Permitted,
    Reading,
    Skipped,
    Source,
    Span,
    Statement,
    Status,
    SyncReport,
    Unread,
)
from qa.schemas import AnswerJSON

TEXT = "Bangkok and Hanoi are being considered. Neither is settled."
PASSAGE = Passage(
    id="d:v:0",
    document_id="d",
    source="news/summit.md",
    title="Summit",
    start=100,
    end=100 + len(TEXT),
    text=TEXT,
    heading="Summit > Place",
    page=2,
    metadata={"language": "en"},
)
HIT = Hit(PASSAGE, score=0.70714, similarity=0.61, keyword=3.2)
CITATION = Citation(
    number=1,
    source="news/summit.md",
    title="Summit",
    start=100,
    end=139,
    quote=TEXT[:39],
    passage_id="d:v:0",
    page=2,
    heading="Summit > Place",
)


def test_every_record_is_frozen_and_has_slots() -> None:
    classes = [value for value in vars(records).values() if dataclasses.is_dataclass(value)]

    assert len(classes) > 10
    for record in classes:
        assert vars(record)["__dataclass_params__"].frozen, record
        assert "__slots__" in vars(record), record


def test_an_answer_as_json_has_the_documented_keys() -> None:
    answer = Answer(
        question="And where?",
        asked="Where might the second summit be held?",
        text="Bangkok and Hanoi are being considered. [1]",
        found=True,
        score=0.933333,
        short="Bangkok and Hanoi",
        citations=(CITATION,),
        hits=(HIT,),
        seconds={"retrieve": 0.0212345, "total": 0.04},
        statements=(
            Statement("sentence", "Bangkok and Hanoi are being considered. [1]", (1,)),
            Statement("list", "- Bangkok\n- Hanoi"),
        ),
        sure=False,
    )

    assert json.loads(json.dumps(answer.to_dict())) == {
        "question": "And where?",
        "asked": "Where might the second summit be held?",
        "text": "Bangkok and Hanoi are being considered. [1]",
        "short": "Bangkok and Hanoi",
        "found": True,
        "outcome": "unsure",
        "reason": None,
        "score": 0.9333,
        "statements": [
            {
                "kind": "sentence",
                "text": "Bangkok and Hanoi are being considered. [1]",
                "citations": [1],
            },
            {"kind": "list", "text": "- Bangkok\n- Hanoi", "citations": []},
        ],
        "citations": [
            {
                "number": 1,
                "source": "news/summit.md",
                "title": "Summit",
                "page": 2,
                "slide": None,
                "sheet": None,
                "rows": None,
                "recognised": None,
                "heading": "Summit > Place",
                "start": 100,
                "end": 139,
                "quote": "Bangkok and Hanoi are being considered.",
                "passage_id": "d:v:0",
            }
        ],
        "passages": [
            {
                "source": "news/summit.md",
                "title": "Summit",
                "page": 2,
                "recognised": None,
                "heading": "Summit > Place",
                "start": 100,
                "end": 100 + len(TEXT),
                "text": TEXT,
                "passage_id": "d:v:0",
                "score": 0.7071,
            }
        ],
        "sections": [],
        "unsupported": [],
        "disagreement": False,
        "suggestion": None,
        "attached": None,
        "failure": None,
        "answerer": "quotes",
        "seconds": {"retrieve": 0.0212, "total": 0.04},
    }


def test_a_refusal_as_json_has_the_same_keys_as_an_answer() -> None:
    refusal = Answer(question="?", text="Ask a question.", found=False, reason="empty").to_dict()

    answer = Answer(question="Who?", text="Me. [1]", found=True, citations=(CITATION,)).to_dict()

    assert refusal.keys() == answer.keys()
    assert refusal["found"] is False
    assert refusal["outcome"] == "not said"
    assert answer["outcome"] == "answered"
    assert refusal["reason"] == "empty"
    assert refusal["citations"] == refusal["passages"] == []


def test_a_refusal_as_text_lists_the_closest_passages() -> None:
    marked = dataclasses.replace(PASSAGE, text="Bangkok [2] and <b>Hanoi</b>.", title="")
    hits = tuple(Hit(passage, 0.5) for passage in (PASSAGE, marked, PASSAGE, PASSAGE))
    text = "The passages below come closest."
    told = Answer(
        question="Where is it held?", text=text, found=False, reason="not said", hits=hits
    )

    shown, _, again = told.with_closest.removeprefix(f"{text}\n\n").split("\n")

    assert shown == again == f"- Summit › Place: “{TEXT}”"
    assert "- news/summit.md › Summit › Place: “Bangkok (2) and <b>Hanoi</b>.”" in told.with_closest
    assert told.with_footnotes == told.with_closest
    assert told._repr_html_().count("<li>") == 3
    assert "<b>" not in told._repr_html_()
    for other in (
        dataclasses.replace(told, found=True),
        dataclasses.replace(told, reason="nothing close"),
    ):
        assert other.with_closest == other.with_footnotes == text


def test_all_parts_of_an_answer_are_shown() -> None:
    shown_as = {"hits": "passages", "sure": "outcome"}
    kept = {shown_as.get(field.name, field.name) for field in dataclasses.fields(Answer)}

    assert kept == AnswerJSON.model_fields.keys()
    assert kept == Answer(question="Who?", text="Me.", found=True).to_dict().keys()


def test_a_document_as_json_has_the_documented_keys() -> None:
    document = Document(
        *("A\n\nb", "a.md", "A", "id", (0,), (Heading(0, 1, "A"),), {"language": "en"}),
        blocks=(Block("heading", 0, 1, 1), Block("paragraph", 3, 4)),
        links=(Link(3, 4, "b.md"),),
    )

    assert json.loads(json.dumps(document.to_dict())) == {
        "source": "a.md",
        "title": "A",
        "text": "A\n\nb",
        "pages": [0],
        "headings": [{"start": 0, "level": 1, "text": "A"}],
        "blocks": [
            {"kind": "heading", "start": 0, "end": 1, "level": 1, "marker": ""},
            {"kind": "paragraph", "start": 3, "end": 4, "level": 0, "marker": ""},
        ],
        "links": [{"start": 3, "end": 4, "target": "b.md"}],
    }


def test_a_question_that_is_not_a_follow_up_is_asked_unchanged() -> None:
    assert Answer(question="Who?", text="Me.", found=True).to_dict()["asked"] == "Who?"


def test_a_hit_as_json_is_the_same_as_in_an_answer() -> None:
    answer = Answer(question="?", text="No.", found=False, hits=(HIT,))

    assert answer.to_dict()["passages"] == [HIT.to_dict()]


def test_a_report_as_json_has_the_documented_keys() -> None:
    report = SyncReport(
        added=("a.md",),
        changed=("b.md",),
        renamed=(("c.md", "d.md"),),
        removed=("e.md",),
        unchanged=("f.md",),
        readers=(Permitted("f.md", None, ("hr",)),),
        skipped=(Skipped("g.pdf", "g.pdf is empty"),),
        passages=12,
        seconds=1.23456,
    )

    assert json.loads(json.dumps(report.to_dict())) == {
        "added": ["a.md"],
        "changed": ["b.md"],
        "renamed": [{"from": "c.md", "to": "d.md"}],
        "removed": ["e.md"],
        "samples": [],
        "unchanged": ["f.md"],
        "readers": [{"source": "f.md", "before": None, "groups": ["hr"]}],
        "skipped": [{"source": "g.pdf", "reason": "g.pdf is empty"}],
        "passages": 12,
        "seconds": 1.235,
    }


def test_a_status_as_json_has_the_documented_keys() -> None:
    status = Status(
        index="index",
        embedder="package:all-MiniLM-L6-v2",
        sources=[
            Source(
                *("a.md", "A", "id", 3, 4000, {"language": "en"}, "2026-01-02T03:04:05+00:00", 2),
                Reading(("md 1",), ("Not read: x.png",)),
                groups=("people",),
            ),
            Source("b.md", "B", "id", 0, 0),
        ],
        passages=3,
        folders=["/documents"],
        updated="2026-01-02T03:04:05+00:00",
        failed=[Unread("c.pdf", "c.pdf is damaged.", "2026-01-02T03:04:05+00:00", "pdf 1")],
        skipped=[Unread("d", "d is a link.", "2026-01-02T03:04:05+00:00")],
        stale=[Skipped("a.md", "a.md has changed.")],
    )

    assert json.loads(json.dumps(status.to_dict())) == {
        "index": "index",
        "embedder": "package:all-MiniLM-L6-v2",
        "documents": 2,
        "passages": 3,
        "folders": ["/documents"],
        "updated": "2026-01-02T03:04:05+00:00",
        "samples": False,
        "failed": [
            {
                "source": "c.pdf",
                "reason": "c.pdf is damaged.",
                "since": "2026-01-02T03:04:05+00:00",
                "format": "pdf 1",
            }
        ],
        "skipped": [
            {
                "source": "d",
                "reason": "d is a link.",
                "since": "2026-01-02T03:04:05+00:00",
                "format": "",
            }
        ],
        "stale": [{"source": "a.md", "reason": "a.md has changed."}],
        "sources": [
            {
                "source": "a.md",
                "title": "A",
                "passages": 3,
                "characters": 4000,
                "metadata": {"language": "en"},
                "read": "2026-01-02T03:04:05+00:00",
                "formats": ["md 1"],
                "pages": 2,
                "warnings": ["Not read: x.png"],
                "groups": ["people"],
            },
            {
                "source": "b.md",
                "title": "B",
                "passages": 0,
                "characters": 0,
                "metadata": {},
                "read": None,
                "formats": [],
                "pages": None,
                "warnings": [],
                "groups": None,
            },
        ],
    }


def test_a_status_can_be_limited_to_one_document_or_folder() -> None:
    sources = [Source(name, "A", "id", 3, 9) for name in ("d/a.md", "d/b/c.md", "d2/a.md")]
    unread = [Unread("d/b/e.pdf", "d/b/e.pdf is damaged.", "")]
    status = Status("index", "embedder", sources, 9, [], None, failed=unread)

    assert [one.source for one in status.of("d").sources] == ["d/a.md", "d/b/c.md"]
    assert status.of("d/b/").passages == 3
    assert status.of("d/b/e.pdf").failed == unread
    assert status.of("d/a.md").failed == []


def test_a_span_gives_its_words_of_the_passage() -> None:
    span = Span(HIT, start=140, end=100 + len(TEXT), score=0.9, short=(100, 117))

    assert span.text == "Neither is settled."
    assert span.short_text == "Bangkok and Hanoi"
    assert Span(HIT, 100, 139, 0.9).short_text is None


def test_a_citation_has_its_marker() -> None:
    assert CITATION.marker == "[1]"


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (9, 1), (10, 2), (24, 2), (25, 4), (1000, 4)])
def test_pages_are_counted_from_one(offset: int, page: int) -> None:
    # Page 3 is empty: what is at its start is on the page after it.
    assert Document(text="x" * 40, source="a.pdf", pages=(0, 10, 25, 25)).page_at(offset) == page


def test_text_before_the_first_page_mark_is_on_the_first_page() -> None:
    assert Document(text="x" * 40, source="a.pdf", pages=(5, 10)).page_at(0) == 1


def test_a_document_without_pages_has_no_page() -> None:
    assert Document(text="x", source="a.txt").page_at(0) is None


@pytest.mark.parametrize(
    ("offset", "path"),
    [
        (0, ()),
        (5, ("Policy",)),
        (15, ("Policy", "Travel")),
        (25, ("Policy", "Travel", "Rail")),
        (35, ("Policy", "Meals")),
        (45, ("Annex",)),
        (55, ("Annex", "Table")),
    ],
)
def test_the_headings_above_an_offset_are_those_of_its_sections(
    offset: int, path: tuple[str, ...]
) -> None:
    headings = (
        Heading(5, 1, "Policy"),
        Heading(15, 2, "Travel"),
        Heading(25, 3, "Rail"),
        Heading(35, 2, "Meals"),
        Heading(45, 1, "Annex"),
        Heading(55, 4, "Table"),
    )

    assert Document(text="x" * 60, source="a.md", headings=headings).heading_path(offset) == path


@given(
    levels=st.lists(st.integers(min_value=1, max_value=6), max_size=20),
    offset=st.integers(min_value=0, max_value=25),
)
def test_headings_above_an_offset_get_deeper_and_end_with_the_last_one(
    levels: list[int], offset: int
) -> None:
    headings = tuple(Heading(start, level, str(start)) for start, level in enumerate(levels))

    path = Document(text="x" * 25, source="a.md", headings=headings).heading_path(offset)

    depths = [levels[int(start)] for start in path]
    assert depths == sorted(set(depths))
    assert path[-1:] == tuple(heading.text for heading in headings[: offset + 1])[-1:]
