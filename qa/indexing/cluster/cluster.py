"""A Ray cluster whose processors prepare documents, each with a worker that may die.

Files go there one by one, as bytes, since other machines do not see our folders. The pool is our
own, because those of Ray and Ray Data either try for ever what a worker died of or give up all of
it, and do not tell which file it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Self

from qa.errors import ClusterError, LoadError, QAError, message_of
from qa.index import Prepared
from qa.indexing.cluster import connecting
from qa.indexing.cluster.worker import PACKAGE, Order, made_of, seat
from qa.indexing.mirrored import Mirrored
from qa.indexing.preparing.storing import Preparing
from qa.loading.workers import pool as parsers
from qa.settings import Settings

# A file is given up that was with so many workers when they died.
_TRIES = 3
# So long a sync waits for a first worker, as where all processors are busy.
_ROOM_SECONDS = 120.0
# A head that has not answered so often is gone. Ray would end this process after a minute.
_MISSES = 3
_LOOK_SECONDS = 5.0
_TURN_SECONDS = 1.0
# Outcomes that wait to be stored; then workers wait.
_WAITING = 64

Outcome = Prepared | LoadError
Known = Callable[[str], tuple[str, str]]
"""From a source to the id of its document, and what the index holds of that."""


@dataclass(slots=True)
class _Job:
    number: int
    file: Mirrored
    id: str
    held: str
    deaths: int = 0


class Cluster:
    """The workers of one sync, started when they are first needed.

    Raises:
        ModelUnavailableError: Ray is not installed.
        ClusterError: nothing answers at the address.
    """

    def __init__(self, address: str, preparing: Preparing, settings: Settings) -> None:
        connecting.check(address)
        self.address = address
        self.limits = settings.limits
        self.how = preparing.name, settings.fast_encoder, settings.passage_tokens, self.limits
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.closing = Event()
        self._preparing = preparing
        self._outcomes: Queue[tuple[int, Outcome] | QAError] = Queue(_WAITING)
        self._seats: list[_Seat] = []
        self._lock = Lock()
        self._working = 0
        self._joined = self._ours = False
        self._head = ""
        self.made_of: Mapping[str, str] = {}

    def prepared(
        self, files: Sequence[Mirrored], known: Known
    ) -> Iterator[tuple[int, Prepared | LoadError]]:
        """The documents of files, each with its place among them, as they are ready.

        Their records say nothing of the files; passages that the index holds are left out. A file
        is given up, with an error, when several workers have died of it.

        Raises:
            ClusterError: there is no worker, or one cannot work, or the cluster is gone.
            QAError: documents cannot be embedded.
        """
        self._join()
        for number, file in enumerate(files):
            self.jobs.put(_Job(number, file, *known(file.source)))
        self._take_seats(len(files))
        for _ in files:
            yield self._next()

    def works(self, more: int) -> None:
        """Note that there is a worker more, or less."""
        with self._lock:
            self._working += more

    def tell(self, found: tuple[int, Outcome] | QAError) -> None:
        """Hand an outcome to the sync, once there is room for it."""
        while not self.closing.is_set():
            try:
                self._outcomes.put(found, timeout=_TURN_SECONDS)
            except Full:
                continue
            return

    def close(self) -> None:
        """End the workers, whatever they do."""
        self.closing.set()
        for _ in self._seats:
            self.jobs.put(None)
        for one in self._seats:
            one.join(2 * _TURN_SECONDS)
        if self._ours:
            import ray

            self._ours = False
            ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _join(self) -> None:
        if self._joined:
            return
        import ray

        self._ours = connecting.join(self.address)
        self._joined = True
        self._head = ray.get_runtime_context().gcs_address
        self.made_of = made_of(self._preparing)

    def _take_seats(self, wanted: int) -> None:
        import ray

        there = max(1, int(ray.cluster_resources().get("CPU", 0)))
        while len(self._seats) < min(wanted, there):
            self._seats.append(_Seat(self))
            self._seats[-1].start()

    def _next(self) -> tuple[int, Outcome]:
        waited = looked = time.monotonic()
        misses = 0
        while True:
            try:
                found = self._outcomes.get(timeout=_TURN_SECONDS)
            except Empty:
                now = time.monotonic()
                waited = now if self._working else waited
                if now - waited > _ROOM_SECONDS:
                    raise self._without_room() from None
                if now - looked > _LOOK_SECONDS:
                    looked = now
                    misses = 0 if connecting.answers(self._head) else misses + 1
                if misses >= _MISSES:
                    self.close()
                    raise self._gone() from None
                continue
            if isinstance(found, QAError):
                raise found
            return found

    def _without_room(self) -> ClusterError:
        return ClusterError(
            f"The Ray cluster at {self.address} has had no processor for a worker in "
            f"{_ROOM_SECONDS:.0f} seconds. See what `ray status` says, then sync again."
        )

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"The Ray cluster at {self.address} does not answer any more. What was stored so far "
            "is kept; start the cluster again, then sync again."
        )


class _Seat(Thread):
    """A processor of the cluster with its worker, and after a death with another one."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(name="footnote worker", daemon=True)
        self._cluster = cluster

    def run(self) -> None:
        """Have files prepared until there are no more."""
        closing = self._cluster.closing
        try:
            while not closing.is_set():
                self._use(_actor())
                closing.wait(0.1)
        except QAError as error:
            self._cluster.tell(error)
        except Exception as error:  # Ray has many
            if not closing.is_set():
                self._cluster.tell(
                    ClusterError(
                        f"The Ray cluster at {self._cluster.address} has failed: "
                        f"{message_of(error, 400)}. Sync again."
                    )
                )

    def _use(self, actor: Any) -> None:
        """Start a worker, and give it files until it dies or there are no more."""
        import ray

        try:
            if self._ready(actor):
                self._cluster.works(1)
                try:
                    while (job := self._cluster.jobs.get()) is not None:
                        if not self._done(actor, job):
                            return
                finally:
                    self._cluster.works(-1)
        finally:
            if ray.is_initialized():  # if not, it is gone, and this would start a cluster here
                ray.kill(actor)

    def _ready(self, actor: Any) -> bool:
        """Whether a worker is there; False if it died at once.

        Raises:
            ClusterError: it has something else installed, or cannot work.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            where, version = self._answer(actor.version.remote())
            self._compare(where, {PACKAGE: version}, [PACKAGE])
            theirs = self._answer(actor.start.remote(*self._cluster.how))
            self._compare(where, theirs, [*self._cluster.made_of])
        except RayTaskError as error:
            raise ClusterError(
                f"A machine of the Ray cluster at {self._cluster.address} cannot prepare "
                f"documents: {message_of(error.cause or error, 400)}"
            ) from error
        except RayError:
            return False
        return True

    def _compare(self, where: str, theirs: Mapping[str, str], names: Sequence[str]) -> None:
        ours = self._cluster.made_of
        for name in names:
            if (has := theirs.get(name) or "none") != ours[name]:
                raise ClusterError(
                    f"{where}, a machine of the Ray cluster at {self._cluster.address}, has "
                    f"another version of {name}: {has}; this one has {ours[name]}. "
                    "Install the same on all machines."
                )

    def _done(self, actor: Any, job: _Job) -> bool:
        """Have a file prepared; False if the worker died of it, or elsewhere."""
        from ray.exceptions import RayError, RayTaskError

        file, cluster = job.file, self._cluster
        try:
            data = parsers.content(file.opened, file.source, cluster.limits)
            order = Order(file.source, file.suffix, job.id, job.held, data)
            outcome = self._answer(actor.prepare.remote(order))
        except LoadError as error:
            outcome = error
        except RayTaskError as error:
            raise ClusterError(
                f"A machine of the Ray cluster at {cluster.address} has failed with "
                f"{file.source}: {message_of(error.cause or error, 400)}"
            ) from error
        except RayError as error:
            self._lose(job, error)
            return False
        if isinstance(outcome, QAError) and not isinstance(outcome, LoadError):
            raise outcome
        cluster.tell((job.number, outcome))
        return True

    def _lose(self, job: _Job, error: Exception) -> None:
        job.deaths += 1
        if job.deaths < _TRIES:
            self._cluster.jobs.put(job)
            return
        reason = LoadError(
            f"{job.file.source} was given up: {job.deaths} workers of the cluster died while they "
            f"had it ({message_of(error)}). It may need more memory than they have; sync it "
            "without the cluster."
        )
        self._cluster.tell((job.number, reason))

    def _answer(self, asked: Any) -> Any:
        import ray

        while not self._cluster.closing.is_set():
            if ray.wait([asked], timeout=_TURN_SECONDS)[0]:
                return ray.get(asked)
        raise ClusterError("The sync has ended.")


def _actor() -> Any:
    import ray

    return ray.remote(num_cpus=1, max_restarts=0)(seat()).remote()
