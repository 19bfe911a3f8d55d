"""Files that were dropped on the page: for one conversation, or kept for everybody.

Those of one conversation are in a temporary folder of their own, with a small
index beside them, and go when the conversation is forgotten, when nobody
asked for a day, when others need the room and when the server ends.
"""

from __future__ import annotations

import contextlib
import filecmp
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TypedDict

from qa import Progress, QAError, Skipped, SyncReport

if TYPE_CHECKING:
    from qa import Assistant

ProgressCallback = Callable[[Progress], None]

FILES = 20  # of one conversation
CONVERSATIONS = 100
MEGABYTES = 1000  # of all conversations together
DAY = 24 * 60 * 60.0

_ID = re.compile(r"[0-9a-f]{32}")
# Letters that some file system does not take, or that hide what follows.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069"
                     r'<>:"/\\|?*]')  # fmt: skip
_LONGEST_NAME = 60
_LONGEST_SUFFIX = 10
_LOOK_ROUND_SECONDS = 600


class Reading(TypedDict):
    """What is being read: the file, and how many of how many are done."""

    source: str
    done: int
    total: int


class Activity:
    """What is being read for everybody just now; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now: dict[object, Reading] = {}

    @property
    def reading(self) -> Reading | None:
        """The file that is being read, None if none is."""
        with self._lock:
            return next(reversed(self._now.values()), None)

    @contextlib.contextmanager
    def told(self, progress: ProgressCallback) -> Iterator[ProgressCallback]:
        """A progress callback that this hears of too, until the block ends."""
        key = object()

        def report(news: Progress) -> None:
            with self._lock:
                self._now[key] = {"source": news.source, "done": news.done, "total": news.total}
            progress(news)

        try:
            yield report
        finally:
            with self._lock:
                self._now.pop(key, None)


@dataclass(slots=True)
class _Conversation:
    """One conversation's files, and the assistant that answers from them."""

    folder: Path
    assistant: Assistant
    used: float
    lock: Lock = field(default_factory=Lock)
    gone: bool = False

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"

    def bytes(self) -> int:
        return sum(file.stat().st_size for file in _files(self.uploads))


