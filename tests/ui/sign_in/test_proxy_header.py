"""Users who are known to a proxy in front of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from qa import Viewer
from tests.ui.serving import served
from ui.page.texts import TEXTS
from ui.sign_in.door import LOG_SECONDS, ByHeader

WAY = ("--sign-in", "proxy", "--trusted-proxy")
HEADERS = {"QA_SIGN_IN_HEADER": "Remote-User", "QA_SIGN_IN_GROUPS_HEADER": "Remote-Groups"}


@pytest.fixture(scope="module")
def trusting(served_index: Path) -> Iterator[str]:
    """A server whose proxy is on this machine."""
    with served(served_index, *WAY, "127.0.0.1", **HEADERS) as url:
        yield url


@pytest.fixture(scope="module")
def doubting(served_index: Path) -> Iterator[str]:
    """A server whose proxy is elsewhere, so that a client here is not the proxy."""
    with served(served_index, *WAY, "10.9.9.0/24", **HEADERS) as url:
        yield url


def test_a_user_whom_the_proxy_names_is_let_in(trusting: str) -> None:
    reply = httpx.get(f"{trusting}/en/", headers={"remote-user": "ada"})
    assert reply.status_code == 200
    assert '<meta name="footnote-viewer" content="ada">' in reply.text
    assert "footnote-sign-out" not in reply.text, "that is the proxy's matter"
    assert httpx.get(f"{trusting}/api/state", headers={"Remote-User": "ada"}).is_success


@pytest.mark.parametrize("sent", [
    [], [("Remote-User", "")], [("X-Forwarded-User", "ada")],
    [("Remote_User", "ada")], [("Remote-User", "ada"), ("Remote-User", "eve")],
    [("Remote-User", b"\xff")], [("Remote-Groups", "people")],
    [("Remote-User", "ada"), ("Remote-Groups", "a"), ("Remote-Groups", "b")],
], ids=str)  # fmt: skip
def test_without_exactly_one_name_nobody_is_let_in(
    trusting: str, sent: list[tuple[str, str]]
) -> None:
    reply = httpx.get(f"{trusting}/api/state", headers=sent)
    assert reply.status_code == 401
    assert "The proxy did not say who you are" in reply.json()["error"]
    assert "Remote" not in reply.text


def test_nobody_else_can_say_who_they_are(doubting: str) -> None:
    for headers in (
        {"Remote-User": "ada"},
        {"REMOTE-USER": "ada", "X-Forwarded-For": "10.9.9.1", "X-Real-IP": "10.9.9.1"},
        {"Remote-User": "ada", "Forwarded": "for=10.9.9.1"},
    ):
        refused = httpx.get(f"{doubting}/api/state", headers=headers)
        assert refused.status_code == 401
        assert "is reached through its proxy" in refused.json()["error"]
        assert httpx.get(f"{doubting}/en/", headers=headers).status_code == 401
    assert httpx.get(f"{doubting}/health").json() == {"status": "ok"}


def test_the_log_says_once_which_header_of_the_proxy_is_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = 0.0
    knows = ByHeader("Who", "Groups", lambda: time)

    def asked(*headers: tuple[bytes, bytes], by_proxy: bool = True) -> list[str]:
        caplog.clear()
        state = {"by_proxy": by_proxy}
        request = Request({"type": "http", "headers": headers, "state": state})
        assert knows.viewer(request) is None
        knows.advice(request)
        return caplog.messages

    ada, eve = (b"who", b"ada"), (b"who", b"eve")
    assert asked(by_proxy=False) == []
    for headers, wrong in [
        ((), "Who is missing"), (((b"who", b""),), "Who is empty"),
        ((ada, eve), "Who is there more than once"), (((b"who", b"\xff"),), "Who is not in UTF-8"),
        ((ada, (b"groups", b"a"), (b"groups", b"b")), "Groups is there more than once"),
        ((ada, (b"groups", b"\xff")), "Groups is not in UTF-8"),
    ]:  # fmt: skip
        (line,) = asked(*headers)
        assert f"the header {wrong}." in line
        assert "ada" not in line
        assert asked(*headers) == []
    time += LOG_SECONDS
    assert len(asked()) == 1


@pytest.mark.parametrize("language", TEXTS)
def test_a_browser_is_told_in_a_page(trusting: str, doubting: str, language: str) -> None:
    texts = TEXTS[language]
    visit = {"Accept": "text/html", "Accept-Language": language}
    for url, why in ((trusting, texts.closed_unnamed), (doubting, texts.closed_proxy)):
        for path in ("/", f"/{language}/", "/admin", "/no/such/page"):
            reply = httpx.get(f"{url}{path}", headers=visit)
            assert reply.status_code == 401
            assert f'<html lang="{language}"' in reply.text
            assert escape(why) in reply.text
            (back,) = re.findall(r'<a href="([^"]*)">', reply.text)
            assert reply.url.join(back) == f"{url}/"
            for sheet in re.findall(r'rel="stylesheet" href="([^"]*)"', reply.text):
                assert httpx.get(reply.url.join(sheet)).status_code == 200, sheet
        for other in ({"Accept": "*/*"}, {**visit, "Sec-Fetch-Mode": "cors"}):
            assert "error" in httpx.get(f"{url}/en/", headers=other).json()
        problem = httpx.get(f"{url}/api/v1/status", headers=visit)
        assert problem.headers["content-type"] == "application/problem+json"


def test_there_is_no_form_to_sign_in(trusting: str) -> None:
    assert httpx.get(f"{trusting}/sign-in").status_code == 404
    assert httpx.get(f"{trusting}/sign-in", headers={"Remote-User": "ada"}).status_code == 404


def test_another_site_cannot_use_the_cookie_of_the_proxy(trusting: str) -> None:
    asked = {"question": "Where might the second summit be held?"}
    headers = {"Remote-User": "ada"}
    assert httpx.post(f"{trusting}/api/ask", json=asked, headers=headers).status_code == 403
    headers["Sec-Fetch-Site"] = "cross-site"
    assert httpx.post(f"{trusting}/api/ask", json=asked, headers=headers).status_code == 403
    headers["Sec-Fetch-Site"] = "same-origin"
    assert httpx.post(f"{trusting}/api/ask", json=asked, headers=headers, timeout=60).is_success


@pytest.mark.parametrize(("groups", "expected"), [
    ([], ()), ([""], ()), (["people"], ("people",)), (["b\u00fcro"], ("b\u00fcro",)),
    (["people, leads,,people "], ("people", "leads")),
])  # fmt: skip
def test_groups_are_separated_by_commas(groups: list[str], expected: tuple[str, ...]) -> None:
    headers = [(b"who", "J\u00f8rgen".encode()), *((b"groups", one.encode()) for one in groups)]
    request = Request({"type": "http", "headers": headers})
    assert ByHeader("Who", "Groups").viewer(request) == Viewer("J\u00f8rgen", expected)
