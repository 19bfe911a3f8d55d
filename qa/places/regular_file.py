"""Open a file of unknown origin: only a regular one, not a pipe or a device, nor a link.

Files of known origin are known by their digest.
"""

from __future__ import annotations

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

CAN_REFUSE_LINKS = hasattr(os, "O_NOFOLLOW")
# Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
_READING = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


def open_regular(
    path: Path | str, *, links: bool = False, within: int | None = None
) -> BufferedReader:
    """A regular file, open for reading; a link to one only with `links`.

    `within` is the descriptor of the folder that a relative path starts from, where the system
    supports that. Only the last part of a path is checked; those before it may be links.

    Raises:
        OSError: it does not exist, cannot be opened, or is something else.
    """
    flags = _READING
    if not links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
        if not CAN_REFUSE_LINKS and Path(path).is_symlink():  # Windows
            raise OSError(0, "it is a link")
    descriptor = os.open(path, flags, dir_fd=within)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a file")
    return os.fdopen(descriptor, "rb")


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stamp_of(*files: Path) -> tuple[tuple[int, int], ...]:
    """The size and the time of the last change of each file, which tell that one was replaced.

    Raises:
        OSError: one is not there.
    """
    return tuple((found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files))
