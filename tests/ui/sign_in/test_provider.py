"""Signing in at a provider of OpenID Connect.

The provider is a stand-in: `oidc-provider-mock`, in a process of its own on this machine. It lets
in whoever gives a name, and does all the rest as a provider does.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import qa
from qa.api import Begun, Provider, TooManyTriesError
from qa.api.sign_in.desk import FOR_ADDRESS
from qa.api.sign_in.throttle import Throttle
from tests.ui.serving import served
from tests.ui.sign_in.signing import client
from ui.sign_in.provider import routes

VISIT = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
Making = Callable[..., Provider]
BACK = "/sign-in-return?state=s&code="
# A cookie that any program can send.
MADE_UP = urlsafe_b64encode(
    json.dumps({"state": "s", "nonce": "n", "verifier": "v"}).encode()
).decode()
OURS = {"oidc_client_id": "footnote", "oidc_client_secret": "a secret of the test"}


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The address of the stand-in."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert child.stderr is not None
    url = f"http://127.0.0.1:{port}"
    said = ""
    while str(port) not in said:
        line = child.stderr.readline()
        assert line, f"the provider ended: {said}"
        said += line
    claims = {"preferred_username": "ada", "groups": ["people", "leads"]}
    httpx.put(f"{url}/users/1", json=claims).raise_for_status()
    httpx.put(f"{url}/users/2", json={"email": "bob@example.com"}).raise_for_status()
    yield url
    child.terminate()
    child.communicate(timeout=30)


@pytest.fixture(scope="module")
def guarded(
    served_index: Path, issuer: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text(f"{OURS['oidc_client_secret']}\n", encoding="utf-8")
    options = ("--sign-in", "oidc", "--embed-origin", "http://portal.example")
    with served(
        served_index,
        *options,
        QA_OIDC_ISSUER=issuer,
        QA_OIDC_CLIENT_ID="footnote",
        QA_OIDC_CLIENT_SECRET_FILE=str(secret),
    ) as url:
        yield url


@pytest.fixture
def browser(guarded: str) -> Iterator[httpx.Client]:
    with client(guarded) as browser:
        yield browser


def begun(browser: httpx.Client, following: str = "") -> str:
    """The address at the provider that somebody is sent to."""
    sent = browser.get("/sign-in-begin", params={"next": following}, headers=VISIT)
    assert sent.status_code == 303
    return sent.headers["location"]


def let_in(address: str, subject: str = "1") -> str:
    """The address that the provider sends somebody back to."""
    return httpx.post(address, data={"sub": subject}).headers["location"]


def test_somebody_signs_in_there_and_out_here(browser: httpx.Client, guarded: str) -> None:
    visited = browser.get("/de/?q=a", headers=VISIT)
    page = browser.get(visited.headers["location"].removeprefix(".."), headers=VISIT)
    link = re.search(r'href="(sign-in-begin[^"]*)"', page.text)
    assert link is not None
    sent = browser.get(f"/{link[1].replace('&amp;', '&')}", headers=VISIT)
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == len(asked["code_challenge"][0]) == 43
    assert asked["redirect_uri"] == [f"{guarded}/sign-in-return"]
    (cookie,) = sent.headers.get_list("set-cookie")
    assert re.fullmatch(
        r"footnote-sign-in=[\w=-]+; Max-Age=600; Path=/; HttpOnly; SameSite=Lax", cookie
    )

    back = browser.get(let_in(sent.headers["location"]), headers=VISIT)
    assert (back.status_code, "footnote-sign-in" in browser.cookies) == (303, False)
    led = browser.get(f"/{back.headers['location']}")
    assert led.headers["location"] == "./de/?q=a"
    page = browser.get("/de/?q=a", headers=VISIT)
    assert '<meta name="footnote-viewer" content="ada">' in page.text
    assert '<meta name="footnote-sign-out" content="yes">' in page.text

    browser.post("/sign-out")
    assert browser.get("/api/state").status_code == 401


def test_a_frame_signs_in_through_another_window(browser: httpx.Client) -> None:
    embedded = {**VISIT, "Sec-Fetch-Dest": "iframe"}
    frame = browser.get("/sign-in", params={"next": "en/?embedded"}, headers=embedded)
    assert 'href="signed-in"' in frame.text
    window = browser.get("/signed-in", headers=VISIT)
    assert window.headers["location"] == "sign-in?next=signed-in"
    browser.get(let_in(begun(browser, "signed-in")), headers=VISIT)
    code = re.search(r'"footnote-code" content="([^"]+)"', browser.get("/signed-in").text)
    assert code is not None
    with httpx.Client(base_url=browser.base_url, headers=browser.headers) as in_frame:
        in_frame.post("/sign-in-frame", data={"code": code[1], "next": "en/?embedded"})
        assert "footnote-frame" in in_frame.cookies
        assert in_frame.get("/api/state").status_code == 200


def test_another_server_of_the_index_knows_who_has_signed_in(
    browser: httpx.Client, guarded: str, served_index: Path, issuer: str
) -> None:
    browser.get(let_in(begun(browser)), headers=VISIT)
    cookies = {"footnote": browser.cookies["footnote"]}
    ours = {"QA_OIDC_ISSUER": issuer, "QA_OIDC_CLIENT_ID": "footnote"}
    with served(served_index, "--sign-in", "oidc", **ours) as url:
        assert httpx.get(f"{url}/api/state", cookies=cookies).status_code == 200
    browser.post("/sign-out")
    assert httpx.get(f"{guarded}/api/state", cookies=cookies).status_code == 401


def test_what_was_begun_in_another_browser_lets_nobody_in(
    browser: httpx.Client, guarded: str
) -> None:
    back = let_in(begun(browser))
    with client(guarded) as other:
        for refused in (other.get(back), begun(other) and other.get(back)):
            assert isinstance(refused, httpx.Response)
            assert refused.status_code == 403
            assert "did not succeed" in refused.text
            assert "footnote" not in other.cookies
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403, "a code is good once"


@pytest.mark.parametrize("change", [
    ("code=", "code=x"), ("state=", "state=x"), ("code=", "error=access_denied&x="),
    ("?", "?iss=https://elsewhere.example&"),
])  # fmt: skip
def test_what_was_tampered_with_lets_nobody_in(
    browser: httpx.Client, change: tuple[str, str]
) -> None:
    back = let_in(begun(browser))
    assert change[0] in back
    refused = browser.get(back.replace(*change, 1))
    assert refused.status_code == 403
    assert browser.get("/api/state").status_code == 401


@pytest.mark.parametrize("kept", ["", "x", "e30=", "bnVsbA==", "eyJzdGF0ZSI6MX0=", "ÿ"])
def test_any_cookie_is_read(guarded: str, kept: str) -> None:
    sent = {b"Cookie": f"footnote-sign-in={kept}".encode("latin-1")}
    refused = httpx.get(f"{guarded}/sign-in-return?state=&code=x", headers=sent)
    assert refused.status_code == 403


def test_somebody_without_the_claim_is_told_and_the_log_says_why(
    browser: httpx.Client, issuer: str
) -> None:
    assert browser.get(let_in(begun(browser), "2")).status_code == 403


@pytest.fixture
def provider(tmp_path: Path) -> Making:
    """Makes a provider as the server does, with these settings; its sessions are the test's."""

    def made(**given: str) -> Provider:
        index = str(tmp_path / "index")
        return Provider(qa.Settings.load(sign_in="oidc", index=index, **{**OURS, **given}))

    return made


