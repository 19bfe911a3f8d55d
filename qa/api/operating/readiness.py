"""Whether a server can answer: the names of checks, each passed or not, and nothing more."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from qa.access import OWNER
from qa.errors import QAError
from qa.models import url_of_provider
from qa.records import Hit, Passage

if TYPE_CHECKING:
    from qa.assistant import Assistant

logger = logging.getLogger(__name__)

# Seconds that a result is good for.
KEPT_SECONDS = 5.0
# Seconds that whoever asks waits for the first one; models take that long to load.
WAIT_SECONDS = 10.0
# Seconds after which a check that has not ended has failed.
HANGING_SECONDS = 30.0
# Seconds that the chat model's server has to answer; it may be busy with a question.
CHAT_MODEL_SECONDS = 10.0
# With less, feedback, uploads and syncs begin to fail.
LEAST_DISK = 200_000_000
# If no more than these checks failed, questions are answered all the same.
_ANSWERS_WITHOUT = frozenset(("disk", "sync", "chat_model"))
_SERVER_ERROR = 500
_QUESTION, _TEXT = "Is this ready?", "This is ready."


class Readiness:
    """The checks, made in a thread of their own when somebody asks, at most every few seconds."""

    def __init__(
        self,
        assistant: Assistant,
        seconds: float = KEPT_SECONDS,
        hanging_seconds: float = HANGING_SECONDS,
    ) -> None:
        self._assistant = assistant
        self._seconds = seconds
        self._hanging_seconds = hanging_seconds
        self._running: Future[Mapping[str, bool]] | None = None
        self._known: Mapping[str, bool] = {}
        self._at = float("-inf")
        self._check, self._check_since = "", 0.0
        self._answered = False

    def look_again(self) -> None:
        """Have whoever asks next be told how it is then: a sync has ended."""
        self._at = float("-inf")

    async def told(self) -> Mapping[str, bool]:
        """The checks by name, and whether each is passed; until the first result, only `started`.

        `index` can be opened, there are `documents` in it, `models` are loaded, `disk` has room,
        the last `sync` of each place did not fail, and the `chat_model`'s server answers. A check
        that does not end has failed.
        """
        if self._running is None and time.monotonic() - self._at > self._seconds:
            self._at = time.monotonic()
            self._running = self._begun()
        if (running := self._running) is not None:
            looking = asyncio.wrap_future(running)
            await asyncio.wait([looking], timeout=self._seconds if self._known else WAIT_SECONDS)
            if looking.done():
                self._known = looking.result()
                if self._running is running:
                    self._running = None
            elif time.monotonic() - self._check_since > self._hanging_seconds:
                return {**(self._known or {"started": False}), self._check: False}
        return self._known or {"started": False}

    def answers(self, checks: Mapping[str, bool]) -> bool:
        """Whether questions are answered, with such results."""
        return all(passed or name in _ANSWERS_WITHOUT for name, passed in checks.items())

    def _begun(self) -> Future[Mapping[str, bool]]:
        running: Future[Mapping[str, bool]] = Future()
        self._check_since = time.monotonic()
        # The process does not wait for it in the end, as it may hang.
        looking = Thread(
            target=lambda: running.set_result(self._look()),
            name="footnote readiness",
            daemon=True,
        )
        looking.start()
        return running

    def _look(self) -> Mapping[str, bool]:
        checks: dict[str, Callable[[], bool]] = {
            "index": self._index,
            "documents": self._documents,
            "models": self._models,
            "disk": self._disk,
            "sync": lambda: not self._assistant.syncs.failing,
        }
        settings = self._assistant.settings
        if settings.chat_model is not None:
            url = settings.chat_model_url or url_of_provider(settings.chat_model.partition(":")[0])
            if url is not None:
                checks["chat_model"] = lambda: _answers(url if "://" in url else f"http://{url}")
        return {name: self._passed(name, check) for name, check in checks.items()}

    def _passed(self, name: str, check: Callable[[], bool]) -> bool:
        self._check, self._check_since = name, time.monotonic()
        try:
            return check()
        except (QAError, OSError):
            return False
        except BaseException:  # the core of Chroma panics with one that is no Exception
            if self._known.get(name, True):
                logger.exception("The check %r of /readyz failed.", name)
            return False

    def _index(self) -> bool:
        with self._assistant.index.reading(OWNER):
            return True

    def _documents(self) -> bool:
        with self._assistant.index.reading(OWNER) as seen:
            return bool(seen.entries)

    def _models(self) -> bool:
        if not self._answered:  # which loads them; after that they stay in memory
            self._assistant.embedder.encode([_QUESTION])
            hit = Hit(Passage("", "", "", "", 0, len(_TEXT), _TEXT), 1.0)
            self._assistant.reader.read(_QUESTION, [hit], {})
            self._answered = True
        return True

    def _disk(self) -> bool:
        index = self._assistant.settings.index
        place = Path.cwd() if "://" in index else Path(index).expanduser().absolute()
        there = next(one for one in (place, *place.parents) if one.exists())
        return shutil.disk_usage(there).free >= LEAST_DISK


def _answers(url: str) -> bool:
    """Whether a server answers, even that there is nothing at this address."""
    import httpx

    try:
        with httpx.stream("GET", url, timeout=CHAT_MODEL_SECONDS) as reply:
            return reply.status_code < _SERVER_ERROR
    except (httpx.HTTPError, httpx.InvalidURL):  # the answers will say more
        return False
