"""Replies of routes to errors, never with a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from qa.api.problems import Problem, written
from qa.errors import QAError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request


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
        problem = Problem(error.status_code, str(error.detail))
        return told(problem, request.url.path, error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
        wrong = Problem(500, "Something went wrong; the server's log has the details.")
        return told(wrong, request.url.path)
