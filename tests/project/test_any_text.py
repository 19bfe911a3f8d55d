"""No text of a document, question or model may make a function fail: each is given all kinds."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import pkgutil
import random
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from rich.console import Console
from starlette.requests import Request

import qa
from qa import loading
from qa.answering import AnswerStream, KeptAnswers, confidence, contradictions, own_words, quoting
from qa.answering import citations as citations_module
from qa.answering.suggesting import going_on, suggestions
from qa.answering.units import choosing, named_parts, selecting, wording
from qa.api import Chosen, EndedSync, WorkState
from qa.api.events import event
from qa.api.mcp import server as mcp_server
from qa.api.stretches import stretch
from qa.assistant import langchain_views
from qa.checking import cases, claims, negation, packaged
from qa.checking import support as alignment
from qa.cli.output import answer_text, terminal
from qa.errors import QAError
from qa.evaluation import nuggets, scoring
from qa.index import Scope, keywords, layout
from qa.index.keywords import SeenKeywords
from qa.index.leading import leading
from qa.index.snapshot import snapshot_of
from qa.index.verdicts import Verdict, Verdicts
from qa.indexing import adding
from qa.indexing.folders.rules import Permits, last
from qa.indexing.preparing import splitting, units
from qa.indexing.storage.addresses import Stored, stored
from qa.indexing.web import addresses, notes, robots
from qa.indexing.web.frontier import Frontier
from qa.indexing.web.media import suffix_of
from qa.insights import DownRange, VotedDown, WordlessVotes
from qa.loading import (
    blocks,
    decoding,
    formats,
    furniture,
    lines,
    links,
    numerals,
    pictures,
    plain,
    symbols,
)
from qa.loading.html import boilerplate
from qa.loading.html.leads import leads
from qa.loading.markdown import dialects, front_matter, shortcodes
from qa.loading.pdf import columns as pdf_columns
from qa.loading.pdf import layout as pdf_layout
from qa.loading.pdf import marks, recognition
from qa.loading.pdf.tables import cells as pdf_cells
from qa.loading.pdf.tables import rows as pdf_rows
from qa.loading.tables import grid, number_formats
from qa.loading.workers import frames
from qa.models.embedders import Embedder
from qa.places import folders_above, is_remote, is_storage, is_web, sample_folder
from qa.questions import followups, forms, other_languages
from qa.questions import going_on as going_on_questions
from qa.questions import kinds as questions
from qa.questions.small_talk import small_talk_of
from qa.reading import by_words, phrases
from qa.reading.by_model import ExtractiveReader, open_reader
from qa.records import (
    Answer,
    Citation,
    Day,
    Document,
    Draft,
    Heading,
    Hit,
    Insights,
    Link,
    OpenQuestion,
    OpenTopic,
    Passage,
    Reading,
    Review,
    ReviewFinding,
    Source,
    Span,
    Status,
    Turn,
    Unread,
    Used,
)
from qa.retrieval import acronym_in, as_written, joining, misspelt, respelt
from qa.review import versions
from qa.review.contradictions import Contradictions
from qa.review.dead_links import Links, within
from qa.review.duplicates import duplicate
from qa.review.texts import Text, alike
from qa.text import (
    amounts,
    cleaning,
    dates,
    excerpts,
    language,
    numbered,
    sentences,
    spelling,
    terms,
)
from qa.text import asking as asking_words
from qa.text.ages import dated
from qa.text.markup import shapes
from qa.text.markup.links import (
    address,
    answer_links,
    is_outside,
    unlinked,
    web_address,
    without_links,
)
from qa.text.markup.links import linked as as_link
from qa.text.markup.markdown import answer_markdown, as_html, plain_markdown
from qa.writing import prompts, rewriting, sentence_stream
from qa.writing.answerer import ChatAnswerer
from qa.writing.blocks import blocks as model_blocks
from tests.answering import asking
from tests.whole import WHOLE
from ui.admin import documents as documents_view
from ui.admin import findings as findings_view
from ui.admin import questions as questions_view
from ui.admin.frame import sync_html
from ui.brand.brand import Contact
from ui.page import render
from ui.page.conversations import Exchange
from ui.page.texts import TEXTS
from ui.routes import export
from ui.sign_in import page as sign_in_page

HERE = Path(__file__).resolve().parents[1]
BENCH = HERE.parents[1] / "shared" / "bench" / "dev"
EXAMPLES = 400 if WHOLE else 6
REAL = 300 if WHOLE else 2
# Passages are not longer, and checking a claim against many takes time.
LONGEST = 5000 if WHOLE else 800

# Pieces that real texts are made of, and that are easily mistaken for something else.
FRAGMENTS = [
    "Why do n't", "n't", "’s", "I 'm", "can't", "U.S.", "e.g.", "May", "May 5", "in May", "second",
    "first", "No. 7", "E-4012", "3.14", "1,000", "1.000,5", "€20", "$", "%", "per cent", "½", "²",
    "①", "٣", "५", "Ⅳ", "twenty-one", "two hundred and five", "a hundred", "9" * 20, "-", "--",
    "—", "...", "…", "?", "!", ".", ",", ";", ":", "(", ")", "[1]", "[2", "]", "[0]",
    "[99999999999]", "[٣]", "[²]", "(1)", "1.", "•", "- ", "* ", "#", "# Heading\n", "| ", " | ",
    "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\x00", "\x1b[31m", "\u2028", "\u200b", "\u202e",
    "\ufeff", "\u00ad", "\u0301", "´", "Å", "ß", "İ", "ŉ", "ﬁ", "ﷺ", "日本語", "文件。", "한국어",
    "नमस्ते", "สวัสดี", "שלום", "مرحبا", "Привет", "👩‍👩‍👧", "💥", "\U000e0001", "http://a.b/c?d",
    "a@b.example",
    "<b>", "</p>", "<passage", "</passage>", "&#91;", "&amp;", "`", "**", "_", "\\", "{{x}}",
    "<think>",
    "</think>", "Question:", "Answer:", "Sources:", "who", "When", "where", "how many", "Why?",
    "and in 2019?", "it", "he", "Regarding", "not", "no longer", "every", "only", "10%", "20 euros",
    "the President", "Mr", "Kim", "the United States", "more than", "2018-06-12", "12/06/2018",
    "June 12th", "31 February 2020", "99:99", "yesterday", "either", "or", "Rows", "kg", "5 kg",
]  # fmt: skip
odd = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=12).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=12).map("".join),
)
texts = st.tuples(odd, odd, odd)


def hit(text: str, title: str = "", heading: str = "", number: int = 0) -> Hit:
    passage = Passage(
        id=f"d{number}:v:0",
        document_id=f"d{number}",
        source=f"{number}.md",
        title=title,
        heading=heading,
        start=7,
        end=7 + len(text),
        text=text,
        page=2,
    )
    return Hit(passage, 0.5)


def hits(a: str, b: str, c: str) -> list[Hit]:
    return [hit(a, c, b), hit(b, a, c, 1), hit(f"{a} {c}", b, a, 2)]


def spans(a: str, b: str, c: str) -> list[Span]:
    """Every sentence of the hits, with its first word as the short answer."""
    return [
        Span(one, 7 + start, 7 + end, 0.9, (7 + start, 7 + start + 1))
        for one in hits(a, b, c)
        for start, end in sentences.sentences(one.passage.text)
    ]


def history(a: str, b: str, c: str) -> list[Turn]:
    return [Turn(a, b), Turn(b, c), Turn(c)]


def document(a: str, b: str, c: str) -> Document:
    found = blocks.Blocks()
    found.heading(a, 1)
    found.add(b)
    found.row([a, c])
    found.item(c)
    found.embed(Document(f"{b}\n{c}", "b.md"))
    return found.document("a.md", [b, c], {"year": 2020})


def answer(a: str, b: str, c: str) -> Answer:
    citations = tuple(citations_module.cite(span, at) for at, span in enumerate(spans(a, b, c), 1))
    text = " ".join(f"{citations_module.said(one.quote)} {one.marker}" for one in citations)
    short = b[:5]
    return Answer(a, text, bool(citations), 0.5, short, citations, tuple(hits(a, b, c)), asked=b)


def exhausted(generator: Iterator[object]) -> None:
    for _ in generator:
        pass


def permitted(a: str, b: str, c: str) -> None:
    for line in (a, b, c, f"{a}/"):
        with contextlib.suppress(QAError):
            last(Permits({line: [b]}).rules, f"{c}/{a}")


def support(a: str, b: str, c: str) -> None:
    for model in (None, packaged()):
        evidence = alignment.Evidence(a, hits(a, b, c), model)
        for claim in (a, b, c, f"{a} {b}"):
            evidence.says_something(claim)
            evidence.support(claim, [0, 7])
    packaged().judge(a, b)


def numbers(a: str, b: str, c: str) -> None:
    said = claims.details(a)
    for detail in said:
        claims.number_fits(detail, said, [b, c])
        claims.measure_fits(detail, said, [b, c])
        claims.adjacent(detail, said[0])
        claims.near(detail.stem, claims.stems_of(b))
        claims.canonical(detail.stem)


def denied(a: str, b: str, c: str) -> None:
    negation.says_no(a)
    negation.denies(a, claims.details(a), [b, c])
    negation.generalizes(a, [b, c])
    negation.singles_out(a, [b, c])
    negation.reverses(a, [b, c])
    negation.turns_round(a, [b, c])


def compared(a: str, b: str, c: str) -> None:
    drafts = Draft(f"{a} [1] {b} [2]{c}", True, answer(a, b, c).citations)
    checked = citations_module.checked(drafts, hits(a, b, c))
    for citation in checked.citations:
        assert citations_module.hit_of(citation, hits(a, b, c)) is not None


def chosen(a: str, b: str, c: str) -> None:
    table = f"| {a} | {b} |\n|---|---|\n| {c} | {b} |"
    text = f"# {a}\n\n{b}\n\n{c}:\n\n1. {a}\n2. {b}\n\n## {b}\n\n{table}\n\n## {c}\n\n{a} {b} {c}\n"
    told = loading.read(text.encode(), "a.md")
    found = asking.asked_of(told, asking.whole(told), a, [])
    choosing.sureness(found.choices)
    if found.choices:
        going_on.unsaid(found.choices, f"{a} {b}")
        cited = citations_module.quoted(found.stretch.passage, (0, 1), 1)
        for one in going_on.sections(a, found.choices, [cited]):
            assert told.text[one.start : one.end] == one.quote
    contradictions.echoes(a, spans(a, b, c), found.choices)
    assert 0 <= confidence.confidence(a, found.choices, spans(a, b, c)) <= 1
    exhausted(quoting.in_full(found.choices, forms.Form.OVERVIEW, a))
    named = named_parts.parts_named(f"Step 1 of {a} {b} {c}", found.choices)
    for choice in [*selecting.selected(a, found.choices), *found.choices, *named]:
        wording.cell(choice, a)
        choosing.spans_in(choice, spans(a, b, c))
        for form in forms.Form:
            asking.check_saying(wording.say(choice, form, a), told)


def asked(a: str, b: str, c: str) -> None:
    for question in (a, f"Wie {a} die {b}?", f"Où {a} des {b} ?", f"¿Qué {a} del {b}?", f"{a}什么"):
        form, kind = forms.form_of(question), questions.kind_of(question)
        assert isinstance(form, forms.Form)
        forms.sides(question)
        asking_words.asked_in(question)
        asking_words.compared(asking_words.asked_in(question), asking_words.asked_stems(question))
        small_talk_of(question)
        other_languages.language_of(question)
        other_languages.said_in(question, "more")
        going_on_questions.gone_on_with(question, [Turn(b, c), Turn(a, b)])
        assert own_words.why_not("not said", question)
        assert own_words.disagreement(question)
        for rules in ("forms", "kinds"):
            other_languages.rule_of(rules, question)
        other_languages.sides_in(question)
        for start, end in questions.candidates(kind, b, question):
            assert 0 <= start <= end <= len(b)
        assert other_languages.measured_in(question) is not None
    questions.asks(a)
    kind = questions.kind_of(a)
    questions.asks_whether(a)
    questions.asked_words(kind)
    for one in questions.Kind:
        for start, end in questions.candidates(one, b, a):
            assert 0 <= start <= end <= len(b)


def read_by_words(a: str, b: str, c: str) -> None:
    rarity = dict.fromkeys(terms.stems(a), 2.0)
    question = by_words.analyse(a, rarity)
    for one in hits(a, b, c):
        for _, _, features in by_words.read_hit(question, one, 0):
            assert 0 <= by_words.sureness(features) <= 1
    for span in by_words.QuotingReader().read(a, hits(a, b, c), rarity):
        assert span.text in span.hit.passage.text


def phrased(a: str, b: str, c: str) -> None:
    text = f"{a}: {b}, {c} and {a}: {c}"
    end = len(text)
    found = questions.candidates(questions.Kind.NUMBER, text, "")
    parts = [*phrases.labelled(text, 0, end), *phrases.columns(text, 0, end)]
    for part in [*parts, *phrases.clauses(text, 0, end, found)]:
        assert 0 <= part.start <= part.end <= end
        part.held(text)
    for start, stop in [(0, end), (len(a), len(a) + 1)]:
        whole = phrases.of_whole_tokens(text, start, stop, found)
        assert 0 <= whole[0] <= whole[1] <= end


def read_by_model(a: str, b: str, c: str) -> None:
    reader = open_reader("packaged")
    assert isinstance(reader, ExtractiveReader)
    found = reader.read(a, hits(a, b, c), dict.fromkeys(terms.stems(a), 2.0))
    contradictions.contradicting(a, found)
    for span in found:
        assert span.text in span.hit.passage.text


def said_before(a: str, b: str, c: str) -> None:
    before = history(a, b, c)
    followups.standalone(a, before)
    followups.background(a, before)
    followups.restated(a, before)
    followups.is_follow_up(a)
    followups.recent(before, 2, 100)
    rewriting.messages(a, before)
    rewriting.accepted(b, a, before)


def cut(a: str, b: str, c: str) -> None:
    chunks = [a, b, *c]
    exhausted(sentence_stream.pieces(chunks))
    assert "".join(sentence_stream.without_reasoning([a])) is not None


def kept_answer(a: str, b: str, c: str) -> None:
    keeping, snapshot = KeptAnswers(1, qa.Settings()), snapshot_of(None, None, {})
    given: list[str] = []

    def made() -> Generator[str, None, Answer]:
        yield b
        return Answer(a, b, True, hits=tuple(hits(a, b, c)), asked=a)

    def ask() -> Answer:
        scope, opened = Scope(b, {c: a}), contextlib.nullcontext(snapshot)
        stream = AnswerStream(keeping.answered(a, scope, lambda: opened, made(), given.extend))
        assert "".join(stream) == b
        return stream.answer

    assert replace(ask(), seconds={}) == replace(ask(), seconds={})
    assert keeping.size > 0
    snapshot.keywords.close()


def recalled(a: str, b: str, c: str) -> None:
    expected = qa.Expected(a, nuggets=[[b], [b, c]], vital=1, direct=c, ideal_words=3)
    for value in nuggets.recalled(expected, f"{a} {b}").values():
        assert 0 <= value <= 1
    nuggets.stands(b, nuggets.as_read(a))
    assert nuggets.words(a) >= 0


def with_links(a: str, b: str, c: str) -> None:
    linked = links.Linked()
    linked.open(1, c)
    linked.close(2)
    linked.open(3, "https://a.example/")
    linked.close(4)
    pieces = [a, b, c, b]
    written = blocks.Blocks()
    written.add(f"{a}{b}{c}{b}")
    written.link(linked.links(pieces), "".join(pieces), 0)
    told = written.document("a.md", [a])
    for link in told.links:
        assert address(link.target) == link.target
        assert told.text[link.start : link.end].split() == cleaning.clean(b).split()
    own = replace(told, links=(*told.links, Link(0, 1, c), Link(1, 2, f"#{a}")))
    entry = layout.entry_of(own, "v", "", "", 1)
    list(leading(own.links, entry, {"a.md": entry}.get))
    said = "".join(words for words, _ in answer_links(unlinked(a) + as_link(b, "#source:x")))
    assert without_links(unlinked(a) + as_link(b, "#source:x")) == said
    is_outside(c)


def shown_to_a_model(a: str, b: str, c: str) -> None:
    told = loading.read(f"# {a}\n\n{b}:\n\n- {c}\n- {a}\n".encode(), "a.md")
    known = asking.asked_of(told, asking.whole(told), a, [])
    for block in model_blocks(hits(a, b, c), known.choices):
        if block.passage.source == "a.md":
            start, end = block.passage.start, block.passage.end
            assert told.text[start:end] == block.passage.text


def judged(a: str, b: str, c: str) -> None:
    with TemporaryDirectory() as folder:
        verdicts = Verdicts(Path(folder))
        verdicts.keep(Verdict("conversation", a, b, "up", c, (c,)))
        verdicts.expect(a, b, answer=c)
        verdicts.erase({a}, [b, c], {c: a})


def framed(a: str, b: str, c: str) -> None:
    sent = frames.to_message(document(a, b, c))
    frames.from_message(frames.decoded(frames.encoded(sent)), a)
    frames.refusal(frames.to_message(qa.LoadError(a)))


def found_on_a_page(a: str, b: str, c: str) -> None:
    words = [cleaning.one_line(cleaning.clean(text)) for text in (a, b, c)]
    lines = [
        pdf_columns.Line(
            text, 0.0, 9.0, 9.0 - place, 1.0, ink=tuple(range(len("".join(text.split()))))
        )
        for place, text in enumerate(words)
    ]
    for text in (blocks.not_raised("\n".join(words)), words[1], f"{a}{c}"):
        found = marks.traced(text, lines)
        drawn = [one for one in text if not one.isspace() and one not in "|–"]
        assert found is None or len(found) == len(drawn)
    assert marks.traced(words[1], lines) is not None
    box = (0.0, 0.0, 9.0, 9.0)
    known = [recognition.Word(box, box, 1.0)] * max(len(line.ink) for line in lines)
    read = recognition.Recognised(lines, known, (9, 9))
    boxes = marks.on_picture(read, 1, [words[1], 0, len(words[1])], a)
    assert len(boxes) <= len(words[1])
    apart = [
        replace(line, gaps=(pdf_columns.Gap(len(line.text) // 2, 3.0, 6.0),)) for line in lines
    ]
    for row, line in zip(pdf_rows.rows_apart(apart), lines, strict=True):
        assert set("".join(line.text.split())) <= {*row.text, "|"}


def prompted(a: str, b: str, c: str) -> None:
    found = hits(a, b, c)
    prompts.messages(a, found, budget=50)
    prompts.within(50, found)
    prompts.recites(a)
    prompts.tokens(a)
    prompts.restored(prompts.defused(b), found)


def reviewed(a: str, b: str, c: str) -> None:
    texts = [
        Text(layout.entry_of(replace(one, id=f"d{at}"), "v", "", "", 1), one)
        for at, one in enumerate((document(a, b, c), document(b, a, c), Document(a, b, c)))
    ]
    finding = Contradictions(packaged())
    for one, other in zip(texts, [*texts[1:], texts[0]], strict=True):
        for sentence in one.sentences[:3]:
            assert one.document.text[sentence.start : sentence.end] == sentence.text
            for against in other.like(sentence, 1):
                finding.between(one, sentence, other, against)
                assert 0 <= alike(sentence.frame, against.frame) <= 1
        same = duplicate(one, other, texts)
        assert same is None or same.one[0] < same.one[1]
        versions.replaced(one, other, 2)
        versions.said_to_replace(one, [(0, "d0")], {"d0"})
    versions.name_of(a)
    entries = {text.entry.id: text.entry for text in texts}
    folders = {"a": "/nowhere", "b": "https://a.example/"}
    own = [
        Link(0, 1, target) for target in (a, b, c, f"/{a}", f"../{b}#{c}", f"https://a.example/{c}")
    ]
    leading_out = {id: within(own, entry.source, folders) for id, entry in entries.items()}
    found = Links(entries, folders, lambda _: False)
    for dead in found.dead(leading_out):
        found.leads_to(entries[dead.document_id], dead.link)


def split(a: str, b: str, c: str, embedder: Embedder) -> None:
    whole = document(a, b, c)
    adding.check_storable(whole)
    version = layout.text_version(whole)
    passages = splitting.split(whole, embedder.tokenizer, 32, version)
    assert "".join(passage.text for passage in passages) == whole.text
    for passage in passages:
        assert passage.heading in passage.above
        splitting.embedded_text(passage, embedder.tokenizer)
    for unit in units.units(whole):
        splitting.unit_text(whole, unit, embedder.tokenizer, 32)
        layout.passage_record(passage)
    entry = layout.entry_of(whole, version, "", "", len(passages))
    assert layout.read_document(layout.document_record(entry)) == entry


def embedded(a: str, b: str, c: str, embedder: Embedder) -> None:
    assert len(embedder.embed_documents([a, b])) == 2
    embedder.embed_query(c)
    embedder.is_token(c)


def read_files(a: str, b: str, c: str) -> None:
    data = f"{a}\n{b}\n{c}".encode()
    for source in (
        "a.txt",
        "a.md",
        "a.rst",
        "a.adoc",
        "a.html",
        "a.csv",
        "a.eml",
        "a.rtf",
        "a.json",
        "a.yaml",
        "a.xls",
        "a.ics",
        "a.mht",
        f"{a}.md",
        "a",
    ):
        try:
            found = loading.read(data, source)
        except QAError:
            continue
        adding.check_storable(found)
        assert all(found.text[h.start :].startswith(h.text) for h in found.headings)


def typeset(a: str, b: str, c: str) -> None:
    cleaning.one_line(cleaning.harmless(cleaning.clean(a)))
    blocks.superscript(b)
    blocks.title_from_name(c)
    blocks.telling_title(a)
    pdf_layout.mend_hyphens([a, b, c])
    assert pdf_cells.glue(f"{a}a", f"b{b}") == " "
    assert len(pdf_cells.broken(a, b)) == len(a)
    formats.choose(a.encode(), f"{b}.md")
    decoding.decode(a.encode("utf-16"))
    decoding.decode_as(a.encode(), "ascii")
    decoding.decode_declared(a.encode(), b)
    plain.decode_or_raise(a.encode(), "a.txt")


def shown(a: str, b: str, c: str) -> None:
    told = answer(a, b, c)
    json.dumps(told.to_dict())
    json.dumps([one.to_dict() for one in told.hits])
    out = StringIO()
    for width in (terminal.Terminal(out, out),):
        width.answer(told)
        width.sources(told)
        width.related([a, b, c])
        width.hits(told.hits, a)
        width.note(a)
        width.error(b)
        width.json({"a": c})
    for piece in (a, f"1. {a}\n   - {b}", f"| {a} |\n| --- |\n| {b} |"):
        answer_text.AnswerText(Console(file=out, width=40), 40, c).lines(piece)
    answer_text.reflow(a)
    excerpts.excerpt(a, 20, b, [c])
    shapes.answer_parts(a)
    shapes.repeated(a, b)
    assert "\x1b" not in out.getvalue()


def told_to_the_owner(a: str, b: str, c: str) -> None:
    time = "2026-03-02T09:00"
    topic = OpenTopic((OpenQuestion(a, 1, 2), OpenQuestion(b)), tuple(hits(a, b, c)))
    day = Day(time[:10], answered=3, not_said=1, down=1)
    used = (Used(a, b, 1, 2),)
    found = Insights(day.date, day.date, True, True, (day,), used=used, topics=(topic,))
    answers = [VotedDown("1", time, a, b, c, (a, c)), VotedDown("2", time, c, b, a, ())]
    wordless = WordlessVotes(1, (DownRange(a, 0, 1, 1, c),))
    voted = [Chosen(answer, answer.id == "1") for answer in answers]
    quotes = tuple(Citation(n, a, b, 0, len(c), c, a) for n in (1, 2))
    finding = ReviewFinding("1", "contradiction", 0.5, quotes, (b, c), 1, a, b)
    held = Source(a, b, "1", 1, 1, reading=Reading(warnings=(c,)), groups=(a, b))
    status = Status(a, b, [held], 1, [c], None, failed=[Unread(a, b, time)])
    looked_for = documents_view.Wanted(c, "partly")
    for texts in TEXTS.values():
        syncs = sync_html(WorkState(), [EndedSync(time, error=c)], texts)
        for page in (
            questions_view.html(found, voted, wordless, a, (7,), 7, texts),
            findings_view.html(Review((finding,), (finding,)), 1, WorkState(error=a), texts),
            documents_view.html(status, documents_view.Wanted(), syncs, texts, watch=True),
            documents_view.html(status, looked_for, syncs, texts, watch=True),
        ):
            assert page.count("<") == page.count(">"), "nothing is taken for a tag"


def rendered(a: str, b: str, c: str) -> None:
    exchange = Exchange.of(answer(a, b, c))
    for look in TEXTS.values():
        render.message(exchange, 0, look)
        render.partial(a, look)
        for form in ("html", "markdown", "text"):
            export.exported([exchange], form, look)
    render.question(exchange, 0)
    for made in (render.welcome(a), render.contact_line(Contact(a, b), TEXTS["en"])):
        assert "<script" not in made


def led_to_sign_in(a: str, b: str, c: str) -> None:
    request = Request({"type": "http", "headers": [(b"accept-language", a.encode())]})
    for going in (a, f"{b}?{c}", f"?theme={a}&lang={b}"):
        way = sign_in_page.Way.of(going, request)
        for place in (way.address, way.to_sign_in(again=True)):
            assert re.fullmatch(r"(\./|sign-in\?)[!-~]*", place)
        shown = sign_in_page.form(way, name=b, problem=c)
        framed = sign_in_page.in_frame(way, (a, b), refused=True)
        for page in (shown, framed, sign_in_page.done(way, c)):
            assert page.count("<") == page.count(">"), "nothing is taken for a tag"
        assert "<script" not in shown


def searched(a: str, b: str, c: str) -> None:
    index = keywords.KeywordIndex(None)
    found = [one.passage for one in hits(a, b, c)]
    index.reconcile(
        {one.document_id: "v" for one in found},
        lambda ids: [one for one in found if one.document_id in ids],
    )
    words = terms.stems(a, keep_stop_words=True)
    index.search(words, 5)
    index.stems_found(words, 5)
    index.rarity(words)
    seen = SeenKeywords(index, ["a rule that no document has"])
    assert dict(seen.search(words, 5)) == pytest.approx(dict(index.search(words, 5)))
    assert dict(seen.stems_found(words, 5)) == dict(index.stems_found(words, 5))
    assert seen.rarity(words) == pytest.approx(index.rarity(words))
    assert [seen.meant(word) for word in words] == [index.meant(word) for word in words]
    respelt(a, misspelt(a, index, None, b.__contains__))
    acronym = acronym_in(a, [b, f"{a} ({b}), ABC: {c}"])
    if acronym is not None:
        acronym.swapped(a)
        acronym.is_defined_in(b)
    as_written(a, [b, c], c.__contains__)
    for word in words:
        index.meant(word)
        spelling.commonest(spelling.meant(word, terms.stems(b)), {})
    index.close()


def told_to_programs(a: str, b: str, c: str) -> None:
    told = answer(a, b, c)
    assert json.loads(event({a: [b, c]}, "piece").split("\n")[1].removeprefix("data: ")) == {
        a: [b, c]
    }
    assert event({"text": a}).count("\n") == 2
    assert told.with_footnotes.startswith(told.text)
    assert "<script" not in told._repr_html_()
    assert answer_markdown(b) is not None
    assert "<img" not in as_html(plain_markdown(c))
    assert mcp_server.source_of(mcp_server.uri_of(a)) == a
    whole = document(a, b, c)
    read = stretch(whole, 1, 5)
    assert whole.text[read["start"] : read["end"]] == read["text"]


def on_the_web(a: str, b: str, c: str) -> None:
    known = robots.robots(f"User-agent: *\nDisallow: /{a}\nAllow: {b}\n{c}".encode(), "Footnote")
    for written in (a, f"http://{a}/{b}", f"https://x.example/{a}?{b}#{c}", f"HTTP://{b}@{a}:{c}"):
        url = addresses.normal(written)
        addresses.may_list(url)
        assert addresses.normal(url) == url
        web_address(url)
        folders_above(written)
        if url:
            place = addresses.extent(url)
            frontier = Frontier(place, 3)
            assert place.holds(url) or place.may_list or place.is_site
            frontier.add(f"{url}/{c}")
            frontier.is_near(written)
            known.allows(url)
    markup = f'<base href="{a}"><a href="{b}">{c}</a><meta name="robots" content="{c}">'
    for data in (markup, f"<urlset><loc>{a}</loc><loc>{b}", f"{a}<urlset>{b}"):
        found = leads(data.encode(), "a.html", f"https://x.example/{c}")
        assert all(is_web(link) for link in found.links)
    note = notes.Note(a, b, (b, c), c)
    assert notes.unpacked(note.packed()) == note
    assert notes.unpacked(a) is None or a == note.packed()
    with contextlib.suppress(QAError):
        suffix_of(a, f"https://x.example/{b}")


def in_storage(a: str, b: str, c: str) -> None:
    for written in (a, f"s3://{a}/{b}", f"sftp://{b}@{a}:{c}", f"webdavs://x.example/{c}"):
        is_remote(written)
        with contextlib.suppress(QAError):
            place = stored(written)
            assert is_storage(place.url)
            assert place.holds(f"{place.url}/{a}")
            place.takes_in(Stored(f"{place.url}/{b}"))


# What takes text, with how it is called with three of them.
READ: dict[str, Callable[..., object]] = {
    "api.events.event api.mcp.server.source_of api.mcp.server.uri_of api.stretches.stretch"
    " text.markup.markdown.answer_markdown text.markup.markdown.as_html"
    " text.markup.markdown.plain_markdown": told_to_programs,
    "indexing.folders.rules.Rule.decides indexing.folders.rules.last": permitted,
    "checking.support.Evidence.says_something checking.support.Evidence.support"
    " checking.entailment.Entailment.judge": support,
    "text.amounts.amounts text.amounts.in_digits": lambda a, b, c: amounts.amounts(
        amounts.in_digits(a)
    ),
    "text.amounts.same_amount": lambda a, b, c: amounts.same_amount(a, b),
    "answering.kept.KeptAnswers.answered": kept_answer,
    "answering.quoting.QuotingAnswerer.stream": lambda a, b, c: exhausted(
        quoting.QuotingAnswerer(0).stream(a, hits(a, b, c), spans(a, b, c))
    ),
    "answering.citations.refusal": lambda a, b, c: citations_module.refusal(hits(a, b, c)),
    "answering.citations.cite answering.citations.quoted answering.citations.said"
    " answering.citations.checked answering.citations.hit_of": compared,
    "checking.claims.details checking.claims.near checking.claims.canonical"
    " checking.claims.number_fits checking.claims.measure_fits checking.claims.adjacent"
    " checking.claims.stems_of": numbers,
    "checking.claims.clauses": lambda a, b, c: claims.clauses(a, claims.details(a)),
    "checking.claims.initialisms": lambda a, b, c: claims.initialisms(a),
    "checking.claims.addresses": lambda a, b, c: claims.addresses(a),
    "checking.claims.refers_back": lambda a, b, c: claims.refers_back(a),
    "checking.claims.counts_otherwise": lambda a, b, c: claims.counts_otherwise(a, [b, c]),
    "checking.claims.rows_fit": lambda a, b, c: claims.rows_fit(claims.details(a), [b, c]),
    "questions.followups.standalone questions.followups.background"
    " questions.followups.restated questions.followups.is_follow_up questions.followups.recent"
    " writing.rewriting.messages writing.rewriting.accepted": said_before,
    "writing.sentence_stream.pieces writing.sentence_stream.without_reasoning": cut,
    "text.dates.dates": lambda a, b, c: dates.dates(a),
    "text.dates.are_apart": lambda a, b, c: dates.are_apart([2023], a),
    "text.numbered.numbered": lambda a, b, c: numbered.numbered(a),
    "text.numbered.numbered_above": lambda a, b, c: numbered.numbered_above((a, b)),
    "text.numbered.numbered_asked": lambda a, b, c: numbered.numbered_asked(a),
    "checking.negation.says_no checking.negation.denies checking.negation.generalizes"
    " checking.negation.singles_out checking.negation.reverses"
    " checking.negation.turns_round": denied,
    "answering.contradictions.contradicting": lambda a, b, c: contradictions.contradicting(
        a, spans(a, b, c)
    ),
    "text.markup.links.address text.markup.links.answer_links"
    " text.markup.links.is_outside text.markup.links.linked"
    " text.markup.links.unlinked text.markup.links.without_links loading.links.Linked.open"
    " loading.links.Linked.links loading.links.located loading.blocks.Blocks.link"
    " index.leading.leading": with_links,
    "answering.suggesting.suggestions.asked_by": lambda a, b, c: suggestions.asked_by(
        f"{a} {b} {c}"
    ),
    "checking.cases.cases_of": lambda a, b, c: cases.cases_of(a, [(0, 1)]),
    "checking.cases.count_of": lambda a, b, c: cases.count_of(a, (0, 1)),
    "checking.cases.without": lambda a, b, c: cases.without(a, [(0, 1)]),
    "review.texts.alike review.versions.name_of review.versions.said_to_replace"
    " review.dead_links.Links.dead review.dead_links.within index.leading.named": reviewed,
    "text.ages.dated": lambda a, b, c: dated(a, b, {"date": a, "updated": b, c: c}),
    "index.layout.entry_of index.layout.text_version index.layout.passage_record"
    " index.layout.read_document indexing.preparing.splitting.split records.documents.context"
    " indexing.preparing.splitting.embedded_text indexing.preparing.splitting.unit_text"
    " indexing.adding.check_storable": split,
    "answering.suggesting.suggestions.questions": lambda a, b, c: exhausted(
        suggestions.questions(a, [Heading(0, 1, b), Heading(len(a), 1, c)], f"{a} {b}")
    ),
    "reading.by_model.ExtractiveReader.read reading.by_model.ExtractiveReader.windows"
    " reading.by_model.ExtractiveReader.windows_of"
    " reading.by_model.ExtractiveReader.candidates models.cross_encoder.CrossEncoder.tokens"
    " models.cross_encoder.CrossEncoder.encoded models.cross_encoder.CrossEncoder.run"
    " models.cross_encoder.CrossEncoder.run_each"
    " reading.span_model.SpanModel.read": read_by_model,
    "index.keywords.whole.KeywordIndex.reconcile index.keywords.whole.KeywordIndex.search"
    " index.keywords.whole.KeywordIndex.meant index.keywords.whole.KeywordIndex.stems_found"
    " index.keywords.whole.KeywordIndex.rarity index.keywords.whole.KeywordIndex.counts"
    " index.keywords.whole.KeywordIndex.near index.keywords.whole.KeywordIndex.stems_of"
    " index.keywords.seen.SeenKeywords.search index.keywords.seen.SeenKeywords.counts"
    " index.keywords.seen.SeenKeywords.meant index.keywords.seen.SeenKeywords.stems_found"
    " index.keywords.seen.SeenKeywords.rarity index.keywords.whole.token"
    " text.spelling.misspellable text.spelling.near text.spelling.nearest"
    " text.spelling.meant text.spelling.commonest retrieval.respelling.misspelt"
    " retrieval.respelling.respelt retrieval.respelling.as_written"
    " retrieval.respelling.asked_terms retrieval.acronyms.acronym_in"
    " retrieval.acronyms.Acronym.swapped retrieval.acronyms.Acronym.is_defined_in": searched,
    "text.language.language": lambda a, b, c: language.language(a),
    "text.language.stemmed_language text.language.native_stems"
    " text.language.asked_native_stems text.terms.stemmed": lambda a, b, c: [
        language.native_stems(a, language.stemmed_language(b)),
        language.native_stems(a, "german"),
        language.asked_native_stems(f"Wann wird das {c}?"),
    ],
    "loading.read loading.markdown.file.parse loading.html.page.parse"
    " loading.html.page.render_fragment loading.html.tree.decode loading.html.tree.tree_of"
    " loading.plain.parse loading.tables.delimited.parse"
    " loading.markup.asciidoc.parse loading.markup.asciidoc_inline.html_of"
    " loading.markup.asciidoc_inline.plain loading.markup.restructured_text.parse"
    " loading.tables.delimited.separator_of"
    " loading.office.rtf.parse loading.data.structured.parse loading.data.notebook.parse"
    " loading.data.values.add_value loading.data.as_written.read_yaml": read_files,
    "loading.tables.grid.rows_of_names": lambda a, b, c: [
        grid.rows_of_names([[a, b, b], [a, c, a], [c, "1", ""]], marked) for marked in (0, 1)
    ],
    "loading.tables.grid.typed loading.tables.number_formats.shown": lambda a, b, c: [
        number_formats.shown(number, grid.typed(text))
        for number in (0.0, -1.5, 45363.75)
        for text in (a, b, c)
    ],
    "text.cleaning.clean text.cleaning.one_line text.cleaning.harmless loading.blocks.superscript"
    " loading.blocks.title_from_name loading.blocks.telling_title loading.decoding.decode"
    " loading.decoding.decode_as loading.decoding.decode_declared loading.formats.choose"
    " loading.pdf.layout.mend_hyphens loading.plain.decode_or_raise"
    " loading.pdf.tables.cells.broken loading.pdf.tables.cells.glue": typeset,
    "loading.blocks.Blocks.add loading.blocks.Blocks.heading loading.blocks.Blocks.item"
    " loading.blocks.Blocks.row loading.blocks.Blocks.embed"
    " loading.blocks.Blocks.document": document,
    "models.embedders.Embedder.embed_documents models.embedders.Embedder.embed_query"
    " models.embedders.Embedder.is_token"
    " models.embedders.LocalEmbedder.encode models.fast_encoder.OnnxEncoder.encode": embedded,
    "writing.blocks.blocks": shown_to_a_model,
    "writing.prompts.messages writing.prompts.within writing.prompts.recites"
    " writing.prompts.tokens writing.prompts.defused writing.prompts.restored": prompted,
    "questions.kinds.kind_of questions.kinds.asks_whether questions.kinds.candidates"
    " questions.kinds.asks questions.forms.form_of questions.forms.sides text.asking.asked_in"
    " text.asking.asked_stems text.asking.compared questions.other_languages.rule_of"
    " questions.small_talk.small_talk_of questions.other_languages.language_of"
    " questions.other_languages.said_in questions.going_on.asks_for_more"
    " questions.going_on.gone_on_with answering.own_words.why_not"
    " answering.own_words.disagreement questions.other_languages.sides_in"
    " questions.other_languages.measured_in": asked,
    "answering.units.choosing.likely answering.units.subjects.Subjects.is_of_another"
    " answering.units.named_parts.parts_named answering.units.named_parts.named_part"
    " answering.units.choosing.judged answering.units.choosing.spans_in"
    " answering.units.selecting.selected"
    " answering.confidence.confidence answering.confidence.evidence"
    " answering.contradictions.echoes"
    " answering.suggesting.going_on.unsaid answering.suggesting.going_on.sections"
    " answering.quoting.in_full"
    " answering.units.wording.say answering.units.wording.cell index.parts.joined"
    " index.parts.Stretch.heading_path index.parts.Stretch.outlined index.parts.Stretch.text"
    " records.documents.outlined"
    " records.documents.path_above indexing.preparing.units.units": chosen,
    "answering.citations.harmless": lambda a, b, c: citations_module.harmless(a),
    "loading.pdf.marks.traced loading.pdf.marks.on_picture"
    " loading.blocks.not_raised": found_on_a_page,
    "loading.blocks.is_question loading.blocks.rejoined": lambda a, b, c: blocks.is_question(
        blocks.rejoined(a)
    ),
    "loading.markdown.front_matter.split loading.markdown.front_matter.said": lambda a, b, c: (
        front_matter.said(front_matter.split(f"---\n{a}: {b}\n---\n{c}")[0] or {a: b, c: a})
    ),
    "loading.lines.headings_of_lines loading.lines.blocks_of_lines": lambda a, b, c: (
        lines.blocks_of_lines(f"{a}\n\n{b}\n{c}", lines.headings_of_lines(f"{a}\n\n{b}\n{c}"))
    ),
    "loading.html.boilerplate.hides loading.html.boilerplate.shows": lambda a, b, c: (
        boilerplate.hides(f"color: {a}; {b}; {c}"),
        boilerplate.shows(f"display: {a}; {b}; {c}"),
    ),
    "loading.symbols.symbol loading.symbols.with_symbols loading.symbols.task": lambda a, b, c: (
        symbols.task(f"[x] {a}"),
        symbols.symbol(a, b),
        symbols.with_symbols(c),
    ),
    "loading.markdown.dialects.plain_line loading.markdown.dialects.plain_words"
    " loading.markdown.dialects.spaced_title": lambda a, b, c: (
        dialects.spaced_title(a),
        dialects.plain_line(b),
        dialects.plain_words(c),
    ),
    "loading.furniture.numbers_pages loading.pictures.said_of_picture"
    " loading.numerals.numeral loading.numerals.marked"
    " loading.numerals.begins_at": lambda a, b, c: (
        furniture.numbers_pages(a),
        pictures.said_of_picture(b),
        numerals.marked(numerals.numeral(len(c), c)),
        numerals.begins_at(a),
    ),
    "loading.markdown.shortcodes.plain_markdown": lambda a, b, c: shortcodes.plain_markdown(a),
    "reading.by_words.QuotingReader.read reading.by_words.analyse reading.by_words.read_hit"
    " reading.by_words.Question.share": read_by_words,
    "reading.phrases.of_whole_tokens reading.phrases.labelled reading.phrases.columns"
    " reading.phrases.clauses reading.phrases.Part.held": phrased,
    "cli.output.terminal.Terminal.say cli.output.terminal.Terminal.note"
    " cli.output.terminal.Terminal.error"
    " cli.output.terminal.Terminal.json cli.output.terminal.Terminal.answer"
    " cli.output.terminal.Terminal.sources"
    " cli.output.terminal.Terminal.hits cli.output.terminal.Terminal.related"
    " cli.output.answer_text.reflow cli.output.answer_text.AnswerText.lines text.excerpts.excerpt"
    " text.markup.shapes.answer_parts text.markup.shapes.repeated records.answers.in_file": shown,
    "retrieval.joining.arrange": lambda a, b, c: joining.arrange(hits(a, b, c)),
    "assistant.langchain_views.to_document": lambda a, b, c: [
        langchain_views.to_document(h) for h in hits(a, b, c)
    ],
    "evaluation.scoring.normalised": lambda a, b, c: scoring.normalised(a),
    "evaluation.scoring.exact": lambda a, b, c: scoring.exact(a, [b, c]),
    "evaluation.scoring.f1": lambda a, b, c: scoring.f1(a, [b, c]),
    "evaluation.scoring.holds": lambda a, b, c: scoring.holds(a, [b, c]),
    "evaluation.nuggets.recalled evaluation.nuggets.as_read evaluation.nuggets.words"
    " evaluation.nuggets.stands": recalled,
    "text.sentences.sentences": lambda a, b, c: [
        sentences.sentences(a, to) for to in ("en", "de", b)
    ],
    "text.sentences.trim": lambda a, b, c: sentences.trim(a, 0, len(a)),
    "text.terms.terms text.terms.stems text.terms.stem text.terms.is_stop_word"
    " text.terms.codes text.terms.word_count": lambda a, b, c: [
        (terms.stem(a), terms.is_stop_word(a), terms.terms(a, keep_stop_words=True)),
        terms.codes(terms.stems(a)),
        terms.word_count(a),
    ],
    "index.verdicts.Verdicts.erase index.verdicts.Verdicts.expect": judged,
    "loading.workers.frames.to_message"
    " loading.workers.frames.from_message loading.workers.frames.encoded"
    " loading.workers.frames.decoded loading.workers.frames.refusal": framed,
    "ui.page.render and ui.routes.export": rendered,
    "ui.sign_in.page": led_to_sign_in,
    "ui.admin": told_to_the_owner,
    "indexing.web.addresses.normal indexing.web.addresses.extent indexing.web.addresses.may_list"
    " indexing.web.addresses.Extent.holds"
    " indexing.web.frontier.Frontier.add indexing.web.frontier.Frontier.is_near"
    " indexing.web.robots.robots indexing.web.robots.Robots.allows indexing.web.notes.unpacked"
    " indexing.web.media.suffix_of loading.html.leads.leads loading.html.leads.asks"
    " text.markup.links.web_address places.locations.is_web"
    " places.locations.folders_above": on_the_web,
    "indexing.storage.addresses.stored indexing.storage.addresses.Stored.holds"
    " places.locations.is_storage places.locations.is_remote": in_storage,
}

# Functions that take strings which are not the text of a document, a question or a model.
NO_TEXT = {
    "text.vocabulary.words.words_of": "the name of a file of our own",
    "cli.ask": "the words of a command",
    "cli.access.key": "the words of a command",
    "api.admin": "ids of opinions, and what an admin types, with tests of their own",
    "api.events.streaming": "events, made by `event`",
    "api.keys": "names and headers, with their own tests",
    "api.owned_file": "records of our own",
    "api.permitting": "paths of routes",
    "api.sign_in": "names, passwords, tokens and addresses, with their own tests",
    "api.openai": "what programs send, with its own tests",
    "api.problems": "paths of routes, and errors as they are",
    "api.replies": "paths of routes, and errors as they are",
    "api.line.Line": "whose share a question takes",
    "api.rest.feedback.Opinion": "a protocol",
    "api.rest.feedback.Pace": "whose share an opinion takes, with its own tests",
    "api.rest.feedback.keep": "whose share an opinion takes, with its own tests",
    "assistant.langchain_views.tool": "the name of a tool",
    "places.locations.beside": "the place of an index",
    "cli.serve": "the words of a command",
    "cli.access.user": "the words of a command",
    "cli.sync": "the words of a command",
    "cli.review": "the words of a command",
    "insights": "lines of our own and the place of an index, with their own tests",
    "review.reviewing": "ids of findings, with their own tests",
    "review.texts.Texts": "the id of a document",
    "index.reviewed": "ids and versions of documents, with their own tests",
    "records.answers.located": "a citation that was checked",
    "errors": "names of packages",
    "index.making": "a protocol",
    "indexing.adding.with_id": "a document, for the id that its source has",
    "indexing.preparing.storing": "documents, cut by `splitting.split`",
    "index.parts": "blocks and units, with tests of its own",
    "checking.quotes": "what `claims.details` found, tried with `Evidence.support`",
    "loading.blocks.Blocks.open": "kinds and markers of our own",
    "loading.blocks.Blocks.embed": "a document that another loader made",
    "loading.office.word.margins": "the kind of a part of a page",
    "loading.structure": "kinds and markers, handed on by the loaders",
    "loading.html.definitions": "terms, read by the HTML loader",
    "assistant.langchain_views.Askable": "a protocol",
    "assistant.langchain_views.retriever": "fields, checked by pydantic",
    "assistant.arguments": "what callers pass, with its own tests",
    "assistant.history": "what callers pass, with its own tests",
    "answering.finding": "asked below, through the Assistant",
    "answering.pipeline": "asked below, through the Assistant",
    "assistant": "asked below",
    "writing.answerer": "asked below, with a model that writes anything",
    "models.chat": "names and addresses of models",
    "cli.app": "the words of a command; `command.joined` cleans them",
    "cli.options": "the words of a command",
    "answering.suggesting.next_questions": "asked below, through the Assistant",
    "answering.citations.placed": "citations that were checked",
    "answering.suggesting.suggestions.section": "headings, for their places",
    "answering.precedence": "nothing that is said",
    "answering.deadline": "hands on what an answerer says",
    "cli.chat": "lines that are typed, cleaned and handed to the Assistant",
    "evaluation.evaluation": "questions of a set, handed to the Assistant",
    "cli.output.evaluation_tables": "labels of our own",
    "evaluation.sets": "a file of questions, with its own tests",
    "cli.evaluate": "the words of a command",
    "index.stores.folder_store": "places",
    "indexing.folders.files": "names of files, with their own tests",
    "indexing.folders.comparing": "names of files, with their own tests",
    "indexing.folders.events": "names of folders, with their own tests",
    "indexing.folders.failures": "names of files and reasons, with their own tests",
    "indexing.folders.matching": "names of files, with their own tests",
    "indexing.choosing": "the places of an index",
    "indexing.ended": "the places of an index, and errors, with its own tests",
    "indexing.web.addresses.with_path": "an address in its usual form",
    "indexing.web.connecting": "names of servers, with their own tests",
    "indexing.web.fetching": "an address in its usual form",
    "indexing.storage.connections": "names of files, with their own tests",
    "indexing.storage.listing": "names of files, with their own tests",
    "indexing.watching": "names of files, with their own tests",
    "indexing.work": "names of files",
    "cli.output.progress": "names of files, with their own tests",
    "loading.blocks.Blocks.warn": "a reason of our own",
    "index.layout.failure_id": "the name of a file",
    "index.layout.is_failure": "an id of our own",
    "index.layout.read_failure": "what `failure_record` wrote",
    "records.reports": "names of files and reasons",
    "indexing.folders.ignoring": "patterns and names of files, with their own tests",
    "indexing.forgetting": "a name in the index",
    "index.stores.generation": "names of files",
    "index.index": "an index's own names",
    "index.stores.index_folder": "names of files",
    "index.combined": "ids of documents, and stems",
    "limits": "names of files and of limits",
    "loading.archives": "parts of a file",
    "loading.containers": "files that hold others, with their own tests",
    "loading.html.book": "parts of a file, with their own tests",
    "loading.opendocument": "parts of a file, with their own tests",
    "loading.office.shapes": "parts of a file",
    "loading.office.slides": "parts of a file, with their own tests",
    "loading.tables.old_workbook": "parts of a file, with their own tests",
    "loading.office.workbook": "parts of a file, with their own tests",
    "loading.office.through_libreoffice": "a file, with its own tests",
    "loading.office.word.file": "parts of a file, with their own tests",
    "loading.office.word.styles": "parts of a file",
    "loading.office.word.package": "a file, with its own tests",
    "loading.office.graphics": "parts of a file",
    "loading.nested": "files that hold others, with their own tests",
    "loading.tables.sheet": "sheets that a loader made",
    "loading.html.table": "cells, read by the HTML loader",
    "loading.pdf.file": "a PDF file, with its own tests",
    "loading.pdf.image": "an image, with its own tests",
    "loading.pdf.recognition": "a picture, with its own tests",
    "loading.pdf.opening": "a PDF file",
    "loading.pdf.picture": "a PDF file, with its own tests",
    "loading.pdf.marks.marks": "a PDF file, with its own tests",
    "loading.workers.tasks": "a file, or a worker's message, with tests of their own",
    "loading.telling_damage": "the name of a file",
    "indexing.showing": "names in the index",
    "models.embedders.HostedEmbedder.encode": "a server's business",
    "models.embedders.open_embedder": "the name of a model",
    "models.embedders.Embedder.encode": "abstract",
    "models.embedders.Embedder.encode_with_parts": "texts, handed on to `encode`",
    "models.embedders.LocalEmbedder.encode_with_parts": "texts, as `encode` takes them",
    "models.fast_encoder.OnnxEncoder.pool": "texts, as `encode` takes them",
    "answering.quoting.Answerer.stream": "a protocol",
    "reading.reader.Reader.read": "abstract",
    "reading.by_model.open_reader": "the name of a reader",
    "index.layout": "ids and records of our own",
    "index.keywords.whole.KeywordIndex.entries": "an id",
    "index.keywords.whole.KeywordIndex.with_rules": "a query of our own",
    "index.keywords.seen.SeenKeywords.entries": "an id",
    "index.keywords.rules": "ids of documents and rules",
    "index.keywords.shared": "ids and versions of documents",
    "access": "names of groups",
    "api.seeing": "paths and names of sources",
    "index.kept_lines": "lines of our own",
    "audit": "names, with its own tests",
    "events": "answers and hits, of which it takes the names of sources",
    "indexing.folders.rules.Permits.over": "documents of an index",
    "indexing.permitting": "patterns, which `Permits` reads",
    "cli.access.permit": "the words of a command",
    "cli.output.permits": "names of files and groups",
    "indexing.folders.permissions": "names of files, with their own tests",
    "loading.workers.frames.send": "bytes of a frame",
    "loading.workers.pool": "places and names of files, with their own tests",
    "index.stores.manifest": "a file of our own, with its own tests",
    "index.stores.paging": "ids and records, as they come",
    "index.stores.pieces": "digests, with their own tests",
    "cli.output.reports": "names of files, with their own tests",
    "index.scope": "names of folders, and metadata, with its own tests",
    "index.stores.server": "places",
    "index.changes": "ids; documents come in by `syncing.check_storable`",
    "settings": "settings",
    "models.cross_encoder.CrossEncoder.run_each": "tokens",
    "api.operating.logs.log": "an event of our own, with its own tests",
    "api.operating.metrics.Metrics.handled": "the path of a request",
    "api.operating.tracing.Traces": "the method, path and headers of a request, with its own tests",
    "api.operating.readiness.Readiness.answers": "the names of checks",
    "backups": "names and heads of archives, with their own tests",
    "index.snapshot": "ids and names in the index",
    "index.layout.passage_id": "an id",
    "index.layout.document_of": "an id",
    "index.stores.store": "places",
    "indexing.adding.add": "asked below",
    "indexing.syncing.sync": "places",
    "indexing.cluster": "addresses and places, with their own tests",
    "indexing.adding.id_of": "a name of a file",
    "indexing.adding.with_blocks": "what its loader found, cut by `blocks_of_lines`",
    "indexing.ingesting": "documents that loaders made",
    "loading.pdf.recognition.languages": "a place",
    "cli.output.terminal.Terminal.waiting": "a label of our own",
    "cli.output.terminal.count": "a noun of our own",
    "index.stores.troubles": "errors of the system",
    "index.verdicts.Verdicts.of": "a place",
    "places.locations.installed": "names of our own",
    "places.regular_file.open_regular": "a place",
}
TAKES_TEXT = re.compile(
    r"\b(str|bytes|Turn|Hit|Span|Passage|Document|Citation|Draft|Answer|Unit|Detail|Question)\b"
)


def taking_text() -> Iterator[str]:
    """Every public function of `qa` that takes a string, or a record with strings in it."""
    for info in pkgutil.walk_packages(qa.__path__, "qa."):
        module = importlib.import_module(info.name) if info.name != "qa.__main__" else qa
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != info.name:
                continue
            members = vars(value) if inspect.isclass(value) else {"": value}
            for member, function in members.items():
                plain = inspect.unwrap(getattr(function, "__func__", function))
                if not inspect.isfunction(plain) or (member.startswith("_")):
                    continue
                kinds = [str(a) for n, a in plain.__annotations__.items() if n != "return"]
                if any(map(TAKES_TEXT.search, kinds)):
                    yield f"{info.name}.{name}.{member}".removeprefix("qa.").rstrip(".")


def test_every_function_that_takes_text_is_tried_here_or_listed_as_taking_none() -> None:
    tried = {name for names in READ for name in names.split()}
    found = set(taking_text())

    missing = [
        name
        for name in sorted(found - tried)
        if not any(name == known or name.startswith(f"{known}.") for known in NO_TEXT)
    ]
    assert missing == [], "put these into READ, or say in NO_TEXT what else they take"
    gone = {name for name in tried if not name.startswith(("ui.", "and"))} - found
    assert sorted(gone - {"ui.page.render", "ui.routes.export", "reading.Question.share"}) == []


def called(call: Callable[..., object], parts: Sequence[str], embedder: Embedder) -> None:
    with_it = {"embedder": embedder} if "embedder" in inspect.signature(call).parameters else {}
    with contextlib.suppress(QAError):
        call(*parts, **with_it)


@pytest.mark.parametrize("call", READ.values(), ids=list(READ))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
@given(parts=texts)
@example(parts=("Why do n't you come?", "Why do n't", "May n't"))
@example(parts=("", " ", "\n"))
@example(parts=("What is [1]?", "9" * 5000, f"[{'9' * 5000}] ² 20²"))
def test_any_text_is_read(
    call: Callable[..., object], parts: tuple[str, str, str], embedder: Embedder
) -> None:
    called(call, parts, embedder)


def real_texts() -> list[str]:
    """Stretches of the samples, of the tests' own documents and of public passages."""
    found = []
    for folder in (sample_folder(), HERE / "seeds"):
        for file in sorted([*folder.rglob("*.md"), *folder.rglob("*.txt")]):
            found += file.read_text(encoding="utf-8").split("\n\n")
    for file in sorted(BENCH.rglob("corpus.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines()
        dice = random.Random(file.parent.name)
        for line in dice.sample(lines, min(len(lines), 40)):
            found.append(str(json.loads(line)["text"]))
    return [text[:LONGEST] for text in found]


@pytest.mark.parametrize("call", READ.values(), ids=list(READ))
def test_real_text_is_read(call: Callable[..., object], embedder: Embedder) -> None:
    found = real_texts()
    dice = random.Random(11)
    for _ in range(REAL):
        called(call, dice.sample(found, 3), embedder)


# The entrances: text from a caller, from a document that is added, and from a chat model.

HALVES = st.sampled_from(["\ud800", "\udfff", "\udc80"])
rough = st.lists(odd | HALVES, max_size=4).map("".join)
FEW = 100 if WHOLE else 5


class AnythingWriter(BaseChatModel):
    """Writes the text that it is given."""

    chunks: Sequence[str] = ()

    @property
    def _llm_type(self) -> str:
        return "anything"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        message = AIMessage("".join(self.chunks))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for chunk in self.chunks or [""]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=chunk))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path_factory.mktemp("any") / "index") as assistant:
        yield assistant


@settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(text=rough, question=rough, written=st.lists(rough, max_size=4))
@example(
    text="Why do n't we meet? The pump n't is blue.",
    question="Why do n't we meet?",
    written=["Because the pump n't is bl", "ue [1]. Why do n't [9", "9" * 5000, "]. \ud800"],
)
def test_any_text_that_is_added_asked_or_written_is_answered_or_refused(
    shelf: qa.Assistant, text: str, question: str, written: list[str]
) -> None:
    whole = [text, "The pump is blue.", *FRAGMENTS[:20]]
    with contextlib.suppress(QAError):
        shelf.add([Document(" ".join(whole), "any", text[:20])])
    with contextlib.suppress(QAError):
        shelf.add([Document(text.encode("utf-8", "ignore").decode() or ".", "any")])
    history = [(question, text), ("What colour is the pump?", "".join(written))]
    shelf.answerer = ChatAnswerer(AnythingWriter(chunks=written), "anything")
    written_answer = shelf.ask(question, history=history)
    shelf.answerer = shelf.quoting
    for told in (written_answer, shelf.ask(question, history=history), shelf.ask("What is blue?")):
        json.dumps(told.to_dict(), ensure_ascii=False).encode()
        shelf.related(told, asked=[text], seconds=0.1)
        for citation in told.citations:
            stored = shelf.document(citation.source).text
            assert stored[citation.start : citation.end] == citation.quote
    shelf.search(question)
    shelf.examples(9)
