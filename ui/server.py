"""The web server: a page per language, the embed's script, and what they and others ask of it."""

from __future__ import annotations

import mimetypes
import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from qa import QAError, SettingsError, Turn
from ui import export, feedback, sources
from ui.app import STATIC, build_app, look
from ui.assets import Assets
from ui.gate import Gate, Page, Rules, origin
from ui.texts import TEXTS, choose
from ui.uploads import Attachments

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from qa import Assistant

# Turns of a conversation that a caller may send along.
LONGEST_HISTORY = 50
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def build_server(
    assistant: Assistant,
    attachments: Attachments,
    *,
    embed_origins: Iterable[str] = (),
    hosts: frozenset[str] | None = None,
) -> FastAPI:
    """Everything that is served, as one ASGI application.

    Pages of `embed_origins` may hold ours in a frame. `hosts` are the names that
    the server goes by; None: any.
    """
    # First: it tells Gradio, before its import, to stay quiet.
    pages = {name: build_app(assistant, attachments, texts) for name, texts in TEXTS.items()}
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware
    from fastapi.middleware.gzip import GZipMiddleware
    from fastapi.responses import JSONResponse
    from gradio.route_utils import BUILD_PATH_LIB

    # Some machines know another type for it, and browsers then refuse to run it.
    mimetypes.add_type("text/javascript", ".js")
    server = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
    for router in (
        _entrance(),
        _questions(assistant, attachments),
        sources.routes(assistant, attachments),
        export.routes(),
        feedback.routes(feedback_folder(assistant)),
    ):
        server.include_router(router)
    server.mount("/static", Assets(STATIC))
    gradio_assets = Assets(Path(BUILD_PATH_LIB))

    @server.exception_handler(QAError)
    def unavailable(_: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=503)

    fitting = {}
    for name, page in pages.items():
        looks = look(TEXTS[name], megabytes=assistant.settings.max_file_megabytes)
        # Gradio would add the head when its own scripts run; in the page itself it comes at once.
        fitting[f"/{name}/"] = Page(language=name, head=looks.pop("head"))
        server.mount(f"/{name}/assets", gradio_assets)  # before Gradio's own, which is slower
        gr.mount_gradio_app(server, page, path=f"/{name}", **looks)

    rules = Rules(tuple(dict.fromkeys(map(origin, embed_origins))), hosts, fitting)
    server.add_middleware(CORSMiddleware, allow_origins=[])  # Gradio's own lets anyone in
    server.add_middleware(Gate, rules=rules)
    server.add_middleware(GZipMiddleware, compresslevel=6)
    return server


def serve(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    embed_origins: Iterable[str] = (),
    allowed_hosts: Iterable[str] = (),
    keep_uploads: Path | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` is told the URL once questions can be asked.

    Pages of `embed_origins` may hold the chat in a frame. On this machine's own
    address the server goes by no name but localhost and `allowed_hosts`.
    `keep_uploads` is a folder for files that are kept for everyone.

    Raises:
        SettingsError: the address cannot be listened at, or an origin is none.
    """
    import uvicorn

    # What is wrong is said before anything is opened.
    origins = [origin(one) for one in embed_origins]
    names = host_names(host, allowed_hosts)
    with _listening(host, port) as listener:
        attachments = Attachments(assistant, keep_uploads)
        try:
            built = build_server(assistant, attachments, embed_origins=origins, hosts=names)
            server = uvicorn.Server(uvicorn.Config(built, log_level="warning", server_header=False))
            shown = f"[{host}]" if ":" in host else host
            ready(f"http://{shown}:{listener.getsockname()[1]}")
            server.run(sockets=[listener])
        finally:
            attachments.close()


def host_names(host: str, allowed: Iterable[str]) -> frozenset[str] | None:
    """The names by which a server that listens at `host` may be asked for; None: any.

    A page elsewhere can have its own name point to this machine's address, and
    would then be asking as if it were ours.
    """
    names = frozenset(name.strip().lower().strip("[]") for name in allowed)
    try:
        own = ip_address(host).is_loopback
    except ValueError:
        own = host.lower() == "localhost"
    return names | LOOPBACK | {host.lower()} if own or names else None


def feedback_folder(assistant: Assistant) -> Path:
    """Beside the index; for an index on a server, in the user's data folder."""
    index = assistant.settings.index
    if "://" not in index:
        return Path(index).absolute().parent / "feedback"
    import platformdirs

    return platformdirs.user_data_path("footnote-qa") / "feedback"


def _entrance() -> APIRouter:
    """The ways to a page, and the embed's script; all lead on relatively, behind any proxy."""
    from fastapi import APIRouter, Request
    from fastapi.responses import FileResponse, Response

    router = APIRouter()

    def to(folder: str, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=307, headers={"location": f"{folder}/{query}"})

    def choice(request: Request) -> Response:
        liked = request.headers.get("accept-language", "")
        reply = to(choose(request.query_params.get("lang"), liked).language, request)
        reply.headers["vary"] = "Accept-Language"
        return reply

    def with_slash(request: Request) -> Response:
        return to(request.url.path.rpartition("/")[2], request)

    def embed() -> Response:
        return FileResponse(STATIC / "embed.js", media_type="text/javascript")

    # The classes are known only here, so their names mean nothing in postponed annotations.
    for route in (choice, with_slash):
        route.__annotations__["request"] = Request
    router.get("/", response_model=None)(choice)
    for name in TEXTS:
        router.get(f"/{name}", response_model=None)(with_slash)
    router.get("/embed.js", response_model=None)(embed)
    return router


def _questions(assistant: Assistant, attachments: Attachments) -> APIRouter:
    """`/health`, `/api/state` and `/api/ask`."""
    from fastapi import APIRouter
    from pydantic import BaseModel, Field

    class Earlier(BaseModel):
        question: str
        answer: str = ""

    class Asked(BaseModel):
        question: str
        history: Annotated[list[Earlier], Field(max_length=LONGEST_HISTORY)] = []
        folder: str | None = None

    router = APIRouter()

    @router.get("/health")
    def health() -> dict[str, Any]:
        status = assistant.status()
        return {"status": "ok", "documents": len(status.sources), "passages": status.passages}

    @router.get("/api/state")
    def state() -> dict[str, Any]:
        status = assistant.status()
        return {
            "documents": len(status.sources),
            "passages": status.passages,
            "updated": status.updated,
            "reading": attachments.activity.reading,
        }

    def ask(asked: Asked) -> dict[str, Any]:
        history = [Turn(turn.question, turn.answer) for turn in asked.history]
        return assistant.ask(asked.question, history=history, folder=asked.folder).to_dict()

    # `Asked` is local, so its name means nothing to whoever resolves postponed annotations.
    ask.__annotations__["asked"] = Asked
    router.post("/api/ask")(ask)
    return router


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen at {host}, port {port}: {error.strerror or error}. "
            "Choose another with --host or --port."
        ) from error
