"""Files dropped on the page: for one conversation, or kept for everyone.

The files of a conversation are in their own folder below the server's, with a small index beside
them. They are there for whoever began it; for others, there is no such conversation. They are
deleted when the conversation is removed, when nobody has asked in it for a day, and when the server
ends, but never to make room for others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import TYPE_CHECKING, TypedDict

from qa import PrivateFolder, Progress, Published, QAError, Skipped, SyncReport
from ui.file_names import place_for
from ui.incoming import CONVERSATION, MEGABYTE, Arrived, ConversationKey, Incoming, Quotas, Share

if TYPE_CHECKING:
    from qa import Asker, Assistant

ProgressCallback = Callable[[Progress], None]

_LOOK_ROUND_SECONDS = 60
_NO_FILES = "This conversation has no files any more. Add them again."


class _EndedError(Exception):
    """Reading files took too long, or nobody waits for them any more."""


class BeingRead(TypedDict):
    """The progress of reading: the present file, and how many of how many are done."""

    source: str
    done: int
    total: int


class Activity:
    """The progress of reading for everyone; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now: dict[object, BeingRead] = {}
        self.ended = 0
        """The number of finished readings."""

    @property
    def reading(self) -> BeingRead | None:
        """The file that is being read, or None."""
        with self._lock:
            return next(reversed(self._now.values()), None)

    @contextlib.contextmanager
    def told(self, progress: ProgressCallback) -> Iterator[ProgressCallback]:
        """A progress callback that also updates this, until the block ends."""
        key = object()

        def report(news: Progress) -> None:
            with self._lock:
                self._now[key] = {"source": news.source, "done": news.done, "total": news.total}
            progress(news)

        try:
            yield report
        finally:
            with self._lock:
                self.ended += 1
                self._now.pop(key, None)


@dataclass(slots=True)
class _Conversation:
    """One conversation's files, and the assistant that answers from them."""

    folder: Path
    assistant: Assistant
    used: float
    lock: Lock = field(default_factory=Lock)
    gone: bool = False
    left: Event = field(default_factory=Event)  # nobody waits for its files any more
    shares: dict[str, Share] = field(default_factory=dict)

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"