def test_an_address_has_so_many_tries_and_what_is_over_that_is_not_told(
    issuer: str, provider: Making
) -> None:
    app, told = FastAPI(), list[qa.Event]()
    app.include_router(routes(provider(oidc_issuer=issuer), (), None, told.append))
    at_once, _ = FOR_ADDRESS
    made_up = {"Cookie": f"footnote-sign-in={MADE_UP}", "Accept-Language": "de"}

    def statuses(tries: int, address: str, headers: dict[str, str]) -> list[int]:
        with TestClient(app, client=(address, 9)) as stranger:
            replies = [stranger.get(BACK, headers=headers) for _ in range(tries)]
        for one in replies:
            if one.status_code == 429:
                assert 1 <= int(one.headers["retry-after"]) <= 6
                assert f"in {one.headers['retry-after']} Sekunden" in one.text
        return [one.status_code for one in replies]

    assert statuses(2, "10.0.0.5", {}) == [403, 403], "nothing was begun, and nothing is tried"
    assert told == []
    assert statuses(at_once + 5, "10.0.0.5", made_up) == [403] * at_once + [429] * 5
    assert [type(one) for one in told] == [qa.SignInRefused] * at_once
    assert statuses(1, "10.0.0.6", made_up) == [403]


async def test_groups_are_those_of_the_claim(issuer: str, provider: Making) -> None:
    ours, returning, begun = provider(oidc_issuer=issuer), "http://127.0.0.1:1/back", Begun.now()
    address = await ours.address(begun, returning)
    brought = parse_qs(urlsplit(let_in(address)).query)
    token = await ours.enter(begun, returning, {name: one[0] for name, one in brought.items()})
    assert ours.viewer(token) == qa.Viewer("ada", ["people", "leads"])
    ours.sessions.end(token)
    assert ours.viewer(token) is None


