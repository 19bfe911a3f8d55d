"""Draw the pictures that the README shows: `python -m tests.ui.screenshots`.

The page runs as a reader gets it, on the sample documents, in the machine's own Chromium.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

import qa
from qa.places import sample_folder
from tests.ui.serving import CHROMIUM, FLAGS, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
QUESTION = "How many days of annual leave do I have?"
VIEWS = {
    "page-light": ((1280, 800), "light", True),
    "page-dark": ((1280, 800), "dark", True),
    "phone-light": ((390, 780), "light", False),
    "phone-dark": ((390, 780), "dark", True),
}


def draw(browser: Browser, url: str, name: str) -> Path:
    """One view: a question answered, its source opened where there is room or where it is meant."""
    (width, height), scheme, source = VIEWS[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("body.ready")
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    marker = page.locator("#conversation .done a.cite").first
    expect(marker).to_be_visible()
    if source:
        marker.click()
        expect(page.locator("#panel mark").first).to_be_visible()
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main() -> None:
    """All views."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        assistant = qa.Assistant(index=folder)
        assistant.sync([sample_folder()])
        assistant.close()
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        with served(Path(folder)) as url:
            for name in VIEWS:
                print(draw(browser, url, name).relative_to(PICTURES.parent))
        browser.close()


if __name__ == "__main__":
    main()
