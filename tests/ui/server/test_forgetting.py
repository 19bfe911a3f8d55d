"""The server keeps nothing of a conversation once it has been answered."""

from __future__ import annotations

import contextlib
import gc
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from gradio.routes import App
from starlette.routing import Mount

import qa
from qa.access import OWNER
from qa.answering import KeptAnswers
from tests.ui.events import Visitor, record
from tests.whole import WHOLE
from ui.page import forgetful
from ui.server import build_server
from ui.uploads import Attachments

pytestmark = pytest.mark.filterwarnings(
    # Gradio leaves an event loop open when its page is built; collecting garbage finds it.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
# Each question has a phrase of its own. Single words are cached, with their stems.
MARKER = re.compile(r"zyx [0-9]+ quux")
CONVERSATIONS = 30 if WHOLE else 10
# Two loops of Gradio's queue (`start_processing` and `start_progress_updates`) keep the last event
# that each of them looked at, until there is another one.
LAST = 2


@pytest.fixture(scope="module")
def served_here(assistant: qa.Assistant) -> Iterator[tuple[str, App]]:
    """The URL of a server in this process, and Gradio's application for its English page.

    It keeps answers for whoever asks the same, as `qa serve` does where a setting says so.
    """
    assistant = assistant.seen_by(OWNER)
    assistant._kept = KeptAnswers(32, assistant.settings)
    with contextlib.closing(Attachments(assistant)) as attachments:
        built = build_server(assistant, attachments)
        mounted = [one for one in built.routes if isinstance(one, Mount) and one.path == "/en"]
        application = mounted[0].app
        assert isinstance(application, App)
        server = uvicorn.Server(uvicorn.Config(built, port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", application
        server.should_exit = True
        thread.join()


def marked(number: int) -> str:
    return f"When does the sauna of zyx {number} quux open?"


def held() -> set[str]:
    """The markers that any object of this process contains."""
    gc.collect()
    return {
        found
        for object in gc.get_objects()
        for referent in gc.get_referents(object)
        if type(referent) is str
        for found in MARKER.findall(referent)
    }


def holding() -> str:
    """Where the first marker that is left is, from what holds it outwards: for whoever mends it."""
    gc.collect()
    objects = gc.get_objects()
    # What this function makes holds everything, too.
    before = set(map(id, objects))
    for inner in objects:
        said = [one for one in gc.get_referents(inner) if type(one) is str and MARKER.search(one)]
        if said:
            break
    else:
        return "nothing any more"
    path = [inner]
    while len(path) < 12:
        outer = [one for one in gc.get_referrers(path[-1]) if id(one) in before]
        outer = [one for one in outer if all(one is not other for other in path)]
        if not outer:
            break
        path.append(outer[0])
    kinds = " <- ".join(f"{type(one).__module__}.{type(one).__qualname__}" for one in path)
    return f"{said[0][:80]!r} <- {kinds}; {repr(inner)[:300]}"


def comes_true(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether a condition is met in that time; the server is left at least half of it."""
    end = time.monotonic() + seconds
    while True:
        started = time.monotonic()
        met = condition()
        took = time.monotonic() - started
        if met or time.monotonic() > end:
            return met
        time.sleep(max(0.1, took))


def test_no_text_of_a_conversation_is_left(served_here: tuple[str, App]) -> None:
    url, application = served_here
    with Visitor(url, patience=60) as visitor:
        for number in range(CONVERSATIONS):
            visitor.session = secrets.token_hex(6)
            said = visitor.send(visitor.event("load"), [])["output"]["data"][0]
            ended = visitor.send(visitor.event("submit"), [marked(number), "", said])
            assert ended["success"]
    del said, ended
    queue = application.get_blocks()._queue
    left = [queue.pending_messages_per_session, queue.pending_event_ids_session,
            queue.event_ids_to_events, queue.event_analytics, application.iterators,
            application.iterators_to_reset, application.state_holder.session_data]  # fmt: skip
    assert comes_true(lambda: not any(left)), [len(one) for one in left]
    assert comes_true(lambda: len(held()) <= LAST), holding()


def test_a_reply_that_nobody_listens_to_is_dropped(
    served_here: tuple[str, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, application = served_here
    monkeypatch.setattr(forgetful, "UNHEARD_SECONDS", 0.5)
    queue = application.get_blocks()._queue
    with Visitor(url, patience=60) as visitor:
        for number in range(10):
            visitor.session = secrets.token_hex(6)
            asked = visitor.join(visitor.event("submit"), [marked(number), "", record("a" * 32)])
            assert asked.status_code == 200
    assert queue.pending_event_ids_session
    assert comes_true(lambda: not queue.pending_messages_per_session)
    assert not queue.pending_event_ids_session
    assert comes_true(lambda: not queue.event_ids_to_events)
    # What nobody waits for any more is answered to its end; to look for what is left slows that.
    assert comes_true(lambda: not any(queue.active_jobs))
    assert comes_true(lambda: len(held()) <= LAST), holding()


def test_many_replies_that_nobody_listens_to_are_not_kept(
    served_here: tuple[str, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, application = served_here
    monkeypatch.setattr(forgetful, "MOST_UNHEARD", 3)
    queue = application.get_blocks()._queue
    with Visitor(url) as visitor:
        for _ in range(8):
            visitor.session = secrets.token_hex(6)
            visitor.join(visitor.event("submit"), ["", "", record("a" * 32)])
    assert comes_true(lambda: len(queue.pending_messages_per_session) == 3)
