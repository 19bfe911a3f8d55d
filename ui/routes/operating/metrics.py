"""`/metrics`, the figures for Prometheus: for machines that may read them, or with a key."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from qa import AccessError

if TYPE_CHECKING:
    from pydantic import IPvAnyNetwork

    from qa.api import Keys, Metrics

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
_ADVICE = (
    "These figures are for the machines in the setting metrics_networks, and for programs whose "
    "key has the right metrics."
)


def routes(metrics: Metrics, keys: Keys, networks: Sequence[IPvAnyNetwork]) -> APIRouter:
    """The route, which does not need the sign-in: it has its own rule."""
    router = APIRouter()

    @router.get(PATH, response_model=None)
    def figures(request: Request) -> Response:
        if not _is_near(request, networks):
            given = request.headers.get("authorization")
            if given is None or not keys.asked:
                raise AccessError(_ADVICE)
            keys.check(given, "metrics")
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return router


def _is_near(request: Request, networks: Sequence[IPvAnyNetwork]) -> bool:
    """Whether a machine asks that may; a proxy that is not trusted asks for anybody."""
    if getattr(request.state, "forwarded", False):
        return False
    try:
        sender = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(sender in network for network in networks)
