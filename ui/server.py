"""The web server: the page, `POST /api/ask` and `GET /health`, and the gate in front of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from qa import QAError, SettingsError, Turn
from ui.app import build_app, look

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa import Assistant

# Turns of a conversation that a caller may send along.
LONGEST_HISTORY = 50
READING_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
# The browser enforces these whatever finds its way into the page: it asks nobody but us.
HEADERS = (
    (
        b"content-security-policy",
        b"connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; "
        b"media-src 'self' blob:; frame-src 'self'; frame-ancestors 'self'; form-action 'self'; "
        b"object-src 'none'; base-uri 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


def build_server(assistant: Assistant) -> FastAPI:
    """Everything that is served, as one ASGI application."""
    page = build_app(assistant)  # first: it tells Gradio, before its import, to stay quiet
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel, Field

    class Earlier(BaseModel):
        question: str
        answer: str = ""

    class Asked(BaseModel):
        question: str
        history: Annotated[list[Earlier], Field(max_length=LONGEST_HISTORY)] = []
        folder: str | None = None

    server = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
    server.add_middleware(CORSMiddleware, allow_origins=[])  # Gradio's own lets anyone in
    server.add_middleware(Gate)

    @server.get("/health")
    def health() -> dict[str, Any]:
        status = assistant.status()
        return {"status": "ok", "documents": len(status.sources), "passages": status.passages}

    def ask(asked: Asked) -> dict[str, Any]:
        history = [Turn(turn.question, turn.answer) for turn in asked.history]
        return assistant.ask(asked.question, history=history, folder=asked.folder).to_dict()

    # `Asked` is local, so its name means nothing to whoever resolves postponed annotations.
    ask.__annotations__["asked"] = Asked
    server.post("/api/ask")(ask)

    @server.exception_handler(QAError)
    def unavailable(_: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=503)

    gr.mount_gradio_app(server, page, path="/", **look())
    return server


def serve(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` is told the URL once questions can be asked.

    Raises:
        SettingsError: the address cannot be listened at.
    """
    import uvicorn

    with _listening(host, port) as listener:
        server = uvicorn.Server(
            uvicorn.Config(build_server(assistant), log_level="warning", server_header=False)
        )
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        server.run(sockets=[listener])


class Gate:
    """Refuses what another site's page sends in its visitor's name; adds `HEADERS` to the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if scope["method"] not in READING_METHODS and _comes_from_elsewhere(scope):
            from starlette.responses import JSONResponse

            refusal = JSONResponse({"error": "Asked by a page of another site."}, status_code=403)
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def _comes_from_elsewhere(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get(b"origin")
    return origin is not None and urlsplit(origin).netloc != headers.get(b"host")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen at {host}, port {port}: {error.strerror or error}. "
            "Choose another with --host or --port."
        ) from error
