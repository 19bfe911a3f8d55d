from __future__ import annotations

from typing import Any

import pytest

from qa.loading.workers import pool as workers


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that were given to a parser, in order."""
    given: list[str] = []
    real = workers._Worker.do

    def do(worker: workers._Worker, task: Any, stream: Any, source: str, limits: Any) -> Any:
        given.append(source)
        return real(worker, task, stream, source, limits)

    monkeypatch.setattr(workers._Worker, "do", do)
    return given
