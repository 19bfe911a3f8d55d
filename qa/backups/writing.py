"""Making a backup, while others ask and sync: of one generation of the index.

The published files of an index never change, and the one that is being copied is not deleted.
Keys and users are replaced in one step; feedback and reviews are copied up to their last complete
line.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from qa.backups.contents import (
    DIGESTS,
    HEAD,
    INDEX,
    PARTS,
    Head,
    files_of,
    path_of,
    places,
    told_to,
)
from qa.errors import BackupError, IndexUnavailableError, message_of
from qa.index import open_store
from qa.places import cache_folder
from qa.places.regular_file import open_regular
from qa.records import Backup, Progress, now
from qa.settings import Settings, settings_of

if TYPE_CHECKING:
    from qa.index import Store

# A generation may be deleted while it is copied, if something in it has to be forgotten.
_ATTEMPTS = 5
# Vectors hardly get smaller, whatever the effort.
_EFFORT = 4
_SPOOLED = 10_000_000
# Files that belong to a process that is writing, and not to what is kept.
_PASSING = (".lock", ".new")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file to be saved; `problem` says what is wrong with it, if that can be known."""

    part: str
    name: str
    path: Path
    problem: Callable[[], str | None] | None = None


def backup(
    file: str | Path,
    index: str | None = None,
    *,
    settings: Settings | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    **overrides: Any,
) -> Backup:
    """Write what a server keeps into one archive (tar, gzip) that only its owner may read.

    Nothing is at its place before it is complete. It replaces an existing file only with `force`.

    Raises:
        ArgumentError: the file is no path, or both `settings` and others were given.
        SettingsError: see `Settings.load`.
        BackupError: the file is there already, or cannot be written.
        IndexUnavailableError: there is no index, or it is damaged.
    """
    target, told = path_of(file), told_to(progress)
    chosen = settings_of(settings, {"index": index, **overrides})
    _check_target(target, force)
    store = open_store(chosen.index, cache_folder())
    for attempt in range(_ATTEMPTS):
        generation = store.generation()
        try:
            with _aside(target, force) as stream, _kept(store, chosen) as kept:
                return _write(stream, target, kept, told)
        except IndexUnavailableError:
            if attempt == _ATTEMPTS - 1 or store.generation() == generation:
                raise
        except OSError as error:
            raise BackupError(
                f"The backup {target} cannot be made: {message_of(error)}. Make room there, or "
                "choose another place."
            ) from error
        finally:
            store.leave()
    raise AssertionError("unreachable")


def _check_target(target: Path, force: bool) -> None:
    if target.is_dir():
        raise BackupError(f"{target} is a folder. Name a file in it: {target / 'footnote.tar.gz'}")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Name another file, or replace it: --force")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent} for the backup. Make it first.")


@contextlib.contextmanager
def _aside(target: Path, force: bool) -> Iterator[IO[bytes]]:
    """A new file that gets the name of `target` once it is complete."""
    # Only its owner may read what this makes.
    descriptor, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _check_target(target, force)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _kept(store: Store, settings: Settings) -> Iterator[list[_Kept]]:
    """The files to save, of a generation that is kept for the length of the block."""
    with store.published() as published:
        found: list[_Kept] = []
        if published is not None:
            folder, manifest = published
            found += (
                _Kept(
                    INDEX,
                    name,
                    folder / name,
                    partial(manifest.problem, folder, name, closely=True),
                )
                for name in manifest.files
            )
        kept = places(settings.index, store.folder, settings.keep_uploads)
        for part, place in kept.items():
            found += (
                _Kept(part, file.relative_to(place).as_posix(), file)
                for file in files_of(part, place)
                if not file.is_symlink()
                and not file.name.startswith(".")
                and file.suffix not in _PASSING
            )
        if not found:
            raise BackupError(
                f"There is nothing to save: the index is on the server {settings.index}, and there "
                "are no users, keys, feedback or kept files on this machine."
            )
        yield found


def _write(
    stream: IO[bytes],
    target: Path,
    kept: list[_Kept],
    progress: Callable[[Progress], None],
) -> Backup:
    counted = Counter(one.part for one in kept)
    files = {part: counted[part] for part in PARTS if counted[part]}
    sizes = sum(one.path.stat().st_size for one in kept)
    head = Head(now(), files, sizes)
    digests: dict[str, str] = {}
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=_EFFORT) as archive:
        _add(archive, HEAD, io.BytesIO(head.to_bytes()))
        for number, one in enumerate(kept):
            name = f"{one.part}/{one.name}"
            progress(Progress("saving", number, len(kept), name))
            digests[name] = _add_kept(archive, name, one)
        progress(Progress("saving", len(kept), len(kept)))
        _add(archive, DIGESTS, io.BytesIO(json.dumps(digests, indent=1).encode()))
    return Backup(target, head.made, files, sizes)


def _add_kept(archive: tarfile.TarFile, name: str, one: _Kept) -> str:
    if one.problem is not None:
        try:
            with open_regular(one.path) as stream:
                digest = _add(archive, name, stream)
        except FileNotFoundError as error:
            raise IndexUnavailableError(f"{one.path} is missing. Run: qa doctor") from error
        if one.problem() is not None:
            raise IndexUnavailableError(
                f"{one.path} is damaged, so there is no backup of it. To see what is wrong: "
                "qa doctor"
            )
        return digest
    # These files may grow or be replaced while they are read.
    with tempfile.SpooledTemporaryFile(_SPOOLED) as copy:
        try:
            with open_regular(one.path) as stream:
                lines = one.path.suffix == ".jsonl"
                for piece in stream if lines else iter(lambda: stream.read(1 << 20), b""):
                    if not lines or piece.endswith(b"\n"):
                        copy.write(piece)
        except FileNotFoundError:  # removed since it was listed, as nothing more is in it
            pass
        return _add(archive, name, copy)


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes]) -> str:
    """Add a file, and return its SHA-256."""
    member = tarfile.TarInfo(name)
    member.size = stream.seek(0, io.SEEK_END)
    member.mode = 0o600
    stream.seek(0)
    digesting = _Digesting(stream)
    archive.addfile(member, digesting)
    return digesting.digest.hexdigest()


class _Digesting(io.RawIOBase):
    """A stream that is digested while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece
