"""Files dropped on the page, with real files and a real index."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

import qa
from tests.ui.arriving import arrived
from ui.background import expiring
from ui.file_names import safe_name
from ui.incoming import UploadRefusedError
from ui.uploads import Activity, Attachments

ONE, TWO = "a" * 32, "b" * 32
BADGE = "The badge opens the blue gate. Ada King renews it in March."
SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "files"
QUESTION = "Who renews the badge?"


@pytest.fixture
def attachments(assistant: qa.Assistant) -> Iterator[Attachments]:
    with contextlib.closing(Attachments(assistant)) as attachments:
        yield attachments


def file(folder: Path, name: str, content: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def add(
    attachments: Attachments,
    conversation: str,
    paths: list[Path],
    progress: Callable[[qa.Progress], None] = lambda _: None,
) -> qa.SyncReport:
    return attachments.add(conversation, arrived(attachments, conversation, paths), progress)


def private(attachments: Attachments, conversation: str = ONE) -> qa.Assistant:
    found = attachments.assistant(conversation)
    assert found is not None
    return found


def test_a_dropped_file_can_be_asked_at_once_and_by_its_conversation_alone(
    assistant: qa.Assistant, attachments: Attachments, tmp_path: Path
) -> None:
    news: list[qa.Progress] = []
    report = add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)], news.append)
    assert report.added == ("uploads/badge.txt",)
    assert news
    answer = assistant.ask(QUESTION, also=[private(attachments)])
    assert answer.citations[0].source == "uploads/badge.txt"
    assert attachments.assistant(TWO) is None
    sources = [source.source for source in assistant.status().sources]
    assert not any(source.startswith("uploads/") for source in sources)


def test_a_broken_file_is_reported_and_the_others_are_read(
    attachments: Attachments, tmp_path: Path
) -> None:
    broken = file(tmp_path, "broken.pdf", b"%PDF-1.4 this is no pdf")
    empty = file(tmp_path, "empty.txt", "")
    good = file(tmp_path, "badge.txt", BADGE)
    report = add(attachments, ONE, [broken, empty, good])
    assert report.added == ("uploads/badge.txt",)
    reasons = {skipped.source: skipped.reason for skipped in report.skipped}
    assert reasons.keys() == {"uploads/broken.pdf", "uploads/empty.txt"}
    assert all(reasons.values())
    again = add(attachments, ONE, [file(tmp_path / "more", "gate.txt", "The gate is blue.")])
    assert (again.added, again.skipped, again.unchanged) == (("uploads/gate.txt",), (), ())


def test_a_file_that_takes_too_long_is_skipped_alone(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    """Each bracket is a token: some hundred kilobytes keep the model busy for a minute."""
    with limited(assistant, tmp_path / "index", upload_reading_seconds=10) as attachments:
        assert add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)]).added
        report = add(attachments, ONE, [file(tmp_path, "slow.txt", "[" * 2_000_000)])
        assert [skipped.source for skipped in report.skipped] == ["uploads/slow.txt"]
        assert "10 seconds that upload_reading_seconds allows" in report.skipped[0].reason
        assert (report.added, report.removed, report.unchanged) == ((), (), ())
        answer = private(attachments).ask(QUESTION)
        assert answer.citations[0].source == "uploads/badge.txt"
        again = add(attachments, ONE, [file(tmp_path, "gate.txt", "The gate is blue.")])
        assert again.added == ("uploads/gate.txt",)


def test_a_conversation_that_is_left_is_not_read_to_the_end(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    with contextlib.closing(Attachments(assistant)) as attachments:
        slow = file(tmp_path, "slow.txt", "[" * 2_000_000)
        begun = Event()
        with ThreadPoolExecutor() as pool:
            reading = pool.submit(add, attachments, ONE, [slow], lambda _: begun.set())
            assert begun.wait(60)
            attachments.forget(ONE)
            with pytest.raises(qa.QAError, match="no files any more"):
                reading.result()
        assert attachments.assistant(ONE) is None
        assert add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)]).added


def test_without_a_readable_file_there_is_nothing_to_ask(
    attachments: Attachments, tmp_path: Path
) -> None:
    report = add(attachments, ONE, [file(tmp_path, "empty.txt", "")])
    assert len(report.skipped) == 1
    assert attachments.assistant(ONE) is None


def test_a_waiting_file_is_not_lost_with_one_that_could_not_be_read(
    attachments: Attachments, tmp_path: Path
) -> None:
    with attachments.incoming.begin(ONE, "192.0.2.1", "badge.txt") as arriving:
        arriving.write(BADGE.encode())
        waiting = arriving.done()
    assert add(attachments, ONE, [file(tmp_path, "empty.txt", "")]).skipped
    report = attachments.add(ONE, attachments.incoming.take(ONE, [waiting]))
    assert report.added == ("uploads/badge.txt",)
    attachments.forget(ONE)
    assert attachments.assistant(ONE) is None


def test_a_dropped_file_is_no_sync_of_the_index(tmp_path: Path) -> None:
    place = tmp_path / "docs"
    file(place, "gate.txt", "The gate is blue.")
    with qa.Assistant(tmp_path / "index", audit=True) as main:
        main.sync([place])
        place.rename(tmp_path / "away")
        main.sync()
        failing, latest = main.syncs.failing, main.syncs.latest
        assert list(failing) == [str(place)]
        with contextlib.closing(Attachments(main)) as attachments:
            add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)])
            assert private(attachments).syncs.latest
        assert (main.syncs.failing, main.syncs.latest) == (failing, latest)
        assert main.audit is not None
        audit = main.audit.file.read_text(encoding="utf-8")
    synced = [line for line in map(json.loads, audit.splitlines()) if line["event"] == "Synced"]
    assert {line["index"] for line in synced} == {str(tmp_path / "index")}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/files is not beside this checkout")
def test_files_as_people_have_them(attachments: Attachments) -> None:
    names = ["docx-tables.docx", "reliance.pdf", "truncated.pdf", "password.pdf"]
    report = add(attachments, ONE, [SHARED / name for name in names])
    assert {"uploads/docx-tables.docx", "uploads/reliance.pdf"} <= set(report.added)
    skipped = {skipped.source for skipped in report.skipped}
    assert skipped == {"uploads/truncated.pdf", "uploads/password.pdf"}
    assert private(attachments).document("uploads/reliance.pdf").text


def test_two_files_can_have_one_name(attachments: Attachments, tmp_path: Path) -> None:
    first = file(tmp_path / "1", "badge.txt", BADGE)
    second = file(tmp_path / "2", "badge.txt", "The guest badge is red.")
    report = add(attachments, ONE, [first, second, first])
    assert report.added == ("uploads/badge (2).txt", "uploads/badge.txt")
    assert add(attachments, ONE, [second]).unchanged == ("uploads/badge (2).txt",)


def test_only_valid_ids_are_accepted(attachments: Attachments, tmp_path: Path) -> None:
    badge = file(tmp_path, "badge.txt", BADGE)
    for wrong in ("", "..", "A" * 32, "a" * 31, "../" + "a" * 29, "a" * 32 + "\n"):
        with pytest.raises(qa.QAError, match="Reload the page"):
            add(attachments, wrong, [badge])
        with pytest.raises(qa.QAError, match="Reload the page"):
            attachments.add(wrong, arrived(attachments, ONE, [badge]))
        assert attachments.assistant(wrong) is None
        attachments.forget(wrong)


@contextlib.contextmanager
def limited(assistant: qa.Assistant, folder: Path, **limits: float) -> Iterator[Attachments]:
    """Attachments with these settings."""
    small = assistant.with_index(folder / "limited")
    small.settings = small.settings.model_copy(update=limits)
    with contextlib.closing(small), contextlib.closing(Attachments(small)) as attachments:
        yield attachments


def test_reached_limits_are_reported(assistant: qa.Assistant, tmp_path: Path) -> None:
    large = file(tmp_path, "large.txt", "word " * 1000)
    many = [file(tmp_path, f"{n}.txt", f"Number {n} is here.") for n in range(4)]
    with limited(assistant, tmp_path, max_file_megabytes=0.001, upload_files=3) as attachments:
        with pytest.raises(UploadRefusedError, match=r"larger than 0\.001 MB"):
            add(attachments, ONE, [large])
        assert len(add(attachments, ONE, many[:3]).added) == 3
        with pytest.raises(UploadRefusedError, match="3 files can be added"):
            add(attachments, ONE, many[3:])
        assert private(attachments).ask("Which number is here?").citations


@pytest.mark.parametrize(
    ("limit", "refusal"),
    [
        ({"upload_conversations": 2}, "Too many conversations have files right now"),
        ({"upload_total_megabytes": 0.00014}, "no room for more files"),
        ({"upload_client_conversations": 2}, "from this address"),
        ({"upload_client_megabytes": 0.00014}, "from this address"),
    ],
)
def test_no_file_is_deleted_for_those_of_another(
    assistant: qa.Assistant, tmp_path: Path, limit: dict[str, float], refusal: str
) -> None:
    badge = file(tmp_path, "badge.txt", BADGE)
    with limited(assistant, tmp_path, **limit) as attachments:
        add(attachments, ONE, [badge])
        add(attachments, TWO, [badge])
        with pytest.raises(UploadRefusedError, match=refusal):
            add(attachments, "c" * 32, [badge])
        assert private(attachments).ask(QUESTION).found
        assert private(attachments, TWO).ask(QUESTION).found
        if "address" in refusal:  # another visitor can still add files
            attachments.add("d" * 32, arrived(attachments, "d" * 32, [badge], "198.51.100.7"))
        attachments.forget(ONE)
        assert add(attachments, "c" * 32, [badge]).added


def places(attachments: Attachments, conversation: str = ONE) -> Path:
    return Path(private(attachments, conversation).settings.index).parent


def test_everything_is_deleted(assistant: qa.Assistant, tmp_path: Path) -> None:
    badge = file(tmp_path, "badge.txt", BADGE)
    attachments = Attachments(assistant)
    add(attachments, ONE, [badge])
    add(attachments, TWO, [badge])
    private(attachments).ask(QUESTION)
    one, two = places(attachments), places(attachments, TWO)
    assert (one / "uploads" / "badge.txt").is_file()
    assert one.parent.name.startswith("footnote-")
    assert one.parent.stat().st_mode & 0o777 == 0o700
    attachments.forget(ONE)
    assert attachments.assistant(ONE) is None
    assert not one.exists()
    assert add(attachments, ONE, [badge]).added
    attachments.close()
    assert not two.parent.exists()
    assert badge.exists()
    with pytest.raises(qa.QAError):
        add(attachments, ONE, [badge])


def test_unused_files_are_deleted(assistant: qa.Assistant, tmp_path: Path) -> None:
    with limited(assistant, tmp_path, upload_hours=1e-9) as attachments:
        add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)])
        assert attachments.assistant(ONE) is None


def test_many_files_can_be_added_at_once(attachments: Attachments, tmp_path: Path) -> None:
    def drop(number: int) -> tuple[str, ...]:
        path = file(tmp_path / str(number), f"note-{number}.txt", f"Note {number} is about owls.")
        return add(attachments, ONE if number % 2 else TWO, [path]).added

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(drop, range(6)))
    assert added == [(f"uploads/note-{number}.txt",) for number in range(6)]
    assert len(private(attachments).status().sources) == 3


def test_kept_files_are_for_everybody(assistant: qa.Assistant, tmp_path: Path) -> None:
    main = assistant.with_index(tmp_path / "index")
    kept = tmp_path / "kept"
    file(kept, "badge.txt", "The guest badge is red.")
    badge = file(tmp_path / "new", "badge.txt", BADGE)
    with contextlib.closing(Attachments(main, kept)) as attachments:
        assert attachments.keeps
        seen: list[object] = []
        activity = attachments.activity
        add(attachments, ONE, [badge])
        report = attachments.keep(ONE, lambda _: seen.append(activity.reading))
        assert report.added == ("kept/badge (2).txt",)
        assert attachments.assistant(ONE) is None
        with pytest.raises(qa.QAError, match="no files any more"):
            attachments.keep(ONE)
        assert seen
        assert all(seen)
        assert activity.reading is None
    assert sorted(path.name for path in kept.iterdir()) == ["badge (2).txt", "badge.txt"]
    assert "red" in (kept / "badge.txt").read_text(encoding="utf-8")
    assert main.ask(QUESTION).citations[0].source == "kept/badge (2).txt"


@pytest.mark.parametrize(("days", "left"), [(30.0, ["new.txt"]), (0.0, ["new.txt", "old.txt"])])
def test_a_server_removes_kept_files_that_are_older_than_the_setting_allows(
    assistant: qa.Assistant, tmp_path: Path, days: float, left: list[str]
) -> None:
    class Once(Event):
        """Set as soon as it is waited for."""

        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    main = assistant.with_index(tmp_path / "index")
    main.settings = main.settings.model_copy(update={"upload_days": days})
    kept = tmp_path / "kept"
    old = file(kept, "old.txt", BADGE)
    file(kept, "new.txt", "The gate is blue.")
    main.sync([kept])
    ago = time.time() - 31 * 86_400
    os.utime(old, (ago, ago))
    with contextlib.closing(Attachments(main, kept)) as attachments:
        expiring(main, attachments, Once())
    assert sorted(path.name for path in kept.iterdir()) == left
    assert [one.source for one in main.status().sources] == [f"kept/{name}" for name in left]


def test_a_file_that_cannot_be_kept_stays_with_its_conversation(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    main = assistant.with_index(tmp_path / "index")
    main.settings = main.settings.model_copy(update={"upload_total_megabytes": 0.0001})
    kept = tmp_path / "kept"
    file(kept, "old.txt", "Old words. " * 9)
    with contextlib.closing(Attachments(main, kept)) as attachments:
        add(attachments, ONE, [file(tmp_path, "badge.txt", BADGE)])
        with pytest.raises(qa.QAError, match="no room"):
            attachments.keep(ONE)
        assert private(attachments).document("uploads/badge.txt").text == BADGE


def test_a_removed_file_frees_its_space(assistant: qa.Assistant, tmp_path: Path) -> None:
    few = assistant.with_index(tmp_path / "index")
    few.settings = few.settings.model_copy(update={"upload_files": 2})
    with contextlib.closing(Attachments(few)) as attachments:
        both = [file(tmp_path, "badge.txt", BADGE), file(tmp_path, "gate.txt", "It is blue.")]
        add(attachments, ONE, both)
        attachments.remove(ONE, "badge.txt")
        attachments.remove(ONE, "../gate.txt")
        held = private(attachments)
        assert [one.source for one in held.status().sources] == ["uploads/gate.txt"]
        assert "Ada King" not in held.ask(QUESTION).text
        add(attachments, ONE, [file(tmp_path / "again", "badge.txt", BADGE)])
        for name in ("badge.txt", "gate.txt", "gate.txt"):
            attachments.remove(ONE, name)
        assert attachments.assistant(ONE) is None
        attachments.remove(TWO, "badge.txt")


def test_nothing_is_kept_unless_allowed(attachments: Attachments, tmp_path: Path) -> None:
    assert not attachments.keeps
    with pytest.raises(qa.QAError, match="not kept"):
        attachments.keep(ONE)


def test_activity_is_the_latest_file_and_ends() -> None:
    activity = Activity()
    with activity.told(lambda _: None) as one:
        one(qa.Progress("reading", 1, 2, "a"))
        with activity.told(lambda _: None) as other:
            other(qa.Progress("reading", 3, 4, "b"))
            assert activity.reading == {"source": "b", "done": 3, "total": 4}
        assert activity.reading == {"source": "a", "done": 1, "total": 2}
    assert activity.reading is None


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden.txt", "hidden.txt"),
        ("~$open.docx", "$open.docx"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 60 + ".pdf"),
        ("Jahresbericht – März.md", "Jahresbericht – März.md"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
