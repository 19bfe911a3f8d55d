"""The keyword index of an index on a server, in a folder that all processes of a machine share.

A file is named for the documents that it holds, each in one version, and never changes. Whoever
needs another copies the last one, brings the copy in line, and deletes the rest. So two processes
that answer from different generations of the index do not change each other's words, no search
waits for somebody who writes, and a change of one document reads that document's passages alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from qa.index.keywords.whole import FILE, VERSION, KeywordIndex, PassagesOf

logger = logging.getLogger(__name__)

_PREFIX = "words-"
_DRAFT = "words.draft"
_LOCK = "words.lock"


def open_shared(folder: Path, versions: Mapping[str, str], passages_of: PassagesOf) -> KeywordIndex:
    """The keyword index of documents in these versions, made if nobody has made it yet.

    The arguments are those of `KeywordIndex.reconcile`. Where nothing can be written, it is made in
    memory.
    """
    wanted = folder / _name(versions)
    try:
        with FileLock(folder / _LOCK):
            if not _is_sound(wanted):
                _make(folder, wanted, versions, passages_of)
            index = KeywordIndex(wanted, frozen=True)
    except (OSError, sqlite3.OperationalError) as error:
        logger.warning("The words of the index cannot be kept in %s: %s", folder, error)
        index = KeywordIndex(None)
    try:
        index.reconcile(versions, passages_of)
    except BaseException:
        index.close()
        raise
    return index


def _name(versions: Mapping[str, str]) -> str:
    held = json.dumps([VERSION, sorted(versions.items())])
    return _PREFIX + hashlib.sha256(held.encode()).hexdigest()[:16]


def _is_sound(place: Path) -> bool:
    if not (place / FILE).is_file():
        return False
    index = KeywordIndex(place, frozen=True)
    index.close()
    return index.in_file


def _make(folder: Path, wanted: Path, versions: Mapping[str, str], passages_of: PassagesOf) -> None:
    draft = folder / _DRAFT
    for one in (draft, wanted):  # left by a process that was killed, and damaged
        shutil.rmtree(one, ignore_errors=True)
    others = [one for one in folder.glob(f"{_PREFIX}*") if (one / FILE).is_file()]
    draft.mkdir(parents=True)
    last = max(others, key=lambda one: (one / FILE).stat().st_mtime, default=None)
    if last is not None:
        with contextlib.suppress(OSError):
            shutil.copyfile(last / FILE, draft / FILE)
    index = KeywordIndex(draft)
    try:
        index.reconcile(versions, passages_of)
    finally:
        index.close()
    draft.rename(wanted)
    for one in others:
        shutil.rmtree(one, ignore_errors=True)  # whoever has it open keeps it until then
    for file in folder.glob(f"{FILE}*"):  # of earlier versions, which changed one file
        file.unlink()
