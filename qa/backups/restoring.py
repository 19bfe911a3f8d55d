"""Restoring a backup: everything is unpacked aside and checked before anything is replaced.

A file gets the name that was checked, and neither mode nor owner from the archive; links and other
things are refused. Digests find damage. They do not say who made an archive, so only one's own are
to be restored.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.backups.contents import (
    AUDIT,
    DIGESTS,
    HEAD,
    INDEX,
    LARGEST_DIGESTS,
    LARGEST_HEAD,
    UPLOADS,
    Head,
    files_of,
    no_backup,
    part_of,
    path_of,
    places,
    read_head,
    told_to,
)
from qa.errors import BackupError, IndexUnavailableError, message_of
from qa.index import open_store
from qa.places import cache_folder
from qa.places.regular_file import open_regular
from qa.records import Backup, Progress
from qa.settings import Settings, settings_of

if TYPE_CHECKING:
    from qa.index import Store

_UNREADABLE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
_PIECE = 1 << 20


def restore(
    file: str | Path,
    index: str | None = None,
    *,
    settings: Settings | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    **overrides: Any,
) -> Backup:
    """Put everything of a backup where the settings say it is kept.

    What is there already is replaced only with `force`, and only once the whole archive has been
    unpacked and checked. A server that runs answers from the restored index with its next question.

    Raises:
        ArgumentError: the file is no path, or both `settings` and others were given.
        SettingsError: see `Settings.load`.
        BackupError: the archive is damaged, cut off or something else, has no place, or something
            is there already.
        IndexLockedError: a sync did not finish within `lock_timeout` seconds.
        IndexUnavailableError: the index folder cannot be written.
    """
    archive, told = path_of(file), told_to(progress)
    chosen = settings_of(settings, {"index": index, **overrides})
    try:
        with open_regular(archive, links=True) as raw, gzip.GzipFile(fileobj=raw) as stream:
            return _restored(archive, stream, chosen, force, told)
    except _UNREADABLE as error:
        raise _damaged(archive, f"it is cut off or damaged ({message_of(error)})") from error
    except OSError as error:
        raise BackupError(
            f"{archive} was not restored: {message_of(error)}. Nothing was replaced."
        ) from error


def _restored(
    archive: Path,
    stream: gzip.GzipFile,
    settings: Settings,
    force: bool,
    progress: Callable[[Progress], None],
) -> Backup:
    try:
        members = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115
        first = members.next()
    except _UNREADABLE as error:
        raise no_backup(archive) from error
    if first is None or first.name != HEAD or not first.isreg() or first.size > LARGEST_HEAD:
        raise no_backup(archive)
    head = read_head(_content(members, first), archive)
    store = open_store(settings.index, cache_folder())
    kept = places(settings.index, store.folder, settings.keep_uploads)
    _check_places(head, archive, settings, store, kept, force)
    with contextlib.ExitStack() as stack:
        aside = {part: stack.enter_context(_aside(kept[part])) for part in kept if head.files[part]}
        if head.files[INDEX]:
            new = not store.folder.exists()
            stack.callback(lambda: _drop_empty(store, new))
            aside[INDEX] = stack.enter_context(store.replacing(settings.lock_timeout))
        _unpack(archive, members, head, aside, progress)
        for part, place in kept.items():
            if part == AUDIT and _any(part, place):
                continue
            if part in aside or (force and part != UPLOADS):
                _replace(part, place, aside.get(part))
    return Backup(archive, head.made, _some(head.files), head.size)


def _check_places(
    head: Head,
    archive: Path,
    settings: Settings,
    store: Store,
    kept: Mapping[str, Path],
    force: bool,
) -> None:
    if not head.files[INDEX] and "://" not in settings.index:
        raise BackupError(
            f"{archive} has no index, as that was on a Chroma server. Give the server's URL with "
            "--index (or QA_INDEX)."
        )
    if head.files[INDEX] and "://" in settings.index:
        raise BackupError(
            f"{archive} has an index, which cannot be put on a server. Give a folder with --index "
            "(or QA_INDEX), or sync the documents to the server: qa sync FOLDER"
        )
    if head.files[UPLOADS] and UPLOADS not in kept:
        raise BackupError(
            f"{archive} has files that readers kept for everyone. Say where they go: "
            "--keep-uploads FOLDER (or QA_KEEP_UPLOADS)."
        )
    there = [
        str(place)
        for part, place in kept.items()
        if part != AUDIT and head.files[part] and _any(part, place)
    ]
    with contextlib.suppress(IndexUnavailableError):  # a damaged one is there, too
        there += [settings.index] if head.files[INDEX] and _has_index(store) else []
    if there and not force:
        raise BackupError(
            f"There is something already: {', '.join(there)}. To replace it with what is in "
            f"{archive}, add --force; to keep it, restore to another --index."
        )
    parent = next(place for place in (store.folder, *store.folder.parents) if place.exists())
    free = shutil.disk_usage(parent).free
    if head.size > free:
        raise BackupError(
            f"{archive} needs {head.size / 1e6:,.0f} MB, and {parent} has {free / 1e6:,.0f} MB "
            "left. Make room there."
        )


def _has_index(store: Store) -> bool:
    try:
        return bool(store.generation())
    except IndexUnavailableError:
        return any((store.folder / "generations").glob("*"))


def _any(part: str, place: Path) -> bool:
    return any(file.suffix != ".lock" for file in files_of(part, place))


@contextlib.contextmanager
def _aside(place: Path) -> Iterator[Path]:
    """A folder beside a place, on the same disk."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _drop_empty(store: Store, new: bool) -> None:
    """Leave no folder for an index behind that was not there, and into which nothing came."""
    if new and not _has_index(store):
        shutil.rmtree(store.folder, ignore_errors=True)


