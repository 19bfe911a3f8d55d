from __future__ import annotations

import html
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt

from ui import export
from ui.exchanges import Cited, Exchange, Record
from ui.texts import ENGLISH, GERMAN

HOSTILE = "<script>alert(1)</script> **bold** [a](http://b) # 1) `x`"
EXCHANGE = Exchange(
    question=f"What is {HOSTILE}?",
    text=f"It is {HOSTILE}. [1]",
    found=True,
    citations=[
        Cited(number=1, source="a.md", title="A_title", page=3, start=0, end=9, quote=HOSTILE)
    ],
)


def test_markdown_shows_every_text_as_it_is_and_has_footnotes() -> None:
    text = export.exported([EXCHANGE], "markdown", ENGLISH)
    assert text.count("[^1]") == 2
    assert re.search(r"^\[\^1\]: A", text, re.M)
    page = MarkdownIt("commonmark").render(
        # Footnotes are an extension; without it, what is in them is shown as paragraphs.
        text.replace("[^1]: ", "").replace("[^1]", "").replace("\n    >", "\n>")
    )
    seen = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert seen.count(HOSTILE) == 3
    assert "<script" not in page
    assert "<strong" not in page
    assert "<a " not in page


def test_html_is_a_page_of_its_own_without_anything_hostile() -> None:
    page = export.exported([EXCHANGE, EXCHANGE], "html", GERMAN)
    assert page.startswith("<!doctype html>")
    assert '<html lang="de">' in page
    assert "<script" not in page
    assert page.count('<li value="1">') == 2
    assert "http" not in re.sub(r"http://b", "", page)
    assert "S. 3" in page


def test_plain_text_has_the_quote_below() -> None:
    text = export.exported([EXCHANGE], "text", ENGLISH)
    assert text.endswith(f"[1] A_title · p. 3 · a.md\n    “{HOSTILE}”\n")


def test_a_refusal_is_taken_along_as_one() -> None:
    refused = Exchange(question="Why?", reason="not said", text="…")
    assert GERMAN.refused_not_said in export.exported([refused], "text", GERMAN)


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(export.routes())
    return TestClient(app)


def test_one_exchange_or_all(client: TestClient) -> None:
    record = Record.new().with_(EXCHANGE).with_(Exchange(question="And then?"))
    sent = {"record": record.model_dump(), "format": "text"}
    assert "And then?" in client.post("/api/export", json=sent).text
    assert "And then?" not in client.post("/api/export", json={**sent, "exchange": 0}).text


@pytest.mark.parametrize("change", [
    {"format": "pdf"}, {"record": {"id": "x"}}, {"exchange": -1}, {"language": "fr"},
])  # fmt: skip
def test_what_cannot_be_exported_is_refused(client: TestClient, change: dict[str, object]) -> None:
    sent = {"record": Record.new().model_dump(), **change}
    assert client.post("/api/export", json=sent).status_code == 422
