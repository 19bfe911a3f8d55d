"""`.qa-access.toml`: who may read what is in its folder and below."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

import qa

FILE = ".qa-access.toml"
SOURCE = f"handbook/{FILE}"
PLACES = ("open.md", "hr/leave.md", "hr/pay/bands.md", "hr/pay/old.md", "board/minutes.md")


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    for place in PLACES:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {place}\n\nThis is {place}.\n", encoding="utf-8")
    return folder


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(index=tmp_path / "index") as assistant:
        yield assistant


def rules(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text, encoding="utf-8")


def read_by(assistant: qa.Assistant, *groups: str) -> set[str]:
    """What somebody in these groups may read, without the folder's name."""
    status = assistant.status(viewer=qa.Viewer("somebody", groups=groups))
    return {one.source.removeprefix("handbook/") for one in status.sources}


def test_the_nearest_rule_counts_and_of_one_file_the_last(
    handbook: Path, assistant: qa.Assistant
) -> None:
    assistant.sync([handbook])
    assert read_by(assistant) == set(PLACES)
    rules(handbook, '[read]\n"*" = ["staff"]\n"hr/" = "hr"\n"/board/*.md" = ["board", "hr"]')
    rules(handbook / "hr" / "pay", '[read]\n"bands.md" = ["*"]\n')
    report = assistant.sync()
    assert (report.passages, report.added, report.changed, report.skipped) == (0, (), (), ())
    assert read_by(assistant) == {"hr/pay/bands.md"}
    assert read_by(assistant, "staff") == {"open.md", "hr/pay/bands.md"}
    assert read_by(assistant, "hr") == set(PLACES) - {"open.md"}
    assert read_by(assistant, "board") == {"board/minutes.md", "hr/pay/bands.md"}
    told = {one.source: one.groups for one in assistant.status().sources}
    assert told["handbook/hr/leave.md"] == ("hr",)
    assert told["handbook/hr/pay/bands.md"] is None
    assert len(told) == len(PLACES)


def test_other_groups_hold_from_the_next_sync_on(handbook: Path, assistant: qa.Assistant) -> None:
    rules(handbook, '[read]\n"hr/" = ["hr"]')
    assistant.sync([handbook])
    assert "hr/leave.md" not in read_by(assistant, "people")
    rules(handbook, '[read]\n"hr/" = ["people"]')
    assert assistant.sync().passages == 0
    assert "hr/leave.md" in read_by(assistant, "people")
    (handbook / FILE).unlink()
    assert assistant.sync().passages == 0
    assert read_by(assistant) == set(PLACES)


def test_a_sync_says_who_else_may_read_what_and_so_does_the_audit(
    handbook: Path, tmp_path: Path
) -> None:
    with qa.Assistant(index=tmp_path / "index", audit=True) as assistant:
        assistant.sync([handbook])
        assert assistant.sync().readers == ()
        rules(handbook, '[read]\n"hr/" = ["hr", "board"]')
        (handbook / "hr" / "new.md").write_text("# New\n\nThis is new.\n", encoding="utf-8")
        closed = assistant.sync()
        rules(handbook, '[read]\n"hr/" = ["board", "hr"]')
        assert assistant.sync().readers == ()
        (handbook / "open.md").rename(handbook / "hr" / "open.md")
        moved = assistant.sync()
        (handbook / FILE).unlink()
        opened = assistant.sync(rebuild=True)
    below = [f"handbook/hr/{name}" for name in ("leave.md", "pay/bands.md", "pay/old.md")]
    known = [qa.Permitted(source, None, ("hr", "board")) for source in below]
    assert (list(closed.readers), closed.added) == (known, ("handbook/hr/new.md",))
    assert [one.source for one in moved.readers] == ["handbook/hr/open.md"]
    assert {one.before for one in opened.readers} == {("board", "hr")}
    assert {one.groups for one in opened.readers} == {None}
    assert len(opened.readers) == 5
    lines = (tmp_path / "audit" / "index" / "audit.jsonl").read_text(encoding="utf-8")
    told = [one for one in map(json.loads, lines.splitlines()) if one["event"] == "AccessChanged"]
    assert [(one["patterns"], one["readers"], one["owner"]) for one in told] == [
        ([], None, True)
    ] * 3
    assert told[0]["sources"] == below


