"""The files of the folders that an index mirrors: their names, and which of them are left out."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import BufferedReader
from pathlib import Path
from stat import S_ISREG

from qa.errors import SettingsError
from qa.index import Entry, Failure, Stamp
from qa.indexing.folders.ignoring import FILE_NAME, Ignoring, read_patterns
from qa.indexing.mirrored import READING, digest_of
from qa.loading import supported_suffixes
from qa.places import is_remote
from qa.places.regular_file import CAN_REFUSE_LINKS, open_regular
from qa.records import Skipped

PERMISSIONS = ".qa-access.toml"
# A file that was changed more recently than this many seconds may change again within one tick of
# its file system's clock, and nobody would notice.
_SETTLED_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mirrored folder, or all of it: what is below `path`.

    `name` is the prefix of all sources of the whole folder, which is at `root`.
    """

    name: str
    root: Path
    path: Path

    @property
    def source(self) -> str:
        """The prefix of the sources of this part."""
        return source_of(self.name, self.root, self.path)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a mirrored folder; `source` is the name of its document in the index.

    It is only read if it lies below `root`, or if it is `root`, which a user named.
    """

    path: Path
    source: str
    folder: str
    root: Path
    digest: str = ""
    stamp: Stamp = ()
    bytes: int = 0
    """Its size when it was compared."""
    note: str = ""
    suffix: str = ""

    @property
    def size(self) -> int:
        """The bytes that will probably be read: none where its kind cannot be."""
        known = Path(self.source).suffix.lower() in supported_suffixes()
        return self.bytes if known else 0

    def opened(self) -> BufferedReader:
        """The same as `opened`."""
        return opened(self)


def existing(path: Path) -> Path:
    """The absolute path of a folder or file that a user named.

    Raises:
        SettingsError: there is none, or a folder above it may not be looked into.
    """
    try:
        resolved = path.expanduser().resolve()
        resolved.stat()
    except PermissionError:
        raise SettingsError(
            f"{path} cannot be opened: Permission denied. Let the user that syncs look into the "
            "folders above it, then sync again."
        ) from None
    except (OSError, RuntimeError, ValueError):  # circular links, an unknown home, a NUL
        raise SettingsError(
            f"There is no folder or file {path}. Check the path, then sync again."
        ) from None
    return resolved


def takes_in(outer: Path, inner: Path, left_out: Path | None) -> bool:
    """Whether the files of one folder hold another folder or file, or are the same."""
    if not inner.is_relative_to(outer) or (inner != outer and not outer.is_dir()):
        return False
    if left_out is not None and inner.is_relative_to(left_out):
        return False
    return not any(map(_hidden, inner.relative_to(outer).parts))


def place_of(source: str, folder: str, folders: Mapping[str, str]) -> Path | None:
    """The place of a source's file, there or not; None for a source in no folder."""
    root = folders.get(folder)
    return None if root is None or is_remote(root) else Path(root + source[len(folder) :])


def original(source: str, folder: str, folders: Mapping[str, str]) -> Path | None:
    """The file of a source, if it exists and still lies below its folder.

    Whatever the source's name, and wherever links lead, it is never a file outside that folder.
    """
    file = file_of(source, folder, folders)
    return None if file is None else file.path


def file_of(source: str, folder: str, folders: Mapping[str, str]) -> File | None:
    """The same as `original`, to be opened."""
    found = _within(source, folder, folders)
    if found is None or not found[0].is_file():
        return None
    return File(found[0], source, folder, found[1])


def is_there(source: str, folder: str, folders: Mapping[str, str]) -> bool:
    """Whether a folder that was read has a file or folder of this name, in the index or not."""
    below = source == folder or source.startswith(f"{folder}/")
    return below and _within(source, folder, folders) is not None


def _within(source: str, folder: str, folders: Mapping[str, str]) -> tuple[Path, Path] | None:
    """The path of a source that exists below its folder, and the path of that."""
    place = place_of(source, folder, folders)
    if place is None or "\0" in source or ".." in place.parts:
        return None
    try:
        root = Path(folders[folder]).resolve(strict=True)
        path = place.resolve(strict=True)
    except (OSError, RuntimeError):  # gone, or circular links
        return None
    return (path, root) if path.is_relative_to(root) else None


def folder_name(path: Path, folders: Mapping[str, str]) -> str:
    """The prefix of a folder's sources: its name, with parents as long as it is taken."""
    for depth in range(1, len(path.parts)):
        name = "/".join(path.parts[-depth:])
        if all(_apart(name, path, other, Path(place)) for other, place in folders.items()):
            return printable(name)
    return printable(path.as_posix())


