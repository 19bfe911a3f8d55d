"""What a reader sees between the key press and the answer, also of files and servers."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.cli.forked import Command
from tests.ui.chatting import (
    EXAMPLE,
    LEAVE,
    NOWHERE,
    SIZES,
    SUMMIT,
    ask,
    comes_true,
    drop,
    opened,
    record,
)
from tests.ui.relay import Relay
from tests.ui.serving import start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SAUNA = "The sauna on deck 9 opens at 6:45."
# Reading it takes long enough for the page to show it.
LONG = "The lighthouse keeper writes the log by hand. " * 2000
# Keeps all that the page has said about files.
HEAR = """() => {
    window.heard = [];
    new MutationObserver(() => window.heard.push(
        [...document.querySelectorAll("#attached p")].map((line) => line.textContent).join("")
    )).observe(document.getElementById("composer"),
               {childList: true, subtree: true, characterData: true});
}"""
KEPT = "JSON.parse(localStorage.getItem('footnote:conversations'))"


@dataclass
class Keeping:
    """A server that keeps files for everyone in a folder."""

    process: Command
    url: str
    folder: Path


@pytest.fixture(scope="module")
def keeping(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeping]:
    place = tmp_path_factory.mktemp("keeping")
    index = Path(shutil.copytree(served_index, place / "index"))
    process, url = start(index, "--keep-uploads", str(place / "kept"))
    yield Keeping(process, url, place / "kept")
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture
def page(browser: Browser, keeping: Keeping) -> Iterator[Page]:
    yield from opened(browser, keeping.url, SIZES["wide"])


def test_a_question_is_shown_as_asked_while_the_server_says_nothing(
    page: Page, keeping: Keeping
) -> None:
    with ExitStack() as going_on:
        keeping.process.send_signal(signal.SIGSTOP)
        going_on.callback(keeping.process.send_signal, signal.SIGCONT)
        page.fill("#question textarea", SUMMIT)
        page.press("#question textarea", "Enter")
        expect(page.locator("#pending .asked")).to_have_text(SUMMIT)
        expect(page.get_by_text("Looking in the documents …")).to_be_visible()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.press("#question textarea", "Enter")  # a second press changes nothing
    expect(page.locator("#conversation .done")).to_have_count(1)
    expect(page.locator("#conversation .done")).to_contain_text("Hanoi")
    expect(page.locator("#pending")).to_have_count(0)
    expect(page.locator("#question textarea")).to_have_value("")


def test_sources_that_disagree_are_shown_as_such(page: Page) -> None:
    answer = ask(page, "How much is the monthly parking fee?")
    expect(answer.locator(".aside.differ")).to_have_text("The documents disagree.")
    expect(answer.get_by_text("The documents disagree.")).to_have_count(1)
    for marker in answer.locator("a.cite").all():
        marker.click()
        expect(page.locator("#panel mark")).to_contain_text(re.compile(r"(20|35) euros"))
    sources = {cited["source"] for cited in record(page)["exchanges"][0]["citations"]}
    assert sources == {"notes/parking-2024.txt", "notes/parking-2025.txt"}


def test_examples_are_there_when_the_page_is_drawn(page: Page, keeping: Keeping) -> None:
    examples = page.locator(EXAMPLE)
    expect(examples).to_have_count(3)  # the first visitor may have to wait a moment
    drawn = page.request.get(f"{keeping.url}/en/").text()
    for question in examples.all_inner_texts():
        assert question in drawn


def test_examples_that_arrive_before_the_greeting_are_shown_with_it(page: Page) -> None:
    expect(page.locator(EXAMPLE)).to_have_count(3)
    page.evaluate(
        """async () => {
            const conversation = document.getElementById("conversation");
            const script = document.querySelector("script[src*='chat/page.js']").src;
            const { offerExamples } = await import(script.replace("page.js", "examples.js"));
            for (const drawn of conversation.querySelectorAll(".examples, .late")) drawn.remove();
            const greeting = conversation.querySelector(".placeholder-content");
            const place = greeting.parentElement;
            greeting.remove();
            await offerExamples(conversation);
            place.append(greeting);
        }"""
    )
    expect(page.locator("#conversation .late button")).to_have_count(3)


def test_words_that_fit_several_sections_offer_them_and_more_continues(page: Page) -> None:
    answer = ask(page, "annual leave")
    sections = answer.locator(".sections a.section")
    expect(answer.locator(".sections")).to_contain_text("Other sections on this:")
    sections.first.press("Enter")
    heading = record(page)["exchanges"][0]["sections"][0]["quote"]
    expect(page.locator("#panel mark")).to_have_text(heading)
    page.keyboard.press("Escape")
    expect(sections.first).to_be_focused()
    more = ask(page, "tell me more")
    expect(more).to_have_class(re.compile(r"\banswer\b"))
    first, second = (
        {cited["quote"] for cited in exchange["citations"]}
        for exchange in record(page)["exchanges"]
    )
    assert second
    assert not first & second
    page.reload()
    expect(answer.locator(".sections .of")).to_have_text("Employee FAQ")


def test_a_better_question_can_be_asked_with_one_press(page: Page) -> None:
    ask(page, NOWHERE)
    # The library decides which question is better, if any; the browser keeps it.
    page.evaluate(
        f"""(better) => {{
        const kept = {KEPT};
        kept[0].exchanges[0].suggestion = better;
        localStorage.setItem("footnote:conversations", JSON.stringify(kept));
    }}""",
        LEAVE,
    )
    page.reload()
    expect(page.locator("#conversation .refusal")).to_contain_text(f"You could ask: {LEAVE}")
    page.get_by_role("button", name=LEAVE).press("Enter")
    expect(page.locator("#conversation .done")).to_have_count(2)
    expect(page.locator("#conversation .done").last).to_contain_text("days")


def test_a_file_is_read_with_progress_and_kept_for_everyone(
    page: Page, browser: Browser, keeping: Keeping
) -> None:
    state, attached = page.locator("#state"), page.locator("#attached")
    expect(state).to_contain_text("documents")
    before = int(state.inner_text().split()[0])
    page.evaluate(HEAR)
    keep = page.get_by_role("button", name="Keep for everyone")
    expect(keep).to_be_hidden()  # nothing to keep yet
    drop(page, {"lighthouse.txt": f"The lamp has 14 lenses. {LONG}"})
    expect(attached).to_have_text("For this conversation: lighthouse.txt ×", timeout=60_000)
    keep.click()
    expect(state).to_contain_text(re.compile(r"reading .*lighthouse\.txt \(\d+ of \d+\)"))
    expect(attached).to_have_text("Kept for everyone: lighthouse.txt", timeout=60_000)
    expect(keep).to_be_hidden()
    told = page.evaluate("window.heard")
    assert "Reading lighthouse.txt …" in told
    assert any(re.fullmatch(r"Reading lighthouse\.txt … \d+/\d+", line) for line in told)
    expect(state).to_contain_text(f"{before + 1} documents")
    assert [file.name for file in keeping.folder.iterdir()] == ["lighthouse.txt"]
    for other in opened(browser, keeping.url, SIZES["wide"]):
        expect(ask(other, "How many lenses does the lamp have?")).to_contain_text("14")


def test_keeping_files_is_offered_only_where_files_are_kept(browser: Browser, server: str) -> None:
    for page in opened(browser, server, SIZES["wide"]):
        expect(page.get_by_role("button", name="Add files")).to_be_visible()
        drop(page, {"lamp.txt": "The lamp has 14 lenses."})
        expect(page.locator("#attached .file")).to_be_visible()
        expect(page.get_by_role("button", name="Keep for everyone")).to_be_hidden()


def test_only_a_second_press_removes_all_of_the_history(page: Page) -> None:
    expect(page.locator("#take-away")).to_be_hidden()  # nothing to save yet
    ask(page, SUMMIT)
    page.get_by_role("button", name="History").click()
    page.get_by_role("button", name="Remove all").click()
    assert page.evaluate(f"{KEPT}.length") == 1
    page.get_by_role("button", name="Remove all 1 for good?").click()
    expect(page.get_by_role("dialog")).to_contain_text("There is none yet.")
    assert page.evaluate(f"{KEPT}.length") == 0


def test_a_conversation_can_be_shared_if_the_machine_allows_it(
    browser: Browser, keeping: Keeping
) -> None:
    # This browser cannot share; a function in its place gets what the page shares.
    for page in opened(browser, keeping.url, SIZES["narrow"]):
        page.add_init_script("navigator.share = async (given) => { window.given = given; }")
        page.reload()
        page.wait_for_selector("body.ready")
        ask(page, SUMMIT)
        page.locator("#take-away summary").click()
        page.get_by_role("button", name="Share …").click()
        comes_true(page, "() => window.given")
        quote = record(page)["exchanges"][0]["citations"][0]["quote"]
        assert quote in page.evaluate("window.given.text")


def test_servers_may_go_and_come_back(browser: Browser, server: str, keeping: Keeping) -> None:
    relay = Relay()
    with ExitStack() as ending:
        context = browser.new_context()
        ending.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(30_000)
        asked, answers = page.locator("#conversation .asked"), page.locator("#conversation .done")
        editor, box = page.locator(".editor textarea"), page.locator("#question textarea")
        with relay.to(keeping.url) as url:
            page.goto(url)
            page.wait_for_selector("body.ready")
            ask(page, SUMMIT)
            page.get_by_role("button", name="Edit the question").click()
            editor.press_sequentially(" And why?")
        # Another one, which knows nothing of this page, is asked as if nothing had happened; later
        # the first one, which knows nothing of what was asked since.
        with relay.to(server):
            editor.press("Enter")
            expect(asked).to_have_text([f"{SUMMIT} And why?"], timeout=60_000)
            expect(answers).to_have_count(1, timeout=60_000)
            drop(page, {"sauna.txt": SAUNA})
            expect(page.locator("#attached .file")).to_be_visible()
        # While there is no server, the question waits where it can be seen.
        box.fill(LEAVE)
        box.press("Enter")
        expect(page.locator("#notice")).to_have_text(
            "The server is away. The question is asked again as soon as it is back."
        )
        expect(box).to_have_value(LEAVE)
        expect(page.locator(".toast-wrap")).to_be_hidden()
        with relay.to(keeping.url):
            expect(answers).to_have_count(2, timeout=60_000)
            expect(answers.last).to_contain_text("days")
            # The files of the conversation are gone with the server, and no longer shown.
            expect(page.locator("#attached .file")).to_have_count(0)
            kept = json.loads(page.evaluate(f"JSON.stringify({KEPT})"))
            questions = [one["question"] for one in kept[0]["exchanges"]]
            assert questions == [f"{SUMMIT} And why?", LEAVE]