async def test_success_is_no_try_and_another_address_has_its_own(
    issuer: str, provider: Making
) -> None:
    ours, returning = provider(oidc_issuer=issuer), "http://127.0.0.1:1/back"
    office, elsewhere = "2001:db8:1:2::1", "2001:db8:1:3::1"

    async def come_back(client: str) -> str:
        begun = Begun.now()
        brought = parse_qs(urlsplit(let_in(await ours.address(begun, returning))).query)
        sent = {name: one[0] for name, one in brought.items()}
        return await ours.enter(begun, returning, sent, client)

    ours.returns = Throttle(*FOR_ADDRESS, lambda: 0.0)
    ours.returns.count("2001:db8:1:2::/64", FOR_ADDRESS[0] - 1)  # tries of others
    for _ in range(2):
        assert await come_back(office)
    made_up = Begun("state", "nonce", "verifier")
    with pytest.raises(qa.UnknownCallerError, match="provider's answer is not good"):
        await ours.enter(made_up, returning, {"state": "state", "code": "x"}, office)
    with pytest.raises(TooManyTriesError):  # before the provider is asked
        await ours.enter(made_up, returning, {"state": "state", "code": "x"}, "2001:db8:1:2::ff")
    assert await come_back(elsewhere)


async def test_another_nonce_is_refused(issuer: str, provider: Making) -> None:
    ours, returning, begun = provider(oidc_issuer=issuer), "http://127.0.0.1:1/back", Begun.now()
    brought = parse_qs(urlsplit(let_in(await ours.address(begun, returning))).query)
    other = Begun(begun.state, "another", begun.verifier)
    with pytest.raises(qa.UnknownCallerError, match="nonce"):
        await ours.enter(other, returning, {name: one[0] for name, one in brought.items()})


async def test_a_provider_that_cannot_be_reached_is_named(guarded: str, provider: Making) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    for address in (gone, guarded):  # nobody there; a server that is no provider
        with pytest.raises(qa.SignInUnavailableError, match=f"{address} does not answer as"):
            await provider(oidc_issuer=address).address(Begun.now(), "http://127.0.0.1:1/back")


async def test_a_provider_that_never_answers_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, provider: Making
) -> None:
    monkeypatch.setattr("qa.api.sign_in.provider.PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(qa.SignInUnavailableError, match="does not answer"):
            await provider(oidc_issuer=address).address(Begun.now(), "http://127.0.0.1:1/back")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "oidc_issuer or oidc_client_id is not set"),
        ({"oidc_issuer": "http://login.example"}, "is not an address with https"),
        ({"oidc_issuer": "login.example"}, "is not an address with https"),
        ({"oidc_issuer": "https://["}, "is not an address with https"),
        ({"oidc_issuer": "https://login.example", "oidc_scopes": "profile"}, "oidc_scopes"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    given: dict[str, str], told: str, provider: Making
) -> None:
    with pytest.raises(qa.SettingsError, match=told):
        provider(**given)


def test_a_secret_is_read_from_a_file_and_shown_nowhere(tmp_path: Path) -> None:
    settings = qa.Settings.load(oidc_client_secret="hush")
    assert "hush" not in repr(settings)
    with pytest.raises(qa.SettingsError, match="oidc_client_secret_file"):
        Provider(
            qa.Settings.load(
                oidc_issuer="https://login.example",
                oidc_client_id="x",
                oidc_client_secret_file=str(tmp_path / "none"),
            )
        )
