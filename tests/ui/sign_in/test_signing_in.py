"""Signing in and out: the form, its cookies, and who may not send it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import qa
from qa.api import Desk, Users
from qa.api.sign_in.desk import FOR_NAME
from qa.api.sign_in.sessions import FILE as SESSIONS
from qa.places import beside
from tests.cli.forked import run
from tests.ui.serving import FROM_OTHER_SITES, served, start
from tests.ui.sign_in.signing import (
    NAME,
    OTHER,
    OTHERS_PASSWORD,
    PASSWORD,
    client,
    sign_in,
    with_users,
)
from ui.page.texts import TEXTS
from ui.sign_in.routes import routes

TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def index(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_users(served_index, tmp_path_factory.mktemp("signing-in"))


@pytest.fixture(scope="module")
def guarded(index: Path) -> Iterator[str]:
    """A server behind a proxy on this machine."""
    with served(index, "--sign-in", "password", "--trusted-proxy", "127.0.0.1") as url:
        yield url


@pytest.fixture
def browser(guarded: str) -> Iterator[httpx.Client]:
    with client(guarded) as browser:
        yield browser


def test_a_user_signs_in_and_is_led_to_where_they_were_going(browser: httpx.Client) -> None:
    visited = browser.get("/de/?q=a%26b&theme=dark", headers={"Accept": "text/html"})
    assert visited.status_code == 303
    form = browser.get(visited.headers["location"].removeprefix(".."))
    assert '<html lang="de" class="dark">' in form.text
    following = re.search(r'name="next" value="([^"]*)"', form.text)
    assert following is not None
    signed_in = sign_in(browser, following=following[1].replace("&amp;", "&"))
    assert signed_in.status_code == 303
    led = browser.get(f"/{signed_in.headers['location']}")
    assert (led.status_code, led.headers["location"]) == (303, "./de/?q=a%26b&theme=dark")
    page = browser.get("/de/?q=a%26b&theme=dark")
    assert page.status_code == 200
    assert f'<meta name="footnote-viewer" content="{NAME}">' in page.text
    assert page.headers["cache-control"] == "no-store"


def test_where_sessions_cannot_be_stored_the_form_says_so(
    served_index: Path, tmp_path: Path
) -> None:
    index = with_users(served_index, tmp_path)
    child, url = start(index, "--sign-in", "password")
    try:
        with client(url) as browser:
            stored = beside(str(index), "sessions") / SESSIONS
            stored.unlink()
            stored.mkdir()  # as a full disk would, it takes no new session
            away = sign_in(browser)
            assert (away.status_code, "set-cookie" in away.headers) == (503, False)
            assert TEXTS["en"].sign_in_away in away.text
            assert str(stored) not in away.text
            stored.rmdir()
            assert sign_in(browser).status_code == 303, "without a restart"
    finally:
        child.terminate()
        _, said = child.communicate(timeout=60)
    assert "Somebody could not sign in." in said
    assert str(stored) in said, "whoever runs the server has to know"


@pytest.mark.parametrize("way", [
    "//elsewhere.example/", "https://elsewhere.example/", "\\\\elsewhere.example",
    "javascript:alert(1)", "/%5celsewhere.example", "x\r\nSet-Cookie: a=b", "../../x",
    "x" * 9000, "\U0001f600", "?q=1", "#x", "\0",
])  # fmt: skip
def test_nobody_is_led_to_another_host(browser: httpx.Client, way: str) -> None:
    sign_in(browser)
    led = browser.get("/sign-in", params={"next": way})
    assert led.status_code == 303
    assert "a" not in led.cookies
    address = led.headers["location"]
    assert address.startswith("./")
    assert httpx.URL("http://chat.example/sign-in").join(address).host == "chat.example"


def test_the_cookie_is_out_of_the_reach_of_scripts(browser: httpx.Client) -> None:
    plain = sign_in(browser).headers.get_list("set-cookie")
    (cookie,) = plain
    assert re.fullmatch(r"footnote=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax", cookie)
    browser.headers.update(TLS)
    (cookie,) = sign_in(browser).headers.get_list("set-cookie")
    assert re.fullmatch(
        r"__Host-footnote=[\w-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax", cookie
    )


def test_over_tls_no_cookie_of_a_plain_connection_counts(browser: httpx.Client) -> None:
    sign_in(browser)
    assert browser.get("/api/state").status_code == 200
    assert browser.get("/api/state", headers=TLS).status_code == 401


def test_the_token_changes_when_somebody_signs_in_and_ends_when_they_sign_out(
    guarded: str, browser: httpx.Client
) -> None:
    browser.cookies.set("footnote", "chosen-by-somebody-else", domain="127.0.0.1")
    sign_in(browser)
    first = browser.cookies["footnote"]
    assert first != "chosen-by-somebody-else"
    sign_in(browser, OTHER, OTHERS_PASSWORD)
    second = browser.cookies["footnote"]

    def status(token: str) -> int:
        return httpx.get(f"{guarded}/api/state", cookies={"footnote": token}).status_code

    assert (status(first), status(second)) == (401, 200)
    out = browser.post("/sign-out", data={"next": "fr/"})
    assert (out.status_code, out.headers["location"]) == (303, "sign-in?next=fr%2F")
    assert status(second) == 401
    assert "footnote" not in browser.cookies


def test_an_open_page_alone_keeps_no_session(index: Path, browser: httpx.Client) -> None:
    sign_in(browser)
    file = beside(str(index), "sessions") / SESSIONS

    def seen() -> float:
        with closing(sqlite3.connect(file)) as stored:
            (latest,) = stored.execute("SELECT max(seen) FROM sessions").fetchone()
            return float(latest)

    with closing(sqlite3.connect(file)) as stored, stored:
        stored.execute("UPDATE sessions SET seen = seen - 3600")
    before = seen()
    for path in ("/api/state", "/admin/state"):  # what the pages ask for by themselves
        assert browser.get(path).status_code in (200, 403)
        assert seen() == before, path
    browser.get("/admin")
    assert seen() > before


def test_an_error_does_not_say_whether_name_or_password_is_wrong(browser: httpx.Client) -> None:
    replies = [
        sign_in(browser, name, password)
        for name, password in [(NAME, "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
    ]
    for reply in replies:
        assert reply.status_code == 403
        assert "The name or the password is wrong." in reply.text
        assert "set-cookie" not in reply.headers
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert PASSWORD not in reply.text
    assert len({reply.text.replace(NAME, "").replace("nobody", "") for reply in replies[:2]}) == 1


def test_typed_text_is_shown_as_text(browser: httpx.Client) -> None:
    hostile = '"><script>alert(1)</script>'
    reply = sign_in(browser, hostile, "x", following=f"en/?{hostile}")
    assert "<script" not in reply.text
    assert "&lt;script&gt;" in reply.text


@pytest.mark.parametrize("body", [b"", b"name=ada", b"&" * 1000, b"a=b&" * 50, b"%ff=%ff", b"{}"])
def test_a_malformed_form_lets_nobody_in(browser: httpx.Client, body: bytes) -> None:
    assert browser.post("/sign-in", content=body).status_code in (403, 429)


def test_after_too_many_tries_a_name_has_to_wait(index: Path, browser: httpx.Client) -> None:
    Users.of(str(index)).add("eve", PASSWORD)
    for _ in range(15):
        reply = sign_in(browser, "eve", "wrong horse battery")
        if reply.status_code == 429:
            break
        assert reply.status_code == 403
    assert reply.status_code == 429
    assert 1 <= int(reply.headers["retry-after"]) <= 30
    assert "too many tries" in reply.text
    assert sign_in(browser, "eve", PASSWORD).status_code == 429
    assert sign_in(browser).status_code == 303, "others are not kept out"


def test_a_try_that_is_one_too_many_is_not_told(index: Path) -> None:
    told: list[qa.Event] = []
    desk = Desk.of(qa.Settings.load(index=str(index), sign_in="password"))
    app = FastAPI()
    app.include_router(routes(desk, (), told.append))
    with TestClient(app) as stranger:
        for _ in range(FOR_NAME[0] - 1):
            desk.names.count("mallory")
        asked = {"name": "mallory", "password": "wrong horse battery"}
        statuses = [stranger.post("/sign-in", data=asked).status_code for _ in range(4)]
    assert statuses == [403, 429, 429, 429]
    assert [type(one) for one in told] == [qa.SignInRefused]


@pytest.mark.parametrize("headers", [*FROM_OTHER_SITES, {}], ids=str)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sign-in"), ("POST", "/sign-out"), ("POST", "/sign-in-frame"),
        ("POST", "/api/ask"), ("POST", "/api/related"), ("POST", "/api/feedback"),
        ("POST", "/api/export"), ("POST", "/api/uploads"), ("DELETE", "/api/uploads"),
        ("POST", "/en/gradio_api/queue/join"), ("POST", "/en/gradio_api/cancel"),
    ],
)  # fmt: skip
def test_no_other_site_changes_anything(
    browser: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    browser.cookies.set("footnote", token_of(browser), domain="127.0.0.1")
    del browser.headers["Origin"]
    reply = browser.request(method, path, headers=headers)
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers
    assert browser.get("/api/state").status_code == 200, "still signed in"


TOKENS: dict[str, str] = {}


def token_of(browser: httpx.Client) -> str:
    """The token of the session that all requests from other sites use."""
    url = str(browser.base_url)
    if url not in TOKENS:
        with client(url.rstrip("/")) as other:
            sign_in(other, OTHER, OTHERS_PASSWORD)
            TOKENS[url] = other.cookies["footnote"]
    return TOKENS[url]


def test_a_removed_user_or_one_with_a_new_password_is_signed_out(
    index: Path, browser: httpx.Client
) -> None:
    users = Users.of(str(index))
    users.add("guest", PASSWORD)
    sign_in(browser, "guest")
    assert browser.get("/api/state").status_code == 200
    users.set_password("guest", "another horse battery")
    assert browser.get("/api/state").status_code == 401
    assert sign_in(browser, "guest").status_code == 403
    sign_in(browser, "guest", "another horse battery")
    assert browser.get("/api/state").status_code == 200
    users.remove("guest")
    assert browser.get("/api/state").status_code == 401


@pytest.mark.parametrize("language", TEXTS)
def test_the_form_is_in_the_language_of_its_reader(browser: httpx.Client, language: str) -> None:
    for asked in (
        browser.get("/sign-in", headers={"Accept-Language": language}),
        browser.get("/sign-in", params={"next": f"{language}/"}),
        browser.get("/sign-in", params={"next": f"?lang={language}"}),
    ):
        assert f'<html lang="{language}"' in asked.text
        assert TEXTS[language].sign_in_password in asked.text
        assert "<script" not in asked.text


def test_a_frame_is_let_in_by_a_code_from_a_window_of_the_same_browser(
    guarded: str, browser: httpx.Client
) -> None:
    way = "en/?embedded=1&origin=http%3A%2F%2Fportal.example"
    framed = browser.get("/sign-in", params={"next": way})
    assert 'type="password"' not in framed.text, "the form is never in a frame"
    assert 'href="signed-in" target="_blank" rel="opener"' in framed.text
    assert browser.get("/signed-in").status_code == 401
    sign_in(browser)
    told = re.search(r'name="footnote-code" content="([\w-]{43})"', browser.get("/signed-in").text)
    assert told is not None
    with client(guarded) as frame:
        frame.headers.update(TLS)
        let_in = frame.post("/sign-in-frame", data={"next": way, "code": told[1]})
        (cookie,) = let_in.headers.get_list("set-cookie")
        assert re.fullmatch(
            r"__Host-footnote-frame=[\w-]{43}; Path=/; HttpOnly; Secure; "
            r"SameSite=None; Partitioned",
            cookie,
        )
        frame.headers["Cookie"] = cookie.partition(";")[0]
        assert frame.get("/api/state").status_code == 200
        again = frame.post("/sign-in-frame", data={"next": way, "code": told[1]})
        assert "set-cookie" not in again.headers, "a code is good once"
        browser.post("/sign-out")
        assert frame.get("/api/state").status_code == 401, "who signs out is out everywhere"


@pytest.mark.parametrize(("options", "told"), [
    (["--host", "0.0.0.0"], "--sign-in none"),
    (["--host", "::"], "--sign-in password"),
    (["--sign-in", "password"], "qa user add NAME"),
    (["--sign-in", "proxy"], "--trusted-proxy"),
    (["--sign-in", "magic"], "sign_in = 'magic'"),
])  # fmt: skip
def test_a_server_that_anybody_could_use_does_not_start_by_mistake(
    served_index: Path, options: list[str], told: str
) -> None:
    done = run("serve", "--port", "0", "--index", served_index, *options)
    assert done.returncode == 1
    assert told in " ".join(done.stderr.split())
    assert "Footnote is at" not in done.stderr


def test_it_starts_if_that_is_set_explicitly(served_index: Path) -> None:
    with served(served_index, "--host", "0.0.0.0", "--sign-in", "none") as url:
        told = httpx.get(f"{url.replace('0.0.0.0', '127.0.0.1')}/health").json()
    assert told["documents"] > 5
