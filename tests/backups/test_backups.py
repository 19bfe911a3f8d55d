"""Backups are made of a running index, and give the same answers; nothing else is restored."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import qa
from qa.api import Keys, Users
from qa.backups.contents import DIGESTS, HEAD
from qa.errors import ArgumentError, BackupError, IndexUnavailableError
from qa.index import Reviewed
from qa.index.stores.folder_store import FolderStore
from qa.records import Progress
from tests.chroma_server import chroma_server, is_installed
from tests.indexing.mirroring import write

QUESTIONS = ("Where might the second summit be held?", "Who wrote the report on lighthouses?")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def kept(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with everything that a server keeps beside it; do not write to it."""
    place = tmp_path_factory.mktemp("kept")
    index = Path(shutil.copytree(sample_index, place / "index"))
    Keys.of(str(index)).add("portal")
    Users.of(str(index)).add("ada", PASSWORD, ["people"])
    verdict = qa.Verdict("0" * 32, "Where?", "There.", "up", sources=("a.md",))
    qa.Verdicts.of(str(index)).keep(verdict)
    Reviewed(index).set_aside("0123456789", ["a"])
    (place / "audit" / "index").mkdir(parents=True)
    (place / "audit" / "index" / "audit.jsonl").write_text('{"what": "asked"}\n{"half')
    (place / "uploads").mkdir()
    (place / "uploads" / "notes.txt").write_text("Kept for everyone.", encoding="utf-8")
    return index