class Attachments:
    """The files dropped on the page; safe to share between threads.

    A conversation is that of a `viewer`, by name; without one, of those whom nobody knows. `keep`
    is the folder for files that are kept for everyone, if any. The assistant's settings have the
    limits.
    """

    def __init__(self, assistant: Assistant, keep: Path | None = None) -> None:
        self.activity = Activity()
        self._main = assistant
        self._keep = keep
        self._lock = Lock()
        self._keeping = Lock()
        self._of: dict[ConversationKey, _Conversation] = {}
        self._private = PrivateFolder()
        self._quotas = Quotas(assistant.settings)
        self.incoming = Incoming(self._private.path / "incoming", assistant.settings, self._quotas)
        # Reading keeps a core busy, so its share is limited, and questions keep theirs.
        self._reading = BoundedSemaphore(os.cpu_count() or 1)
        self._closed = Event()
        Thread(target=self._look_round, name="footnote uploads", daemon=True).start()

    @property
    def allowed(self) -> bool:
        """Whether files may be added at all."""
        return self._main.settings.uploads

    @property
    def keeps(self) -> bool:
        """Whether files may be kept for everyone."""
        return self.allowed and self._keep is not None

    def add(
        self,
        conversation: str,
        files: Sequence[Arrived],
        progress: ProgressCallback = lambda _: None,
        viewer: str = "",
    ) -> SyncReport:
        """Read files for one conversation; unreadable ones are `skipped`, with the reason.

        This takes over the files: those that the conversation does not keep are deleted.

        Raises:
            QAError: the conversation has no valid id, or this is closed.
        """
        key = ConversationKey(conversation, viewer)
        try:
            while True:
                held = self._open(key)
                with held.lock:
                    if held.gone:
                        continue  # in the meantime, the conversation has lost its files
                    report = self._read(
                        held.uploads, files, partial(self._in_time, held, progress), held.shares
                    )
                    held.used = time.monotonic()
                    if not held.shares:
                        self._end(key, held)
                    return report
        finally:
            self.incoming.remove(files)

    def keep(
        self,
        conversation: str,
        progress: ProgressCallback = lambda _: None,
        by: Asker | None = None,
    ) -> SyncReport:
        """Read the files of a conversation for everyone and keep them; the conversation loses them.

        No file that is already kept is replaced. It is `by` the viewer whose conversation it is.

        Raises:
            QAError: it has no files, files are not kept here, there is no room, or the index cannot
            be written to; then the conversation still has them.
        """
        keep = self._keep
        if keep is None:
            raise QAError("Files are not kept here. Ask about them in this conversation instead.")
        by = by or self._main.by
        key = ConversationKey(conversation, by.viewer.name)
        with self._lock:
            held = self._of.get(key)
        if held is None:
            raise QAError(_NO_FILES)
        with held.lock:
            if held.gone:
                raise QAError(_NO_FILES)
            now = time.monotonic()
            files = [
                Arrived(name, held.uploads / name, share, now)
                for name, share in held.shares.items()
            ]
            with self._keeping, self.activity.told(progress) as told:
                self._check_room(keep, files)
                report = self._read(keep, files, lambda _: self._main.sync([keep], progress=told))
            if not report.skipped:
                self._end(key, held)
            kept = (*report.added, *report.changed, *report.unchanged)
            self._main.listeners.tell(Published(by=by, sources=kept))
            return report

    def expire(self) -> SyncReport | None:
        """Delete the files kept for everyone for as long as the setting `upload_days` allows.

        The report is of the sync after it; None if there were none.

        Raises:
            QAError: the index cannot be written to.
        """
        days = self._main.settings.upload_days
        if self._keep is None or not days:
            return None
        with self._keeping:
            latest = time.time() - days * 86_400
            old = [file for file in _files(self._keep) if file.stat().st_mtime < latest]
            for file in old:
                file.unlink(missing_ok=True)
            return self._main.sync([self._keep]) if old else None

    def remove(self, conversation: str, name: str, viewer: str = "") -> None:
        """Delete one of a conversation's files; it is no error if it does not have the file.

        Raises:
            QAError: what was read of it cannot be deleted.
        """
        key = ConversationKey(conversation, viewer)
        with self._lock:
            held = self._of.get(key)
        if held is None:
            return
        with held.lock:
            if held.gone or name not in held.shares:
                return
            (held.uploads / name).unlink(missing_ok=True)
            self._quotas.end(held.shares.pop(name))
            if held.shares:
                held.assistant.sync([held.uploads])
            else:
                self._end(key, held)

    def assistant(self, conversation: str, viewer: str = "") -> Assistant | None:
        """What answers from a conversation's files; None where it has none."""
        self._drop_unused()
        with self._lock:
            held = self._of.get(ConversationKey(conversation, viewer))
            if held is None:
                return None
            held.used = time.monotonic()
            return held.assistant

    def forget(self, conversation: str, viewer: str = "") -> None:
        """Delete what one conversation was given."""
        self.incoming.forget(conversation, viewer)
        key = ConversationKey(conversation, viewer)
        with self._lock:
            held = self._of.get(key)
        if held is not None:
            held.left.set()
            with held.lock:
                self._end(key, held)

    def close(self) -> None:
        """Delete what all conversations were given."""
        self._closed.set()
        for key in list(self._of):
            self.forget(*key)
        self._private.close()

    def _end(self, key: ConversationKey, held: _Conversation) -> None:
        """Delete what was read for a conversation; the caller holds its lock."""
        if held.gone:
            return
        held.gone = True
        with self._lock:
            del self._of[key]
        held.assistant.close()
        shutil.rmtree(held.folder, ignore_errors=True)
        for share in held.shares.values():
            self._quotas.end(share)

    def _open(self, key: ConversationKey) -> _Conversation:
        if not CONVERSATION.fullmatch(key.id):
            raise QAError("This conversation has no valid id. Reload the page, and try again.")
        self._drop_unused()
        with self._lock:
            if self._closed.is_set():
                raise QAError("The server is about to stop. Try again in a moment.")
            held = self._of.get(key)
            if held is None:
                # A name of its own each time: a forgotten one may not be deleted yet.
                folder = Path(tempfile.mkdtemp(dir=self._private.path))
                assistant = self._main.with_index(folder / "index")
                held = _Conversation(folder, assistant, time.monotonic())
                held.uploads.mkdir()
                self._of[key] = held
            held.used = time.monotonic()
            return held

    def _read(
        self,
        folder: Path,
        files: Sequence[Arrived],
        sync: Callable[[Sequence[Path]], SyncReport],
        shares: dict[str, Share] | None = None,
    ) -> SyncReport:
        """Put files into a folder and sync it, told which are new; the report is of these alone.

        Where there are `shares`, by the names of the files there, those that stay are added.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted: set[str] = set()
        new: list[Path] = []
        for file in files:
            place, there = place_for(file, folder)
            wanted.add(place.name)
            if there:
                continue
            new.append(place)
            if shares is None:
                with file.open() as source, place.open("xb") as target:
                    shutil.copyfileobj(source, target)
            else:
                file.path.rename(place)
                shares[place.name] = file.share
        report = sync(new)
        unread = {skipped.source.rpartition("/")[2] for skipped in report.skipped}
        for place in new:
            if place.name in unread:
                place.unlink(missing_ok=True)
                if shares is not None:
                    self._quotas.end(shares.pop(place.name))
        return _only(report, wanted)

    def _in_time(
        self, held: _Conversation, progress: ProgressCallback, new: Sequence[Path]
    ) -> SyncReport:
        """Sync a conversation's folder; its new files are skipped if they take too long.

        Raises:
            QAError: the conversation was left meanwhile.
        """
        seconds = self._main.settings.upload_reading_seconds
        with self._reading:
            ends = time.monotonic() + seconds

            def report(news: Progress) -> None:
                if held.left.is_set() or time.monotonic() > ends:
                    raise _EndedError
                progress(news)

            try:
                return held.assistant.sync([held.uploads], progress=report)
            except _EndedError:
                if held.left.is_set():
                    raise QAError(_NO_FILES) from None
                for place in new:
                    place.unlink()
                rest = held.assistant.sync([held.uploads])
        reason = (
            f"This took longer than the {seconds:g} seconds that upload_reading_seconds allows. "
            "Split it, or have it added to a folder that is synced."
        )
        late = (Skipped(f"{held.uploads.name}/{place.name}", reason) for place in new)
        return replace(rest, skipped=(*rest.skipped, *late))

    def _check_room(self, folder: Path, files: Sequence[Arrived]) -> None:
        limit = self._main.settings.upload_total_megabytes
        kept = sum(file.stat().st_size for file in _files(folder))
        if kept + sum(file.share.bytes for file in files) > limit * MEGABYTE:
            raise QAError(
                f"There is no room for more files: {limit:g} MB can be kept for everyone. "
                "Ask about them in this conversation instead."
            )

    def _drop_unused(self) -> None:
        latest = time.monotonic() - self._main.settings.upload_hours * 3600
        with self._lock:
            unused = [key for key, held in self._of.items() if held.used < latest]
        for key in unused:
            self.forget(*key)

    def _look_round(self) -> None:
        while not self._closed.wait(_LOOK_ROUND_SECONDS):
            self._drop_unused()
            self.incoming.forget_untaken()


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
