"""Errors of the page's routes, as JSON with `error` and a status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qa import QAError
from qa.api import Problem
from qa.api import told as told_at

if TYPE_CHECKING:
    from fastapi.responses import JSONResponse


def told(
    error: QAError | str, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The reply for an error, with its own status or another, and these headers."""
    problem = Problem(500, error) if isinstance(error, str) else Problem.of(error)
    if status is not None:
        problem = Problem(status, problem.detail)
    return told_at(problem, "", headers)
