from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.indexing.web.serving import Web, page, serving


@pytest.fixture
def web() -> Iterator[Web]:
    """A handbook of three pages, with something beside it."""
    with serving() as web:
        web.pages = {
            "/handbook/": page("Handbook", "What we all should know.", "leave.html", "travel"),
            "/handbook/leave.html": page("Leave", "Everyone has 30 days of leave.", "./"),
            "/handbook/travel": page("Travel", "Trains are paid in second class.", "../press"),
            "/press": page("Press", "Nobody should read this with the handbook.", "/handbook/"),
        }
        yield web
