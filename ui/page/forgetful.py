"""Gradio, limited to what the page needs: it accepts text, never files, and forgets it.

Gradio looks for files in everything that a visitor sends, even in place of a question, and opens,
copies or fetches what it finds. It also keeps the latest data of each session. Ours accepts only
text and yes or no, and keeps none of it after the reply.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import gradio as gr
from fastapi.responses import JSONResponse
from gradio.components import Checkbox, Component, Dropdown, Textbox
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradio.block_function import BlockFunction
    from gradio.blocks import Block
    from gradio.data_classes import BlocksConfigDict
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

# The types of data that a page may send, by component.
TAKEN: Mapping[type[Component], type] = {Textbox: str, Dropdown: str, Checkbox: bool}
# Seconds. A page listens at once; replies that nobody has listened to for this long are dropped.
UNHEARD_SECONDS = 30.0
MOST_UNHEARD = 200
LISTENING = "/gradio_api/queue/data"


class Blocks(gr.Blocks):
    """A page whose events accept only text and yes or no.

    At each visit, `at_first` gives the initial content of some components.
    """

    at_first: Callable[[], Mapping[Block, Mapping[str, Any]]] = dict

    @property
    def config(self) -> BlocksConfigDict:
        """The page's configuration, as a browser gets it."""
        told = {part._id: properties for part, properties in self.at_first().items()}
        parts = [
            {**part, "props": {**part["props"], **told.get(part["id"], {})}}
            for part in self._config["components"]
        ]
        return {**self._config, "components": parts}

    @config.setter
    def config(self, config: BlocksConfigDict) -> None:
        self._config = config

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,  # noqa: ARG002
        explicit_call: bool = False,  # noqa: ARG002
    ) -> list[Any]:
        """The data that was sent, unchanged; Gradio's own method looks for files in it.

        Raises:
            gradio.Error: something is missing, or is neither text nor yes or no, or the browser
            handles the event alone.
        """
        if not block_fn.fn or len(inputs) < len(block_fn.inputs):
            raise _refused()
        return [_taken(part, value) for part, value in zip(block_fn.inputs, inputs, strict=False)]


class Picked(gr.EventData):
    """The example that a visitor picked; Gradio's own function assumes that there is one.

    Raises:
        gradio.Error: there is no such example.
    """

    def __init__(self, target: Block | None, data: Any) -> None:
        super().__init__(target, data)
        value = data.get("value") if isinstance(data, dict) else None
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str):
            raise _refused()
        self.text = text


class Sessions(StateHolder):
    """Gradio's sessions: all data of one is deleted after the reply."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)
        self._queue = blocks._queue
        # Nobody sees Gradio's usage figures here.
        self._queue.ANALYTICS_MAX_EVENTS = 0
        self._listeners: Counter[str] = Counter()
        self._unheard: dict[str, float] = {}
        self._dropping: set[asyncio.Task[None]] = set()

    def __getitem__(self, session_id: str) -> SessionState:
        return _Passing(self.blocks)

    def __contains__(self, session_id: str) -> bool:
        return False

    @contextmanager
    def listening(self, session: str) -> Iterator[None]:
        """A block while somebody listens to a session; afterwards nothing of it is left."""
        self._listeners[session] += 1
        try:
            yield
        finally:
            self._listeners[session] -= 1
            if not self._listeners[session]:
                del self._listeners[session]
                if not self._queue.pending_event_ids_session.get(session):
                    self._forget(session)

    def delete_all_expired_state(self) -> None:
        """Drop replies that nobody listens to. Gradio calls this once a second, on its loop."""
        now = time.monotonic()
        held = {*self._queue.pending_messages_per_session, *self._queue.pending_event_ids_session}
        unheard = held - self._listeners.keys()
        self._unheard = {session: self._unheard.get(session, now) for session in unheard}
        late = [one for one, since in self._unheard.items() if now - since > UNHEARD_SECONDS]
        late += sorted(self._unheard, key=self._unheard.__getitem__)[:-MOST_UNHEARD]
        for session in dict.fromkeys(late):
            task = asyncio.get_running_loop().create_task(self._drop(session))
            self._dropping.add(task)
            task.add_done_callback(self._dropping.discard)
        if self._queue.server_app is not None:
            cancelled = self._queue.server_app.iterators_to_reset
            cancelled.intersection_update(self._queue.event_ids_to_events)

    async def _drop(self, session: str) -> None:
        await self._queue.clean_events(session_hash=session)
        if session not in self._listeners:
            self._forget(session)

    def _forget(self, session: str) -> None:
        self._queue.pending_messages_per_session.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)


class Listening:
    """Middleware that tells each page's `Sessions` who is listening, by the page's path ("/en")."""

    def __init__(self, app: ASGIApp, pages: Mapping[str, Sessions]) -> None:
        self.app = app
        self._of = {f"{place}{LISTENING}": sessions for place, sessions in pages.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        sessions = self._of.get(scope["path"]) if scope["type"] == "http" else None
        if sessions is None:
            await self.app(scope, receive, send)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        with sessions.listening(query.get("session_hash", [""])[0]):
            try:
                await self.app(scope, receive, send)
            except RuntimeError as error:
                # Gradio tells a listener that there is no such session, and then raises an error as
                # well.
                if not isinstance(error.__cause__, HTTPException | KeyError):
                    raise
                await send({"type": "http.response.body", "body": b""})


def made_forgetful(mount: BaseRoute, blocks: gr.Blocks) -> Sessions:
    """Make a mounted page forget; the result is for `Listening`."""
    assert isinstance(mount, Mount)
    mounted = mount.app
    assert isinstance(mounted, App)
    # If a file should ever get as far as Gradio's own check, it must be checked.
    blocks.has_launched = True
    mounted.state_holder = Sessions(blocks)
    for error in (KeyError, FnIndexInferError):
        mounted.add_exception_handler(error, _unknown_event)
    return mounted.state_holder


class _Passing(SessionState):
    """The state of one call. The parent class describes every component, and keeps values."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values = {}
        self.state_data = {}
        self.is_closed = False

    def __setitem__(self, key: int, value: Any) -> None:
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


def _taken(part: object, value: object) -> object:
    kind = next((kind for known, kind in TAKEN.items() if isinstance(part, known)), None)
    if kind is not None and value is None:
        return kind()
    if kind is None or type(value) is not kind:
        raise _refused()
    try:
        str(value).encode()  # half a character, which JSON allows, is not text
    except UnicodeEncodeError:
        raise _refused() from None
    return value


def _refused() -> gr.Error:
    return gr.Error("This page sent invalid data. Reload it, and try again.", print_exception=False)


def _unknown_event(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"error": "This page has no such event. Reload it."}, status_code=400)
