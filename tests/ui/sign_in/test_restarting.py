"""Who has signed in stays signed in when the server restarts, at all servers of an index."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import qa
from qa.api import Sessions, Users
from tests.ui.serving import served
from tests.ui.sign_in.signing import (
    NAME,
    OTHER,
    OTHERS_PASSWORD,
    PASSWORD,
    client,
    sign_in,
    with_users,
)

WAY = ("--sign-in", "password")


@pytest.fixture(scope="module")
def index(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_users(served_index, tmp_path_factory.mktemp("restarting"))


def seen(url: str, cookies: httpx.Cookies) -> str | None:
    """Whose page a server shows; None if it asks for a name first."""
    page = httpx.get(f"{url}/en/", cookies=dict(cookies))
    found = re.search(r'"footnote-viewer" content="([^"]*)"', page.text)
    return found[1] if found else None


def test_who_has_signed_in_stays_so_until_the_session_ends(index: Path) -> None:
    with served(index, *WAY) as url, client(url) as ada, client(url) as bob, client(url) as frame:
        sign_in(ada)
        sign_in(bob, OTHER, OTHERS_PASSWORD)
        shown = re.search(r'"footnote-code" content="([^"]+)"', ada.get("/signed-in").text)
        assert shown is not None
        code = shown[1]
        given = {"code": code, "next": "en/?embedded"}
        assert frame.post("/sign-in-frame", data=given).cookies["footnote-frame"]

    with ExitStack() as running:
        one, other = (running.enter_context(served(index, *WAY)) for _ in range(2))
        for url in (one, other):
            assert seen(url, ada.cookies) == seen(url, frame.cookies) == NAME
            assert seen(url, bob.cookies) == OTHER
            assert seen(url, httpx.Cookies({"footnote": "x" * 43})) is None
            again = httpx.post(f"{url}/sign-in-frame", data=given, headers={"Origin": url})
            assert "footnote-frame" not in again.cookies, "a code is good once, wherever"

        kept = dict(ada.cookies)
        out = httpx.post(f"{one}/sign-out", cookies=kept, headers={"Origin": one})
        assert out.status_code == 303
        for url in (one, other):
            assert seen(url, ada.cookies) is None
            assert seen(url, frame.cookies) is None
            assert seen(url, bob.cookies) == OTHER

        users = Users.of(str(index))
        users.remove(OTHER)
        users.add(OTHER, OTHERS_PASSWORD, ["people"])
        for url in (one, other):
            assert seen(url, bob.cookies) is None, "this is another one"

        with client(one) as ada, client(other) as bob:
            sign_in(ada)
            sign_in(bob, OTHER, OTHERS_PASSWORD)
            assert seen(other, ada.cookies) == NAME
            settings = qa.Settings.load(index=str(index), sign_in="password")
            assert Sessions.of_settings(settings).end_all(NAME) == 1
            assert seen(one, ada.cookies) is seen(other, ada.cookies) is None
            assert seen(one, bob.cookies) == OTHER
            users.set_password(OTHER, PASSWORD)
            assert seen(one, bob.cookies) is seen(other, bob.cookies) is None
