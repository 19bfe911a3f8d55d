"""The right to write to an index on a Chroma server, which one process has at a time.

Chroma has neither locks nor conditions for a write. But of all that create a collection of one name
at the same moment one succeeds, and a collection can be renamed by its id. So a writer creates an
empty collection, whose metadata says who writes and until when, in the time of the server: no two
clocks are compared. The writer renews it while it works. Whoever finds that it has run out renames
it by its id, so that it cannot be a newer one, and then creates one as everybody else does. A
renewal counts only if it was complete before the old time had passed: a writer that was taken for
dead never comes back.

A writer makes sure that it still has the lease before each request that writes, and asks the server
right before it publishes. What remains, because a write takes no condition: a process that is
halted between asking and writing, or a request that is on its way for half a lease, can still write
after another has taken over; `qa doctor` finds what lacks passages then. And where the clock of the
server is set forward, two may write until the first renews, which is some seconds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from qa.errors import IndexLockedError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

NAME = "footnote-writer"
# So long after its last renewal, a lease has run out. A request is given up after half of it.
SECONDS = 60.0
# It is renewed so often in that time.
_RENEWALS = 6
# Between two looks whether somebody else's has ended.
_LOOK_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Lease:
    """A lease on the index of a server; safe to share between threads."""

    def __init__(self, client: ClientAPI, location: str, seconds: float = SECONDS) -> None:
        self._client = client
        self._location = location
        self._seconds = seconds
        self._lock = threading.Lock()
        self._own: Collection | None = None
        self._until = 0.0  # in the server's time
        self._renewed = _clocks()

    @contextlib.contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Have it until the block ends.

        Raises:
            IndexLockedError: somebody else has it for longer than `timeout` seconds.
        """
        self._take(timeout)
        stop = threading.Event()
        thread = threading.Thread(
            target=self._keep, args=(stop,), name="footnote lease", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            with contextlib.suppress(*_troubles()):  # it runs out by itself
                self._discard(self._ours())

    def check(self) -> None:
        """Make sure that nobody else can have it yet: after half of its time, it is renewed first.

        Raises:
            IndexLockedError: it has run out.
        """
        passed = (now - then for now, then in zip(_clocks(), self._renewed, strict=True))
        if max(passed) > self._seconds / 2:
            self.renew()

    def renew(self) -> None:
        """Ask the server whether it is still ours, and extend it.

        Raises:
            IndexLockedError: it has run out.
        """
        with self._lock:
            asked = _clocks()
            until = self._now() + self._seconds
            if not self._extended(until) or self._now() >= self._until:
                self._until = 0.0  # for good
                raise IndexLockedError(
                    f"This process may no longer write to the index {self._location}: it did not "
                    f"renew its lease for {self._seconds:g} seconds (did the machine sleep?), and "
                    "another one may be writing by now. It has published nothing since; run the "
                    "same again."
                )
            self._until, self._renewed = until, asked

    def _extended(self, until: float) -> bool:
        with _unless_gone():
            self._ours().modify(metadata=_described(until))
            return self._found().id == self._ours().id
        return False

    def _ours(self) -> Collection:
        assert self._own is not None
        return self._own

    def _keep(self, stop: threading.Event) -> None:
        while not stop.wait(self._seconds / _RENEWALS):
            try:
                self.renew()
            except IndexLockedError:  # the next write says so
                return
            except _troubles() as error:
                logger.info("The lease on %s was not renewed: %s", self._location, error)

    def _take(self, timeout: float) -> None:
        give_up = time.monotonic() + timeout
        while (other := self._try()) is not None:
            left = give_up - time.monotonic()
            if left <= 0:
                raise self._locked(other)
            time.sleep(min(_LOOK_SECONDS, left))

    def _try(self) -> Mapping[str, Any] | None:
        """Take it; or else what the one says that somebody else has."""
        from chromadb.errors import ChromaError

        while True:
            asked, now = _clocks(), self._now()
            until = now + self._seconds
            try:
                self._own = self._client.create_collection(
                    NAME, embedding_function=None, metadata=_described(until)
                )
            except ChromaError as error:  # which has no class of its own for this
                if "already exists" not in str(error):
                    raise
            else:
                self._until, self._renewed = until, asked
                return None
            with _unless_gone():  # it was given back meanwhile
                other = self._found()
                said: Mapping[str, Any] = other.metadata or {}
                if said.get("until", 0.0) > now:
                    return said
                self._discard(other)

    def _locked(self, said: Mapping[str, Any]) -> IndexLockedError:
        until = datetime.fromtimestamp(said["until"], UTC)
        return IndexLockedError(
            f"The index {self._location} is being written to by {said.get('holder', 'somebody')}, "
            f"whose lease lasts until {until:%Y-%m-%d %H:%M:%S} UTC, and longer while it works. "
            "Wait for it, or look there for a `qa sync` that hangs."
        )

    def _found(self) -> Collection:
        return self._client.get_collection(NAME, embedding_function=None)

    def _discard(self, lease: Collection) -> None:
        """Delete a lease and no other; Chroma deletes by name."""
        with _unless_gone():
            ended = f"{NAME}-{lease.id}"
            lease.modify(name=ended)
            self._client.delete_collection(ended)

    def _now(self) -> float:
        return self._client.heartbeat() / 1e9


def _described(until: float) -> dict[str, Any]:
    return {"holder": f"{socket.gethostname()} (process {os.getpid()})", "until": until}


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Go on where the collection that is asked for, or changed, was deleted."""
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError:
        pass
    except ChromaError as error:  # which the server says of one that goes at this moment
        if "Missing metadata segment" not in str(error):
            raise


def _clocks() -> tuple[float, float]:
    """Two clocks, of which the one stands still while the machine sleeps; the other may be set."""
    return time.monotonic(), time.time()


def _troubles() -> tuple[type[Exception], ...]:
    import httpx
    from chromadb.errors import ChromaError

    return ChromaError, httpx.HTTPError
