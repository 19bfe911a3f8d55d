"""Whether a server can answer: the names of checks, each passed or not, and nothing more."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qa.access import Viewer
from qa.errors import QAError
from qa.models import url_in_environment
from qa.records import Hit, Passage

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import SyncReport

# Seconds that a result is good for.
KEPT_SECONDS = 5.0
# Seconds that whoever asks waits for the first one; models take that long to load.
WAIT_SECONDS = 10.0
# Seconds that the chat model's server has to accept a connection.
CONNECTING_SECONDS = 2.0
# With less, feedback, uploads and syncs begin to fail.
LEAST_DISK = 200_000_000
_QUESTION, _TEXT = "Is this ready?", "This is ready."


class Readiness:
    """The checks, made in a thread of their own when somebody asks, at most every few seconds."""

    def __init__(self, assistant: Assistant, seconds: float = KEPT_SECONDS) -> None:
        self._assistant = assistant
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="footnote readiness")
        self._running: Future[Mapping[str, bool]] | None = None
        self._known: Mapping[str, bool] = {}
        self._at = float("-inf")
        self._sync_failed = False
        self._answered = False

    def synced(self, found: SyncReport | QAError) -> None:
        """Note how a sync of the server's own ended."""
        self._sync_failed = isinstance(found, QAError)
        self._at = float("-inf")

    async def told(self) -> Mapping[str, bool]:
        """The checks by name, and whether each is passed; until the first result, only `started`.

        `index` can be opened, `models` are loaded, `disk` has room, the last `sync` of the server
        did not fail, and the `chat_model`'s server accepts connections.
        """
        if self._running is None and time.monotonic() - self._at > self._seconds:
            self._at = time.monotonic()
            self._running = self._threads.submit(self._look)
        if (running := self._running) is not None:
            looking = asyncio.wrap_future(running)
            await asyncio.wait([looking], timeout=self._seconds if self._known else WAIT_SECONDS)
            if looking.done():
                self._known = looking.result()
                if self._running is running:
                    self._running = None
        return self._known or {"started": False}

    def _look(self) -> Mapping[str, bool]:
        checks: dict[str, Callable[[], bool]] = {
            "index": self._index,
            "models": self._models,
            "disk": self._disk,
            "sync": lambda: not self._sync_failed,
        }
        if (server := self._chat_model_server()) is not None:
            checks["chat_model"] = lambda: _accepts(server)
        return {name: _passed(check) for name, check in checks.items()}

    def _index(self) -> bool:
        with self._assistant.index.reading(Viewer()) as seen:
            return seen.head is not None

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

    def _chat_model_server(self) -> tuple[str, int] | None:
        settings = self._assistant.settings
        if settings.chat_model is None:
            return None
        provider = settings.chat_model.partition(":")[0]
        url = urlsplit(settings.chat_model_url or url_in_environment(provider) or "")
        if url.hostname is None:
            return None
        with contextlib.suppress(ValueError):  # a port that is none: the answers will say so
            return url.hostname, url.port or (443 if url.scheme == "https" else 80)
        return None


def _passed(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (QAError, OSError):
        return False


def _accepts(server: tuple[str, int]) -> bool:
    with socket.create_connection(server, timeout=CONNECTING_SECONDS):
        return True
