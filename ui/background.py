"""What a server does beside answering: threads that watch, expire, and let go of what is gone."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qa import QAError

if TYPE_CHECKING:
    from qa import Assistant, SyncReport
    from qa.api import Office
    from ui.uploads import Attachments

logger = logging.getLogger(__name__)

# Seconds that a thread, a sync, and the making of examples have to end when the server is stopped.
ENDING_SECONDS = 10
DAY = 86_400.0
# Seconds after which what is not in the newest generation of the index is gone from memory.
CATCH_UP_SECONDS = 10.0


@contextlib.contextmanager
def meanwhile(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do this in a thread until the block ends, which sets the event."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name=f"footnote {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(ENDING_SECONDS)


def following(
    assistant: Assistant,
    told: Callable[[SyncReport | QAError], None] | None,
    office: Office,
) -> Callable[[threading.Event], None]:
    """What syncs the folders of the index whenever they change; nothing if nobody is told."""

    def follow(stop: threading.Event) -> None:
        if told is not None:
            for found in assistant.watch(stop):
                office.synced(found)
                told(found)

    return follow


def expiring(assistant: Assistant, attachments: Attachments, stop: threading.Event) -> None:
    """Every day, remove what has been kept for as long as the settings allow."""
    while not stop.is_set():
        try:
            assistant.expire()
            attachments.expire()
        except (QAError, OSError) as error:
            logger.warning("What is too old could not be removed: %s", error)
        stop.wait(DAY)


def catching_up(assistant: Assistant, stop: threading.Event) -> None:
    """Every few seconds, let go of what another process has removed from the index."""
    while not stop.wait(CATCH_UP_SECONDS):
        with contextlib.suppress(QAError):  # questions, and `/healthz`, report it
            assistant.catch_up()