@dataclass(slots=True)
class Listing:
    """The files of parts of mirrored folders, and what is not among them although it is there."""

    left_out: Path | None
    """A folder that is none of them: the index's own."""
    ignoring: Ignoring
    unseen: list[Skipped] = field(default_factory=list)
    """What could not be looked at; its documents are kept."""
    passed_over: list[Skipped] = field(default_factory=list)
    """What was looked at and is not read, such as links that lead out."""
    permitting: list[File] = field(default_factory=list)
    """The files that say who may read what (`qa.indexing.folders.permissions`)."""

    def files(self, part: Part) -> Iterator[File]:
        """The files below a part of a folder, in order.

        Hidden files and folders are left out, and what is ignored. Links are not followed: those
        that lead to a folder, or out of this one, are passed over; a file that is only reachable by
        a link is read once.
        """
        root, start = part.root.resolve(), part.path.resolve()
        part = Part(part.name, root, start)
        if start == root and not start.is_dir():
            self.permitting.append(File(start.parent / PERMISSIONS, "", part.name, root))
            yield File(start, part.source, part.name, root)
            return
        ignoring = self.ignoring
        for folder in reversed([one for one in start.parents if one.is_relative_to(root)]):
            if (inner := self._entered(part, folder, ignoring, start)) is None:
                return
            ignoring = inner
        yield from self._below(part, start, ignoring)

    def _entered(
        self, part: Part, folder: Path, ignoring: Ignoring, start: Path
    ) -> Ignoring | None:
        """The patterns in force in a folder above the start; None if the start is left out."""
        inner = self._with_own(part, folder, ignoring)
        if inner is None:
            return None
        step = folder / start.relative_to(folder).parts[0]
        if not inner.leaves_out(_relative(part, step), folder=step.is_dir()):
            return inner
        source = part.source
        reason = f"{source} is left out by a pattern in {FILE_NAME} or the setting ignore."
        self.passed_over.append(Skipped(source, reason))
        return None

    def _below(self, part: Part, start: Path, ignoring: Ignoring) -> Iterator[File]:
        if not start.is_dir():
            yield File(start, part.source, part.name, part.root)
            return
        in_force = {start: ignoring}
        shown: set[Path] = set()
        for folder, names, found in os.walk(start, onerror=partial(self._unreadable, part)):
            here = Path(folder)
            patterns = self._with_own(part, here, in_force.pop(here))
            if patterns is None:
                names.clear()
                continue
            names[:] = sorted(self._entered_from(part, here, names, patterns))
            in_force.update((here / name, patterns) for name in names)
            for name in sorted(found):
                if name == PERMISSIONS:
                    source = source_of(part.name, part.root, here / name)
                    self.permitting.append(File(here / name, source, part.name, part.root))
                if not _hidden(name) and not patterns.leaves_out(_relative(part, here / name)):
                    yield from self._file(part, here / name, shown)

    def _file(self, part: Part, path: Path, shown: set[Path]) -> Iterator[File]:
        source = source_of(part.name, part.root, path)
        if path.is_symlink():
            try:
                path = Path(os.path.realpath(path, strict=True))
            except OSError as error:
                reason = f"{source} cannot be opened: {error.strerror}."
                self.unseen.append(Skipped(source, f"{reason} Its previous text is kept."))
                return
            if not path.is_relative_to(part.root):
                self.passed_over.append(_leads_out(source))
                return
            if path in shown or takes_in(part.root, path, None):
                return  # read under its own name
            shown.add(path)
        yield File(path, source, part.name, part.root)

    def _entered_from(
        self, part: Part, here: Path, names: list[str], patterns: Ignoring
    ) -> Iterator[str]:
        for folder in names:
            path = here / folder
            if _hidden(folder) or path == self.left_out:
                continue
            if patterns.leaves_out(_relative(part, path), folder=True):
                continue
            if path.is_symlink():
                source = source_of(part.name, part.root, path)
                reason = f"{source} is a link to a folder. Name that folder itself to sync it, too."
                self.passed_over.append(Skipped(source, reason))
                continue
            yield folder

    def _with_own(self, part: Part, folder: Path, ignoring: Ignoring) -> Ignoring | None:
        """The patterns in force in a folder, with its own ones; None if these cannot be read."""
        path = folder / FILE_NAME
        if not os.path.lexists(path):
            return ignoring
        source = source_of(part.name, part.root, path)
        try:
            file = File(Path(os.path.realpath(path, strict=True)), source, part.name, part.root)
            if not file.path.is_relative_to(part.root):
                raise OSError(0, "it is a link that leads out of its folder")
            with opened(file) as stream:
                patterns = read_patterns(stream)
        except OSError as error:
            # What should be left out is not known, so nothing new is read.
            above = source_of(part.name, part.root, folder)
            reason = f"{source} cannot be read: {error.strerror}."
            kept = f"{reason} Until it can, the documents of its folder are kept as they are."
            self.unseen.append(Skipped(above, kept))
            return None
        for number, line in patterns.faults:
            told = printable(line.strip()[:100])
            reason = (
                f"{source}: line {number} ({told}) is not a pattern. Write it as in .gitignore."
            )
            self.passed_over.append(Skipped(source, reason))
        prefix = "" if folder == part.root else f"{_relative(part, folder)}/"
        return ignoring.within(prefix, patterns)

    def _unreadable(self, part: Part, error: OSError) -> None:
        source = source_of(part.name, part.root, Path(error.filename))
        reason = f"{source} cannot be opened: {error.strerror}. Its documents are kept."
        self.unseen.append(Skipped(source, reason))


