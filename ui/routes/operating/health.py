"""`/healthz` (and `/health`), whether the server runs, and `/readyz`, whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from qa import QAError
from qa.api import seen, viewer_of

if TYPE_CHECKING:
    from qa import Assistant
    from qa.api import Readiness
    from ui.routes.questions import Holdings


# Seconds for a look at the index; if it takes longer, the one before is told, and this one next
# time, so that a server that has much to do still says at once that it is well.
WAIT_SECONDS = 0.02


def routes(assistant: Assistant, holdings: Holdings, readiness: Readiness) -> APIRouter:
    """The routes, which are open to strangers: they are told the names of checks only."""
    router = APIRouter()

    @router.get("/health", response_model=None)
    @router.get("/healthz", response_model=None)
    async def health(request: Request) -> Response:
        stranger = viewer_of(request) is None
        try:
            held = await holdings.told(seen(assistant, request), WAIT_SECONDS)
        except QAError:
            if stranger:  # what is wrong names files
                return JSONResponse({"status": "not available"}, 503)
            raise
        counts = {} if stranger else {name: held[name] for name in ("documents", "passages")}
        return JSONResponse({"status": "ok", **counts})

    @router.get("/readyz", response_model=None)
    async def ready() -> Response:
        checks = await readiness.told()
        said = {name: "ok" if passed else "failed" for name, passed in checks.items()}
        status = "ready" if all(checks.values()) else "degraded"
        if not (answers := readiness.answers(checks)):
            status = "not ready"
        return JSONResponse({"status": status, "checks": said}, 200 if answers else 503)

    return router
