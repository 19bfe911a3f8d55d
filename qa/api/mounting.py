"""All interfaces for programs, mounted on a server."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from qa.api.openai import application as openai
from qa.api.rest import application as rest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa.api.admin.office import Office
    from qa.api.service import Service


def mount(server: FastAPI, service: Service, office: Office) -> None:
    """Mount the interfaces; MCP only where its package is installed."""
    server.mount("/api/v1", rest.application(service, office))
    server.mount("/v1", openai.application(service))
    if find_spec("mcp") is not None:
        from qa.api.mcp.transports import mount_http

        mount_http(server, service)
