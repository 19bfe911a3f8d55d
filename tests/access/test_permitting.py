"""`qa permit`: who may read what changes without a sync, and stays so."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from tests.chroma_server import chroma_server, is_installed
from tests.cli.forked import run

PLACES = ("open.md", "hr/leave.md", "hr/pay/bands.md", "board/minutes.md")
ADA, BOB = qa.Viewer("ada", groups=["people"]), qa.Viewer("bob", groups=["works"])


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    for place in PLACES:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {path.stem}\n\nThe zorblax of {path.stem}.\n", encoding="utf-8")
    return folder


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path / "index") as assistant:
        yield assistant


def read_by(assistant: qa.Assistant, viewer: qa.Viewer = BOB) -> set[str]:
    """What somebody may read and find, without the folder's name."""
    sources = {one.source for one in assistant.status(viewer=viewer).sources}
    assert {
        hit.passage.source for hit in assistant.search("zorblax", limit=20, viewer=viewer)
    } <= sources
    return {source.removeprefix("handbook/") for source in sources}


def test_what_is_said_counts_before_the_rules_of_files_until_it_is_forgotten(
    handbook: Path, assistant: qa.Assistant
) -> None:
    (handbook / ".qa-access.toml").write_text('[read]\n"hr/" = ["works"]', encoding="utf-8")
    assistant.sync([handbook])
    assert read_by(assistant) == set(PLACES)
    told: list[qa.Event] = []
    assistant.listeners.add(told.append)

    report = assistant.permit("handbook/hr/", groups=["people"])
    changed = {one.source: (one.before, one.groups) for one in report.changed}
    assert changed == {
        f"handbook/hr/{name}": (("works",), ("people",)) for name in ("leave.md", "pay/bands.md")
    }
    assert (report.unmatched, report.skipped) == ((), ())
    assert read_by(assistant) == {"open.md", "board/minutes.md"}
    assert read_by(assistant, ADA) == set(PLACES)
    (event,) = [one for one in told if not isinstance(one, qa.Searched)]
    assert isinstance(event, qa.AccessChanged)
    assert (event.patterns, event.readers) == (("handbook/hr/",), ("people",))
    assert (set(event.sources), event.by.viewer.owner) == (set(changed), True)

    assistant.permit(["bands.md"], groups=["*"])
    assert "hr/pay/bands.md" in read_by(assistant, qa.Viewer())
    assert assistant.permits() == {"handbook/hr/": ("people",), "bands.md": ("*",)}
    assert assistant.readers("none/") == {}
    assert assistant.readers("handbook/hr/*") == {
        "handbook/hr/leave.md": ("people",), "handbook/hr/pay/bands.md": None
    }  # fmt: skip
    assistant.permit("handbook/hr/", groups=[])  # said last, so it counts again
    assert read_by(assistant, ADA) == {"open.md", "board/minutes.md"}

    assert assistant.permit(["handbook/hr/", "bands.md"], groups=None).changed
    assert assistant.permits() == {}
    assert read_by(assistant) == set(PLACES)
    assert read_by(assistant, ADA) == {"open.md", "board/minutes.md"}


def test_a_sync_and_a_rebuild_remember_it_also_for_what_is_new_or_moved(
    handbook: Path, assistant: qa.Assistant
) -> None:
    assistant.sync([handbook])
    assistant.permit(["handbook/hr/", "later/"], groups=["people"])
    (handbook / "hr" / "new.md").write_text("# New\n\nThe zorblax is new.\n", encoding="utf-8")
    (handbook / "open.md").rename(handbook / "hr" / "open.md")
    (handbook / "hr" / "leave.md").rename(handbook / "leave.md")
    readable = {"leave.md", "board/minutes.md"}
    assistant.sync()
    assert read_by(assistant) == readable
    assistant.sync(rebuild=True)
    assert read_by(assistant) == readable
    (handbook / ".qa-access.toml").write_text('[read]\n"*" = ["*"]', encoding="utf-8")
    assistant.sync()
    assert read_by(assistant) == readable, "a file in the folder does not count against it"
    assert len(read_by(assistant, ADA)) == 5
    assistant.add([qa.Document("The zorblax comes.", "later/x.md")], groups=["works"])
    assert read_by(assistant) == readable