class Attachments:
    """The files that were dropped on the page; safe to share between threads.

    `keep` is the folder of files that are kept for everybody; None keeps none.
    A conversation is forgotten when it was not used for `unused_seconds`, and
    the one unused for longest where there are more than `conversations`.
    """

    def __init__(
        self,
        assistant: Assistant,
        keep: Path | None = None,
        *,
        unused_seconds: float = DAY,
        conversations: int = CONVERSATIONS,
        megabytes: float = MEGABYTES,
    ) -> None:
        self.activity = Activity()
        self._main = assistant
        self._keep = keep
        self._unused_seconds = unused_seconds
        self._most = conversations
        self._bytes = int(megabytes * 1_000_000)
        self._lock = Lock()
        self._keeping = Lock()
        self._of: dict[str, _Conversation] = {}
        # Gone when the process ends, too, even if nobody closes this.
        self._place = tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True)
        self._closed = Event()
        Thread(target=self._look_round, name="footnote uploads", daemon=True).start()

    @property
    def keeps(self) -> bool:
        """Whether files may be kept for everybody."""
        return self._keep is not None

    def add(
        self,
        conversation: str,
        paths: Sequence[Path],
        progress: ProgressCallback = lambda _: None,
    ) -> SyncReport:
        """Read files for one conversation; what cannot be read is `skipped`, with the reason.

        Raises:
            QAError: the conversation has no proper id, or this is closed.
        """
        if not _ID.fullmatch(conversation):
            raise QAError("This conversation has no valid id. Reload the page, and try again.")
        held = self._open(conversation)
        with held.lock:
            if held.gone:
                raise QAError("This conversation was closed. Reload the page, and try again.")
            room = FILES - len(_files(held.uploads))
            report = self._read(held.assistant, held.uploads, paths, progress, room)
            empty = not _files(held.uploads)
        held.used = time.monotonic()
        if empty:
            self.forget(conversation)
        self._make_room(conversation)
        return report

    def keep(
        self, paths: Sequence[Path], progress: ProgressCallback = lambda _: None
    ) -> SyncReport:
        """Read files for everybody, and keep them; none that is there already is replaced.

        Raises:
            QAError: nothing may be kept here, or the index cannot be written to.
        """
        if self._keep is None:
            raise QAError("Files are not kept here. Add them to this conversation instead.")
        with self._keeping, self.activity.told(progress) as report:
            return self._read(self._main, self._keep, paths, report, len(paths))

    def assistant(self, conversation: str) -> Assistant | None:
        """What answers from a conversation's files; None where it has none."""
        self._drop_unused()
        with self._lock:
            held = self._of.get(conversation)
            if held is None:
                return None
            held.used = time.monotonic()
            return held.assistant

    def forget(self, conversation: str) -> None:
        """Delete what one conversation was given."""
        with self._lock:
            held = self._of.pop(conversation, None)
        if held is not None:
            with held.lock:
                held.gone = True
                held.assistant.close()
                shutil.rmtree(held.folder, ignore_errors=True)

    def close(self) -> None:
        """Delete what all conversations were given."""
        self._closed.set()
        for conversation in list(self._of):
            self.forget(conversation)
        self._place.cleanup()

    def _open(self, conversation: str) -> _Conversation:
        self._drop_unused()
        with self._lock:
            if self._closed.is_set():
                raise QAError("The server is about to stop. Try again in a moment.")
            held = self._of.get(conversation)
            if held is None:
                # A name of its own each time: a forgotten one may not be deleted yet.
                folder = Path(tempfile.mkdtemp(prefix=f"{conversation}-", dir=self._place.name))
                assistant = self._main.with_index(folder / "index")
                held = _Conversation(folder, assistant, time.monotonic())
                held.uploads.mkdir()
                self._of[conversation] = held
            held.used = time.monotonic()
            return held

    def _read(
        self,
        assistant: Assistant,
        folder: Path,
        paths: Sequence[Path],
        progress: ProgressCallback,
        room: int,
    ) -> SyncReport:
        """Copy files into a folder and sync it; the report is of these files alone."""
        folder.mkdir(parents=True, exist_ok=True)
        refused: list[Skipped] = []
        wanted: set[str] = set()
        copied: list[Path] = []
        for path in paths:
            name = safe_name(path.name)
            reason = self._refusal(path, name, room - len(copied))
            if reason is not None:
                refused.append(Skipped(f"{folder.name}/{name}", reason))
                continue
            place, there = _place(path, folder, name)
            if not there:
                shutil.copyfile(path, place)
                copied.append(place)
            wanted.add(place.name)
        if not wanted:
            return SyncReport(skipped=tuple(refused))
        report = assistant.sync([folder], progress=progress)
        unread = {skipped.source.rpartition("/")[2] for skipped in report.skipped}
        for place in copied:
            if place.name in unread:
                place.unlink(missing_ok=True)
        ours = _only(report, wanted)
        return replace(ours, skipped=(*refused, *ours.skipped))

    def _refusal(self, path: Path, name: str, room: int) -> str | None:
        limit = self._main.settings.max_file_megabytes
        if not path.is_file():
            return f"{name} is not a file. Choose files, not folders."
        if path.stat().st_size > min(limit * 1_000_000, self._bytes):
            return f"{name} is larger than {limit:g} MB. Split it, or add its text alone."
        if room <= 0:
            return f"{name} is one too many: {FILES} files can be added to a conversation."
        return None

    def _make_room(self, conversation: str) -> None:
        """Forget what was unused for longest; of the one in use, refuse nothing that was read."""
        while True:
            with self._lock:
                by_use = sorted(self._of, key=lambda id: self._of[id].used)
                held = sum(one.bytes() for one in self._of.values())
                others = [id for id in by_use if id != conversation]
                if not others or (len(by_use) <= self._most and held <= self._bytes):
                    return
            self.forget(others[0])

    def _drop_unused(self) -> None:
        latest = time.monotonic() - self._unused_seconds
        with self._lock:
            unused = [id for id, held in self._of.items() if held.used < latest]
        for conversation in unused:
            self.forget(conversation)

    def _look_round(self) -> None:
        while not self._closed.wait(_LOOK_ROUND_SECONDS):
            self._drop_unused()


def safe_name(name: str) -> str:
    """A file's name that every file system takes, that is not hidden and leads nowhere else."""
    cleaned = _UNSAFE.sub("_", name).lstrip(".~ ").rstrip(". ")
    stem, suffix = Path(cleaned).stem, Path(cleaned).suffix
    if not stem:
        return "file"
    if len(suffix) > _LONGEST_SUFFIX:
        stem, suffix = cleaned, ""
    return stem[:_LONGEST_NAME].strip() + suffix


def _place(path: Path, folder: Path, name: str) -> tuple[Path, bool]:
    """Where a file goes in a folder, and whether the same is there already."""
    place = folder / name
    number = 1
    while place.exists():
        if place.is_file() and filecmp.cmp(path, place, shallow=False):
            return place, True
        number += 1
        place = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return place, False


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _only(report: SyncReport, names: set[str]) -> SyncReport:
    """A report without what it says of other files."""

    def is_ours(source: str) -> bool:
        return source.rpartition("/")[2] in names

    return replace(
        report,
        added=tuple(filter(is_ours, report.added)),
        changed=tuple(filter(is_ours, report.changed)),
        renamed=tuple(pair for pair in report.renamed if is_ours(pair[1])),
        removed=(),
        unchanged=tuple(filter(is_ours, report.unchanged)),
        skipped=tuple(skipped for skipped in report.skipped if is_ours(skipped.source)),
    )
