"""Answers that are kept for as long as the documents stay as they are, for whoever asks the same.

They hang on the snapshot that they were made from, as its viewers see it: another generation of the
index, or what somebody with other groups sees, is another snapshot and has none of them. The
question itself is not kept, only its digest, made with a key that no other process has.
"""

from __future__ import annotations

import json
import pickle
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING
from weakref import WeakSet

from qa.errors import QAError
from qa.index import Snapshot

if TYPE_CHECKING:
    from qa.answering.pipeline import Opening, Resting
    from qa.index import Scope, Searchable
    from qa.records import Answer
    from qa.settings import Settings

# What an answer takes besides its own bytes: its key, and its place among the others.
_BESIDES = 300


class KeptAnswers:
    """The answers of one assistant, `megabytes` of them at most; for many threads."""

    def __init__(self, megabytes: float, settings: Settings) -> None:
        self._most = int(megabytes * 1_000_000)
        self._secret = secrets.token_bytes(32)
        self._settings = settings.model_dump_json()
        self._lock = threading.Lock()
        self._all: WeakSet[_Kept] = WeakSet()

    @property
    def size(self) -> int:
        """The bytes that all of them take."""
        with self._lock:
            return sum(kept.size for kept in self._all)

    def answered(
        self,
        question: str,
        scope: Scope,
        reading: Opening,
        pieces: Generator[str, None, Answer],
        resting: Resting,
    ) -> Generator[str, None, Answer]:
        """The answer that is kept, or the one that `pieces` makes, which is kept from then on.

        Its `seconds` are those that it took this time.
        """
        started = time.perf_counter()
        key = self._key(question, scope)
        known: Answer | None = None
        before: Searchable | None = None
        with suppress(QAError), reading() as snapshot:  # an error is for `pieces` to raise
            before, known = snapshot, self._known(snapshot, key)
        if known is not None:
            pieces.close()
            resting([citation.source for citation in known.citations])
            yield known.text
            took = time.perf_counter() - started
            seconds = {"retrieve": took, "read": 0.0, "answer": 0.0, "total": took}
            return replace(known, question=question, asked=question, seconds=seconds)
        answer = yield from pieces
        whole = answer.suggestion is None and answer.failure is None
        if answer.asked == question and whole and answer.hits:
            with reading() as now:
                # Nothing was published meanwhile, so that this is what was read.
                if now is before:
                    self._keep(now, key, answer)
        return answer

    def _key(self, question: str, scope: Scope) -> bytes:
        """A digest of all that an answer depends on, but for what the asker may see."""
        where = json.dumps(scope.where, sort_keys=True, default=repr)
        parts = json.dumps([self._settings, question, scope.folder, where])
        return blake2b(parts.encode("utf-8", "surrogatepass"), key=self._secret).digest()

    def _known(self, snapshot: Searchable, key: bytes) -> Answer | None:
        kept = snapshot.beside.get(_Kept) if isinstance(snapshot, Snapshot) else None
        if kept is None:
            return None
        with self._lock:
            written = kept.answers.get(key)
            if written is None:
                return None
            kept.answers.move_to_end(key)
        answer: Answer = pickle.loads(written)
        return answer

    def _keep(self, snapshot: Searchable, key: bytes, answer: Answer) -> None:
        if not isinstance(snapshot, Snapshot):
            return
        written = pickle.dumps(replace(answer, question="", asked=""), pickle.HIGHEST_PROTOCOL)
        size = len(written) + _BESIDES
        if size > self._most:
            return
        kept = snapshot.beside.setdefault(_Kept, _Kept())
        with self._lock:
            self._all.add(kept)
            while sum(one.size for one in self._all) + size > self._most:
                max(self._all, key=lambda one: one.size).drop()
            kept.put(key, written, size)


class _Kept:
    """The answers from one snapshot, the latest last; made for a `KeptAnswers`, which locks it."""

    def __init__(self) -> None:
        self.answers: OrderedDict[bytes, bytes] = OrderedDict()
        self.size = 0

    def put(self, key: bytes, written: bytes, size: int) -> None:
        """Keep an answer, unless somebody else was first."""
        if key not in self.answers:
            self.answers[key] = written
            self.size += size

    def drop(self) -> None:
        """Let go of the one that nobody has asked for the longest."""
        _, written = self.answers.popitem(last=False)
        self.size -= len(written) + _BESIDES
