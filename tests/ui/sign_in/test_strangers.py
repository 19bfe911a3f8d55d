"""No route of any part of the server answers a stranger."""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Mount

import qa
from qa.api import Keys
from qa.api.keys import RIGHTS
from tests.ui.serving import FROM_OTHER_SITES, served
from tests.ui.sign_in.signing import NAME, client, sign_in, with_users
from ui.gate import READING_METHODS
from ui.page.texts import TEXTS
from ui.routes.static_files import Assets
from ui.server import build_server
from ui.sign_in.door import OPEN, OPEN_FOLDERS
from ui.uploads import Attachments

SOURCE = "/api/source?source=seeds%2Fsecond-summit-brief.md"
# What a stranger may send.
IN_HAND: list[dict[str, str]] = [
    {},
    {"Accept": "text/html"},
    {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Cookie": "footnote=x; footnote-frame=; __Host-footnote=x"},
    {"Authorization": "Bearer fnk_x"},
    {"Authorization": "Basic YWRhOmFkYQ=="},
    {"X-Forwarded-User": NAME, "X-Forwarded-Groups": "people", "X-Forwarded-For": "127.0.0.1"},
    {"Remote-User": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/health"},
]


def walked(routes: Iterable[Any], folder: str = "") -> Iterator[tuple[str, str]]:
    """The method and the path of every route, those of mounted applications included."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from walked(included.routes, folder)
        elif isinstance(route, Mount):
            here = f"{folder}{route.path}"
            yield ("GET", f"{here}/nowhere")
            if isinstance(route.app, Assets):
                yield from (("GET", f"{here}/{name}") for name in sorted(route.app._files)[::20])
                yield from (("GET", f"{here}/{name}") for name in route.app._files if "/" in name)
            else:
                yield from walked(route.routes, here)
        else:
            for method in getattr(route, "methods", None) or ("GET", "POST", "DELETE"):
                yield method, folder + route.path


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_FOLDERS)


@pytest.fixture(scope="module")
def index(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_users(served_index, tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="module")
def guarded(index: Path) -> Iterator[str]:
    with served(index, "--sign-in", "password") as url:
        yield url


@pytest.fixture(scope="module")
def proxied(index: Path) -> Iterator[str]:
    with served(index, "--sign-in", "proxy", "--trusted-proxy", "10.9.9.9") as url:
        yield url


# Neither is asked: nobody comes as far as that.
@pytest.fixture(scope="module")
def at_provider(index: Path) -> Iterator[str]:
    place = {"QA_OIDC_ISSUER": "http://127.0.0.1:9", "QA_OIDC_CLIENT_ID": "footnote"}
    with served(index, "--sign-in", "oidc", **place) as url:
        yield url


@pytest.fixture(scope="module")
def in_directory(index: Path) -> Iterator[str]:
    place = {"QA_LDAP_URL": "ldap://127.0.0.1:9", "QA_LDAP_BASE": "dc=example,dc=org"}
    with served(index, "--sign-in", "ldap", **place) as url:
        yield url


# Gradio leaves an event loop open when its page is built; collecting garbage finds it.
@pytest.fixture(scope="module")
def routes(index: Path) -> list[tuple[str, str]]:
    with (
        qa.Assistant(index, sign_in="password") as assistant,
        contextlib.closing(Attachments(assistant)) as attachments,
    ):
        found = set(walked(build_server(assistant, attachments).routes))
    return sorted((method, re.sub(r"{[^}]*}", "x", path)) for method, path in found)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_walk_finds_every_part_of_the_server(routes: list[tuple[str, str]]) -> None:
    gc.collect()
    paths = {path for _, path in routes}
    assert len(routes) > 300
    assert paths >= {
        "/", "/en", "/en/", "/de/config", "/fr/gradio_api/queue/join", "/es/gradio_api/upload",
        "/static/chat/page.js", "/embed.js", "/health", "/healthz", "/readyz", "/mcp",
        "/v1/chat/completions",
        "/v1/models", "/api/v1/ask", "/api/v1/source", "/api/v1/openapi.json", "/api/source",
        "/api/original", "/api/page", "/api/marks", "/api/export", "/api/feedback", "/api/uploads",
        "/api/state", "/api/ask", "/api/related", "/api/examples", "/sign-in", "/signed-in",
    }  # fmt: skip


@pytest.mark.parametrize("held", IN_HAND, ids=lambda held: next(iter(held), "nothing"))
@pytest.mark.parametrize("way", ["guarded", "proxied", "at_provider", "in_directory"])
def test_no_route_answers_a_stranger(
    way: str, held: dict[str, str], routes: list[tuple[str, str]], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(way)
    asked, pages = 0, set[str]()
    with httpx.Client(base_url=url, headers=held, timeout=60) as stranger:
        for method, path in routes:
            if is_open(path):
                continue
            told = stranger.request(method, path)
            asked += 1
            if told.status_code == 303:
                assert way != "proxied", (method, path)
                assert re.fullmatch(r"(\.\./)*sign-in\?next=[^&]*", told.headers["location"])
                assert told.content == b""
            else:
                assert told.status_code == 401, (method, path, told.status_code)
                if told.headers["content-type"].startswith("text/html"):
                    assert way == "proxied", (method, path)
                    assert method in ("GET", "HEAD"), (method, path)
                    # The same page for every address, but for the way to its style sheets.
                    if method == "GET":
                        pages.add(told.text.replace("../", "").replace('"./"', '""'))
                    assert "<script" not in told.text
                else:
                    assert len(told.content) < 400, (method, path)
                assert told.headers["cache-control"] == "no-store"
    assert asked > 250
    # One for each language that an address asks for.
    assert len(pages) <= len(TEXTS)


@pytest.mark.parametrize("way", ["guarded", "proxied", "server"])
def test_no_route_does_anything_for_a_page_of_another_site(
    way: str, routes: list[tuple[str, str]], index: Path, request: pytest.FixtureRequest
) -> None:
    """Whoever is signed in, or has a key: all that may change something is refused."""
    url = request.getfixturevalue(way)
    changing = [(method, path) for method, path in routes if method not in READING_METHODS]
    assert len(changing) > 60
    assert {path for _, path in changing} >= {
        "/v1/chat/completions", "/v1/responses", "/api/v1/ask", "/api/v1/feedback", "/mcp",
        "/api/v1/admin/sync", "/admin/sync", "/admin/set-aside", "/api/ask", "/api/uploads",
        "/sign-in", "/sign-out", "/sign-in-frame", "/en/gradio_api/queue/join",
    }  # fmt: skip
    secret, _ = Keys.of(str(index)).add(f"page-{way}", RIGHTS)
    keys: list[dict[str, str]] = [{}, {"Authorization": f"Bearer {secret}"}]
    with client(url) as browser:
        if way == "guarded":
            assert sign_in(browser).status_code == 303
        del browser.headers["Origin"]
        for sent in FROM_OTHER_SITES:
            for held in keys:
                for method, path in changing:
                    told = browser.request(method, path, headers={**sent, **held})
                    assert told.status_code == 403, (method, path, sent)
                    assert "another site" in told.text, (method, path)
                    assert "set-cookie" not in told.headers
        if way == "guarded":
            for method, path in changing:  # it does not say which page it comes from
                assert browser.request(method, path).status_code == 403, (method, path)
            assert browser.get("/api/state").status_code == 200, "still signed in"


def test_open_routes_give_nothing_away(guarded: str, routes: list[tuple[str, str]]) -> None:
    opened = {path for _, path in routes if is_open(path) and not path.startswith(OPEN_FOLDERS)}
    assert opened == OPEN
    with httpx.Client(base_url=guarded, timeout=60) as stranger:
        for path in ("/health", "/healthz"):
            assert stranger.get(path).json() == {"status": "ok"}
        assert set(stranger.get("/readyz").json()) == {"status", "checks"}
        figures = stranger.get("/metrics")  # as through a proxy on this machine
        assert (figures.status_code, "footnote_" in figures.text) == (403, False)
        assert "customElements" in stranger.get("/embed.js").text
        form = stranger.get("/sign-in")
        parts = re.findall(r'(?:href|src)="([^"]+)"', form.text)
        assert {"static/fonts/fonts.css", "static/sign-in/sign-in.css"} <= set(parts)
        for part in parts:
            assert part.startswith("data:") or stranger.get(f"/{part}").status_code == 200
        for way in ("/static/fonts/../chat/page.js", "/static/sign-in/%2e%2e/chat/page.js",
                    "/sign-in/", "/health/x", "//health", "/health%2f..%2fapi%2fstate",
                    "/static/fonts", "/%2fapi/state"):  # fmt: skip
            reply = stranger.send(httpx.Request("GET", guarded + way))
            assert reply.status_code in (401, 404), way
            assert "document" not in reply.text, way


def test_a_user_who_has_signed_in_is_answered(guarded: str) -> None:
    with client(guarded) as browser:
        assert sign_in(browser).status_code == 303
        for path in ("/en/", "/api/state", SOURCE, "/static/chat/page.js", "/de/config",
                     "/api/v1/openapi.json"):  # fmt: skip
            assert browser.get(path).status_code == 200, path
        assert browser.get("/en/gradio_api/info").status_code == 404
        assert browser.get("/health").json()["documents"] > 5
        asked = {"question": "Where might the second summit be held?"}
        assert "Hanoi" in browser.post("/api/ask", json=asked).text


def test_a_program_needs_its_key_and_nothing_else(guarded: str, index: Path) -> None:
    secret, _ = Keys.of(str(index)).add("wiki", ["ask"])
    asked = {"question": "Where might the second summit be held?"}
    with httpx.Client(base_url=guarded, timeout=60) as program:
        assert program.post("/api/v1/ask", json=asked).status_code == 401
        program.headers["Authorization"] = f"Bearer {secret}"
        assert "Hanoi" in program.post("/api/v1/ask", json=asked).text
        assert program.get("/v1/models").status_code == 200
        assert program.get("/api/v1/status").status_code == 403, "it has no right to that"
        for path in ("/api/state", "/en/", SOURCE, "/api/ask"):
            assert program.get(path).status_code == 401, "the page is for people"
    with client(guarded) as browser:
        sign_in(browser)
        told = browser.post("/api/v1/ask", json=asked)
        assert told.status_code == 401
        assert "A key is needed" in told.json()["detail"]
