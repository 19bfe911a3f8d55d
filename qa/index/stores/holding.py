"""Locks that keep a generation from being deleted while it is read.

A reader holds a shared lock on the folder of a generation for the length of a question; a process
that deletes the folder takes an exclusive one first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which refuses to delete a file that somebody has open
    fcntl = None  # type: ignore[assignment]


def open_folder(folder: Path) -> int | None:
    """A descriptor of a folder, to be locked; None on systems without such locks."""
    return None if fcntl is None else os.open(folder, os.O_RDONLY)


def close_folder(descriptor: int | None) -> None:
    """Close what `open_folder` opened, which gives its lock back, too."""
    if descriptor is not None:
        os.close(descriptor)


def lock_shared(descriptor: int | None, folder: Path) -> bool:
    """Take the shared lock on an open folder; False if another one has its name by now."""
    if descriptor is None:
        return True
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except OSError:
        return False


def unlock(descriptor: int) -> None:
    """Give the shared lock back."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def delete(folder: Path, patience: float) -> None:
    """Delete a generation; wait `patience` seconds for its readers, or leave it if that is 0."""
    try:
        descriptor = open_folder(folder)
    except OSError:  # deleted already
        return
    try:
        until = time.monotonic() + patience
        # What must be forgotten is not kept for a reader that never ends.
        while not _alone(descriptor) and time.monotonic() < until:
            time.sleep(0.01)
        if patience or _alone(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        close_folder(descriptor)


def _alone(descriptor: int | None) -> bool:
    if descriptor is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
