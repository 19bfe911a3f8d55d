"""A handbook with errors, reviewed: what is found, what is not, what is kept and forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import qa
from qa.cli.app import app
from qa.cli.output.findings import print_review
from qa.cli.output.terminal import Terminal
from qa.index import REVIEW_FILE
from tests.indexing.mirroring import write
from tests.review.handbook import CONTRADICTIONS, NEAR_MISSES, pages


@pytest.fixture(scope="module")
def handbook(
    assistant: qa.Assistant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[qa.Assistant]:
    """The handbook, synced; do not write to it."""
    folder = tmp_path_factory.mktemp("handbook")
    for name, text in pages().items():
        write(folder / "docs" / name, text)
    (folder / "docs" / "start" / "map.png").write_bytes(b"a map")
    reviewed = assistant.with_index(folder / "index")
    reviewed.sync([folder / "docs"])
    yield reviewed
    reviewed.close()


@pytest.fixture(scope="module")
def review(handbook: qa.Assistant) -> qa.Review:
    return handbook.review()


def sides(review: qa.Review, kind: str) -> set[frozenset[str]]:
    """The names of the documents of each finding of a kind."""
    return {
        frozenset(citation.source.removeprefix("docs/") for citation in finding.citations)
        for finding in review.findings
        if finding.kind == kind
    }


def test_every_quote_is_in_its_document(handbook: qa.Assistant, review: qa.Review) -> None:
    assert len(review.findings) > 10
    for finding in review.findings:
        for citation in finding.citations:
            text = handbook.document(citation.source).text
            assert text[citation.start : citation.end] == citation.quote != ""
    scores = [finding.score for finding in review.findings]
    assert scores == sorted(scores, reverse=True)
    assert len({finding.id for finding in review.findings}) == len(review.findings)


def test_contradictions_are_found_and_near_misses_are_not(review: qa.Review) -> None:
    found = {
        frozenset(citation.quote for citation in finding.citations)
        for finding in review.findings
        if finding.kind == "contradiction"
    }
    assert len(NEAR_MISSES) > 10
    assert found == {frozenset(pair) for pair in CONTRADICTIONS.values()}


def test_texts_that_are_kept_twice(review: qa.Review) -> None:
    assert sides(review, "duplicate document") == {
        frozenset(("cycling/lockers.md", "building/basement.md"))
    }
    assert sides(review, "duplicate passage") == {
        frozenset(("visits/hosts.md", "reception/desk.md"))
    }


def test_versions_and_the_newer_one(review: qa.Review) -> None:
    newer = {
        finding.citations[finding.newer - 1].source
        for finding in review.findings
        if finding.kind == "replaced" and finding.newer
    }
    assert newer == {
        "docs/travel/travel-policy-2024.md",
        "docs/it/devices.md",
        "docs/near/years-b.md",
    }
    assert ("2021", "2024") in {finding.dates for finding in review.findings}


def test_links_that_lead_nowhere(review: qa.Review) -> None:
    dead = {finding.target for finding in review.findings if finding.kind == "dead link"}
    assert dead == {"rules.md", "#last-day"}


def test_nothing_is_judged_twice(handbook: qa.Assistant, review: qa.Review) -> None:
    assert review.judged == review.documents == len(pages())
    again = handbook.review()
    assert again.judged == 0
    assert again.findings == review.findings


def test_what_is_kept_are_places(handbook: qa.Assistant, review: qa.Review) -> None:
    kept = (handbook.index.store.folder / REVIEW_FILE).read_text(encoding="utf-8")
    for finding in review.findings:
        if finding.kind == "contradiction":
            assert all(citation.quote not in kept for citation in finding.citations)


TWO = {
    "a": "The deposit for a key card is 30 euros.",
    "b": "The deposit for a key card is 45 euros.",
    "c": "Cakes for birthdays are baked by the kitchen, which wants to know two days before.",
}


@pytest.fixture
def two(assistant: qa.Assistant, tmp_path: Path) -> Iterator[qa.Assistant]:
    """Two documents that contradict each other, and a third."""
    small = assistant.with_index(tmp_path / "index")
    small.add([qa.Document(text=text, source=name) for name, text in TWO.items()])
    yield small
    small.close()


def test_only_what_changed_is_compared_again(two: qa.Assistant) -> None:
    (finding,) = two.review().findings
    two.add([qa.Document(text=f"{TWO['c']} Cream costs more.", source="c")])
    after = two.review()
    assert after.judged == 1
    assert [one.id for one in after.findings] == [finding.id]
    two.add([qa.Document(text=TWO["a"].replace("30", "45"), source="a")])
    assert two.review().findings == ()


def test_a_review_that_is_interrupted_goes_on(two: qa.Assistant) -> None:
    told: list[qa.Progress] = []

    def interrupting(progress: qa.Progress) -> None:
        told.append(progress)
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        two.review(progress=interrupting)
    assert [(one.stage, one.done, one.total) for one in told][-1] == ("reviewing", 2, 3)
    whole = two.review()
    assert whole.judged == 1
    assert len(whole.findings) == 1


def test_what_is_forgotten_leaves_no_trace(two: qa.Assistant) -> None:
    two.review()
    file = two.index.store.folder / REVIEW_FILE
    entry = two.document("a").id
    assert entry in file.read_text(encoding="utf-8")
    assert two.forget("a").left == 0
    assert entry not in file.read_text(encoding="utf-8")
    assert two.review().findings == ()


def test_a_finding_is_set_aside_until_its_text_changes(two: qa.Assistant) -> None:
    (finding,) = two.review().findings
    assert two.set_aside(finding.id) == finding
    after = two.review()
    assert (after.findings, after.aside) == ((), (finding,))
    # another sentence does not matter
    two.add([qa.Document(text=f"{TWO['b']} Ask at the desk.", source="b")])
    assert [one.id for one in two.review().aside] == [finding.id]
    two.add([qa.Document(text=TWO["b"].replace("45", "50"), source="b")])
    changed = two.review()
    assert len(changed.findings) == 1
    assert changed.findings[0].id != finding.id
    with pytest.raises(qa.UnknownSourceError, match="qa review --all"):
        two.set_aside(finding.id)


def test_what_is_set_aside_is_kept_by_syncs_a_new_index_and_backups(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    docs, archive = tmp_path / "docs", tmp_path / "backup.tar.gz"
    for name, text in TWO.items():
        write(docs / f"{name}.txt", text)
    with assistant.with_index(tmp_path / "index") as synced:
        synced.sync([docs])
        (finding,) = synced.review().findings
        for _ in range(2):  # two people may press at once
            synced.set_aside(finding.id)
        kept = (tmp_path / "index" / REVIEW_FILE).read_text(encoding="utf-8")
        assert kept.count('"aside"') == 1
        write(docs / "c.txt", f"{TWO['c']} Cream costs more.")
        (docs / "a.txt").rename(docs / "keys.txt")
        synced.sync()
        synced.sync(rebuild=True)
        assert [one.id for one in synced.review().aside] == [finding.id]
        assert dict(synced.backup(archive).files)["review"] == 1
        write(docs / "b.txt", TWO["b"].replace("45", "50"))
        synced.sync()
        changed = synced.review()
        assert (len(changed.findings), changed.aside) == (1, ())
    qa.restore(archive, str(tmp_path / "index"), force=True)
    for place in ("index", "other"):
        if place == "other":
            qa.restore(archive, str(tmp_path / place))
        with assistant.with_index(tmp_path / place) as restored:
            assert [one.id for one in restored.findings().aside] == [finding.id]
            assert restored.review().judged == 0, "what was found is there as well"


def test_whoever_listens_is_told_what_is_set_aside(two: qa.Assistant) -> None:
    (finding,) = two.review().findings
    told: list[qa.Event] = []
    two.listeners.add(told.append)
    two.set_aside(finding.id)
    two.bring_back(finding.id)
    assert [
        (one.finding, one.kind, one.sources, one.aside)
        for one in told
        if isinstance(one, qa.FindingSetAside)
    ] == [(finding.id, "contradiction", ("a", "b"), aside) for aside in (True, False)]


def test_a_finding_is_brought_back(two: qa.Assistant) -> None:
    (finding,) = two.review().findings
    two.set_aside(finding.id)
    two.bring_back(finding.id)
    assert two.review().findings == (finding,)


def test_viewers_see_nothing_of_hidden_documents(two: qa.Assistant) -> None:
    two.add([qa.Document(text=TWO["b"], source="b")], groups=["board"])
    stranger, member = qa.Viewer(), qa.Viewer("ada", groups=["board"])
    told: list[qa.Progress] = []
    first = two.review(viewer=stranger, progress=told.append)
    assert told == []
    assert (first.findings, first.documents, first.judged) == ((), 2, 2)
    assert len(two.review().findings) == 1
    assert len(two.review(viewer=member).findings) == 1
    with pytest.raises(qa.AccessError):
        two.seen_by(member).set_aside("0123456789")


def test_a_damaged_line_is_judged_again(two: qa.Assistant) -> None:
    before = two.review().findings
    file = two.index.store.folder / REVIEW_FILE
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:-1], lines[-1][:20]]), encoding="utf-8")
    after = two.review()
    assert after.judged == 1
    assert after.findings == before


def test_an_empty_index(assistant: qa.Assistant, tmp_path: Path) -> None:
    empty = assistant.with_index(tmp_path / "index")
    assert empty.review().findings == ()
    empty.close()


def test_progress_must_be_callable(two: qa.Assistant) -> None:
    with pytest.raises(qa.ArgumentError, match="cannot be called"):
        two.review(progress=3)  # type: ignore[arg-type]


def test_the_json(review: qa.Review) -> None:
    told = review.to_dict()
    assert told["documents"] == len(pages())
    first = told["findings"][0]
    assert set(first) == {
        "id", "kind", "score", "citations", "dates", "newer", "target", "meant"
    }  # fmt: skip
    assert first["citations"][0]["number"] == 1


def test_the_terminal_says_what_to_open(review: qa.Review) -> None:
    out, err = StringIO(), StringIO()
    print_review(Terminal(out, err), review)
    said = out.getvalue()
    assert all(finding.id in said for finding in review.findings)
    assert "docs/travel/travel-policy-2024.md · 2024 · newer" in said
    assert "docs/travel/travel-policy-2021.md · 2021\n" in said
    assert "leads to rules.md" in said
    assert said.index("contradict each other (9)") < said.index("lead nowhere (2)")
    assert said.rstrip().endswith(f"{len(review.findings)} findings in {len(pages())} documents.")
    assert "--set-aside ID" in err.getvalue()


def test_the_verb(two: qa.Assistant) -> None:
    def run(*arguments: str) -> Any:
        place = str(two.index.store.folder)
        result = CliRunner().invoke(app, ["review", "--index", place, *arguments, "--json"])
        assert result.exit_code == 0
        return json.loads(result.stdout)

    (finding,) = run()["findings"]
    assert [one["id"] for one in run("--set-aside", finding["id"])["aside"]] == [finding["id"]]
    assert run()["findings"] == []
    assert run("--bring-back", finding["id"])["findings"] == [finding]
