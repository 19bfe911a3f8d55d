"""The chat page in a real browser, against a real server: wide and phone-narrow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.ui.chatting import (
    EXAMPLE,
    LEAVE,
    NOWHERE,
    QUOTED,
    SIZES,
    SUMMIT,
    ask,
    comes_true,
    drop,
    opened,
    record,
)
from tests.ui.notes import FERRY, HOSTILE, PARKING
from ui.page.texts import ENGLISH, TEXTS, Texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

pytestmark = pytest.mark.browser

FOREIGN = [texts for code, texts in TEXTS.items() if code != "en"]

# Characters with a meaning in HTML, Markdown or the language of formulas.
MEANT = (
    "<img src=x onerror=\"document.title='owned'\">", "**on**", "[free](http://outside.example/a)",
    "![](http://outside.example/b.png)", "`raw`", "$$x^2$$", "&lt;b&gt;", "http://outside.example/c",
)  # fmt: skip


@pytest.fixture(params=SIZES)
def page(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from opened(browser, server, SIZES[request.param])


@pytest.fixture
def wide(browser: Browser, server: str) -> Iterator[Page]:
    yield from opened(browser, server, SIZES["wide"])


@pytest.fixture(params=SIZES)
def kept(browser: Browser, keeping: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from opened(browser, keeping, SIZES[request.param])


@pytest.fixture
def feedback(served_index: Path) -> Path:
    """The file with readers' opinions."""
    return served_index.parent / "feedback" / served_index.name / "feedback.jsonl"


