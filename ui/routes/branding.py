"""A brand's style sheets and logo, from this server, for whoever may see its first page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ui.brand.sheets import for_chat, for_pages
from ui.routes.finding import unless_known

if TYPE_CHECKING:
    from ui.brand.brand import Brand

# A logo is shown as a picture, in which nothing runs and nothing is fetched. Somebody who opens its
# address gets it as a document, which may do neither.
LOCKED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def routes(brand: Brand) -> APIRouter:
    """`/brand/chat.css`, `/brand/pages.css` and `/brand/logo`; those that there are."""
    router = APIRouter()
    if brand.is_drawn:
        _sheet(router, "chat", for_chat(brand))
        _sheet(router, "pages", for_pages(brand))
    if (logo := brand.logo) is not None:

        @router.get("/brand/logo", response_model=None)
        def picture(request: Request) -> Response:
            reply = unless_known(request, logo.content, logo.media_type)
            reply.headers["content-security-policy"] = LOCKED
            return reply

    return router


def _sheet(router: APIRouter, name: str, text: str) -> None:
    @router.get(f"/brand/{name}.css", response_model=None)
    def sheet(request: Request) -> Response:
        return unless_known(request, text.encode(), "text/css")
