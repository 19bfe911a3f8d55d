"""Gradio, limited to what the page needs: it accepts text, never files, and forgets it.

Gradio looks for files in everything that a visitor sends, even in place of a question, and opens,
copies or fetches what it finds. It also keeps the latest data of each session, for whoever knows
its name. Ours accepts only text and yes or no, keeps none of it after the reply, and gives that to
whoever sent the session's first event.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import gradio as gr
from fastapi.responses import JSONResponse
from gradio.components import Checkbox, Component, Dropdown, Textbox
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount

from qa.api import HAD_SHARE, account_of, fair_share, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradio.block_function import BlockFunction
    from gradio.blocks import Block
    from gradio.data_classes import BlocksConfigDict, PredictBodyInternal
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The types of data that a page may send, by component.
TAKEN: Mapping[type[Component], type] = {Textbox: str, Dropdown: str, Checkbox: bool}
# Seconds. A page listens at once; replies that nobody has listened to for this long are dropped.
UNHEARD_SECONDS = 30.0
MOST_UNHEARD = 200
INVALID = "This page sent invalid data. Reload it, and try again."
LISTENING, CANCELLING = "/gradio_api/queue/data", "/gradio_api/cancel"


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
    """Gradio's sessions: all data of one is deleted after the reply.

    Each is that of the viewer who sent its first event, by name.
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)
        self._queue = blocks._queue
        # Nobody sees Gradio's usage figures here.
        self._queue.ANALYTICS_MAX_EVENTS = 0
        self._push = self._queue.push
        self._queue.push = self._joined  # type: ignore[method-assign]
        self._viewers: dict[str, str] = {}
        places = self._queue.max_size or 0
        self._share = fair_share(places, self._queue.default_concurrency_limit or 0)
        self._listeners: Counter[str] = Counter()
        self._unheard: dict[str, float] = {}
        self._dropping: set[asyncio.Task[None]] = set()

    def __getitem__(self, session_id: str) -> SessionState:
        return _Passing(self.blocks)

    def __contains__(self, session_id: str) -> bool:
        return False

    async def _joined(
        self, body: PredictBodyInternal, request: Request, username: str | None
    ) -> tuple[bool, Any, Any]:
        """Take an event into the queue, unless its session is another's, or too many are theirs."""
        if (whose := account_of(request)) and self._waiting(whose) >= self._share:
            return False, HAD_SHARE, "queue_full"
        session, viewer = body.session_hash, name_of(request)
        if session is None:  # nobody can listen to it
            return await self._push(body, request, username)
        if self._viewers.setdefault(session, viewer) != viewer:
            return False, INVALID, "error"
        try:
            return await self._push(body, request, username)
        finally:
            if session in self._queue.pending_messages_per_session:
                self._viewers[session] = viewer
            else:
                self._viewers.pop(session, None)

    def _waiting(self, whose: str) -> int:
        """How many events of theirs are handled or wait."""
        events = list(self._queue.event_ids_to_events.values())
        return sum(account_of(event.request) == whose for event in events)

    def is_of(self, session: str, viewer: str) -> bool:
        """Whether a viewer of this name has sent the events of a session."""
        return self._viewers.get(session) == viewer

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
        queue = self._queue
        held = {*queue.pending_messages_per_session, *queue.pending_event_ids_session,
                *self._viewers}  # fmt: skip
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
        self._viewers.pop(session, None)


class Listening:
    """Middleware that tells each page's `Sessions` who is listening, by the page's path ("/en").

    Whoever asks for a session of another viewer's is answered as for one that does not exist.
    """

    def __init__(self, app: ASGIApp, pages: Mapping[str, Sessions]) -> None:
        self.app = app
        self._listened = {f"{place}{LISTENING}": sessions for place, sessions in pages.items()}
        self._cancelled = {f"{place}{CANCELLING}": sessions for place, sessions in pages.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if (sessions := self._listened.get(path)) is not None:
            await self._listen(sessions, scope, receive, send)
        elif (sessions := self._cancelled.get(path)) is not None:
            await self._cancel(sessions, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _cancel(self, sessions: Sessions, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        try:
            session = json.loads(body)["session_hash"]
        except (ValueError, TypeError, KeyError, RecursionError):
            session = None  # Gradio says what is wrong with it
        if isinstance(session, str) and not sessions.is_of(session, name_of(request)):
            await JSONResponse({"success": True})(scope, receive, send)
            return

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)

    async def _listen(self, sessions: Sessions, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        session = query.get("session_hash", [""])[-1]
        if not sessions.is_of(session, name_of(Request(scope))):
            session = secrets.token_hex()  # which nobody has
        if "session_hash" in query:
            scope = {**scope, "query_string": urlencode({"session_hash": session}).encode()}
        with sessions.listening(session):
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
    return gr.Error(INVALID, print_exception=False)


def _unknown_event(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"error": "This page has no such event. Reload it."}, status_code=400)
