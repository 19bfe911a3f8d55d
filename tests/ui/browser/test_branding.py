"""A branded server in a browser: every page has the look, can be read, and asks nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.ui.chatting import LOOKS, NOWHERE, SIZES, ask, opened
from tests.ui.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser
NAME = "Ada & Söhne <b>"
ACCENT, RGB = "#0b5c6b", "rgb(11, 92, 107)"
DARK_RGB = "rgb(92, 146, 156)"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 32" onload="document.title=\'owned\'">'
    "<script>document.title='owned'</script><rect width='48' height='32' fill='#0b5c6b'/></svg>"
)
OTHER_PAGE = (
    "<!doctype html><html lang='en'><title>Portal</title><main><h1>Portal</h1></main>"
    "<script src='{url}/embed.js'></script></html>"
)
ABOVE_THE_NAME = "getComputedStyle(document.querySelector('h1'), '::before')"


class Branded(NamedTuple):
    url: str
    signing: str


@pytest.fixture(scope="module")
def branded(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Branded]:
    logo = tmp_path_factory.mktemp("brand") / "logo.svg"
    logo.write_text(LOGO, encoding="utf-8")
    look = {
        "QA_BRAND_NAME": NAME,
        "QA_BRAND_LOGO": str(logo),
        "QA_BRAND_ACCENT": ACCENT,
        "QA_BRAND_WELCOME": "Ask <i>us</i>.\n\n- [First day](https://intranet.example/first)",
        "QA_CONTACT_NAME": "the HR desk",
        "QA_CONTACT_ADDRESS": "hr@corp.example",
    }
    proxy = ("--sign-in", "oidc")
    provider = {
        "QA_OIDC_ISSUER": "https://sso.corp.example",
        "QA_OIDC_CLIENT_ID": "footnote",
        "QA_OIDC_CLIENT_SECRET": "secret",
    }
    with (
        served(served_index, **look) as url,
        served(served_index, *proxy, **look, **provider) as signing,
    ):
        yield Branded(url, signing)


def check(page: Page, state: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == [], state
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0, state


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing(browser: Browser, branded: Branded, size: str, scheme: str) -> None:
    look = {"color_scheme": scheme, "reduced_motion": "reduce"}
    for page in opened(browser, branded.url, SIZES[size], **look):
        assert page.title() == NAME
        expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
        expect(page.get_by_text("Ask <i>us</i>.")).to_be_visible()
        check(page, "empty")
        refused = ask(page, NOWHERE)
        link = refused.get_by_role("link", name="the HR desk")
        assert link.get_attribute("href") == "mailto:hr@corp.example"
        assert page.evaluate("(at) => getComputedStyle(at).color", link.element_handle()) == (
            RGB if scheme == "light" else DARK_RGB
        )
        expect(ask(page, "Who are you?").locator("p").first).to_contain_text(f"This is {NAME}.")
        check(page, "refused")
        page.goto(f"{branded.url}/admin")
        expect(page.get_by_role("status")).not_to_be_empty(timeout=60_000)
        assert page.title().endswith(NAME)
        assert "/brand/logo" in page.evaluate(f"{ABOVE_THE_NAME}.backgroundImage")
        check(page, "admin")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_to_sign_in_at_has_the_look(
    browser: Browser, branded: Branded, scheme: str
) -> None:
    errors: list[str] = []
    context = browser.new_context(
        viewport={"width": 390, "height": 780},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(branded.signing)
    assert page.title() == f"Sign in · {NAME}"
    width = page.evaluate(f"{ABOVE_THE_NAME}.width")
    assert round(float(width.removesuffix("px")), 1) == 58.8
    expect(page.get_by_role("link", name="the HR desk")).to_be_visible()
    button = page.locator(".button")
    assert button.evaluate("(at) => getComputedStyle(at).backgroundColor") == (
        RGB if scheme == "light" else DARK_RGB
    )
    check(page, "signing in")
    context.close()
    assert errors == [], "the logo is let in"


def test_a_stranger_gets_the_logo_and_it_runs_nothing(browser: Browser, branded: Branded) -> None:
    reply = httpx.get(f"{branded.signing}/brand/logo")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.headers["content-security-policy"].endswith("sandbox")
    assert reply.headers["x-content-type-options"] == "nosniff"
    known = {"if-none-match": reply.headers["etag"]}
    assert httpx.get(f"{branded.signing}/brand/logo", headers=known).status_code == 304
    assert "First day" not in httpx.get(f"{branded.signing}/", follow_redirects=True).text
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{branded.signing}/brand/logo")
    assert page.title() == "", "no script of it has run"
    context.close()


def test_a_download_has_the_name(branded: Branded) -> None:
    record = {"id": "0" * 32, "exchanges": [{"question": "?", "text": "Ten.", "found": True}]}
    wanted = {"record": record, "format": "html"}
    text = httpx.post(f"{branded.url}/api/export", json=wanted).text
    assert "<h1>Ada &amp; Söhne &lt;b&gt;</h1>" in text


def portal(route: Route) -> None:
    """Another site's page, at an address of the server that has none."""
    url = route.request.url.removesuffix("/portal")
    route.fulfill(body=OTHER_PAGE.format(url=url), content_type="text/html")


def test_the_button_in_other_pages_has_name_and_colour(browser: Browser, branded: Branded) -> None:
    for page in opened(browser, branded.url, SIZES["wide"]):
        page.route(f"{branded.url}/portal", portal)
        page.goto(f"{branded.url}/portal")
        button = page.get_by_role("button", name=NAME)
        expect(button).to_be_visible()
        assert button.evaluate("(at) => getComputedStyle(at).backgroundColor") == RGB
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        expect(button).to_have_css("background-color", DARK_RGB)
