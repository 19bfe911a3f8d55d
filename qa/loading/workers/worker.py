"""A worker: does what it is asked with one file after another, until nobody gives any more.

`qa.loading.workers.pool` starts it as `python -m qa.loading.workers.worker`. It is given
bytes, never paths, and keeps its limits itself, so that a file that breaks one
ends no other process. That of memory needs Linux and that of CPU time Unix;
elsewhere remain the time by the clock, which the other side keeps, and what the
parsers count.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import sys
import time
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from qa.errors import LoadError
from qa.limits import Limits
from qa.loading.workers.frames import OVER_MEMORY, decoded, encoded, receive, send, to_message
from qa.loading.workers.tasks import TASKS

# A worker that holds more than this share of its limit is not used again: what one file leaves
# behind would count against the next.
_WORN = 0.3
# Beyond its limit a worker ends itself. The system's own limit is there for what grows too fast for
# that, and lies higher: Python may hang where there is no memory left at all.
_HARD_LIMIT = 1.5
_LOOK_SECONDS = 0.02
# Python reserves memory in pieces of a megabyte (obmalloc.c), and fails where it gets none.
_LEAST_LEFT = 2_000_000
_STATM = Path("/proc/self/statm")


def main() -> None:
    """Say that it is ready, then answer every request with what was found or an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the other side to act on
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a parser may print
    _stand_back()
    watch = _Watch()
    watch.start()
    send(replies, b"")
    try:
        while True:
            send(replies, _reply(requests, watch))
    except (EOFError, BrokenPipeError):
        pass
    except MemoryError:  # the watch was not in time
        os._exit(OVER_MEMORY)


class _Watch(Thread):
    """Ends the process when it holds more memory than allowed, or works for nobody any more.

    So it does where the system gives it no more: Python may then try again and again for ever.
    """

    def __init__(self) -> None:
        super().__init__(name="footnote watch", daemon=True)
        self.allowed = math.inf
        self.available = math.inf
        self._parent = os.getppid()

    def run(self) -> None:
        try:
            while True:
                time.sleep(_LOOK_SECONDS)
                reserved, resident = _bytes_held()
                if resident > self.allowed or reserved > self.available - _LEAST_LEFT:
                    os._exit(OVER_MEMORY)
                if os.getppid() != self._parent:
                    os._exit(1)
        except MemoryError:
            os._exit(OVER_MEMORY)


def _reply(requests: BinaryIO, watch: _Watch) -> bytes:
    request = decoded(receive(requests, sys.maxsize))
    limits = Limits(**request["limits"])
    watch.allowed = limits.parsing_megabytes * 1e6
    watch.available = _confine(limits)
    data = BytesIO()
    while chunk := receive(requests, sys.maxsize):
        data.write(chunk)
    task = TASKS[request["task"]](**request["fields"])
    try:
        found = task.do(data.getvalue(), request["source"], limits)
    except LoadError as error:
        found = to_message(error)
    return encoded({"found": found, "worn": _bytes_held()[1] > _WORN * watch.allowed})


def _stand_back() -> None:
    """Leave no memory on the disk, and be the first to go where the machine has none left."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _confine(limits: Limits) -> float:
    """Set the system's limits for the next file; the bytes that there are to reserve.

    The time that earlier files took does not count.
    """
    with contextlib.suppress(ImportError):  # Windows
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = math.ceil(used.ru_utime + used.ru_stime) + limits.parsing_cpu_seconds
        _limit(resource.RLIMIT_CPU, seconds)
        _limit(resource.RLIMIT_AS, int(_HARD_LIMIT * limits.parsing_megabytes * 1e6))
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            return soft
    return math.inf


def _limit(kind: int, wanted: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):  # a system that does not know this one
        resource.setrlimit(kind, (wanted, hard))


def _bytes_held() -> tuple[int, int]:
    """What the process has reserved, and what of that is in memory; zeros where nobody knows."""
    # Not `ru_maxrss`: a new process begins with what the one held that started it.
    with contextlib.suppress(OSError):
        reserved, resident, *_ = map(int, _STATM.read_bytes().split())
        return reserved * mmap.PAGESIZE, resident * mmap.PAGESIZE
    return 0, 0


if __name__ == "__main__":
    main()
