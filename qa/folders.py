"""The files of the folders that an index mirrors: what they are called, what is left out."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa.errors import SettingsError
from qa.records import Skipped

# Raised when files are read differently, so that unchanged ones are read again.
_READING = "1"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a mirrored folder; `source` is what its document is called in the index."""

    path: Path
    source: str
    folder: str
    digest: str = ""


def existing(path: Path) -> Path:
    """The absolute path of a folder or file that a user named.

    Raises:
        SettingsError: there is none.
    """
    resolved = path.expanduser().resolve()
    if not resolved.exists():
        raise SettingsError(f"There is no folder or file {path}. Check the path, then sync again.")
    return resolved


def folder_name(path: Path, folders: Mapping[str, str]) -> str:
    """What a folder's sources begin with: its name, with parents while another has that."""
    for depth in range(1, len(path.parts)):
        name = "/".join(path.parts[-depth:])
        if all(_apart(name, path, other, Path(place)) for other, place in folders.items()):
            return printable(name)
    return printable(path.as_posix())


def files(name: str, root: Path, left_out: Path | None, skipped: list[Skipped]) -> Iterator[File]:
    """The files below a folder, in order; what cannot be looked into goes to `skipped`.

    Hidden files and folders are left out, and so is the folder `left_out`.
    """
    if not root.is_dir():
        yield File(root, name, name)
        return

    def unreadable(error: OSError) -> None:
        source = _source(name, root, Path(error.filename))
        reason = f"{source} cannot be looked into: {error.strerror}. What it held is kept."
        skipped.append(Skipped(source, reason))

    for folder, names, found in os.walk(root, onerror=unreadable):
        here = Path(folder)
        names[:] = sorted(_entered(name, root, here, names, left_out, skipped))
        for file in sorted(found):
            if not _hidden(file):
                yield File(here / file, _source(name, root, here / file), name)


def digest(path: Path) -> str:
    """What changes with a file's content.

    Raises:
        OSError: it cannot be read, or is not a file.
    """
    # Opening a pipe would wait for whoever writes to it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is not a file")
    with path.open("rb") as stream:
        return f"{_READING}:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def printable(name: str) -> str:
    """A file's name as text; bytes of it that are not UTF-8 are written as `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _entered(
    name: str,
    root: Path,
    here: Path,
    names: list[str],
    left_out: Path | None,
    skipped: list[Skipped],
) -> Iterator[str]:
    for folder in names:
        path = here / folder
        if _hidden(folder) or path == left_out:
            continue
        if path.is_symlink():
            source = _source(name, root, path)
            reason = f"{source} is a link to a folder. Name that folder itself to sync it, too."
            skipped.append(Skipped(source, reason))
            continue
        yield folder


def _hidden(name: str) -> bool:
    # And the locks that office programs leave beside an open document.
    return name.startswith((".", "~$"))


def _source(name: str, root: Path, path: Path) -> str:
    return printable(f"{name}/{path.relative_to(root).as_posix()}")


def _apart(name: str, path: Path, other: str, place: Path) -> bool:
    """Whether sources of a folder called `name` cannot be taken for those of another folder."""
    if name == other:
        return place == path or not place.exists()
    return not (name.startswith(other + "/") or other.startswith(name + "/"))
