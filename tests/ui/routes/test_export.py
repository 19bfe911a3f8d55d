from __future__ import annotations

import html
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt

from qa.api import Cited
from ui.page.conversations import Conversation, Exchange
from ui.page.texts import ENGLISH, TEXTS
from ui.routes import export

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
    page = export.exported([EXCHANGE, EXCHANGE], "html", TEXTS["de"])
    assert page.startswith("<!doctype html>")
    assert '<html lang="de">' in page
    assert "<script" not in page
    assert page.count('<li value="1">') == 2
    assert "http" not in re.sub(r"http://b", "", html.unescape(page))
    assert "S. 3" in page


SHAPED = EXCHANGE.model_copy(
    update={
        "text": f"""Do it: [1]

2. Open {HOSTILE}
   - now

```
x `` ```` <b>
```

3. Close

| a | {HOSTILE} |
| --- | --- |
| x\\|y | 2 | [1]"""
    }
)


def test_lists_tables_and_code_are_such_in_markdown() -> None:
    text = export.exported([SHAPED], "markdown", ENGLISH)
    page = MarkdownIt("commonmark").enable("table").render(text.partition("[^1]: ")[0])
    for tag in ('<ol start="2">', "<ul>", "<table>", "<th>a</th>", "<td>x|y</td>"):
        assert tag in page
    assert "x `` ```` &lt;b&gt;" in page
    seen = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert seen.count(HOSTILE) == 3
    assert "<strong" not in page
    assert "<a " not in page


def test_lists_tables_and_code_are_such_in_html() -> None:
    page = export.exported([SHAPED], "html", ENGLISH)
    for tag in ('<ol><li value="2">', "<ul>", "<table>", "<pre><code>"):
        assert tag in page
    assert html.unescape(page).count(HOSTILE) == 4
    assert "<b>" not in page


def test_plain_text_has_the_quote_below() -> None:
    text = export.exported([EXCHANGE], "text", ENGLISH)
    assert text.endswith(f"[1] A_title · p. 3 · a.md\n    “{HOSTILE}”\n")


MISLEADING = "safe\u202egpj.\u2066exe\x1b[31m\x07\x9b"


@pytest.mark.parametrize("format", ["markdown", "html", "text"])
def test_control_characters_are_left_out(format: export.Format) -> None:
    names = dict.fromkeys(("source", "title", "heading", "quote"), MISLEADING)
    cited = EXCHANGE.citations[0].model_copy(update=names)
    changes = {"question": MISLEADING, "text": f"{MISLEADING} [1]", "citations": (cited,)}
    text = export.exported([EXCHANGE.model_copy(update=changes)], format, ENGLISH)
    assert text.replace("\\", "").replace("&#46;", ".").count("safegpj.exe") >= 5
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_refusal_is_exported_as_one() -> None:
    refused = Exchange(question="Why?", reason="not said", text="…")
    for texts in TEXTS.values():
        assert texts.refused_not_said in export.exported([refused], "text", texts)


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(export.routes())
    return TestClient(app)


def test_one_exchange_or_all(client: TestClient) -> None:
    record = Conversation.new().with_(EXCHANGE).with_(Exchange(question="And then?"))
    sent = {"record": record.model_dump(), "format": "text"}
    assert "And then?" in client.post("/api/export", json=sent).text
    assert "And then?" not in client.post("/api/export", json={**sent, "exchange": 0}).text


@pytest.mark.parametrize("change", [
    {"format": "pdf"}, {"record": {"id": "x"}}, {"exchange": -1}, {"language": "it"},
    {"language": "fr\n"},
])  # fmt: skip
def test_a_conversation_that_cannot_be_exported_is_refused(
    client: TestClient, change: dict[str, object]
) -> None:
    sent = {"record": Conversation.new().model_dump(), **change}
    assert client.post("/api/export", json=sent).status_code == 422


def test_links_to_the_web_are_exported_and_those_between_documents_are_words() -> None:
    text = "See [the *form*](<https://a.example/f>) and [home](<#source:a.md>)."
    linked = EXCHANGE.model_copy(update={"text": text, "citations": ()})
    markdown = export.exported([linked], "markdown", ENGLISH)
    assert "[the \\*form\\*](<https://a.example/f>) and home" in markdown
    assert "See the *form* and home." in export.exported([linked], "text", ENGLISH)
    assert "<a" not in export.exported([linked], "html", ENGLISH)
