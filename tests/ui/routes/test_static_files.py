from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from ui.routes.static_files import Assets

SCRIPT = "export const words = 'a long enough script';\n" * 40


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "served"
    (folder / "inner").mkdir(parents=True)
    (folder / "page.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "inner" / "dot.png").write_bytes(bytes(range(256)) * 8)
    return TestClient(Starlette(routes=[Mount("/files", Assets(folder))]))


def asked(client: TestClient, path: str, accepted: str, **headers: str) -> Any:
    return client.get(path, headers={"accept-encoding": accepted, **headers})


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_comes_as_the_browser_takes_it(
    client: TestClient, accepted: str, encoding: str | None
) -> None:
    for _ in range(2):  # read, then from memory
        reply = asked(client, "/files/page.js", accepted)
        assert reply.text == SCRIPT
        assert reply.headers.get("content-encoding") == encoding
        assert reply.headers["content-type"].startswith("text/javascript")
        assert reply.headers["vary"] == "accept-encoding"


def test_what_is_compressed_already_is_left_alone(client: TestClient) -> None:
    reply = asked(client, "/files/inner/dot.png", "br, gzip")
    assert reply.content == bytes(range(256)) * 8
    assert "content-encoding" not in reply.headers


def test_a_browser_that_has_the_file_gets_status_304(client: TestClient) -> None:
    first = asked(client, "/files/page.js", "gzip")
    again = asked(client, "/files/page.js", "gzip", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    weak = asked(
        client, "/files/page.js", "gzip", **{"if-none-match": "W/" + first.headers["etag"]}
    )
    assert weak.status_code == 304
    other = asked(client, "/files/page.js", "br", **{"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["nowhere.js", "inner", "", "../secret.txt", "..%2fsecret.txt", "inner/..%2f..%2fsecret.txt"],
)
def test_nothing_else_is_reached(client: TestClient, path: str) -> None:
    reply = client.get(f"/files/{path}")
    assert reply.status_code == 404
    assert "secret" not in reply.text


def test_files_are_only_read(client: TestClient) -> None:
    assert client.head("/files/page.js").content == b""
    assert client.post("/files/page.js").status_code == 405
