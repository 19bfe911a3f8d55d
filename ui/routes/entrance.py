"""The ways to a page, and the embed's script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ui.brand.sheets import embedded
from ui.page.looks import STATIC
from ui.page.texts import TEXTS, choose
from ui.routes.finding import unless_known

if TYPE_CHECKING:
    from ui.brand.brand import Brand


def routes(brand: Brand) -> APIRouter:
    """The ways to a page, and the embed's script; all redirects are relative, for any proxy."""
    router = APIRouter()

    def to(folder: str, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=307, headers={"location": f"{folder}/{query}"})

    def chosen(request: Request, up: str = "") -> Response:
        liked = request.headers.get("accept-language", "")
        texts = choose(request.query_params.get("lang"), liked, brand.languages)
        reply = to(f"{up}{texts.language}", request)
        reply.headers["vary"] = "Accept-Language"
        return reply

    @router.get("/", response_model=None)
    def choice(request: Request) -> Response:
        return chosen(request)

    def without_page(request: Request) -> Response:
        return chosen(request, "../" if request.url.path.endswith("/") else "")

    def with_slash(request: Request) -> Response:
        return to(request.url.path.rpartition("/")[2], request)

    script = embedded((STATIC / "embed" / "embed.js").read_text(encoding="utf-8"), brand)

    @router.get("/embed.js", response_model=None)
    def embed(request: Request) -> Response:
        reply = unless_known(request, script.encode(), "text/javascript")
        # Other sites may have it; the gate says so.
        for name in ("cross-origin-resource-policy", "cache-control"):
            del reply.headers[name]
        return reply

    for name in TEXTS:
        if name in brand.languages:
            router.get(f"/{name}", response_model=None)(with_slash)
        else:  # links to it may be kept
            for path in (f"/{name}", f"/{name}/"):
                router.get(path, response_model=None)(without_page)
    return router
