"""Errors of routes: one table from their kind to a status, and a form for each interface."""

from __future__ import annotations

import inspect

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import qa
from qa.api.problems import PROBLEM, STATUS, Problem, status_of, written
from qa.api.replies import tell_errors
from ui.incoming import UploadRefusedError

KINDS = [kind for name in qa.__all__ if inspect.isclass(kind := getattr(qa, name))
         and issubclass(kind, qa.QAError)]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_status_that_was_chosen_for_it(kind: type[qa.QAError]) -> None:
    named = next(one for one in kind.__mro__ if one in STATUS)

    assert named is not qa.QAError or kind is qa.QAError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (qa.UnknownCallerError("Send a key."), 401),
        (qa.AccessError("This is not for you."), 403),
        (qa.UnknownSourceError("There is no a.md."), 404),
        (qa.IndexLockedError("Another process writes."), 409),
        (qa.TooLargeError("a.md is too large."), 413),
        (qa.UnsupportedFormatError("a.xyz cannot be read."), 415),
        (qa.DamagedFileError("a.pdf is damaged."), 422),
        (qa.ArgumentError("limit must be 1 or more."), 422),
        (qa.TooManyRequestsError("You have had your share."), 429),
        (qa.GenerationError("The model failed."), 502),
        (qa.BusyError("Too many questions wait."), 503),
        (qa.IndexUnavailableError("The index is away."), 503),
        (qa.QAError("Something else."), 500),
        (UploadRefusedError(507, "No room."), 507),
    ],
)
def test_the_status_of_a_route_shows_the_error(error: qa.QAError, status: int) -> None:
    server = FastAPI()
    tell_errors(server)

    @server.get("/")
    def failing() -> None:
        raise error

    reply = TestClient(server).get("/")

    assert (reply.status_code, status_of(error)) == (status, status)
    assert reply.json() == {"error": str(error)}
    assert ("retry-after" in reply.headers) == (status in (429, 503))
    assert ("www-authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/ask", "/mcp", "/v1/models", "/api/ask", "/"])
def test_an_error_has_the_form_of_the_interface_that_was_asked(path: str) -> None:
    place = {"loc": ("body", "question"), "msg": "Field required", "type": "missing"}
    body, kind = written(Problem(422, "body.question: Field required", places=[place]), path)
    if path == "/v1/models":
        assert body["error"]["type"] == "invalid_request_error"
        assert body["error"]["param"] == "question"
        assert body["error"]["message"] == "body.question: Field required"
    elif path in ("/api/ask", "/"):
        assert body == {"error": "body.question: Field required", "detail": [place]}
    else:
        assert kind == PROBLEM
        assert (body["status"], body["title"]) == (422, "Unprocessable Entity")
        assert body["errors"] == [place]


def test_errors_of_other_paths_are_not_theirs() -> None:
    for path in ("/api/v12", "/v1x", "/mcpx", "/de/api/v1"):
        assert set(written(Problem(404, "Nothing."), path)[0]) == {"error"}
