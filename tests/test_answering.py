from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qa.answering import MARKER, QuotingAnswerer, checked, cite, said
from qa.records import Citation, Draft, Hit, Passage, Span

TEXT = "Alpha is the first letter. Beta is the second. Gamma is far away, and says nothing."
PASSAGE = Passage("d:v:0", "d", "d.txt", "Letters", 100, 100 + len(TEXT), TEXT, page=3)
HIT = Hit(PASSAGE, 0.9, 0.5, 2.0)


def span(quote: str, score: float, short: str | None = None) -> Span:
    start = 100 + TEXT.index(quote)
    phrase = (
        None if short is None else (100 + TEXT.index(short), 100 + TEXT.index(short) + len(short))
    )
    return Span(HIT, start, start + len(quote), score, phrase)


def draft(spans: Sequence[Span], threshold: float = 0.3) -> tuple[list[str], Draft]:
    pieces: list[str] = []
    generator = QuotingAnswerer(threshold).stream("?", [HIT], spans)
    while True:
        try:
            pieces.append(next(generator))
        except StopIteration as stop:
            return pieces, stop.value


def test_a_sure_sentence_is_said_and_cited() -> None:
    pieces, made = draft([span("Beta is the second.", 0.8, "second")])
    assert made.text == "Beta is the second. [1]"
    assert "".join(pieces) == made.text
    assert made.short == "second"
    assert made.citations[0].quote == "Beta is the second."
    assert made.citations[0].page == 3
    assert (
        TEXT[made.citations[0].start - 100 : made.citations[0].end - 100] == "Beta is the second."
    )


def test_below_the_threshold_it_refuses() -> None:
    for score, reason in ((0.25, "not said"), (0.01, "nothing close")):
        made = draft([span("Beta is the second.", score)])[1]
        assert not made.found
        assert made.reason == reason
        assert made.citations == ()
        assert "do not say" in made.text


def test_two_neighbouring_sentences_make_one_quote() -> None:
    made = draft([span("Beta is the second.", 0.8), span("Alpha is the first letter.", 0.7)])[1]
    assert [c.quote for c in made.citations] == ["Alpha is the first letter. Beta is the second."]


def test_two_sentences_apart_have_a_footnote_each() -> None:
    spans = [
        span("Alpha is the first letter.", 0.8),
        span("Gamma is far away, and says nothing.", 0.7),
    ]
    made = draft(spans)[1]
    assert made.text == ("Alpha is the first letter. [1] Gamma is far away, and says nothing. [2]")


def test_the_runner_up_is_said_too_where_the_phrase_may_be_wrong() -> None:
    first, second = "Alpha is the first letter.", "Gamma is far away, and says nothing."
    for score, other, quotes in (
        (0.5, 0.35, [first, second]),
        (0.5, 0.25, [first]),
        (0.8, 0.7, [first]),
    ):
        made = draft([span(first, score, "Alpha"), span(second, other, "Gamma")])[1]
        assert [citation.quote for citation in made.citations] == quotes
        assert made.short == "Alpha"
        assert made.score == score


def test_what_is_said_is_one_line_without_a_list_mark() -> None:
    assert said("- Press the\n  red button") == "Press the red button"
    assert said("12. Press it") == "Press it"
    assert said("b) Press it") == "Press it"
    assert said("2024 was long") == "2024 was long"


def test_footnotes_of_the_document_are_not_ours() -> None:
    assert said("It was signed in 1992.[2]") == "It was signed in 1992.(2)"
    assert said("Use a[10] or a [11].") == "Use a(10) or a (11)."


def cited(quote: str, number: int) -> Citation:
    return cite(span(quote, 0.9), number)


def test_a_quote_that_is_not_in_its_passage_never_gets_out() -> None:
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


def test_what_is_left_is_numbered_anew_in_the_order_of_the_text() -> None:
    first, second = cited("Alpha is the first letter.", 1), cited("Beta is the second.", 2)
    made = checked(Draft("B. [2] A. [1] Nowhere. [7]", True, (first, second)), [HIT])
    assert made.text == "B. [1] A. [2] Nowhere."
    assert [c.quote for c in made.citations] == [second.quote, first.quote]
    assert [c.number for c in made.citations] == [1, 2]


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
