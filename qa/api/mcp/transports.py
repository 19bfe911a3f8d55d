"""The two ways to reach the MCP server: standard input and output, and HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route

from qa.api.mcp.server import build
from qa.api.permitting import admit
from qa.api.problems import Problem
from qa.api.replies import told
from qa.errors import QAError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from qa.api.service import Service

PATH = "/mcp"


async def serve_stdio(service: Service) -> None:
    """Serve the program that started this one, until it closes our standard input.

    Whatever else is written to standard output meanwhile goes to standard error.
    """
    server = build(service)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def mount_http(server: FastAPI, service: Service) -> None:
    """Serve at `/mcp`, without sessions: each request stands alone."""
    largest = int(service.assistant.settings.max_request_megabytes * 1_000_000)
    # The gate checks the names of hosts and origins for all routes.
    manager = StreamableHTTPSessionManager(
        build(service), stateless=True, max_request_body_size=largest
    )
    server.router.routes.append(Route(PATH, endpoint=Endpoint(manager, service)))
    before = server.router.lifespan_context

    @asynccontextmanager
    async def running(app: Any) -> AsyncIterator[Any]:
        async with manager.run(), before(app) as state:
            yield state

    server.router.lifespan_context = running


class Endpoint:
    """The ASGI application at `/mcp`."""

    def __init__(self, manager: StreamableHTTPSessionManager, service: Service) -> None:
        self._manager = manager
        self._keys = service.keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: only POST, because nothing is ever sent without being asked for."""
        request = Request(scope)
        try:
            admit(self._keys, request)
        except QAError as error:
            await told(error, PATH)(scope, receive, send)
            return
        if request.method != "POST":
            only = Problem(405, "Only POST is answered here.")
            await told(only, PATH, {"Allow": "POST"})(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)
