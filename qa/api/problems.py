"""Errors as programs get them: one table from an error to a status, and a form for each interface.

The forms are RFC 9457's problem details, OpenAI's errors, and `{"error": …}` for our own page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from qa.errors import (
    AccessError,
    ArgumentError,
    BackupError,
    BusyError,
    ClusterError,
    EvaluationError,
    GenerationError,
    IndexLockedError,
    IndexMismatchError,
    IndexUnavailableError,
    LoadError,
    ModelUnavailableError,
    QAError,
    SettingsError,
    SignInUnavailableError,
    TimeLimitError,
    TooLargeError,
    TooManyRequestsError,
    UnknownCallerError,
    UnknownSourceError,
    UnsupportedFormatError,
)

RETRY_SECONDS = 5
# Other errors have the status of their parent class.
STATUS: Mapping[type[QAError], int] = {
    UnknownCallerError: 401,
    AccessError: 403,
    UnknownSourceError: 404,
    IndexLockedError: 409,
    TooLargeError: 413,
    UnsupportedFormatError: 415,
    ArgumentError: 422,
    EvaluationError: 422,
    LoadError: 422,
    TooManyRequestsError: 429,
    BackupError: 500,
    SettingsError: 500,
    GenerationError: 502,
    BusyError: 503,
    ClusterError: 503,
    IndexMismatchError: 503,
    IndexUnavailableError: 503,
    ModelUnavailableError: 503,
    SignInUnavailableError: 503,
    TimeLimitError: 503,
    QAError: 500,
}
PROBLEM = "application/problem+json"
# OpenAI's names for kinds of errors, by status: https://platform.openai.com/docs/guides/error-codes
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error with its HTTP status.

    `detail` is for people, `kind` is the name of our error if it is one, and `places` are those in
    the request that do not fit, each with `loc`, `msg` and `type`. The request may be sent again
    in `retry_seconds`, if that is known.
    """

    status: int
    detail: str
    kind: str | None = None
    places: Sequence[Mapping[str, Any]] = ()
    retry_seconds: int | None = None

    @classmethod
    def of(cls, error: QAError) -> Problem:
        """An error of ours."""
        seconds = error.retry_seconds if isinstance(error, TooManyRequestsError) else None
        return cls(status_of(error), str(error), type(error).__name__, retry_seconds=seconds)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to its status."""
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}
        seconds = self.retry_seconds or (RETRY_SECONDS if self.status == 503 else None)
        return {"Retry-After": str(seconds)} if seconds else {}

    def details(self) -> dict[str, Any]:
        """Its problem details."""
        details: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.kind:
            details["kind"] = self.kind
        if self.places:
            details["errors"] = list(self.places)
        return details

    def to_openai(self) -> dict[str, Any]:
        """The object that OpenAI's clients expect."""
        usual = "server_error" if self.status >= 500 else "invalid_request_error"
        place = self.places[0]["loc"] if self.places else ()
        error = {
            "message": self.detail,
            "type": _OPENAI_TYPES.get(self.status, usual),
            "param": ".".join(map(str, place[1:])) or None,
            "code": self.kind,
        }
        return {"error": error}


def status_of(error: QAError) -> int:
    """The HTTP status of an error; one with a `status` of its own has that."""
    own = getattr(error, "status", None)
    if isinstance(own, int):
        return own
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def written(problem: Problem, path: str) -> tuple[dict[str, Any], str]:
    """A problem as JSON in the form of the interface that a path belongs to, and its media type."""
    if _below(path, "/api/v1") or _below(path, "/mcp"):
        return problem.details(), PROBLEM
    if _below(path, "/v1"):
        return problem.to_openai(), "application/json"
    places = {"detail": list(problem.places)} if problem.places else {}
    return {"error": problem.detail, **places}, "application/json"


def _below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")
