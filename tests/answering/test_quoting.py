from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.citations import checked, cite, refusal, said
from qa.answering.quoting import QuotingAnswerer
from qa.answering.units.choosing import Choice, Signals, sureness
from qa.index.parts import Parts, joined
from qa.records import MARKER, Citation, Draft, Hit, Passage, Span, Statement, Unit
from tests.answering.asking import asked

FIRST = "Alpha is the first letter. Beta is the second."
OTHER = "Gamma is far away, and says nothing."
TEXT = f"{FIRST}\n\n{OTHER}"
PASSAGE = Passage("d:v:0", "d", "d.txt", "Letters", 100, 100 + len(TEXT), TEXT, page=3)
HIT = Hit(PASSAGE, 0.9, 0.5, 2.0)
UNITS = tuple(
    Unit("paragraph", start, start + len(quote), start)
    for quote, start in ((FIRST, 100), (OTHER, 100 + TEXT.index(OTHER)))
)
STRETCH = joined([(PASSAGE, Parts((), UNITS, None))], ())


def span(quote: str, score: float, short: str | None = None) -> Span:
    start = 100 + TEXT.index(quote)
    phrase = (
        None if short is None else (100 + TEXT.index(short), 100 + TEXT.index(short) + len(short))
    )
    return Span(HIT, start, start + len(quote), score, phrase)


def choice(place: int, read: Span | None = None, cosine: float = 0.5) -> Choice:
    """One of the paragraphs, as a choice for the answer."""
    signals = replace(Signals(*(0.0 for _ in Signals.__slots__)), cosine=cosine)
    return Choice(STRETCH, UNITS[place], signals, read)


def draft(
    choices: Sequence[Choice], threshold: float = 0.0, sure: float = 0.0
) -> tuple[list[str], Draft]:
    pieces: list[str] = []
    spans = [choice.span for choice in choices if choice.span is not None]
    generator = QuotingAnswerer(threshold, sure).stream("?", [HIT], spans, choices)
    while True:
        try:
            pieces.append(next(generator))
        except StopIteration as stop:
            return pieces, stop.value


def test_a_paragraph_is_quoted_and_cited() -> None:
    best = choice(0, span("Beta is the second.", 0.8, "second"))
    pieces, made = draft([best])
    assert made.text == f"{FIRST} [1]"
    assert "".join(pieces) == made.text
    assert made.short == "second"
    assert made.score == sureness([best])
    (citation,) = made.citations
    assert (citation.quote, citation.page, citation.passage_id) == (FIRST, 3, "d:v:0")
    assert TEXT[citation.start - 100 : citation.end - 100] == FIRST
    assert made.statements == (Statement("sentence", made.text, (1,)),)


def test_an_answer_below_the_threshold_is_refused() -> None:
    for choices in ([choice(0)], []):
        pieces, made = draft(choices, threshold=1.01)
        assert not made.found
        assert made.reason in ("not said", "nothing close")
        assert made.citations == ()
        assert made.statements == ()
        assert "do not say" in made.text
        assert pieces == []
    for score, reason in ((0.25, "not said"), (0.01, "nothing close")):
        assert refusal([HIT], score).reason == reason
    assert refusal([], 0.25).reason == "nothing close"


def test_an_answer_is_sure_above_a_score() -> None:
    assert draft([choice(0)], sure=0.0)[1].sure
    unsure = draft([choice(0)], sure=1.01)[1]
    assert unsure.found
    assert not unsure.sure


def test_two_paragraphs_have_a_statement_and_a_footnote_each() -> None:
    pieces, made = draft([choice(0), choice(1)])
    assert made.text == f"{FIRST} [1]\n\n{OTHER} [2]"
    assert "".join(pieces) == made.text
    assert [citation.quote for citation in made.citations] == [FIRST, OTHER]
    assert [statement.citations for statement in made.statements] == [(1,), (2,)]


def test_a_second_paragraph_is_quoted_only_if_it_is_nearly_as_good() -> None:
    best, worse = sorted((choice(0), choice(1, cosine=-1.0)), key=lambda one: -one.value)
    made = draft([best, worse])[1]
    assert [citation.quote for citation in made.citations] == [best.text]


def test_a_phrase_outside_the_answer_is_not_the_short_answer() -> None:
    assert draft([choice(1, span("Beta is the second.", 0.8, "second"))])[1].short is None
    assert draft([choice(0, span("Beta is the second.", 0.8))])[1].short is None
    assert draft([choice(0)])[1].short is None


