"""Errors of the disk, in words that help, and whether a folder is an index at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from pathlib import Path

# Names in the folder of an index, and names that any folder may contain.
_OWN = {
    "CURRENT", "CURRENT.new", "generations", "lock", "README.md", "lost+found",
    "review.jsonl", "review.lock", "review.new", "syncs.json", "syncs.lock", "syncs.new",
}  # fmt: skip
_DRAFT = ".draft"
# The names in a generation's folder; the folders of Chroma's vectors are named by a UUID.
_PART = re.compile(
    r"chroma\.sqlite3|keywords\.sqlite3|MANIFEST$|PIECES$|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
)

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
# How SQLite says the same, and Chroma, which only passes on the words.
_FULL_WORDS = ("database or disk is full", "disk is full", "No space left", "code: 13)")
_DENIED_WORDS = (
    "readonly database", "Permission denied", "Read-only file system", "code: 14)",
    "unable to open database file",
)  # fmt: skip
_FAILING_WORDS = ("disk I/O error", "Input/output error")
# Bytes that are written to see whether there is room.
_PROBE = 1 << 20


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk is full or a quota used up."""
    return _says(error, _FULL, _FULL_WORDS)


def is_denied(error: BaseException) -> bool:
    """Whether an error says that a permission is missing."""
    return _says(error, _DENIED, _DENIED_WORDS)


def told(error: BaseException, location: str, said: str, *, crowded: bool = False) -> str | None:
    """The message for an error caused by the disk; None for any other.

    Where there is no room (`crowded`), that is taken to be the cause of any error.
    """
    if is_full(error) or crowded:
        return (
            f"There is no room for the index {location}: {said}. Nothing in it is lost. Make room "
            "on the disk (a sync needs twice the size of the index), and run the same again."
        )
    if is_denied(error):
        return (
            f"The index {location} cannot be read or written: {said}. Change its permissions, or "
            "choose another place with --index (or QA_INDEX)."
        )
    if _says(error, {errno.EIO}, _FAILING_WORDS):
        return (
            f"The disk with the index {location} fails: {said}. Look at the disk; then run: "
            "qa doctor"
        )
    return None


def is_used_up(folder: Path) -> bool:
    """Whether nothing more can be written below a folder, for want of room.

    Chroma and SQLite do not always say so: a journal that cannot be made is a missing permission to
    them, and what fails while Chroma moves records out of its log has no reason at all.
    """
    try:
        with tempfile.TemporaryFile(prefix=".", dir=folder) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return is_full(error)
    return False


def is_crowded(folder: Path) -> bool:
    """Whether a disk has less room than an index takes, so that this may be why Chroma failed."""
    with contextlib.suppress(OSError):
        taken = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return shutil.disk_usage(folder).free < taken
    return False


def is_generation(folder: Path) -> bool:
    """Whether a folder below `generations` is a generation or a draft, going by its content."""
    if not folder.name.removesuffix(_DRAFT).isdecimal() or not folder.is_dir():
        return False
    # The folders of Chroma's vectors are named by a UUID.
    return all(_PART.match(path.name) for path in folder.iterdir())


def strangers(folder: Path) -> list[str]:
    """The names in a folder that is neither an index nor empty; none if it may be used.

    Raises:
        OSError: it cannot be listed, or is a file.
    """
    if not folder.exists():
        return []
    names = sorted(path.name for path in folder.iterdir())
    below = folder / "generations"
    if below.is_dir():
        others = [path.name for path in below.iterdir() if not is_generation(path)]
        if others:
            names.append("generations/" + min(others))
        elif any(below.iterdir()):
            return []
    return [name for name in names if name not in _OWN and not name.startswith(".")]


def _says(error: BaseException, numbers: set[int], words: tuple[str, ...]) -> bool:
    if isinstance(error, OSError) and error.errno in numbers:
        return True
    return any(word in str(error) for word in words)
