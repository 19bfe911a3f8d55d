"""Every file is parsed in a process of its own kind: a worker, which may die of it.

Text of others is never parsed in the process that serves or syncs. A worker
(`qa.loading.workers.worker`) is started when it is needed, used again, replaced
after a death, and ended when nobody needed one for a while or this process
ends. It is no sandbox: it is kept from exhausting the machine and from taking
other files with it, not from what its user may do.

The workers are our own because `multiprocessing` (and what is built on it)
runs the caller's script anew in each process, takes pickles back, and gives up
a whole pool for one that died.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from threading import Lock, Timer
from typing import BinaryIO

from qa.errors import DamagedFileError, LoadError, QAError
from qa.limits import DEFAULTS, Limits
from qa.loading.workers.frames import OVER_MEMORY, decoded, encoded, receive, refusal, send
from qa.loading.workers.tasks import Found, Reading, Task
from qa.places.regular_file import open_regular
from qa.records import Document

IDLE_SECONDS = 60.0
"""Workers are ended when none was needed for so long."""

_START_SECONDS = 60.0
# A process that has closed its end is about to end by itself, and then says why.
_LAST_WORDS_SECONDS = 2.0
_CHUNK = 1 << 20
# What an interpreter may need to start; nothing else of the environment is a parser's business.
_ENVIRONMENT = frozenset(
    ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
)


# Pages are drawn apart from what is read, which may take minutes.
_DRAWING = 2

Place = Path | Callable[[], BinaryIO]
"""A file, or what opens it."""
Given = tuple[Place, str] | tuple[Place, str, str]
"""A file, its source, and a suffix if that of its source does not tell what it is."""
Loading = AbstractContextManager[Iterator[Future[Document]]]


def load(path: Place, source: str, limits: Limits = DEFAULTS, processes: int = 0) -> Document:
    """The document in the file at `path`; errors name it by `source`.

    Raises:
        LoadError: one of its subclasses, naming `source` and the next step.
        QAError: no worker can be started.
    """
    with loading([(path, source)], limits, processes) as documents:
        return next(documents).result()


def done(path: Place, source: str, task: Task[Found], limits: Limits = DEFAULTS) -> Found:
    """What comes of a task for the file at `path`; errors name it by `source`.

    It does not wait for files that are being loaded.

    Raises:
        LoadError: one of its subclasses, naming `source` and the next step.
        QAError: no worker can be started.
    """
    errand = _Errand(limits)
    try:
        return next(_pool(_DRAWING, "drawing").run(errand, [(path, source, task)])).result()
    finally:
        errand.stop()


@contextlib.contextmanager
def loading(
    files: Iterable[Given], limits: Limits, processes: int = 0
) -> Iterator[Iterator[Future[Document]]]:
    """The document of each file, in order, as a future that raises as `load`.

    Files are parsed ahead of the one that is asked for, a few for each of
    `processes` (0: one for each core). What is still being parsed when the block
    ends is given up.
    """
    pool = _pool(processes or _cores())
    errand = _Errand(limits)
    try:
        yield pool.run(errand, ((path, source, Reading(*as_)) for path, source, *as_ in files))
    finally:
        errand.stop()


def content(path: Place, source: str, limits: Limits) -> bytes:
    """The bytes of a file, which are not looked at; errors name it by `source`.

    Raises:
        LoadError: it cannot be opened or read, or is too large.
    """
    with _opened(path, source, limits) as stream:
        most = int(limits.max_file_megabytes * 1e6)
        data = stream.read(most + 1)
        limits.check(source, "max_file_megabytes", len(data) / 1e6, "has {} MB")
        return data


@contextlib.contextmanager
def _opened(path: Place, source: str, limits: Limits) -> Iterator[BinaryIO]:
    """A file that is not too large, open for reading.

    Raises:
        LoadError: it cannot be opened, or not be read in the block, or is too large.
    """
    try:
        with open_regular(path, links=True) if isinstance(path, Path) else path() as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            limits.check(source, "max_file_megabytes", size / 1e6, "has {} MB")
            yield stream
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise LoadError(
            f"{source} cannot be opened: {reason}. Check that it is a file and may be read."
        ) from error


class _Worker:
    """A process that does one task at a time."""

    def __init__(self) -> None:
        self._late = self._spent = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "qa.loading.workers.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise QAError(f"No process to read files can be started: {error.strerror}.") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._replies: BinaryIO = self._process.stdout  # type: ignore[assignment]
        try:
            with self._at_most(_START_SECONDS):
                receive(self._replies, 0)
        except EOFError as error:
            self.end()
            raise QAError(
                "The process that reads files ends before it begins. To see why, run: "
                f"{sys.executable} -m qa.loading.workers.worker"
            ) from error

    @property
    def alive(self) -> bool:
        """Whether it can be given another file."""
        return not (self._late or self._spent) and self._process.poll() is None

    def do(
        self, task: Task[Found], stream: BinaryIO, source: str, limits: Limits
    ) -> Found | LoadError:
        """What comes of a task for a file; the worker may not be `alive` afterwards.

        Raises:
            TooLargeError: there is more of the file than it may have.
            OSError: it cannot be read on.
        """
        most = task.largest(limits) + _CHUNK
        try:
            with self._at_most(limits.parsing_seconds):
                self._give(task, stream, source, limits)
                reply = decoded(receive(self._replies, most))
            message = reply["found"]
            found = refusal(message) if "error" in message else task.found(message, source)
            self._spent |= bool(reply["worn"])
            return found
        except (EOFError, ValueError, KeyError, TypeError):
            return self._death(source, limits)
        except BaseException:  # the rest of the file would be taken for the next one
            self.end()
            raise

    def interrupt(self) -> None:
        """End the process from another thread; the one that waits for it hears of its death."""
        self._process.kill()

    def end(self, patience: float = 0) -> int:
        """End the process if it still runs after this many seconds, and return its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self._process.kill()
        code = self._process.wait()
        for stream in (self._requests, self._replies):
            with contextlib.suppress(OSError):  # what it was not given any more
                stream.close()
        return code

    def _give(self, task: Task[Found], stream: BinaryIO, source: str, limits: Limits) -> None:
        kind, fields = type(task).__name__, asdict(task)
        self._send(
            encoded({"task": kind, "fields": fields, "source": source, "limits": asdict(limits)})
        )
        given = 0
        while chunk := stream.read(_CHUNK):
            given += len(chunk)
            limits.check(source, "max_file_megabytes", given / 1e6, "has {} MB")
            self._send(chunk)
        self._send(b"")

    def _send(self, frame: bytes) -> None:
        try:
            send(self._requests, frame)
        except OSError as error:  # not one of the file's
            raise EOFError from error

    @contextlib.contextmanager
    def _at_most(self, seconds: float) -> Iterator[None]:
        timer = Timer(seconds, self._stop_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _stop_late(self) -> None:
        self._late = True
        self._process.kill()

    def _death(self, source: str, limits: Limits) -> LoadError:
        code = self.end(_LAST_WORDS_SECONDS)
        if self._late:
            return limits.exceeded(source, "parsing_seconds", "takes too long to read")
        if _named(code) == "SIGXCPU":
            return limits.exceeded(source, "parsing_cpu_seconds", "takes too long to read")
        if code == OVER_MEMORY:
            return limits.exceeded(source, "parsing_megabytes", "needs too much memory")
        # Without memory left, the system kills whichever process it likes.
        kind = LoadError if _named(code) == "SIGKILL" else DamagedFileError
        return kind(
            f"{source} ended the process that read it ({_named(code)}): it is damaged, or needs "
            f"far more than {limits.parsing_megabytes:,} MB of memory. Open it in the program that "
            "made it and save it again, or raise the setting parsing_megabytes."
        )


class _Errand:
    """Files that are wanted together, and the workers that are at them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = Lock()
        self._workers: set[_Worker] = set()
        self._stopped = False

    @contextlib.contextmanager
    def at_work(self, worker: _Worker) -> Iterator[None]:
        """The time that a worker spends on one of the files."""
        with self._lock:
            if self._stopped:
                raise CancelledError
            self._workers.add(worker)
        try:
            yield
        finally:
            with self._lock:
                self._workers.discard(worker)

    def stop(self) -> None:
        """Begin no further file, and end the workers that are still at one."""
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.interrupt()


class _Pool:
    """The workers of this process; safe to share between threads."""

    def __init__(self, processes: int, name: str) -> None:
        self._ahead = 2 * processes
        self._threads = ThreadPoolExecutor(processes, f"footnote {name}")
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._rest: Timer | None = None

    def run(
        self, errand: _Errand, files: Iterable[tuple[Place, str, Task[Found]]]
    ) -> Iterator[Future[Found]]:
        """What comes of the tasks for an errand's files, in order."""
        waiting: deque[Future[Found]] = deque()
        for path, source, task in files:
            waiting.append(self._threads.submit(self._do, errand, path, source, task))
            if len(waiting) >= self._ahead:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def close(self) -> None:
        """End the workers that nobody needs just now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _do(self, errand: _Errand, path: Place, source: str, task: Task[Found]) -> Found:
        limits = errand.limits
        with (
            _opened(path, source, limits) as stream,
            self._worker() as worker,
            errand.at_work(worker),
        ):
            found = worker.do(task, stream, source, limits)
        if isinstance(found, LoadError):
            raise found
        return found

    @contextlib.contextmanager
    def _worker(self) -> Iterator[_Worker]:
        worker = self._take() or _Worker()
        try:
            yield worker
        finally:
            if worker.alive:
                self._give_back(worker)
            else:
                worker.end()

    def _take(self) -> _Worker | None:
        """The worker that was used last, so that others can rest."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.end()

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            self._idle.append(worker)
            if self._rest is not None:
                self._rest.cancel()
            self._rest = Timer(IDLE_SECONDS, self.close)
            self._rest.daemon = True
            self._rest.start()


@cache
def _pool(processes: int, name: str = "parsing") -> _Pool:
    pool = _Pool(processes, name)
    atexit.register(pool.close)
    return pool


if hasattr(os, "register_at_fork"):  # the threads of a pool are not in a copy of this process
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _environment() -> dict[str, str]:
    """What a worker sees of the environment: nothing secret, and the way to our modules."""
    places = [place for place in sys.path if place]
    ours = str(Path(__file__).resolve().parents[3])
    kept = {name: value for name, value in os.environ.items() if name.upper() in _ENVIRONMENT}
    return {**kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys([*places, ours]))}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # those that this process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _named(code: int) -> str:
    """What a process ended with, in words."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"