def test_the_phrase_is_taken_from_the_sentence_where_it_fits_best() -> None:
    # Not as sure that one sentence would be enough.
    alpha = replace(span("Alpha is the first letter.", 0.4, "first"), fitting=1.0)
    beta = replace(span("Beta is the second.", 0.3, "second"), fitting=2.0)
    elsewhere = replace(span(OTHER, 0.2, "far"), fitting=3.0)

    def short(question: str) -> str | None:
        drafting = QuotingAnswerer(0.0).stream(
            question, [HIT], [alpha, beta, elsewhere], [choice(0, alpha)]
        )
        try:
            while True:
                next(drafting)
        except StopIteration as stop:
            draft: Draft = stop.value
            return draft.short

    assert short("How many letters?") == "second"
    assert short("What is Alpha?") == "first"


def test_a_row_stands_in_its_table_and_its_short_answer_in_the_column_asked_for() -> None:
    question = "What is the night fee of an adult?"
    table = "| Guest | Day fee | Night fee |\n|---|---|---|\n| Child | 3 | 5 |\n| Adult | 8 | 13 |"
    row = asked(f"# Hall\n\n{table}\n", question).unit("row", "Adult")
    drafting = QuotingAnswerer(0.0).stream(question, [], [], [row])
    pieces = []
    try:
        while True:
            pieces.append(next(drafting))
    except StopIteration as stop:
        made = stop.value
    assert "".join(pieces) == made.text
    assert made.text.endswith("\n| Adult | 8 | 13 [1][2] |")
    assert [c.quote for c in made.citations] == ["Guest | Day fee | Night fee", "Adult | 8 | 13"]
    assert made.short == "13"
    assert made.statements[0].kind == "table"
    assert checked(made, [Hit(row.stretch.passage, 0.0)]) == made


def test_an_answer_is_one_line_without_a_list_mark() -> None:
    assert said("- Press the\n  red button") == "Press the red button"
    assert said("12. Press it") == "Press it"
    assert said("b) Press it") == "Press it"
    assert said("2024 was long") == "2024 was long"


def test_footnotes_of_the_document_are_not_markers() -> None:
    assert said("It was signed in 1992.[2]") == "It was signed in 1992.(2)"
    assert said("Use a[10] or a [11].") == "Use a(10) or a (11)."


def cited(quote: str, number: int) -> Citation:
    return cite(span(quote, 0.9), number)


def test_a_quote_that_is_not_in_its_passage_is_never_shown() -> None:
    honest = cited("Beta is the second.", 1)
    for lie in (
        replace(honest, quote="Beta is the third."),
        replace(honest, start=honest.start + 1),
        replace(honest, source="other.txt"),
        replace(honest, quote=""),
    ):
        made = checked(Draft("So it is. [1]", True, (lie,)), [HIT])
        assert not made.found
        assert made.citations == ()
        assert "[1]" not in made.text


def test_the_remaining_citations_are_numbered_anew_in_the_order_of_the_text() -> None:
    first, second = cited("Alpha is the first letter.", 1), cited("Beta is the second.", 2)
    made = checked(Draft("B. [2] A. [1] Nowhere. [7]", True, (first, second)), [HIT])
    assert made.text == "B. [1] A. [2] Nowhere."
    assert [c.quote for c in made.citations] == [second.quote, first.quote]
    assert [c.number for c in made.citations] == [1, 2]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["So.", " [1]", "[2]", " [3]", "[9]", "[0]", " and ", "[x]"]), max_size=12
    ),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_every_marker_has_its_citation_and_every_citation_its_marker(
    parts: list[str], honest: list[bool]
) -> None:
    quotes = ["Alpha is the first letter.", "Beta is the second.", "Gamma is far away"]
    citations = tuple(
        cited(quote, n) if true else replace(cited(quote, n), quote="no such words")
        for n, (quote, true) in enumerate(zip(quotes, honest, strict=True), start=1)
    )
    made = checked(Draft("".join(parts), True, citations), [HIT])
    marked = {int(number) for number in MARKER.findall(made.text)}
    assert marked == {citation.number for citation in made.citations}
    for citation in made.citations:
        assert TEXT[citation.start - 100 : citation.end - 100] == citation.quote
    assert made.found == bool(made.citations)