def test_what_programs_added_has_its_own_groups_again(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    document = qa.Document("The zorblax is blue.", "memo.md")
    assistant.add([document], groups=["works"])
    assistant.permit("memo.md", groups=["people"])
    assert (read_by(assistant), read_by(assistant, ADA)) == (set(), {"memo.md"})
    assert assistant.add([document]).unchanged
    assert assistant.add([document], groups=["works"]).unchanged
    assistant.permit("*.md", groups=["people"])
    assistant.permit("memo.md", groups=None)
    empty = tmp_path / "empty"
    empty.mkdir()
    assistant.sync([empty], rebuild=True)
    assert (read_by(assistant), read_by(assistant, ADA)) == (set(), {"memo.md"})
    assistant.permit("*.md", groups=None)
    assert (read_by(assistant), read_by(assistant, ADA)) == ({"memo.md"}, set())


def test_a_trial_changes_nothing_and_what_cannot_be_is_refused(
    handbook: Path, assistant: qa.Assistant
) -> None:
    assistant.sync([handbook])
    updated = assistant.status().updated
    report = assistant.permit(["board/", "nothing/*.docx"], groups=["board"], dry_run=True)
    assert [one.source for one in report.changed] == ["handbook/board/minutes.md"]
    assert report.unmatched == ("nothing/*.docx",)
    assert (assistant.status().updated, assistant.permits()) == (updated, {})
    assert read_by(assistant) == set(PLACES)
    for wrong in ("", "#", "!hr/", ["hr/", 3], 3, None):
        with pytest.raises(qa.ArgumentError):
            assistant.permit(wrong, groups=["hr"])  # type: ignore[arg-type]
    with pytest.raises(qa.ArgumentError):
        assistant.permit("hr/", groups="hr")
    reader = assistant.seen_by(ADA)
    for refused in (lambda: reader.permit("hr/", groups=[]), reader.permits, reader.readers):
        with pytest.raises(qa.AccessError):
            refused()


def test_rule_files_count_as_they_are_now(handbook: Path, assistant: qa.Assistant) -> None:
    assistant.sync([handbook])
    (handbook / ".qa-access.toml").write_text('[read]\n"board/" = ["board"]', encoding="utf-8")
    (handbook / "hr" / ".qa-access.toml").write_text("[read", encoding="utf-8")
    report = assistant.permit([], groups=None)
    assert {one.source: one.groups for one in report.changed} == {
        "handbook/board/minutes.md": ("board",),
        "handbook/hr/leave.md": (),
        "handbook/hr/pay/bands.md": (),
    }
    assert [one.source for one in report.skipped] == ["handbook/hr/.qa-access.toml"]
    assert read_by(assistant) == {"open.md"}


def test_addresses_are_patterns(assistant: qa.Assistant) -> None:
    pages = ["https://intranet.example/hr/pay", "https://intranet.example/news"]
    assistant.add([qa.Document(f"The zorblax of {page}.", page) for page in pages])
    assert len(assistant.permit("https://intranet.example/hr/", groups=["people"]).changed) == 1
    assert read_by(assistant) == {pages[1]}
    assistant.permit(pages[1], groups=[])
    assert read_by(assistant) == set()


SERVER = pytest.param(
    "server", marks=pytest.mark.skipif(not is_installed(), reason="chroma is not installed")
)


@pytest.mark.parametrize("where", ["folder", SERVER])
def test_nobody_sees_a_document_between_two_states(tmp_path: Path, where: str) -> None:
    """Bob may never read `pay`: neither before a change, nor after it, nor meanwhile."""
    if where == "folder":
        _change_while_bob_asks(str(tmp_path / "index"))
        return
    with chroma_server(tmp_path / "chroma") as (url, _):
        _change_while_bob_asks(url)


def _change_while_bob_asks(index: str) -> None:
    pays = [qa.Document(f"The zorblax bonus is {n}00 crowns.", f"pay/{n}.md") for n in range(5)]
    other = qa.Document("The zorblax fair is in June.", "fair.md")
    found: set[str] = set()
    stop = threading.Event()
    with qa.Assistant(index=index) as assistant, qa.Assistant(index=index) as asked:
        assistant.add([*pays, other], groups=["works"])
        assistant.permit("pay/", groups=["people"])

        def ask() -> None:
            while not stop.is_set():
                found.update(hit.passage.source for hit in asked.search("zorblax", viewer=BOB))
                found.update(one.source for one in asked.status(viewer=BOB).sources)

        bob = threading.Thread(target=ask)
        bob.start()
        try:
            for groups in (["board"], [], ["people", "board"], ["board"]):
                report = assistant.permit("pay/", groups=groups)
                assert len(report.changed) == len(pays)
                now = qa.Viewer("eve", groups=groups)
                assert len(read_by(asked, now)) == (len(pays) if groups else 0)
        finally:
            stop.set()
            bob.join()
        assert found == {"fair.md"}
        assistant.permit("pay/", groups=None)
        assert len(read_by(asked)) == 6


def command(index: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run("permit", *words, "--index", index, env={**os.environ, "QA_AUDIT": "1"})


def test_the_command_changes_shows_and_is_in_the_audit(
    handbook: Path, assistant: qa.Assistant, tmp_path: Path
) -> None:
    assistant.sync([handbook])
    index = tmp_path / "index"
    tried = command(index, "handbook/hr/", "--nobody", "--dry-run")
    assert "handbook/hr/leave.md  everybody → nobody" in tried.stdout
    assert "2 documents would change; nothing was changed" in tried.stdout
    assert read_by(assistant) == set(PLACES)
    done = command(index, "handbook/hr/", "nothing/", "--group", "people", "--group", "board")
    assert done.returncode == 0, done.stderr
    assert "handbook/hr/leave.md  everybody → people, board" in done.stdout
    assert "nothing/ matches no document" in done.stderr
    assert read_by(assistant) == {"open.md", "board/minutes.md"}
    shown = command(index)
    assert "  handbook/hr/  people, board\n" in shown.stdout
    assert "handbook/open.md  everybody\n" in shown.stdout
    assert "4 documents, 2 not for everybody." in shown.stdout
    listed = json.loads(command(index, "board/", "--json").stdout)
    assert listed["documents"] == {"handbook/board/minutes.md": None}
    assert listed["permits"]["nothing/"] == ["people", "board"]
    assert "only one of them" in command(index, "hr/", "--nobody", "--reset").stderr
    reset = command(index, "handbook/hr/", "nothing/", "--reset")
    assert "2 documents changed" in reset.stdout
    assert reset.stderr == ""
    again = command(index, "handbook/hr/", "--reset", "--dry-run")
    assert "handbook/hr/ was not said here, so there is nothing to forget" in again.stderr
    assert read_by(assistant) == set(PLACES)
    lines = (tmp_path / "audit" / "index" / "audit.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in lines.splitlines()]
    assert [one["event"] for one in events] == ["AccessChanged"] * 2
    assert events[0]["patterns"] == ["handbook/hr/", "nothing/"]
    assert events[0]["readers"] == ["people", "board"]
    assert events[0]["groups"] == []
