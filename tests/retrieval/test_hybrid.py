from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from qa.access import OWNER
from qa.index.index import Snapshot
from qa.records import Document, Hit, Passage
from qa.retrieval.fusing import Scores, convex, reciprocal_rank
from qa.retrieval.hybrid import Query, Retrieval
from qa.retrieval.joining import arrange

TEXTS = {
    "hr/leave.md": ("Leave", "Everybody has 28 days of annual leave. Ask your head of division."),
    "hr/copy.md": ("Leave", "Everybody has 28 days of annual leave. Ask your head of division."),
    "it/vpn.md": ("VPN", "Error E-4107 means that the tunnel was refused. Wait ten minutes."),
    "it/mail.md": ("Mail", "Mailboxes hold fifty gigabytes. Older messages are archived."),
    "news.txt": ("News", "Harry Kazianis said that the meeting in Bangkok would test both sides."),
}


HANDBOOK = {
    "leave.md": "Everybody has twenty-eight days of annual leave a year.",
    "vpn.md": "Error E-4012 means that the certificate has expired. Ask the service desk.",
    "other.md": "Error E-4021 means that the disk is full. Delete what is old.",
    "paint.md": "The colour of the doors is chosen by the head of the organisation.",
    "opening.md": "The new depot in Brno opened on 12 March 2024 with forty people.",
    "closing.md": "The depot in Plzeň was closed on 2023-11-05 for want of orders.",
    "fair.md": "The trade fair begins on May 7th, and lasts for 3 days.",
    "envoy.md": "Harry Kazianis said that the meeting in Bangkok would test both sides.",
    "long.md": "\n\n".join(
        [f"Rule {n}. The hall is swept by its users after use." for n in range(90)]
        + ["Bicycles are kept in the yard behind the kitchen."]
        + [f"Rule {n}. Whoever comes last turns off the lamps in the hall." for n in range(90)]
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    assistant = qa.Assistant(index=tmp_path_factory.mktemp("handbook"))
    assistant.add(Document(text=text, source=source) for source, text in HANDBOOK.items())
    yield assistant
    assistant.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    assistant = qa.Assistant(index=tmp_path_factory.mktemp("retrieval"))
    assistant.add(
        Document(text=text, source=source, title=title, metadata={"team": source.split("/")[0]})
        for source, (title, text) in TEXTS.items()
    )
    yield assistant
    assistant.close()


@pytest.fixture
def snapshot(library: qa.Assistant) -> Iterator[Snapshot]:
    with library.index.reading(OWNER) as snapshot:
        yield snapshot


def sources(hits: list[Hit]) -> list[str]:
    return [hit.passage.source for hit in hits]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("How much holiday do employees get?", "hr/copy.md"),
        ("error e-4107", "it/vpn.md"),
        ("Who is Kazianis?", "news.txt"),
        ("how big can my inbox grow", "it/mail.md"),
    ],
)
def test_words_names_codes_and_paraphrases_are_found(
    library: qa.Assistant, question: str, source: str
) -> None:
    best = library.search(question)[0].passage
    assert best.text == TEXTS[source][1]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Who is Kazianis?", "envoy.md"),
        ("Who is Kazinais?", "envoy.md"),
        ("error E-4012", "vpn.md"),
        ("error E-4021", "other.md"),
        ("e4012 certificate", "vpn.md"),
        ("anual leeve", "leave.md"),
        ("certifcate exipred", "vpn.md"),
        ("door color", "paint.md"),
        ("Who heads the organization?", "paint.md"),
        ("2024-03-12", "opening.md"),
        ("What happened on March 12?", "opening.md"),
        ("What happened on 12.03.2024?", "opening.md"),
        ("5 November 2023", "closing.md"),
        ("Nov. 5th, 2023", "closing.md"),
        ("What is on 7 May?", "fair.md"),
        ("bicycles", "long.md"),
        ("Where do bicycles go?", "long.md"),
    ],
)
def test_codes_typing_mistakes_spellings_and_dates_are_found_by_words(
    handbook: qa.Assistant, question: str, source: str
) -> None:
    retrieval = Retrieval(handbook.embedder)
    with handbook.index.reading(OWNER) as snapshot:
        keyword = retrieval.keyword(Query(question, snapshot))
        (first,) = snapshot.passages([max(keyword, key=lambda id: keyword[id])])
        best = retrieval(Query(question, snapshot))[0].passage
    assert (first.source, best.source) == (source, source)
    if source == "long.md":
        assert "Bicycles are kept" in best.text


def test_a_word_that_is_in_the_documents_is_not_a_mistake(handbook: qa.Assistant) -> None:
    retrieval = Retrieval(handbook.embedder)
    with handbook.index.reading(OWNER) as snapshot:
        right = retrieval.keyword(Query("certificate", snapshot))
        wrong = retrieval.keyword(Query("certifcate", snapshot))
    assert right.keys() == wrong.keys()
    assert max(wrong.values()) < max(right.values())


def test_the_background_helps_a_short_question_and_never_outweighs_it(
    handbook: qa.Assistant,
) -> None:
    retrieval = Retrieval(handbook.embedder)
    asked = "What happened at the depot?"
    with handbook.index.reading(OWNER) as snapshot:
        for town, source in (("brno", "opening.md"), ("plzen", "closing.md")):
            query = Query(asked, snapshot, background={town: 0.4})
            assert retrieval(query)[0].passage.source == source
        words = ["annual", "leave", "day", "year", "everybodi", "twenti", "eight"]
        query = Query("bicycles", snapshot, background=dict.fromkeys(words, 0.4))
        assert retrieval(query)[0].passage.source == "long.md"