def opened(file: File) -> BufferedReader:
    """A file, open to be read.

    A file outside its folder is not opened, even if a part of the path has become a link since the
    folder was listed.

    Raises:
        OSError: it cannot be opened, or is not a file.
    """
    if file.path == file.root:
        return open_regular(file.path, links=True)
    if os.open in os.supports_dir_fd and CAN_REFUSE_LINKS:
        return _opened_below(file.root, file.path.relative_to(file.root).parts)
    if Path(os.path.realpath(file.path)) != file.path:
        raise OSError(0, "it has become a link")
    return open_regular(file.path)


def digest(file: File) -> str:
    """A value that changes with a file's content.

    Raises:
        OSError: it cannot be read, or is not a file.
    """
    with opened(file) as stream:
        return digest_of(hashlib.file_digest(stream, "sha256"))


def digested(file: File, known: Entry | Failure | None) -> File:
    """A file with its digest and stamp, given what is known of it.

    As long as its stamp is the same, it is not opened.

    Raises:
        OSError: it cannot be read, or is not a file.
    """
    found = stamp(file)
    same = known is not None and bool(found) and found == known.stamp
    if known is not None and same and known.digest.startswith(f"{READING}:"):
        return replace(file, digest=known.digest, stamp=found, bytes=found[0])
    changed = max(found[1:], default=0) / 1e9
    settled = changed < time.time() - _SETTLED_SECONDS
    size = found[0] if found else 0
    return replace(file, digest=digest(file), stamp=found if settled else (), bytes=size)


def stamp(file: File) -> Stamp:
    """A value that changes when the file is written to: its size and its times, in nanoseconds.

    On Unix, one of the times cannot be set. The value is empty if there is no such file.
    """
    try:
        found = file.path.lstat()
    except OSError:
        return ()
    if not S_ISREG(found.st_mode):
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def source_of(name: str, root: Path, path: Path) -> str:
    """The source of a file or folder below `root`, whose own source is `name`."""
    return printable(name if path == root else f"{name}/{path.relative_to(root).as_posix()}")


def printable(name: str) -> str:
    """A file's name as text; bytes of it that are not UTF-8 are written as `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _opened_below(root: Path, parts: Sequence[str]) -> BufferedReader:
    """Open a file below a folder step by step; none of the steps may be a link."""
    within = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            inner = os.open(folder, flags, dir_fd=within)
            os.close(within)
            within = inner
        return open_regular(parts[-1], within=within)
    finally:
        os.close(within)


def _relative(part: Part, path: Path) -> str:
    return printable(path.relative_to(part.root).as_posix())


def _leads_out(source: str) -> Skipped:
    return Skipped(
        source,
        f"{source} is a link that leads out of its folder. Put the file there in its place, "
        "or sync it by its own name.",
    )


def _hidden(name: str) -> bool:
    return name.startswith(".")


def _apart(name: str, path: Path, other: str, place: Path) -> bool:
    """Whether sources that begin with `name` cannot be confused with those of another folder."""
    if name == other:
        return place == path or not place.exists()
    return not (name.startswith(other + "/") or other.startswith(name + "/"))