@pytest.fixture(scope="module")
def archive(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it; do not write to it."""
    file = tmp_path_factory.mktemp("archives") / "footnote.tar.gz"
    qa.backup(file, str(kept), keep_uploads=kept.parent / "uploads")
    return file


def answers(index: Path) -> list[dict[str, object]]:
    with qa.Assistant(index) as assistant:
        told = [assistant.ask(question).to_dict() for question in QUESTIONS]
    return [{**one, "seconds": None} for one in told]


def contents(place: Path) -> dict[str, bytes]:
    return {
        file.relative_to(place).as_posix(): file.read_bytes()
        for file in sorted(place.rglob("*"))
        if file.is_file() and file.suffix != ".lock" and file.name != "lock"
    }


def test_what_is_restored_gives_the_same_answers(kept: Path, archive: Path, tmp_path: Path) -> None:
    index, uploads = tmp_path / "new" / "index", tmp_path / "new" / "uploads"

    made = qa.restore(archive, str(index), keep_uploads=uploads)

    assert answers(index) == answers(kept)
    assert set(made.files) == {
        "index", "review", "uploads", "audit", "feedback", "keys", "users"
    }  # fmt: skip
    assert contents(uploads) == contents(kept.parent / "uploads")
    assert [key.name for key in Keys.of(str(index)).all()] == ["portal"]
    assert [user.groups for user in Users.of(str(index)).all()] == [("people",)]
    audit = tmp_path / "new" / "audit" / "index" / "audit.jsonl"
    assert audit.read_text(encoding="utf-8") == '{"what": "asked"}\n', "whole lines only"
    assert Reviewed(index).aside() == {"0123456789"}
    for part in ("feedback", "keys", "users"):
        assert contents(tmp_path / "new" / part) == contents(kept.parent / part)
    assert not list((tmp_path / "new").rglob(".*")), "nothing is left over"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_an_existing_file_is_only_replaced_on_request(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.tar.gz"
    file.write_text("Mine.", encoding="utf-8")

    with pytest.raises(BackupError, match="--force"):
        qa.backup(file, str(kept))
    assert file.read_text(encoding="utf-8") == "Mine."

    qa.backup(file, str(kept), force=True)
    assert tarfile.is_tarfile(file)


def test_it_is_made_while_others_sync_and_ask(sample_index: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    file, restored = tmp_path / "backup.tar.gz", tmp_path / "restored"
    with qa.Assistant(index) as assistant:
        before = assistant.ask(QUESTIONS[0]).text

        def change(progress: Progress) -> None:
            if not progress.done:  # a generation is published, and the saved one is replaced
                assistant.add([qa.Document(text="Pears are green.", source="pears.txt")])
                assert assistant.ask(QUESTIONS[0]).text == before

        assistant.backup(file, progress=change)
        assert len(assistant.status().sources) > 1
    assert len(list((index / "generations").iterdir())) == 1, "what was replaced is deleted"

    qa.restore(file, str(restored))
    with qa.Assistant(restored) as assistant:
        assert assistant.ask(QUESTIONS[0]).text == before
        assert "pears.txt" not in {one.source for one in assistant.status().sources}


def test_a_generation_that_is_forgotten_meanwhile_is_not_saved(
    sample_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index.stores.folder_store._PATIENCE", 0.05)
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    file, restored = tmp_path / "backup.tar.gz", tmp_path / "restored"
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document(text="Plums are blue.", source="plums.txt")])
        saved = index / "generations" / str(FolderStore(index).generation())

        def forget(progress: Progress) -> None:
            if saved.exists():
                assistant.forget("plums.txt")
                assert not saved.exists()

        assistant.backup(file, progress=forget)
    qa.restore(file, str(restored))
    with qa.Assistant(restored) as assistant:
        assert "plums.txt" not in {one.source for one in assistant.status().sources}


def test_an_interrupted_backup_leaves_nothing(kept: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qa.backup(tmp_path / "backup.tar.gz", str(kept), progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_restore_leaves_everything_as_it_was(
    archive: Path, sample_index: Path, tmp_path: Path
) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    before = contents(tmp_path)

    def interrupt(progress: Progress) -> None:
        if progress.done == progress.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qa.restore(
            archive, str(index), force=True, keep_uploads=tmp_path / "up", progress=interrupt
        )
    assert contents(tmp_path) == before


def test_what_is_there_is_only_replaced_on_request(
    archive: Path, kept: Path, docs: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    with qa.Assistant(index) as assistant:
        assistant.sync([docs])
    Users.of(str(index)).add("eve", PASSWORD)
    Keys.of(str(index)).add("other")
    Reviewed(index).set_aside("9876543210", ["b"])
    audit = write(tmp_path / "audit" / "index" / "audit.jsonl", '{"what": "opened"}\n')
    uploads = tmp_path / "uploads"
    before = contents(tmp_path)

    with pytest.raises(BackupError, match="--force") as caught:
        qa.restore(archive, str(index), keep_uploads=uploads)
    assert str(index) in str(caught.value)
    assert str(tmp_path / "users" / "index") in str(caught.value)
    assert contents(tmp_path) == before

    with qa.Assistant(index) as running:  # it need not be stopped
        assert running.ask("What colour are plums?").found
        qa.restore(archive, str(index), force=True, keep_uploads=uploads)
        assert running.ask(QUESTIONS[0]).found
        assert "plums.txt" not in {one.source for one in running.status().sources}
    assert [user.name for user in Users.of(str(index)).all()] == ["ada"]
    assert Reviewed(index).aside() == {"0123456789"}, "what was found in the other one is gone"
    assert "opened" in audit.read_text(encoding="utf-8"), "what was done since was done"
    assert answers(index) == answers(kept)


def truncated(raw: bytes) -> bytes:
    return raw[: len(raw) * 2 // 3]


def without_end(raw: bytes) -> bytes:
    return gzip.compress(gzip.decompress(raw)[:-20_480], 1)


def flipped(raw: bytes) -> bytes:
    """A bit is wrong in a file, which gzip has no say in."""
    plain = bytearray(gzip.decompress(raw))
    plain[plain.index(b"SQLite format 3") + 5_000] ^= 1
    return gzip.compress(bytes(plain), 1)


def of_something_else(raw: bytes) -> bytes:
    return b"Dear diary"


def later(raw: bytes) -> bytes:
    return changed(raw, lambda name, body: body.replace(b'"format": 1', b'"format": 2'))


def changed(raw: bytes, change: Callable[[str, bytes], bytes], **names: str) -> bytes:
    """The archive with other files, or other names."""
    new = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(raw)) as old,
        tarfile.open(fileobj=new, mode="w:gz", compresslevel=1) as target,
    ):
        for member in old:
            stream = old.extractfile(member)
            assert stream is not None
            body = change(member.name, stream.read())
            member.size = len(body)
            target.addfile(member, io.BytesIO(body))
    return new.getvalue()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (truncated, "cut off|cannot be restored"),
        (without_end, "cut off|cannot be restored"),
        (flipped, "not those that were saved"),
        (of_something_else, "no backup"),
        (later, "does not know"),
    ],
)
def test_a_damaged_archive_replaces_nothing(
    archive: Path,
    sample_index: Path,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    said: str,
) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(damage(archive.read_bytes()))
    before = contents(tmp_path)

    for place, force in ((index, True), (tmp_path / "fresh" / "index", False)):
        with pytest.raises(BackupError, match=said) as caught:
            qa.restore(damaged, str(place), force=force, keep_uploads=tmp_path / "up")
        assert str(damaged) in str(caught.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name", r"../evil /etc/evil keys/../../evil keys/ evil keys/a\b keys//evil keys/.".split()
)
def test_no_file_is_written_anywhere_else(tmp_path: Path, name: str) -> None:
    _refused(tmp_path, tarfile.TarInfo(name))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_only_files_are_restored(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("keys/keys.json")
    member.type, member.linkname = kind, "/etc/passwd"
    _refused(tmp_path, member)


def _refused(place: Path, member: tarfile.TarInfo) -> None:
    head = {"format": 1, "made": "", "version": "", "size": 10, "files": {"keys": 1, "index": 1}}
    file = place / "hostile.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, body in ((HEAD, json.dumps(head).encode()), (None, b""), (DIGESTS, b"{}")):
            one = tarfile.TarInfo(name) if name else member
            one.size = len(body)
            archive.addfile(one, io.BytesIO(body))
    with pytest.raises(BackupError, match="does not belong"):
        qa.restore(file, str(place / "in" / "index"))
    assert not [path for path in place.rglob("*") if path.is_file() and path not in (file,)]


def test_a_file_larger_than_said_is_not_unpacked(archive: Path, tmp_path: Path) -> None:
    def smaller(name: str, body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "size": 1000}).encode() if name == HEAD else body

    file = tmp_path / "larger.tar.gz"
    file.write_bytes(changed(archive.read_bytes(), smaller))
    with pytest.raises(BackupError, match="does not belong"):
        qa.restore(file, str(tmp_path / "index"), keep_uploads=tmp_path / "up")


def test_a_backup_needs_room(archive: Path, tmp_path: Path) -> None:
    def huge(name: str, body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "size": 10**16}).encode() if name == HEAD else body

    file = tmp_path / "huge.tar.gz"
    file.write_bytes(changed(archive.read_bytes(), huge))
    with pytest.raises(BackupError, match="Make room"):
        qa.restore(file, str(tmp_path / "index"), keep_uploads=tmp_path / "up")


def test_uploads_need_a_place(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="--keep-uploads"):
        qa.restore(archive, str(tmp_path / "index"))


def test_a_damaged_index_is_not_saved(sample_index: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    database = FolderStore(index).folder_of(FolderStore(index).generation()) / "chroma.sqlite3"
    raw = bytearray(database.read_bytes())
    raw[5_000] ^= 1
    database.write_bytes(raw)

    with pytest.raises(IndexUnavailableError, match="damaged"):
        qa.backup(tmp_path / "backup.tar.gz", str(index))
    assert not (tmp_path / "backup.tar.gz").exists()


def test_what_cannot_be_saved_is_said(tmp_path: Path, kept: Path, assistant: qa.Assistant) -> None:
    with pytest.raises(IndexUnavailableError, match="qa sync"):
        qa.backup(tmp_path / "backup.tar.gz", str(tmp_path / "nothing"))
    with pytest.raises(BackupError, match="is a folder"):
        qa.backup(tmp_path, str(kept))
    with pytest.raises(BackupError, match="no folder"):
        qa.backup(tmp_path / "no" / "backup.tar.gz", str(kept))
    with pytest.raises(ArgumentError, match="path"):
        qa.backup(3, str(kept))  # type: ignore[arg-type]
    with pytest.raises(BackupError, match="not restored"):
        qa.restore(tmp_path / "missing.tar.gz", str(tmp_path / "index"))
    with pytest.raises(qa.AccessError):
        assistant.seen_by(qa.Viewer("ada")).backup(tmp_path / "backup.tar.gz")


@pytest.mark.skipif(not is_installed(), reason="Chroma's server is not installed")
def test_of_a_server_only_what_is_on_this_machine_is_saved(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = tmp_path / "backup.tar.gz"
    with chroma_server(tmp_path / "chroma") as (url, _):
        with pytest.raises(BackupError, match="server"):
            qa.backup(file, url)
        Keys.of(url).add("portal")

        made = qa.backup(file, url)

        assert dict(made.files) == {"keys": 1}
        with pytest.raises(BackupError, match="put on a server"):
            qa.restore(archive, url, keep_uploads=tmp_path / "up")
        with pytest.raises(BackupError, match="Chroma server"):
            qa.restore(file, str(tmp_path / "index"))
        shutil.rmtree(tmp_path / "data")
        qa.restore(file, url)
        assert [key.name for key in Keys.of(url).all()] == ["portal"]
