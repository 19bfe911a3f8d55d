"""The routes below `/v1`, as one application."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import FastAPI

from qa.api.openai.chat import add_chat
from qa.api.openai.conversation import add_models
from qa.api.openai.responses import add_responses
from qa.api.replies import tell_errors

if TYPE_CHECKING:
    from qa.api.service import Service


def application(service: Service) -> FastAPI:
    """The routes, to be mounted at `/v1`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    tell_errors(app)
    add_models(app, service, int(time.time()))
    add_chat(app, service)
    add_responses(app, service)
    return app
