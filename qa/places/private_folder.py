"""A folder that only one process uses, and that is deleted with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

PREFIX = "footnote-"
LOCK = "in-use"
# A process that is starting may have made its folder, but not locked it yet.
STARTING_SECONDS = 60.0


class PrivateFolder:
    """A folder (mode 0700) in the system's temporary folder, in use until closed.

    Folders left by processes that died are deleted first.

    Raises:
        OSError: there is no room, or no permission, for one.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        # It is also deleted when the process ends without closing it.
        self._made = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._made.name)
        self._lock: BaseFileLock = FileLock(self.path / LOCK, mode=0o600)
        try:
            self._lock.acquire()
        except BaseException:
            self._made.cleanup()
            raise

    def close(self) -> None:
        """Delete it with everything in it."""
        self._lock.release()
        self._made.cleanup()


def _sweep(place: Path) -> None:
    """Delete our folders in `place` that no running process has locked."""
    for folder in place.glob(f"{PREFIX}*"):
        lock = folder / LOCK
        with contextlib.suppress(OSError, Timeout):
            if not (_ours(folder, stat.S_ISDIR) and _ours(lock, stat.S_ISREG)):
                continue
            if time.time() - lock.lstat().st_mtime < STARTING_SECONDS:
                continue
            with FileLock(lock, timeout=0):
                pass
            shutil.rmtree(folder, ignore_errors=True)


def _ours(path: Path, of_kind: Callable[[int], bool]) -> bool:
    """Whether a path is of this kind, is not a link, and belongs to our user."""
    found = path.lstat()
    # Windows has no such number, and a temporary folder for each user.
    return of_kind(found.st_mode) and found.st_uid == getattr(os, "getuid", lambda: 0)()
