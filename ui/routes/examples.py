"""`/api/examples`: questions to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

if TYPE_CHECKING:
    from ui.page.examples import Examples


def routes(examples: Examples) -> APIRouter:
    """The route; where the examples are being made, it answers when they are there."""
    router = APIRouter()

    @router.get("/api/examples")
    async def offered() -> dict[str, list[str]]:
        return {"examples": await examples.coming()}

    return router
