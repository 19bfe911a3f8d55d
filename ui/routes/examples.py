"""`/api/examples`: questions to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from qa.api import seen

if TYPE_CHECKING:
    from qa import Assistant
    from ui.page.examples import Examples


def routes(assistant: Assistant, examples: Examples) -> APIRouter:
    """The route; where the examples are being made, it answers when they are there."""
    router = APIRouter()

    @router.get("/api/examples")
    async def offered(request: Request) -> dict[str, list[str]]:
        return {"examples": await examples.coming(seen(assistant, request))}

    return router
