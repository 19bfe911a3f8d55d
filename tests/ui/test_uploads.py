"""Files dropped on the page, with real files and a real index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import qa
from ui.uploads import FILES, Activity, Attachments, safe_name

ONE, TWO = "a" * 32, "b" * 32
BADGE = "The badge opens the blue gate. Ada King renews it in March."
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "files"
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


def private(attachments: Attachments, conversation: str = ONE) -> qa.Assistant:
    found = attachments.assistant(conversation)
    assert found is not None
    return found


def test_a_dropped_file_is_asked_at_once_and_by_its_conversation_alone(
    assistant: qa.Assistant, attachments: Attachments, tmp_path: Path
) -> None:
    news: list[qa.Progress] = []
    report = attachments.add(ONE, [file(tmp_path, "badge.txt", BADGE)], news.append)
    assert report.added == ("uploads/badge.txt",)
    assert news
    answer = assistant.ask(QUESTION, also=[private(attachments)])
    assert answer.citations[0].source == "uploads/badge.txt"
    assert attachments.assistant(TWO) is None
    sources = [source.source for source in assistant.status().sources]
    assert not any(source.startswith("uploads/") for source in sources)


def test_a_broken_file_is_told_and_the_others_go_on(
    attachments: Attachments, tmp_path: Path
) -> None:
    broken = file(tmp_path, "broken.pdf", b"%PDF-1.4 this is no pdf")
    empty = file(tmp_path, "empty.txt", "")
    good = file(tmp_path, "badge.txt", BADGE)
    report = attachments.add(ONE, [broken, empty, good, tmp_path])
    assert report.added == ("uploads/badge.txt",)
    reasons = {skipped.source: skipped.reason for skipped in report.skipped}
    assert reasons.keys() == {
        "uploads/broken.pdf", "uploads/empty.txt", f"uploads/{safe_name(tmp_path.name)}"
    }  # fmt: skip
    assert all(reasons.values())
    again = attachments.add(ONE, [file(tmp_path / "more", "gate.txt", "The gate is blue.")])
    assert (again.added, again.skipped, again.unchanged) == (("uploads/gate.txt",), (), ())


def test_where_nothing_could_be_read_there_is_nothing_to_ask(
    attachments: Attachments, tmp_path: Path
) -> None:
    report = attachments.add(ONE, [file(tmp_path, "empty.txt", "")])
    assert len(report.skipped) == 1
    assert attachments.assistant(ONE) is None


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/files is not beside this checkout")
def test_files_as_people_have_them(attachments: Attachments) -> None:
    names = ["docx-tables.docx", "reliance.pdf", "truncated.pdf", "password.pdf", "simple.zip"]
    report = attachments.add(ONE, [SHARED / name for name in names])
    assert {"uploads/docx-tables.docx", "uploads/reliance.pdf"} <= set(report.added)
    skipped = {skipped.source for skipped in report.skipped}
    assert {"uploads/password.pdf", "uploads/simple.zip"} <= skipped
    assert private(attachments).document("uploads/reliance.pdf").text


def test_one_name_for_two_files(attachments: Attachments, tmp_path: Path) -> None:
    first = file(tmp_path / "1", "badge.txt", BADGE)
    second = file(tmp_path / "2", "badge.txt", "The guest badge is red.")
    report = attachments.add(ONE, [first, second, first])
    assert report.added == ("uploads/badge (2).txt", "uploads/badge.txt")
    assert attachments.add(ONE, [second]).unchanged == ("uploads/badge (2).txt",)


def test_only_proper_ids(attachments: Attachments, tmp_path: Path) -> None:
    for wrong in ("", "..", "A" * 32, "a" * 31, "../" + "a" * 29, "a" * 32 + "\n"):
        with pytest.raises(qa.QAError, match="Reload the page"):
            attachments.add(wrong, [file(tmp_path, "badge.txt", BADGE)])
        assert attachments.assistant(wrong) is None
        attachments.forget(wrong)


def test_bounds_are_told(assistant: qa.Assistant, tmp_path: Path) -> None:
    small = assistant.with_index(tmp_path / "small")
    small.settings = small.settings.model_copy(update={"max_file_megabytes": 0.001})
    with contextlib.closing(Attachments(small)) as attachments:
        large = file(tmp_path, "large.txt", "word " * 1000)
        many = [file(tmp_path, f"{n}.txt", f"Number {n} is here.") for n in range(FILES + 1)]
        report = attachments.add(ONE, [large, *many])
        assert len(report.added) == FILES
        reasons = [skipped.reason for skipped in report.skipped]
        assert "0.001 MB" in reasons[0]
        assert "one too many" in reasons[1]


def test_the_longest_unused_conversation_makes_way(assistant: qa.Assistant, tmp_path: Path) -> None:
    badge = file(tmp_path, "badge.txt", BADGE)
    for limits in ({"conversations": 2}, {"megabytes": 2.5 * badge.stat().st_size / 1_000_000}):
        with contextlib.closing(Attachments(assistant, **limits)) as attachments:
            attachments.add(ONE, [badge])
            attachments.add(TWO, [badge])
            private(attachments)
            attachments.add("c" * 32, [badge])
            assert attachments.assistant(TWO) is None
            assert private(attachments).ask(QUESTION).found


def places(attachments: Attachments, conversation: str = ONE) -> Path:
    return Path(private(attachments, conversation).settings.index).parent


def test_everything_is_deleted(assistant: qa.Assistant, tmp_path: Path) -> None:
    badge = file(tmp_path, "badge.txt", BADGE)
    attachments = Attachments(assistant)
    attachments.add(ONE, [badge])
    attachments.add(TWO, [badge])
    private(attachments).ask(QUESTION)
    one, two = places(attachments), places(attachments, TWO)
    assert (one / "uploads" / "badge.txt").is_file()
    assert one.parent.name.startswith("footnote-")
    attachments.forget(ONE)
    assert attachments.assistant(ONE) is None
    assert not one.exists()
    assert attachments.add(ONE, [badge]).added
    attachments.close()
    assert not two.parent.exists()
    assert badge.exists()
    with pytest.raises(qa.QAError):
        attachments.add(ONE, [badge])


def test_what_nobody_used_is_deleted(assistant: qa.Assistant, tmp_path: Path) -> None:
    with contextlib.closing(Attachments(assistant, unused_seconds=-1)) as attachments:
        attachments.add(ONE, [file(tmp_path, "badge.txt", BADGE)])
        assert attachments.assistant(ONE) is None


def test_many_at_once(attachments: Attachments, tmp_path: Path) -> None:
    def drop(number: int) -> tuple[str, ...]:
        path = file(tmp_path / str(number), f"note-{number}.txt", f"Note {number} is about owls.")
        return attachments.add(ONE if number % 2 else TWO, [path]).added

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(drop, range(6)))
    assert added == [(f"uploads/note-{number}.txt",) for number in range(6)]
    assert len(private(attachments).status().sources) == 3


def test_kept_files_are_for_everybody(assistant: qa.Assistant, tmp_path: Path) -> None:
    main = assistant.with_index(tmp_path / "index")
    kept = tmp_path / "kept"
    file(kept, "badge.txt", "The guest badge is red.")
    broken = file(tmp_path / "new", "broken.pdf", b"%PDF-1.4 this is no pdf")
    badge = file(tmp_path / "new", "badge.txt", BADGE)
    with contextlib.closing(Attachments(main, kept)) as attachments:
        assert attachments.keeps
        seen: list[object] = []
        activity = attachments.activity
        report = attachments.keep([badge, broken], lambda _: seen.append(activity.reading))
        assert report.added == ("kept/badge (2).txt",)
        assert [skipped.source for skipped in report.skipped] == ["kept/broken.pdf"]
        assert seen
        assert all(seen)
        assert activity.reading is None
    assert sorted(path.name for path in kept.iterdir()) == ["badge (2).txt", "badge.txt"]
    assert "red" in (kept / "badge.txt").read_text(encoding="utf-8")
    assert main.ask(QUESTION).citations[0].source == "kept/badge (2).txt"


def test_nothing_is_kept_unless_allowed(attachments: Attachments, tmp_path: Path) -> None:
    assert not attachments.keeps
    with pytest.raises(qa.QAError, match="not kept"):
        attachments.keep([file(tmp_path, "badge.txt", BADGE)])


def test_activity_tells_the_latest_and_ends() -> None:
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