def test_a_moved_file_and_a_new_one_have_the_rule_of_where_they_are(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"hr/" = ["hr"]')
    assistant.sync([handbook])
    (handbook / "open.md").rename(handbook / "hr" / "open.md")
    (handbook / "hr" / "new.md").write_text("# New\n\nThis is new.\n", encoding="utf-8")
    report = assistant.sync()
    assert report.renamed == (("handbook/open.md", "handbook/hr/open.md"),)
    assert read_by(assistant) == {"board/minutes.md"}
    assert {"hr/open.md", "hr/new.md"} <= read_by(assistant, "hr")


BROKEN = [
    ("[read", "']'"),
    ("read = 3", "read"),
    ("[write]", "write"),
    ('[read]\n"hr/" = 3', "hr/"),
    ('[read]\n"hr/" = ["hr", 3]', "hr/"),
    ('[read]\n"hr/" = [""]', "hr/"),
    ('[read]\n"!hr/" = ["hr"]', "no pattern"),
    ('[read]\n"" = ["hr"]', "no pattern"),
    ("\x00", "line 1"),
    ("\udce9", "utf-8"),
    ("#" * 200_000, "larger"),
]


def test_what_a_broken_file_decides_is_read_by_nobody(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"board/" = "board"')
    rules(handbook / "hr" / "pay", '[read]\n"bands.md" = ["hr"]')
    for text, why in BROKEN:
        (handbook / "hr" / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
        (skipped,) = assistant.sync([handbook]).skipped
        assert skipped.source == f"handbook/hr/{FILE}"
        assert f"handbook/hr/{FILE}" in skipped.reason
        assert why in skipped.reason
        assert assistant.status().skipped[0].source == skipped.source
        others = {"open.md", "board/minutes.md"}
        assert read_by(assistant, "hr", "board") == others | {"hr/pay/bands.md"}
        assert not assistant.status(viewer=qa.Viewer(groups=("hr",))).skipped
    rules(handbook / "hr", '[read]\n"*" = ["hr"]')
    assert not assistant.sync().skipped
    assert read_by(assistant, "hr", "board") == set(PLACES)
    assert not assistant.status().skipped


def test_a_file_that_cannot_be_opened_lets_nobody_read(
    handbook: Path, assistant: qa.Assistant, tmp_path: Path
) -> None:
    file = handbook / "hr" / FILE
    file.mkdir()
    (skipped,) = assistant.sync([handbook]).skipped
    assert FILE in skipped.reason
    assert read_by(assistant, "hr") == {"open.md", "board/minutes.md"}
    file.rmdir()
    rules(tmp_path, '[read]\n"*" = ["hr"]')
    try:
        file.symlink_to(tmp_path / FILE)
    except OSError:
        pytest.skip("this system lets us make no links")
    (skipped,) = assistant.sync().skipped
    assert "leads out" in skipped.reason
    assert read_by(assistant, "hr") == {"open.md", "board/minutes.md"}


def test_the_rule_beside_a_single_file_holds_for_it(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"open.md" = ["staff"]')
    assistant.sync([handbook / "open.md"])
    assert not read_by(assistant)
    assert len(read_by(assistant, "staff")) == 1


def test_documents_of_a_folder_that_is_gone_keep_their_rule(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"hr/" = ["hr"]')
    assistant.sync([handbook])
    handbook.rename(handbook.with_name("away"))
    assistant.sync()
    assert read_by(assistant) == {"open.md", "board/minutes.md"}
    assistant.sync(rebuild=True)
    assert read_by(assistant) == {"open.md", "board/minutes.md"}
    assert len(read_by(assistant, "hr")) == len(PLACES)


def test_a_file_that_could_not_be_read_is_not_named_to_others(
    handbook: Path, assistant: qa.Assistant
) -> None:
    (handbook / "hr" / "secret.pdf").write_bytes(b"%PDF-1.7 no more")
    rules(handbook, '[read]\n"secret.pdf" = ["hr"]')
    assistant.sync([handbook])
    assert [one.source for one in assistant.status().failed] == ["handbook/hr/secret.pdf"]
    assert not assistant.status(viewer=qa.Viewer("bob")).failed
    assistant.add([qa.Document("Plums are blue.", "plums.md")])
    assert not assistant.status(viewer=qa.Viewer("bob")).failed


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_folder_whose_name_is_no_utf_8_has_its_rules(
    handbook: Path, assistant: qa.Assistant
) -> None:
    try:
        odd = Path(os.fsdecode(os.fsencode(handbook) + b"/caf\xe9"))
        odd.mkdir()
    except OSError:
        pytest.skip("this file system takes no such names")
    (odd / "menu.md").write_text("# Menu\n\nThis is the menu.\n", encoding="utf-8")
    (odd / "open.md").write_text("# Open\n\nThis is open.\n", encoding="utf-8")
    rules(odd, '[read]\n"menu.md" = ["staff"]')
    assistant.sync([handbook])
    shown = {place for place in read_by(assistant) if place.startswith("caf")}
    assert {place.rpartition("/")[2] for place in shown} == {"open.md"}
    assert any(place.endswith("menu.md") for place in read_by(assistant, "staff"))


def test_a_rule_holds_while_the_folder_is_watched(handbook: Path, assistant: qa.Assistant) -> None:
    assistant.sync([handbook])
    stop = Event()
    reports = assistant.watch(stop)
    next(reports)
    rules(handbook, '[read]\n"hr/" = ["hr"]')
    assert isinstance(next(reports), qa.SyncReport)
    assert read_by(assistant) == {"open.md", "board/minutes.md"}
    rules(handbook, '[read]\n"hr/" = ["hr"]\n"board/" = ["hr"]')
    assert isinstance(next(reports), qa.SyncReport)
    assert read_by(assistant) == {"open.md"}
    stop.set()
    assert not list(reports)


def test_a_pattern_that_matches_nothing_is_reported_with_its_file(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"/hr/" = ["hr"]\n"bords/" = ["board"]\n"*.docx" = ["staff"]')
    rules(handbook / "hr", '[read]\n"leave.md" = ["*"]\n"broken.pdf" = ["hr"]')
    (handbook / "hr" / "broken.pdf").write_bytes(b"no PDF")
    report = assistant.sync([handbook])
    told = {one.source: one.reason for one in report.skipped}
    assert set(told) == {SOURCE, "handbook/hr/broken.pdf"}
    assert '"bords/", "*.docx"' in told[SOURCE]
    assert "/hr/" not in told[SOURCE]
    listed = [one.source for one in (*assistant.status().failed, *assistant.status().skipped)]
    assert SOURCE in listed
    assert assistant.status(viewer=qa.Viewer("somebody")).skipped == []

    (handbook / "board" / "minutes.md").unlink()
    rules(handbook, '[read]\n"board/" = ["board"]')
    assert '"board/"' in {one.source: one.reason for one in assistant.sync().skipped}[SOURCE]
    rules(handbook, '[read]\n"*" = ["staff"]')
    assert [one.source for one in assistant.sync().skipped] == ["handbook/hr/broken.pdf"]
    assert SOURCE not in str(assistant.status().skipped)


def test_the_patterns_beside_a_single_file_may_be_for_others(
    handbook: Path, assistant: qa.Assistant
) -> None:
    rules(handbook, '[read]\n"open.md" = ["staff"]\n"board/" = ["board"]')
    assert assistant.sync([handbook / "open.md"]).skipped == ()
    assert read_by(assistant, "staff") == {"open.md"}
