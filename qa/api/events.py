"""Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.

A stream is only begun when its first event is there, so that an error before it has its own status.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from fastapi.responses import StreamingResponse

from qa.api.problems import Problem
from qa.errors import QAError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

EVENTS = "text/event-stream"
# nginx would collect the events of a whole answer otherwise.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: Any, name: str | None = None) -> str:
    """An event with JSON as its data, on one line."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False)}\n\n"


async def streaming(
    events: AsyncGenerator[str, None], failed: Callable[[Problem], str]
) -> StreamingResponse:
    """The reply that sends `events`; `failed` makes the last event of an error among them.

    Raises:
        QAError: there is an error before the first event.
    """
    first = await anext(events)

    async def sent() -> AsyncGenerator[str, None]:
        async with aclosing(events):
            yield first
            try:
                async for one in events:
                    yield one
            except QAError as error:
                yield failed(Problem.of(error))

    return StreamingResponse(sent(), media_type=EVENTS, headers=HEADERS)