def test_an_answer_has_its_phrase_its_marker_and_its_quote(page: Page) -> None:
    answer = ask(page, SUMMIT)
    expect(answer.locator("strong").first).to_contain_text("Hanoi")
    expect(answer.locator("a.cite").first).to_have_text("1")
    footnote = answer.locator("a.footnote").first
    expect(footnote).to_have_attribute("title", "seeds/second-summit-brief.md")
    expect(answer.locator("blockquote")).to_have_count(0)  # it is in the answer already
    expect(page.locator("#question textarea")).to_have_value("")
    expect(page.locator("#question textarea")).to_be_in_viewport()
    expect(answer.locator("strong").first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("way", ["pointer", "keyboard"])
def test_the_quote_is_shown_beside_its_marker(wide: Page, way: str) -> None:
    marker = ask(wide, LEAVE).locator("a.cite").first
    if way == "pointer":
        marker.hover()
    else:
        marker.focus()
        wide.keyboard.press("Shift+Tab")
        wide.keyboard.press("Tab")
    beside = wide.get_by_role("tooltip")
    quote = record(wide)["exchanges"][0]["citations"][0]["quote"]
    expect(beside.locator("p").first).to_have_text(quote[:600])
    expect(marker).to_have_attribute("aria-describedby", "marker-quote")
    wide.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    assert marker.get_attribute("aria-describedby") is None


def test_a_long_question_takes_a_few_lines(wide: Page) -> None:
    ask(wide, f"{LEAVE} {'I have looked everywhere and found nothing. ' * 30}")
    asked = wide.locator(".asked")
    before = asked.bounding_box()
    assert before
    assert before["height"] < 200
    wide.get_by_role("button", name=ENGLISH.whole).click()
    after = asked.bounding_box()
    assert after
    assert after["height"] > before["height"]


@pytest.mark.parametrize("way", ["mouse", "Enter", "Space"])
def test_a_marker_opens_its_source_at_the_quote(page: Page, way: str) -> None:
    answer = ask(page, LEAVE)
    marker = answer.get_by_role("button", name=re.compile("^Footnote 1: ")).first
    if way == "mouse":
        marker.click()
    else:
        marker.focus()
        marker.press(way)
    cited = record(page)["exchanges"][0]["citations"][0]
    quote = cited["quote"]
    expect(page.locator("#panel h2")).to_have_text(cited["title"])
    expect(page.locator("#panel .panel-path")).to_have_text(cited["source"])
    mark = page.locator("#panel mark")
    expect(mark.first).to_be_in_viewport()
    assert " ".join("".join(mark.all_inner_texts()).split()) == " ".join(quote.split())
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(marker).to_be_focused()


@pytest.mark.parametrize("now", ["there", "changed", "gone"])
def test_a_link_to_a_quote_opens_its_source_there(wide: Page, server: str, now: str) -> None:
    answer = wide.request.post(f"{server}/api/ask", data={"question": LEAVE}).json()
    cited = answer["citations"][0]
    source = "gone.md" if now == "gone" else cited["source"]
    quote = cited["quote"][:300] if now == "there" else "Everybody has to pay 900 crowns at once."
    asked = urlencode({"source": source, "start": cited["start"]})
    wide.goto(f"{server}/?{asked}#quote={quote_plus(quote)}")
    wide.wait_for_selector("body.ready")
    panel = wide.locator("#panel")
    expect(panel.locator(".panel-path")).to_have_text(source)
    if now == "there":
        expect(wide.locator(QUOTED).first).to_be_in_viewport()
    else:
        said = ENGLISH.panel_gone if now == "gone" else ENGLISH.panel_changed_lost
        expect(panel.locator(".panel-told")).to_contain_text(said.rstrip(":"))
        expect(panel).not_to_contain_text("900 crowns")
        expect(wide.locator(QUOTED)).to_have_count(0)


def test_a_footnote_below_the_answer_opens_its_source_too(wide: Page) -> None:
    ask(wide, LEAVE).locator("a.footnote").first.click()
    expect(wide.locator("#panel mark").first).to_be_in_viewport()


def test_a_refusal_looks_different_and_offers_the_closest_passages(page: Page) -> None:
    refusal = ask(page, NOWHERE)
    expect(refusal).to_have_class(re.compile(r"\brefusal\b"))
    expect(refusal).to_contain_text("The documents do not say.")
    expect(refusal.locator("a.cite")).to_have_count(0)
    expect(refusal.locator("blockquote")).to_have_count(3)
    refusal.locator("a.footnote").first.click()
    expect(page.locator(QUOTED).first).to_be_in_viewport(timeout=30_000)


def test_a_follow_up_is_understood(wide: Page) -> None:
    ask(wide, "Who is Kim Yong Chol?")
    expect(ask(wide, "And when did he last visit?")).to_contain_text("June")


def test_asking_again_and_editing_replace_what_came_after(wide: Page) -> None:
    ask(wide, SUMMIT)
    ask(wide, NOWHERE)
    ask(wide, LEAVE)
    wide.get_by_role("button", name="Edit the question").nth(1).click()
    box = wide.locator(".editor textarea")
    expect(box).to_be_focused()
    expect(box).to_have_value(NOWHERE)
    box.fill("Who is Kim Yong Chol?")
    box.press("Enter")
    answers = wide.locator("#conversation .done")
    expect(answers).to_have_count(2)
    expect(answers.nth(1)).to_contain_text("Yong Chol")
    wide.get_by_role("button", name="Ask again").first.click()
    expect(answers).to_have_count(1)
    expect(answers).to_contain_text("Hanoi")
    assert [one["question"] for one in record(wide)["exchanges"]] == [SUMMIT]


def test_an_edit_can_be_cancelled(wide: Page) -> None:
    ask(wide, SUMMIT)
    wide.get_by_role("button", name="Edit the question").click()
    wide.keyboard.press("Escape")
    expect(wide.locator(".editor")).to_have_count(0)
    expect(wide.locator(".asked")).to_be_visible()
    expect(wide.get_by_role("button", name="Edit the question")).to_be_focused()


def test_an_answer_is_copied_with_its_footnotes(wide: Page) -> None:
    ask(wide, SUMMIT)
    copied = "navigator.clipboard.readText()"
    wide.get_by_role("button", name="Copy", exact=True).click()
    expect(wide.locator(".told")).to_have_text("Copied, with its footnotes.")
    plain = wide.evaluate(copied)
    assert "[1] " in plain.split("\n\n")[1] + plain
    assert f"“{record(wide)['exchanges'][0]['citations'][0]['quote']}”" in plain
    wide.get_by_role("button", name="Copy as Markdown").click()
    comes_true(wide, f"() => {copied}.then((text) => text.includes('[^1]: '))")


@pytest.mark.parametrize(("name", "suffix", "holds"), [
    ("Download as Markdown", ".md", "## Where might"),
    ("Download as HTML", ".html", "<blockquote>"),
])  # fmt: skip
def test_a_conversation_can_be_downloaded(
    wide: Page, name: str, suffix: str, holds: str, tmp_path: Path
) -> None:
    ask(wide, SUMMIT)
    ask(wide, LEAVE)
    wide.locator("#take-away summary").click()
    with wide.expect_download() as download:
        wide.get_by_role("button", name=name).click()
    file = tmp_path / "taken"
    download.value.save_as(file)
    assert download.value.suggested_filename == f"where-might-the-second-summit-be-held{suffix}"
    text = file.read_text(encoding="utf-8")
    assert holds in text
    assert LEAVE in text


def test_by_default_a_vote_asks_for_no_comment_and_keeps_no_words(
    wide: Page, feedback: Path
) -> None:
    ask(wide, SUMMIT)
    wide.get_by_role("button", name="This did not help").click()
    expect(wide.locator(".told")).to_have_text("Thank you.")
    expect(wide.locator(".comment")).to_have_count(0)
    expect(wide.locator("#kept-note")).to_have_count(0)
    last = json.loads(feedback.read_text(encoding="utf-8").splitlines()[-1])
    assert [last[name] for name in ("question", "answer", "comment")] == ["", "", ""]
    assert {one["source"] for one in last["ranges"]} == {"seeds/second-summit-brief.md"}


def test_a_verdict_with_a_comment_is_kept_and_the_page_says_so(kept: Page, feedback: Path) -> None:
    note = kept.locator("#kept-note")
    expect(note).to_have_text(
        "Questions are kept here for one day. "
        "If you rate an answer, it is kept with your question and comment, without a time limit."
    )
    box = kept.locator("#question textarea")
    expect(box).to_have_accessible_description(note.inner_text())
    ask(kept, SUMMIT)
    expect(note).to_be_in_viewport(ratio=1)
    kept.get_by_role("button", name="This did not help").click()
    kept.get_by_label("What should be better? (optional)").fill("Say which <b>month</b>")
    kept.get_by_role("button", name="Send").click()
    expect(kept.locator(".told")).to_have_text("Thank you.")
    expect(kept.locator(".comment")).to_have_count(0)
    lines = [json.loads(line) for line in feedback.read_text(encoding="utf-8").splitlines()]
    last = lines[-1]
    assert (last["comment"], last["verdict"]) == ("Say which <b>month</b>", "down")
    assert last["question"] == SUMMIT
    assert last["answer"]
    assert last["sources"] == ["seeds/second-summit-brief.md"]


def test_conversations_are_kept_in_the_browser(wide: Page) -> None:
    ask(wide, SUMMIT)
    wide.get_by_role("button", name="New", exact=True).click()
    expect(wide.locator("#conversation .done")).to_have_count(0)
    ask(wide, LEAVE)
    wide.reload()
    wide.wait_for_selector("body.ready")
    expect(wide.locator("#conversation .done")).to_contain_text("days")
    wide.get_by_role("button", name="History").click()
    entries = wide.get_by_role("dialog", name="History").get_by_role("listitem")
    expect(entries).to_have_count(3)  # the last one removes them all
    entries.nth(1).get_by_role("button", name=SUMMIT).first.click()
    expect(wide.locator("#conversation .done")).to_contain_text("Hanoi")
    expect(ask(wide, "Who is Kim Yong Chol?")).to_contain_text("Yong Chol")
    wide.get_by_role("button", name="History").click()
    wide.get_by_role("button", name=f"Remove “{LEAVE}”").click()
    expect(entries).to_have_count(2)
    wide.keyboard.press("Escape")
    expect(wide.get_by_role("button", name="History")).to_be_focused()


def test_a_conversation_from_the_browser_is_checked_again(wide: Page) -> None:
    ask(wide, SUMMIT)
    wide.evaluate("""() => {
        const kept = JSON.parse(localStorage.getItem("footnote:conversations"));
        kept[0].exchanges[0].citations[0].quote = "Paris is being considered.";
        localStorage.setItem("footnote:conversations", JSON.stringify(kept));
    }""")
    wide.reload()
    refusal = wide.locator("#conversation .done")
    expect(refusal).to_contain_text("The documents have changed since this was answered.")
    expect(wide.locator("#conversation a.cite")).to_have_count(0)


def test_typed_text_is_there_after_a_reload(wide: Page) -> None:
    wide.locator("#question textarea").press_sequentially("How many days of")
    wide.reload()
    wide.wait_for_selector("body.ready")
    expect(wide.locator("#question textarea")).to_have_value("How many days of")


def test_a_question_asked_before_the_page_is_ready_is_answered(
    browser: Browser, server: str
) -> None:
    page = browser.new_page()
    page.add_init_script("""new MutationObserver((_, watch) => {
        const box = document.querySelector("#question textarea");
        if (!box) return;
        watch.disconnect();
        window.wasReady = document.body.classList.contains("ready");
        box.value = "How many days of annual leave do I have?";
        box.dispatchEvent(new Event("input", {bubbles: true}));
        setTimeout(() => box.dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true})));
    }).observe(document, {childList: true, subtree: true})""")
    page.goto(server)
    marker = page.locator("#conversation .done a.cite").first
    expect(marker).to_be_visible(timeout=20_000)
    assert page.evaluate("window.wasReady") is False
    marker.click()
    expect(page.locator("#panel mark").first).to_be_visible()
    page.close()


def test_an_example_can_be_pressed(page: Page) -> None:
    example = page.locator(EXAMPLE).first
    question = example.inner_text()
    example.click()
    expect(page.locator("#conversation .answer.done a.cite").first).to_be_visible()
    assert record(page)["exchanges"][0]["question"] == question


def test_a_folder_limits_the_question_to_its_documents(wide: Page) -> None:
    expect(ask(wide, SUMMIT)).to_contain_text("Hanoi")
    wide.locator("#folder input").click()
    wide.get_by_role("option", name="notes").click()
    expect(ask(wide, SUMMIT)).to_have_class(re.compile(r"\brefusal\b"))


def test_a_dropped_file_can_be_asked_at_once_and_only_here(
    wide: Page, browser: Browser, server: str
) -> None:
    sauna = "The sauna on deck 9 opens at 6:45."
    drop(wide, {"sauna.txt": sauna, "torn.pdf": "%PDF-1.4 not really"})
    attached = wide.locator("#attached")
    expect(attached).to_contain_text("For this conversation: sauna.txt", timeout=20_000)
    expect(attached).to_contain_text(re.compile(r"torn\.pdf could not be read: torn\.pdf .+"))
    answer = ask(wide, "When does the sauna open?")
    expect(attached).to_have_text("For this conversation: sauna.txt ×")
    expect(answer).to_contain_text("6:45")
    expect(answer.locator(".aside")).to_have_text("From your files.")
    answer.locator("a.cite").click()
    expect(wide.locator("#panel mark")).to_have_text(sauna)
    wide.keyboard.press("Escape")
    wide.get_by_role("button", name="New", exact=True).click()
    expect(attached).to_be_hidden()
    for other in opened(browser, server, SIZES["wide"]):
        expect(ask(other, "When does the sauna open?")).not_to_contain_text("6:45")


def test_links_of_a_document_are_links_in_the_answer_and_in_the_source(wide: Page) -> None:
    answer = ask(wide, "How much does the ferry ticket cost?")
    expect(answer).to_contain_text(FERRY)
    desk = answer.get_by_role("link", name="ferry desk")
    expect(desk).to_have_attribute("href", "https://outside.example/desk?a=1&b=(2)")
    expect(desk).to_have_attribute("target", "_blank")
    answer.get_by_role("button", name="parking notes").press("Enter")
    expect(wide.locator("#panel .panel-text")).to_have_text(PARKING[2025])
    answer.locator("a.cite").click()
    text = wide.locator("#panel .panel-text")
    expect(text).to_have_text(FERRY)
    expect(wide.locator("#panel mark")).to_have_text(FERRY)
    expect(text.locator("a.out")).to_have_attribute(
        "href", "https://outside.example/desk?a=1&b=(2)"
    )
    text.locator("a.within").click()
    expect(text).to_have_text(PARKING[2025])


def test_a_file_comes_before_the_documents_and_can_be_removed_again(wide: Page) -> None:
    drop(
        wide, {"mine.txt": "At my site everyone has 33 days of annual leave a year.", "b.txt": "B."}
    )
    files = wide.locator("#attached .file")
    expect(files).to_have_count(2)
    answer = ask(wide, LEAVE)
    expect(answer).to_contain_text("33 days")
    expect(answer.locator(".aside")).to_have_text("From your files.")
    answer = ask(wide, SUMMIT)
    expect(answer).to_contain_text("Hanoi")
    expect(answer).to_contain_text("Your files do not say; this is from the documents.")
    expect(ask(wide, NOWHERE)).to_contain_text("Your files were searched, too.")
    wide.get_by_role("button", name="Remove mine.txt").press("Enter")
    expect(files).to_have_text(["b.txt ×"])
    expect(ask(wide, LEAVE)).not_to_contain_text("33 days")
    wide.get_by_role("button", name="Remove b.txt").click()
    expect(wide.locator("#attached")).to_be_hidden()
    answer = ask(wide, LEAVE)
    expect(answer).to_contain_text("28 days")
    expect(answer).not_to_contain_text("Your files")


def test_a_file_chosen_with_the_keyboard_goes_with_its_conversation(
    wide: Page, server: str
) -> None:
    with wide.expect_file_chooser() as chooser:
        wide.get_by_role("button", name="Add files").press("Enter")
    file: FilePayload = {"name": "sauna.txt", "mimeType": "text/plain", "buffer": b"It opens late."}
    chooser.value.set_files(file)
    expect(wide.locator("#attached")).to_have_text("For this conversation: sauna.txt ×")
    query = urlencode({"source": "uploads/sauna.txt", "conversation": record(wide)["id"]})
    assert wide.request.get(f"{server}/api/source?{query}").ok
    with wide.expect_response(lambda reply: reply.request.method == "DELETE") as deleted:
        wide.get_by_role(
            "button", name="New", exact=True
        ).click()  # nothing was asked, so nothing is stored
    assert deleted.value.status == 204
    assert wide.request.get(f"{server}/api/source?{query}").status == 404


def test_text_of_a_document_and_of_a_question_stays_text(page: Page) -> None:
    question = "When is <b>soup</b> served in the **cafeteria**?"
    answer = ask(page, question)
    exchange = record(page)["exchanges"][0]
    said = exchange["citations"][0]["quote"] if exchange["found"] else HOSTILE[:120]
    words = [one for one in MEANT if one in said]
    assert len(words) > 2
    for one in (*words, "<b>Cafeteria</b>"):
        expect(answer).to_contain_text(one)
    expect(page.locator(".asked")).to_have_text(question)
    inside = page.locator("#conversation .asked, #conversation .done")
    assert inside.locator("img, script, code, em, b, .katex").count() == 0
    assert page.title() == "Footnote"


def test_a_question_that_finds_the_queue_full_is_kept(wide: Page) -> None:
    # The words of Gradio, once too many questions wait.
    full = json.dumps({"detail": "Queue is full. Max size is 64 and size is 64."})
    wide.route("**/queue/join*", lambda asked: asked.fulfill(status=503, body=full))
    wide.fill("#question textarea", SUMMIT)
    wide.press("#question textarea", "Enter")
    expect(wide.locator("#notice")).to_have_text(ENGLISH.failed)
    expect(wide.locator("#question textarea")).to_have_value(SUMMIT)
    wide.unroute("**/queue/join*")
    wide.press("#question textarea", "Enter")
    expect(wide.locator("#conversation .done")).to_contain_text("Hanoi")


def test_the_state_of_the_index_is_one_line(page: Page) -> None:
    expect(page.locator("#state")).to_have_text(re.compile(r"^\d+ documents · read .+$"))


@pytest.mark.parametrize("texts", FOREIGN, ids=lambda texts: texts.language)
def test_the_browser_chooses_the_language(browser: Browser, server: str, texts: Texts) -> None:
    language = texts.language
    for page in opened(browser, server, SIZES["wide"], locale=f"{language}-{language.upper()}"):
        assert page.locator("html").get_attribute("lang") == language
        expect(page.get_by_placeholder(texts.ask)).to_be_visible()
        refusal = ask(page, NOWHERE)
        expect(refusal).to_contain_text(texts.refused_not_said)
        expect(refusal).to_contain_text(texts.closest)
        state = texts.state_updated.partition("{")[0].strip()
        expect(page.locator("#state")).to_contain_text(state)
        expect(page.get_by_role("button", name=texts.retry, exact=True)).to_be_visible()
        ask(page, SUMMIT).locator("a.cite").first.click()
        expect(page.get_by_role("complementary")).to_be_visible()
        page.get_by_role("button", name=texts.panel_close, exact=True).click()
        expect(page.locator("#panel")).to_be_hidden()


def test_the_address_can_choose_the_language(browser: Browser, server: str) -> None:
    for page in opened(browser, server, SIZES["wide"]):
        page.goto(f"{server}/?lang=de")
        expect(page.get_by_placeholder("Die Dokumente fragen")).to_be_visible()