def _unpack(
    archive: Path,
    members: tarfile.TarFile,
    head: Head,
    aside: Mapping[str, Path],
    progress: Callable[[Progress], None],
) -> None:
    """Unpack everything, and check that it is all there, as it was saved."""
    total = sum(head.files.values())
    found: dict[str, str] = {}
    counted: Counter[str] = Counter()
    left = head.size
    said: object = None
    while (member := members.next()) is not None:
        if said is not None:
            raise _damaged(archive, "something follows its end")
        if member.name == DIGESTS and member.isreg() and member.size <= LARGEST_DIGESTS:
            said = _digests(archive, _content(members, member))
            continue
        try:
            part, name = part_of(member.name)
            place = aside[part] / name
        except (ValueError, KeyError) as error:
            raise _damaged(archive, f"{member.name!r} does not belong into one") from error
        left -= member.size
        counted[part] += 1
        if not member.isreg() or member.name in found or left < 0:
            raise _damaged(archive, f"{member.name!r} does not belong into one")
        if counted[part] > head.files[part]:
            raise _damaged(archive, "it has more files than it says")
        progress(Progress("restoring", len(found), total, member.name))
        found[member.name] = _save(members, member, place)
        if place.stat().st_size != member.size:
            raise _damaged(archive, "it is cut off")
    if said is None:
        raise _damaged(archive, "it is cut off")
    if said != found:
        raise _damaged(archive, "its files are not those that were saved")
    progress(Progress("restoring", total, total))


def _digests(archive: Path, raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise _damaged(archive, "its digests cannot be read") from error


def _content(members: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = members.extractfile(member)
    assert stream is not None
    return stream.read()


def _save(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> str:
    """Write a file of the archive, and return its SHA-256."""
    place.parent.mkdir(parents=True, exist_ok=True)
    source, digest = members.extractfile(member), hashlib.sha256()
    assert source is not None
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        while piece := source.read(_PIECE):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _replace(part: str, place: Path, aside: Path | None) -> None:
    """Move the files of a part to their place; what else is there of it is deleted, but uploads."""
    new = {file.relative_to(aside) for file in aside.rglob("*") if file.is_file()} if aside else ()
    for name in new:
        assert aside is not None
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).replace(place / name)
    for file in files_of(part, place) if part != UPLOADS else ():
        if file.relative_to(place) not in new and file.suffix != ".lock":
            file.unlink()


def _some(files: Mapping[str, int]) -> dict[str, int]:
    return {part: number for part, number in files.items() if number}


def _damaged(archive: Path, problem: str) -> BackupError:
    return BackupError(
        f"{archive} cannot be restored: {problem}. Nothing was replaced. Take another backup."
    )
