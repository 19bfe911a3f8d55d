from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from qa.indexing.preparing.splitting import CONTEXT_TOKENS, embedded_text, passage_limit, split
from qa.models.embedders import Embedder, open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.records import Document, Heading, Passage

LIMITS = (16, 40, 200, 214)
TOKENIZER = open_embedder(PACKAGED_EMBEDDER).tokenizer

words = st.sampled_from(
    "the a report on pears cost 4,200.50 E-4012 Zürich naïve isn't can't U.S. — «Ja» e.g. [1] x/y/z"
    " 会议在曼谷举行 カタカナ हिन्दी ภาษาไทย antidisestablishmentarianism ½ 🍐 \u200b".split()
)
sentences = st.lists(words, min_size=1, max_size=30).map(lambda found: " ".join(found) + ".")
paragraphs = st.lists(sentences, min_size=1, max_size=8).map(" ".join)
blobs = st.builds(
    lambda letters, times: letters * times,
    st.sampled_from(["x9", "Qz", "会", "\u200b"]),
    st.integers(1, 900),
)
oddities = st.one_of(
    st.text(max_size=60), blobs, st.sampled_from(["\n\n\n", "   ", "\t\r\n", "\f"])
)
blocks = st.one_of(paragraphs, paragraphs, sentences, oddities)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Prose with headings, pages and anything else that a file may contain."""
    text, headings, pages = "", [], [0]
    for block in draw(st.lists(blocks, max_size=12)):
        kind = draw(st.sampled_from(("plain", "plain", "heading", "page")))
        if kind == "page":
            pages.append(len(text))
        if kind == "heading":
            title = draw(st.sampled_from(["Costs", "How to claim", "4 Travel abroad"]))
            headings.append(Heading(len(text), draw(st.integers(1, 4)), title))
            text += title + "\n\n"
        text += block + draw(st.sampled_from(["\n\n", "\n", " ", ""]))
    return Document(
        text=text,
        source="a.md",
        id="a",
        title=draw(st.sampled_from(["", "Travel", "A very long title " * 30])),
        headings=tuple(headings),
        pages=tuple(pages) if draw(st.booleans()) else (),
    )


def tokens(text: str) -> int:
    return len(TOKENIZER.encode(text, add_special_tokens=False).ids)


def word_around(text: str, offset: int) -> str:
    """The letters and digits in a row that a cut at `offset` goes through."""
    start = end = offset
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end] if start < offset < end else ""


def first_word(passage: Passage) -> int:
    return passage.start + len(passage.text) - len(passage.text.lstrip())


def last_word(passage: Passage) -> int:
    return passage.start + len(passage.text.rstrip()) - 1


@settings(max_examples=150, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_passages_tile_any_text(document: Document, limit: int) -> None:
    passages = split(document, TOKENIZER, limit)

    if not document.text.strip():
        assert passages == []
        return
    assert "".join(passage.text for passage in passages) == document.text
    assert passages[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(passages))
    assert all(document.text[p.start : p.end] == p.text for p in passages)
    assert all(passage.text.strip() for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)


@settings(max_examples=150, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_no_passage_holds_more_tokens_than_the_limit(document: Document, limit: int) -> None:
    passages = split(document, TOKENIZER, limit)

    assert max((tokens(passage.text) for passage in passages), default=0) <= limit


@settings(max_examples=100, deadline=None)
@given(documents(), st.integers(32, 2000))
def test_the_encoder_sees_all_of_what_is_embedded(document: Document, wanted: int) -> None:
    for passage in split(document, TOKENIZER, passage_limit(256, wanted)):
        seen = TOKENIZER.encode(embedded_text(passage, TOKENIZER)).ids
        assert len(seen) <= 256


@settings(max_examples=150, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_only_a_word_longer_than_the_limit_is_cut(document: Document, limit: int) -> None:
    for passage in split(document, TOKENIZER, limit)[1:]:
        if passage.start not in document.pages:
            assert len(word_around(document.text, passage.start)) in (0, *range(limit, 10_000))


@settings(max_examples=100, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_no_passage_crosses_a_page(document: Document, limit: int) -> None:
    for passage in split(document, TOKENIZER, limit):
        page = document.page_at(first_word(passage))
        assert passage.page == page
        assert document.page_at(last_word(passage)) == page


@settings(max_examples=100, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_a_passage_knows_the_headings_above_its_first_word(document: Document, limit: int) -> None:
    for passage in split(document, TOKENIZER, limit):
        assert passage.heading == " > ".join(document.heading_path(first_word(passage)))


@settings(max_examples=60, deadline=None)
@given(documents(), st.sampled_from(LIMITS))
def test_the_same_document_is_cut_the_same_way(document: Document, limit: int) -> None:
    once = split(document, TOKENIZER, limit, "v1")

    assert once == split(replace(document), Tokenizer.from_str(TOKENIZER.to_str()), limit, "v1")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 120)), min_size=1, max_size=12),
    st.booleans(),
)
def test_a_heading_never_ends_a_passage(shape: list[tuple[int, int]], one_sentence: bool) -> None:
    """However long the text below it, whether sentences or a single one that has to be cut."""
    text, headings = "Before all that.\n\n", []
    for count, length in shape:
        for level in range(1, count + 1):
            headings.append(Heading(len(text), level, "The next part"))
            text += "The next part\n\n"
        ends = "" if one_sentence else "."
        text += " ".join(f"pear{ends if n % 9 == 8 else ''}" for n in range(length)) + ".\n\n"
    document = Document(text, "a.md", id="a", headings=tuple(headings))

    for passage in split(document, TOKENIZER, 40)[:-1]:
        assert not passage.text.rstrip().endswith("The next part")


def test_a_passage_starts_where_a_section_does_if_that_is_possible(embedder: Embedder) -> None:
    section = "Pears are claimed by the kilo. " * 20
    text = f"Pears\n\n{section}\n\nPlums\n\n{section}"
    plums = text.index("Plums")
    headings = (Heading(0, 1, "Pears"), Heading(plums, 1, "Plums"))
    document = Document(text, "fruit.md", id="f", headings=headings)

    passages = split(document, embedder.tokenizer, 200)

    assert [(passage.start, passage.heading) for passage in passages] == [
        (0, "Pears"),
        (plums, "Plums"),
    ]


def test_pages_without_words_make_no_passages() -> None:
    text = "First page.\f  \n \fThird page.\f\f"
    pages = tuple(index + 1 for index, letter in enumerate(text) if letter == "\f")
    document = Document(text, "scan.pdf", id="s", pages=(0, *pages))

    passages = split(document, TOKENIZER, 200)

    assert [(passage.text.strip(), passage.page) for passage in passages] == [
        ("First page.", 1),
        ("Third page.", 3),
    ]


@pytest.mark.parametrize(
    "letters", ["x9" * 20_000, "ประเทศไทย" * 4_000, "\u200b" * 40_000, "a\n" * 20_000]
)
def test_what_the_tokenizer_does_not_know_is_cut_into_pieces_all_the_same(letters: str) -> None:
    passages = split(Document("Here: " + letters, "odd.txt", id="o"), TOKENIZER, 200)

    assert max(len(passage.text) for passage in passages) <= 2_000


@pytest.mark.parametrize(
    "text",
    [
        "x9" * 79 + "\n\n\n\n",
        "\n" * 60 + "x9" * 79,
        "\n\n" + "x9" * 24,
        "Pears" + " " * 5_000 + "plums" + " " * 5_000,
        " " * 5_000 + "pears " * 60,
    ],
)
def test_white_space_makes_no_passage(text: str) -> None:
    passages = split(Document(text, "odd.txt", id="o"), TOKENIZER, 16)

    assert "".join(passage.text for passage in passages) == text
    assert all(passage.text.strip() for passage in passages)
    assert max(tokens(passage.text) for passage in passages) <= 16


@pytest.mark.parametrize("before", ["the. " * 4 + "\u200b" * times for times in range(325, 345)])
def test_a_word_among_invisible_signs_is_not_cut(before: str) -> None:
    text = f"{before}pears.\n\nthe.\n\nthe.\n\n"

    passages = split(Document(text, "odd.txt", id="o"), TOKENIZER, 40)

    assert any("pears" in passage.text for passage in passages)


def test_what_is_embedded_names_the_title_and_the_headings_once() -> None:
    passage = Passage("a:0:0", "a", "a.md", "Travel", 0, 6, "Ask us.", heading="Travel > Costs")
    alone = replace(passage, title="", heading="")

    assert passage.above == "Travel > Costs"
    assert replace(passage, title="Travel policy").above == "Travel policy > Travel > Costs"
    assert embedded_text(passage, TOKENIZER) == "Travel > Costs\nAsk us."
    assert embedded_text(replace(passage, heading="Travel"), TOKENIZER) == "Travel\nAsk us."
    assert embedded_text(alone, TOKENIZER) == "Ask us."


def test_a_long_title_is_cut_to_its_share() -> None:
    passage = Passage("a:0:0", "a", "a.md", "interest " * 100, 0, 7, "Ask us.")

    front = embedded_text(passage, TOKENIZER).removesuffix("\nAsk us.")

    assert 0 < tokens(front) <= CONTEXT_TOKENS


def test_a_small_limit_is_kept_away_from_zero() -> None:
    assert passage_limit(256, 200) == 200
    assert passage_limit(256, 2000) == 256 - CONTEXT_TOKENS - 2
    assert passage_limit(32, 200) == 16
