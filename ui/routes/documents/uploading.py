"""`POST /api/uploads`, which streams a file to the disk, and `DELETE` to remove one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from qa import Uploaded
from qa.api import name_of, seen
from ui.incoming import UploadRefusedError
from ui.routes.errors import told

if TYPE_CHECKING:
    from qa import Assistant
    from ui.incoming import Arriving
    from ui.uploads import Attachments

PATH = "/api/uploads"
# Seconds without a byte after which an upload has failed.
SILENT_SECONDS = 30.0
LONGEST_NAME = 500


def routes(assistant: Assistant, attachments: Attachments, seconds: float) -> APIRouter:
    """The routes; a file must arrive within `seconds`.

    The body of a POST is the file itself; `conversation` and `name` are in the query. The reply has
    an `id`, with which the conversation's page can have the file read.
    """
    router = APIRouter()

    @router.post(PATH, response_model=None)
    async def receive(request: Request, conversation: str = "", name: str = "") -> Response:
        client, viewer = request.client.host if request.client else "", name_of(request)
        name = name[:LONGEST_NAME]
        try:
            with attachments.incoming.begin(conversation, client, name, viewer) as arriving:
                async with asyncio.timeout(seconds):
                    await _stream(request, arriving)
                id = await run_in_threadpool(arriving.done)
        except UploadRefusedError as error:
            return told(error)
        except TimeoutError:
            return told("The file arrived too slowly. Try again.", 408)
        by = seen(assistant, request).by
        uploaded = Uploaded(by=by, name=arriving.name, size=arriving.size)
        await run_in_threadpool(assistant.listeners.tell, uploaded)
        return JSONResponse({"id": id}, 201)

    @router.delete(PATH, response_model=None)
    def forget(request: Request, conversation: str = "") -> Response:
        attachments.forget(conversation, name_of(request))
        return Response(status_code=204)

    return router


async def _stream(request: Request, arriving: Arriving) -> None:
    """Write the body to the disk, piece by piece.

    Raises:
        UploadRefusedError: a limit is reached, or the sender has gone.
        TimeoutError: nothing arrived for a while.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        arriving.announce(int(length))
    pieces = request.stream()
    try:
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                piece = await anext(pieces, None)
            if piece is None:
                return
            await run_in_threadpool(arriving.write, piece)
    except ClientDisconnect as error:
        raise UploadRefusedError(400, "The file did not arrive completely.") from error
