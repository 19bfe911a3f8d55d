"""Several indexes, asked as one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import qa
from qa.access import OWNER
from qa.index.combined import Combined
from qa.text.terms import stems

BADGE = "# Badges\n\nThe badge opens the blue gate. It is renewed by Ada King in March."
GUEST = "# Guests\n\nA guest badge is given out by the porter, Ben Lind, for nine hours."


@pytest.fixture
def dropped(assistant: qa.Assistant, tmp_path: Path) -> qa.Assistant:
    """A small index beside that of the samples."""
    other = assistant.with_index(tmp_path / "dropped")
    other.add([document("uploads/badges.md", BADGE)])
    return other


def document(source: str, text: str) -> qa.Document:
    heading = text.splitlines()[0]
    start = 0 if heading.startswith("#") else -1
    headings = (qa.Heading(0, 1, heading.lstrip("# ")),) if start == 0 else ()
    return qa.Document(text=text, source=source, title=source, headings=headings)


def test_another_index_shares_all_but_the_index(
    assistant: qa.Assistant, dropped: qa.Assistant, tmp_path: Path
) -> None:
    assert dropped.embedder is assistant.embedder
    assert dropped.retrieval is assistant.retrieval
    assert dropped.answerer is assistant.answerer
    assert dropped.settings.index == str(tmp_path / "dropped")
    assert dropped.settings.threshold == assistant.settings.threshold
    assert [source.source for source in dropped.status().sources] == ["uploads/badges.md"]
    assert "uploads/badges.md" not in [source.source for source in assistant.status().sources]


def test_both_indexes_are_searched(assistant: qa.Assistant, dropped: qa.Assistant) -> None:
    answer = assistant.ask("Who renews the badge for the blue gate?", also=[dropped])
    citation = answer.citations[0]
    assert citation.source == "uploads/badges.md"
    assert citation.heading == "Badges"
    assert dropped.document(citation.source).text[citation.start : citation.end] == citation.quote
    answer = assistant.ask("Where might the second summit be held?", also=[dropped])
    citation = answer.citations[0]
    assert citation.source == "seeds/second-summit-brief.md"
    assert assistant.document(citation.source).text[citation.start : citation.end] == citation.quote
    alone = assistant.ask("Where might the second summit be held?")
    assert alone.text == answer.text
    assert alone.citations == answer.citations


def test_an_attached_index_comes_first_if_it_surely_has_the_answer(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    question = "How many days of annual leave do I have?"
    alone = assistant.ask(question)
    assert "28 days" in alone.text
    assert alone.attached is None
    other = assistant.with_index(tmp_path / "attached")
    other.add([document("mine.txt", "At my site everyone has 33 days of annual leave a year.")])
    stream = assistant.stream(question, also=[other])
    assert "".join(stream) == stream.answer.text
    assert "33 days" in stream.answer.text
    assert {citation.source for citation in stream.answer.citations} == {"mine.txt"}
    assert stream.answer.to_dict()["attached"] == "answered"
    elsewhere = assistant.ask("Where might the second summit be held?", also=[other])
    assert "Hanoi" in elsewhere.text
    assert elsewhere.attached == "not said"
    refused = assistant.ask("What is the capital of France?", also=[other])
    assert (refused.found, refused.attached) == (False, "not said")


def test_the_samples_answer_as_before_beside_a_small_index(
    assistant: qa.Assistant, dropped: qa.Assistant
) -> None:
    for question in (
        "How many days of annual leave do employees get?",
        "How do I reset my password?",
        "When was the outage?",
    ):
        # Of two that are equally good, the one or the other is first.
        found = [assistant.search(question, also=also)[:2] for also in ([], [dropped])]
        alone, beside = ({hit.passage.source for hit in hits} for hits in found)
        assert alone == beside


def test_all_ways_of_asking(assistant: qa.Assistant, dropped: qa.Assistant) -> None:
    question = "Who renews the badge for the blue gate?"
    stream = assistant.stream(question, also=[dropped])
    assert "".join(stream) == stream.answer.text
    awaited = asyncio.run(assistant.aask(question, also=[dropped]))
    run = assistant.as_runnable().invoke({"question": question, "also": [dropped]})
    assert stream.answer.text == awaited.text == run.text
    assert "Ada King" in run.text
    best = assistant.search(question, also=[dropped], limit=3)
    assert best[0].passage.source == "uploads/badges.md"
    assert len(best) == 3


def test_filters_are_for_the_main_index(assistant: qa.Assistant, dropped: qa.Assistant) -> None:
    hits = assistant.search("badge summit", folder="seeds/it-help.md", also=[dropped], limit=50)
    assert {hit.passage.source for hit in hits} == {"seeds/it-help.md", "uploads/badges.md"}
    hits = assistant.search("badge", where={"no": "such"}, also=[dropped])
    assert {hit.passage.source for hit in hits} == {"uploads/badges.md"}


def test_documents_of_one_name_are_kept_apart(tmp_path: Path, assistant: qa.Assistant) -> None:
    main = assistant.with_index(tmp_path / "main")
    other = assistant.with_index(tmp_path / "other")
    main.add([document("notes.md", BADGE)])
    other.add([document("notes.md", GUEST)])
    for question, holder, heading in (
        ("Who renews the badge in March?", main, "Badges"),
        ("Who gives out a guest badge?", other, "Guests"),
    ):
        citation = main.ask(question, also=[other]).citations[0]
        assert citation.heading == heading
        text = holder.document("notes.md").text
        assert text[citation.start : citation.end] == citation.quote
    ids = [hit.passage.document_id for hit in main.search("badge", also=[other])]
    assert len(set(ids)) == 2


def test_the_same_text_in_both_is_found_once(tmp_path: Path, assistant: qa.Assistant) -> None:
    main = assistant.with_index(tmp_path / "main")
    other = assistant.with_index(tmp_path / "other")
    for holder in (main, other):
        holder.add([document("notes.md", BADGE)])
    assert len(main.search("badge", also=[other])) == 1
    assert main.ask("Who renews the badge?", also=[other]).citations[0].heading == "Badges"


def test_an_empty_main_index_is_no_obstacle(dropped: qa.Assistant, tmp_path: Path) -> None:
    empty = dropped.with_index(tmp_path / "empty")
    assert empty.ask("Who renews the badge?").reason == "no documents"
    assert "Ada King" in empty.ask("Who renews the badge?", also=[dropped]).text
    assert empty.ask("Who renews the badge?", also=[empty]).reason == "no documents"


def test_an_index_is_counted_once(dropped: qa.Assistant) -> None:
    question = "Who renews the badge?"
    twice = dropped.ask(question, also=[dropped])
    assert twice.citations == dropped.ask(question).citations


def test_words_count_by_their_rarity_in_all_indexes(
    assistant: qa.Assistant, dropped: qa.Assistant
) -> None:
    asked = stems("badge summit")
    with assistant.index.reading(OWNER) as one, dropped.index.reading(OWNER) as other:
        joint = Combined([one, other])
        total, counts = joint.keywords.counts(asked)
        assert total == assistant.status().passages + dropped.status().passages
        assert counts["badg"] == one.keywords.counts(asked)[1]["badg"] + 1
        scores = dict(joint.keywords.search(asked, 50))
        assert min(scores.values()) > 0
        assert len(joint.keywords.search(asked, 2)) == 2
        assert joint.keywords.search([], 5) == []


def test_another_embedder_is_refused(
    assistant: qa.Assistant, tiny_model: Path, tmp_path: Path
) -> None:
    other = qa.Assistant(index=tmp_path, embedder=str(tiny_model), fast_encoder=False)
    with pytest.raises(qa.SettingsError, match="another embedder"):
        assistant.ask("Who renews the badge?", also=[other])
