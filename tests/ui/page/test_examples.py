"""The questions that an empty page offers: there when it is drawn, and from the current index."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import qa
from ui.page.app import Page
from ui.page.examples import Examples
from ui.page.texts import ENGLISH, TEXTS
from ui.server import build_server
from ui.uploads import Attachments

pytestmark = pytest.mark.filterwarnings(
    # Gradio leaves an event loop open when its page is built; collecting garbage finds it.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
PROSE = "It is one of the things that we do for the people of the town and of the valley. "
FAIR = "When is the harbour fair held?"


class Slow(qa.Assistant):
    """An assistant whose examples wait until released; `tried` is set when they are requested."""

    tried = threading.Event()
    let_go = threading.Event()

    def examples(self, *arguments: Any, **options: Any) -> list[str]:
        self.tried.set()
        assert self.let_go.wait(60)
        return super().examples(*arguments, **options)


@pytest.fixture
def fair(tmp_path: Path) -> Iterator[qa.Assistant]:
    with Slow(tmp_path / "index") as assistant:
        Slow.tried.clear()
        Slow.let_go.set()
        text = PROSE + "The harbour fair is held in June. Every stall has a number."
        assistant.add([qa.Document(text=text, source="town/fair", title="The harbour fair")])
        yield assistant


def test_the_page_comes_with_examples_and_never_with_outdated_ones(fair: qa.Assistant) -> None:
    examples = Examples(fair)
    with contextlib.closing(Attachments(fair)) as attachments:
        client = TestClient(build_server(fair, attachments, examples=examples))
        examples.begin()
        assert client.get("/api/examples").json() == {"examples": [FAIR]}
        for language in TEXTS:
            assert FAIR in client.get(f"/{language}/").text
        fair.forget("town/fair")
        page = client.get("/en/").text
        assert FAIR not in page
        assert ENGLISH.welcome in page
        assert asyncio.run(examples.coming(fair)) == []


def test_nobody_waits_for_examples(fair: qa.Assistant) -> None:
    Slow.let_go.clear()
    examples = Examples(fair)
    with contextlib.closing(Attachments(fair)) as attachments:
        page = Page(fair, attachments, ENGLISH, examples)
        assert page.empty()[0]["examples"] == []
        assert Slow.tried.wait(60)
        assert fair.ask("When is the harbour fair held?").found
        assert page.empty()[0]["examples"] == []

        async def opened() -> list[str]:
            coming = asyncio.create_task(examples.coming(fair))
            await asyncio.sleep(0.1)
            assert not coming.done()
            Slow.let_go.set()
            return await coming

        assert asyncio.run(opened()) == [FAIR]
        assert page.empty()[0]["examples"] == [{"text": FAIR}]


def test_an_index_that_cannot_be_read_has_no_examples(tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.add([qa.Document(text="The fair is in June.", source="fair")])
        with contextlib.closing(Attachments(assistant)) as attachments:
            page = Page(assistant, attachments, ENGLISH, Examples(assistant))
            assistant.close()
            assert page.empty() == ({}, {})
            page.examples.begin()
            assert asyncio.run(page.examples.coming(assistant)) == []
