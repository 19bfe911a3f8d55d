"""Replies of routes to errors, never with a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from qa.api.problems import Problem, written
from qa.api.seeing import way_of
from qa.errors import QAError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request


NOT_FOUND = HTTPStatus(404).phrase


def told(
    problem: Problem | QAError, path: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The reply to a request of `path`, with its headers and these."""
    if isinstance(problem, QAError):
        problem = Problem.of(problem)
    body, kind = written(problem, path)
    return JSONResponse(
        body, problem.status, {**problem.headers, **(headers or {})}, media_type=kind
    )


def nowhere(path: str) -> str:
    """That there is no such address, and where a program finds those that there are."""
    known = {
        "rest": " /api/v1/openapi.json lists those that exist.",
        "openai": " There are /v1/models, /v1/chat/completions and /v1/responses.",
    }
    return f"There is no such address.{known.get(way_of(path), '')}"


def malformed(error: Any) -> Problem:
    """Why a request is not JSON, or what in it does not fit its schema."""
    # Without the input, which may be long, or not even text.
    places = [{key: one[key] for key in ("loc", "msg", "type")} for one in error.errors()]
    first = places[0] if places else {"loc": ("request",), "msg": "malformed"}
    place = ".".join(map(str, first["loc"]))
    if first.get("type") == "json_invalid":
        stops = f"It can be read up to character {first['loc'][-1]}."
        return Problem(400, f"The request is not JSON. {stops}", places=places)
    if first["loc"] == ("body",) and first.get("type") == "model_attributes_type":
        # Also JSON that came without its header, which is what curl sends by itself.
        wanted = "Send a JSON object, with the header Content-Type: application/json."
        return Problem(422, wanted, places=places)
    return Problem(422, f"{place}: {first['msg']}", places=places)


def tell_errors(app: FastAPI) -> None:
    """Report the errors of all routes in the form of their interface."""

    @app.exception_handler(QAError)
    async def ours(request: Request, error: Any) -> JSONResponse:
        return told(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def misfit(request: Request, error: Any) -> JSONResponse:
        return told(malformed(error), request.url.path)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: Any) -> JSONResponse:
        detail, path = str(error.detail), request.url.path
        if error.status_code == 404 and detail == NOT_FOUND:  # what routers say of no route
            detail = nowhere(path)
        return told(Problem(error.status_code, detail), path, error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
        wrong = Problem(500, "Something went wrong; the server's log has the details.")
        return told(wrong, request.url.path)
