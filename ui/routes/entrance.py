"""The ways to a page, and the embed's script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from ui.page.looks import STATIC
from ui.page.texts import TEXTS, choose


def routes() -> APIRouter:
    """The ways to a page, and the embed's script; all redirects are relative, for any proxy."""
    router = APIRouter()

    def to(folder: str, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=307, headers={"location": f"{folder}/{query}"})

    @router.get("/", response_model=None)
    def choice(request: Request) -> Response:
        liked = request.headers.get("accept-language", "")
        reply = to(choose(request.query_params.get("lang"), liked).language, request)
        reply.headers["vary"] = "Accept-Language"
        return reply

    def with_slash(request: Request) -> Response:
        return to(request.url.path.rpartition("/")[2], request)

    @router.get("/embed.js", response_model=None)
    def embed() -> Response:
        return FileResponse(STATIC / "embed" / "embed.js", media_type="text/javascript")

    for name in TEXTS:
        router.get(f"/{name}", response_model=None)(with_slash)
    return router
