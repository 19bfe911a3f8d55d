"""What somebody sees of an index is what an index of that alone would be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from qa.access import OWNER
from qa.errors import AccessError, ArgumentError, UnknownSourceError
from qa.index.keywords import KeywordIndex, SeenKeywords
from qa.records import Passage

ADA, BOB = qa.Viewer("ada", groups=["people"]), qa.Viewer("bob", groups=["works"])
OPEN = [
    qa.Document("The canteen opens at seven. Coffee is free in the canteen.", "open/canteen.md"),
    qa.Document(
        "Boots are worn on the quay. The quay is washed on Fridays.",
        "open/quay.md",
        links=(qa.Link(21, 29, "../people/pay.md"),),
    ),
]
PEOPLE = [
    qa.Document("# Pay\n\nThe zorblax bonus is 900 crowns. The quay pays well.", "people/pay.md"),
    qa.Document("Coffee for the board costs 12 crowns a cup, and the quay a fee.", "people/fee.md"),
]
QUESTIONS = [
    "How much is the zorblax bonus?",
    "What is worn on the quay?",
    "When does the canteen open?",
    "Is coffee free?",
    "How much is the zorblxa bonus?",
    "quay",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path_factory.mktemp("whole") / "index") as assistant:
        assistant.add(PEOPLE, groups=["people", "board"])
        assistant.add(OPEN)
        yield assistant


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path_factory.mktemp("part") / "index") as assistant:
        assistant.add(OPEN)
        yield assistant


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_and_scores_are_those_of_an_index_without_the_rest(
    whole: qa.Assistant, part: qa.Assistant, question: str
) -> None:
    seen, alone = whole.ask(question, viewer=BOB), part.ask(question)
    assert [hit.passage for hit in seen.hits] == [hit.passage for hit in alone.hits]
    for one, other in zip(seen.hits, alone.hits, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.keyword == pytest.approx(other.keyword, abs=1e-6)
    assert (seen.text, seen.found, seen.reason) == (alone.text, alone.found, alone.reason)
    assert seen.score == pytest.approx(alone.score, abs=1e-4)
    assert whole.ask(question, viewer=ADA).hits != seen.hits


def test_words_are_counted_without_the_rest(whole: qa.Assistant, part: qa.Assistant) -> None:
    stems = ["zorblax", "quay", "coffe", "canteen", "cup"]
    with whole.index.reading(BOB) as seen, part.index.reading(OWNER) as alone:
        assert seen.keywords.counts(stems) == alone.keywords.counts(stems)
        assert seen.keywords.rarity(stems) == pytest.approx(alone.keywords.rarity(stems))
        documents = [next(iter(seen.entries))]
        assert seen.keywords.counts(stems, documents) == alone.keywords.counts(stems, documents)
        assert seen.keywords.meant("zorblaxx") == alone.keywords.meant("zorblaxx") == {}
        assert seen.keywords.meant("canten") == alone.keywords.meant("canten") != {}
        for limit, within in ((1, None), (10, None), (10, documents)):
            found = seen.keywords.search(stems, limit, within)
            # The scores are those of FTS5.
            if within is None:
                assert dict(found) == pytest.approx(dict(alone.keywords.search(stems, limit)))
            assert [i for i, _ in found] == [
                i for i, _ in alone.keywords.search(stems, limit, within)
            ]
        held = seen.keywords.stems_found(stems, 10)
        assert dict(held) == dict(alone.keywords.stems_found(stems, 10))
        secret = min(set(whole_ids(whole)) - set(seen.entries))
        assert seen.keywords.entries(secret) == 0
        assert seen.passages([f"{secret}:0:0"]) == []


def whole_ids(assistant: qa.Assistant) -> list[str]:
    with assistant.index.reading(OWNER) as snapshot:
        return list(snapshot.entries)


def test_a_link_to_what_is_hidden_leads_nowhere(whole: qa.Assistant) -> None:
    assert whole.links("open/quay.md", viewer=ADA)
    assert not whole.links("open/quay.md", viewer=BOB)


def test_several_indexes_are_read_as_one_viewer(whole: qa.Assistant, part: qa.Assistant) -> None:
    for viewer, found in ((None, True), (ADA, True), (BOB, False)):
        answer = part.with_index(whole.settings.index).ask(
            QUESTIONS[0], also=[part.with_index(part.settings.index)], viewer=viewer
        )
        assert answer.found == found
        also = part.ask(QUESTIONS[0], also=[part.with_index(whole.settings.index)], viewer=viewer)
        assert also.found == found
        assert found or "zorblax" not in str(also.hits)
    with pytest.raises(ArgumentError):
        part.ask("Who?", also=[part.with_index(whole.settings.index).seen_by(BOB)], viewer=ADA)


def test_what_one_viewer_sees_answers_nobody_else(whole: qa.Assistant) -> None:
    reader = whole.seen_by(BOB)
    assert not reader.ask(QUESTIONS[0]).found
    assert reader.viewer == BOB
    for viewer in (ADA, OWNER):
        with pytest.raises(ArgumentError, match="bob"):
            reader.ask(QUESTIONS[0], viewer=viewer)
    for change in (
        lambda: reader.add(OPEN),
        lambda: reader.sync(),
        lambda: reader.forget("open/quay.md"),
        lambda: next(reader.watch()),
    ):
        with pytest.raises(AccessError):
            change()
    for wrong in (None, "bob", ("bob", ["works"])):
        with pytest.raises(ArgumentError):
            whole.seen_by(wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        whole.ask("Who?", viewer="bob")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        qa.Viewer("bob", groups="works")


def test_langchain_asks_as_a_viewer(whole: qa.Assistant) -> None:
    for viewer, found in ((ADA, True), (BOB, False)):
        hits = whole.as_retriever(viewer=viewer).invoke("zorblax bonus")
        assert ("people/pay.md" in {hit.metadata["source"] for hit in hits}) == found
        hits = whole.as_retriever().invoke("zorblax bonus", viewer=viewer)
        assert ("people/pay.md" in {hit.metadata["source"] for hit in hits}) == found
        asked = {"question": QUESTIONS[0], "viewer": viewer}
        assert whole.as_runnable().invoke(asked).found == found
        assert ("900" in whole.as_tool(viewer=viewer).invoke(QUESTIONS[0])) == found
        assert ("900" in whole.seen_by(viewer).as_tool().invoke(QUESTIONS[0])) == found


def test_groups_change_without_embedding_again(tmp_path: Path) -> None:
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.add(PEOPLE[:1], groups=["people"])

        def read_by(viewer: qa.Viewer) -> bool:
            return bool(assistant.search("zorblax", viewer=viewer))

        assert (read_by(ADA), read_by(BOB)) == (True, False)
        report = assistant.add(PEOPLE[:1], groups=["works"])
        assert (report.changed, report.passages) == (("people/pay.md",), 0)
        assert (read_by(ADA), read_by(BOB)) == (False, True)
        assert assistant.add(PEOPLE[:1]).unchanged  # nothing is said of groups, so they stay
        assert (read_by(ADA), read_by(BOB)) == (False, True)
        assistant.sync([tmp_path], rebuild=True)
        assert (read_by(ADA), read_by(BOB)) == (False, True)
        assistant.add(PEOPLE[:1], groups=[])
        assert (read_by(ADA), read_by(BOB)) == (False, False)
        assert assistant.search("zorblax")
        assistant.add(PEOPLE[:1], groups=["*"])
        assert (read_by(ADA), read_by(qa.Viewer())) == (True, True)
        with pytest.raises(ArgumentError, match="groups"):
            assistant.add(PEOPLE, groups="people")
        with pytest.raises(UnknownSourceError):
            assistant.document("none", viewer=ADA)


def test_when_it_changed_is_told_of_what_is_seen_alone(tmp_path: Path) -> None:
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.add(OPEN)
        assistant.add(PEOPLE[:1], groups=["people"])
        before = assistant.status(viewer=BOB)
        assert before.updated == max(one.read for one in before.sources)
        time.sleep(1.1)  # times are told to the second
        assistant.add(PEOPLE[1:], groups=["people"])
        assert assistant.status(viewer=BOB) == before
        told = [assistant.status(viewer=one).updated for one in (BOB, ADA, OWNER)]
        assert (told[0] or "") < (told[1] or "") <= (told[2] or "")
        for one in OPEN:
            assistant.forget(one.source)
        assert assistant.status(viewer=BOB).updated is None
        assert assistant.status().updated is not None


def test_a_file_of_words_that_is_shared_shows_nothing_new(tmp_path: Path) -> None:
    """The cache of a Chroma server may have been changed for a newer state of the index."""
    passages = {
        name: Passage(f"{name}:v:0", name, name, "", 0, 9, f"The {name} is kept.")
        for name in ("open", "secret", "newer")
    }

    def index(*names: str) -> KeywordIndex:
        made = KeywordIndex(tmp_path)
        made.rules = {"secret": "rule"}
        versions = dict.fromkeys(names, "v")
        made.reconcile(versions, lambda ids: [passages[id] for id in ids])
        return made

    older = index("open", "secret")
    seen = SeenKeywords(older, ["rule"])
    assert seen.counts(["open", "secret", "newer"])[1] == {"open": 1, "secret": 0, "newer": 0}
    newer = index("newer", "open")
    assert seen.counts(["open", "secret", "newer"])[1] == {"open": 1, "secret": 0, "newer": 0}
    assert [id for id, _ in seen.search(["newer", "open"], 5)] == ["open:v:0"]
    older.close()
    newer.close()