def test_a_text_that_is_there_twice_is_found_once(library: qa.Assistant) -> None:
    texts = [hit.passage.text for hit in library.search("days of annual leave")]
    assert len(texts) == len(set(texts)) == 4


def test_filters_by_folder_and_metadata(library: qa.Assistant) -> None:
    assert set(sources(library.search("days of leave", folder="it"))) == {"it/vpn.md", "it/mail.md"}
    assert sources(library.search("leave", folder="it/vpn.md")) == ["it/vpn.md"]
    assert sources(library.search("leave", where={"team": "news.txt"})) == ["news.txt"]
    assert set(sources(library.search("leave", where={"team": ["it", "news.txt"]}))) == {
        "it/vpn.md",
        "it/mail.md",
        "news.txt",
    }
    with pytest.raises(qa.UnknownSourceError, match=r"no such folder.* hr, it"):
        library.search("leave", folder="no such folder")
    assert library.search("leave", where={"team": "nobody"}) == []


def test_a_folder_is_not_a_prefix_of_a_name(library: qa.Assistant) -> None:
    with pytest.raises(qa.UnknownSourceError, match="'h'"):
        library.search("leave", folder="h")


def test_the_limit_is_kept(library: qa.Assistant) -> None:
    assert len(library.search("leave", limit=2)) == 2


@pytest.mark.parametrize(
    "question", ['"', "* OR NEAR(", "AND", "' --", "the of and", "émigré 😀", "…"]
)
def test_odd_questions_do_no_harm(library: qa.Assistant, question: str) -> None:
    assert isinstance(library.search(question), list)


def test_each_step_can_be_replaced(library: qa.Assistant, snapshot: Snapshot) -> None:
    retrieval = Retrieval(library.embedder)
    retrieval.keyword = lambda query: {}
    retrieval.fuse = reciprocal_rank
    hits = retrieval(Query("Who is Kazianis?", snapshot, limit=3))
    assert len(hits) == 3
    assert all(hit.keyword is None for hit in hits)


def test_both_legs_search_at_the_same_time(library: qa.Assistant, snapshot: Snapshot) -> None:
    retrieval = Retrieval(library.embedder)
    both = Barrier(2, timeout=60)

    def met(leg: Callable[[Query], Scores]) -> Callable[[Query], Scores]:
        def search(query: Query) -> Scores:
            both.wait()
            return leg(query)

        return search

    retrieval.dense, retrieval.keyword = met(retrieval.dense), met(retrieval.keyword)
    query = Query("mailbox size", snapshot)
    assert retrieval(query) == Retrieval(library.embedder)(query)


def test_the_langchain_chain_brings_the_same(library: qa.Assistant, snapshot: Snapshot) -> None:
    query = Query("Who is Kazianis?", snapshot, limit=3)
    retrieval = Retrieval(library.embedder)
    assert retrieval.as_chain().invoke(query) == retrieval(query)


def passage(
    ordinal: int, start: int, text: str, document: str = "d", page: int | None = None
) -> Passage:
    id = f"{document}:v:{ordinal}"
    return Passage(id, document, document, "", start, start + len(text), text, page=page)


def test_neighbours_are_joined_in_the_place_of_the_better_one() -> None:
    one, two, three = passage(0, 0, "One. "), passage(1, 5, "Two. "), passage(2, 10, "Three.")
    far = passage(0, 0, "Elsewhere.", "e")
    hits = arrange([Hit(two, 0.9), Hit(far, 0.8), Hit(three, 0.5), Hit(one, 0.4)])
    assert [hit.passage.text for hit in hits] == ["One. Two. Three.", "Elsewhere."]
    joined = hits[0].passage
    assert (joined.id, joined.start, joined.end, hits[0].score) == ("d:v:0-2", 0, 16, 0.9)


def test_passages_of_two_pages_or_with_a_gap_are_not_joined() -> None:
    one, gap = passage(0, 0, "One. "), passage(2, 10, "Three.")
    assert len(arrange([Hit(one, 0.9), Hit(gap, 0.8)])) == 2
    pages = [replace(one, page=1), passage(1, 5, "Two.", page=2)]
    assert len(arrange([Hit(p, 0.5) for p in pages])) == 2


scores = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 50, allow_nan=False), max_size=6)


@given(scores, scores, st.floats(0, 1))
def test_fused_scores_are_between_0_and_1(
    dense: dict[str, float], keyword: dict[str, float], weight: float
) -> None:
    for fused in (convex(dense, keyword, weight), reciprocal_rank(dense, keyword)):
        assert fused.keys() == dense.keys() | keyword.keys()
        assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


def test_a_passage_alone_is_the_best_of_its_leg() -> None:
    assert convex({"a": 0.8}, {"a": 5.0}, 0.4) == pytest.approx({"a": 1.0})
    assert convex({"a": 0.8}, {}, 0.4) == pytest.approx({"a": 0.4})
    assert convex({"a": -0.1}, {}, 0.4) == {"a": 0.0}


def test_best_of_both_legs_is_best_of_all() -> None:
    dense = {"a": 0.9, "b": 0.8, "c": 0.2}
    keyword = {"a": 7.0, "c": 6.0}
    assert max(convex(dense, keyword, 0.5).items(), key=lambda item: item[1]) == ("a", 1.0)
