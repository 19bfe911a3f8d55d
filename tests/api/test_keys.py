"""Keys of programs: how they are stored, and what they open."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

import qa
from qa.api import Keys
from qa.api.keys import FILE
from tests.api.rest.test_schemathesis import run as try_all
from tests.cli.forked import run
from tests.ui.serving import served


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.of(str(tmp_path / "index"))


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def test_a_key_is_long_and_random_and_only_its_hash_is_stored(keys: Keys) -> None:
    secret, key = keys.add("wiki")
    other, _ = keys.add("bot")
    assert secret != other
    assert len(secret) > 43
    stored = keys.file.read_text(encoding="utf-8")
    assert secret not in stored
    assert hashlib.sha256(secret.encode()).hexdigest() in stored
    assert stat.S_IMODE(keys.file.stat().st_mode) == 0o600
    assert keys.file.name == FILE
    assert secret not in repr(key)


def test_a_key_opens_what_it_has_the_right_to(keys: Keys) -> None:
    secret, _ = keys.add("wiki", ["ask", "status"])
    key = keys.check(bearer(secret), "ask")
    assert key is not None
    assert (key.name, key.rights) == ("wiki", ("ask", "status"))
    assert keys.check(f"bearer  {secret} ") == key
    with pytest.raises(qa.AccessError, match="does not have the right to read; it has: ask"):
        keys.check(bearer(secret), "read")


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer fnk_", "Bearer \ud800", "\0"]
)
def test_anything_but_a_key_opens_nothing_once_there_is_one(keys: Keys, sent: str | None) -> None:
    assert keys.check(sent) is None, "nobody needs a key before there is one"
    keys.add("wiki")
    with pytest.raises(qa.UnknownCallerError):
        keys.check(sent)


def test_a_digest_is_not_a_key(keys: Keys) -> None:
    _, key = keys.add("wiki")
    with pytest.raises(qa.UnknownCallerError, match="not known"):
        keys.check(bearer(key.digest))


def test_a_setting_asks_for_a_key_before_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(qa.UnknownCallerError, match="qa key add"):
        Keys.of(str(tmp_path / "index"), needed=True).check(None)


def test_an_expired_key_opens_nothing_and_a_key_is_still_required(keys: Keys) -> None:
    secret, key = keys.add("wiki", days=1 / 86_400)
    assert key.expires is not None
    assert datetime.fromisoformat(key.expires) >= datetime.fromisoformat(key.made)
    time.sleep(1.1)
    with pytest.raises(qa.UnknownCallerError, match="'wiki' expired on 20"):
        keys.check(bearer(secret))
    with pytest.raises(qa.UnknownCallerError):
        keys.check(None)


def test_another_process_sees_a_change_at_once(keys: Keys, tmp_path: Path) -> None:
    other = Keys.of(str(tmp_path / "index"))
    secret, _ = keys.add("wiki")
    assert other.check(bearer(secret)) is not None
    keys.add("bot")
    keys.remove("wiki")
    with pytest.raises(qa.UnknownCallerError):
        other.check(bearer(secret))


@pytest.mark.parametrize(
    ("name", "rights", "days"),
    [
        ("", None, None), (" ", None, None), ("a" * 101, None, None), ("a\nb", None, None),
        ("a", ["write"], None), ("a", [], None), ("a", None, 0), ("a", None, -1),
        ("a", None, float("nan")), ("a", None, float("inf")), ("taken", None, None),
    ],
)  # fmt: skip
def test_invalid_arguments_are_refused(
    keys: Keys, name: str, rights: list[str] | None, days: float | None
) -> None:
    keys.add("taken")
    with pytest.raises(qa.ArgumentError):
        keys.add(name, rights, days)
    assert [key.name for key in keys.all()] == ["taken"]


def test_a_key_that_is_not_there_cannot_be_removed(keys: Keys) -> None:
    keys.add("wiki")
    with pytest.raises(qa.ArgumentError, match=r"no key 'bot'\. There are: wiki"):
        keys.remove("bot")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"keys": [{}]}', '{"keys": [3]}', '{"keys": 7}',
     '{"keys": [{"name": "a", "digest": "b", "rights": [], "made": "", "expires": "never"}]}'],
)  # fmt: skip
def test_a_damaged_file_lets_nobody_in(keys: Keys, text: str) -> None:
    keys.file.parent.mkdir(parents=True)
    keys.file.write_text(text, encoding="utf-8")
    with pytest.raises(qa.SettingsError, match=r"keys\.json"):
        keys.check(None)


def test_the_keys_of_a_server_are_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Keys.of("http://chroma:8000").file != Keys.of("http://chroma:8001").file
    assert Keys.of("http://chroma:8000").file.is_relative_to(tmp_path)


def command(index: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run("key", *words, "--index", index)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("keys") / "index"
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document("Ada King approves leave.", "leave.txt")])
    return index


@pytest.fixture(scope="module")
def guarded(index: Path) -> Iterator[str]:
    """A server that asks for a key, and has none yet."""
    with served(index, QA_REQUIRE_API_KEY="true") as url:
        yield url


ROUTES = {
    "ask": ("POST", "/api/v1/ask"),
    "read": ("GET", "/api/v1/source?source=leave.txt"),
    "status": ("GET", "/api/v1/status"),
    "feedback": ("POST", "/api/v1/feedback"),
}
BODIES = {
    "ask": {"question": "Who approves leave?"},
    "feedback": {"question": "Who?", "answer": "Ada.", "verdict": "up"},
}


def asked(url: str, right: str, secret: str | None) -> httpx.Response:
    method, path = ROUTES[right]
    headers = {"Authorization": bearer(secret)} if secret else {}
    return httpx.request(method, url + path, json=BODIES.get(right), headers=headers, timeout=60)


def test_a_key_works_from_the_command_to_the_server(index: Path, guarded: str) -> None:
    for right in ROUTES:
        reply = asked(guarded, right, None)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert reply.json()["kind"] == "UnknownCallerError"
    for right in ROUTES:
        done = command(index, "add", f"for-{right}", "--right", right)
        assert done.returncode == 0, done.stderr
        secret = done.stdout.strip()
        assert "cannot be shown again" in done.stderr
        for other in ROUTES:
            expected = (200, 204) if other == right else (403,)
            assert asked(guarded, other, secret).status_code in expected
    listed = command(index, "list")
    assert "for-ask: ask; for good" in listed.stdout
    assert "fnk_" not in listed.stdout
    assert command(index, "remove", "for-status").returncode == 0
    assert command(index, "remove", "for-status").returncode == 1
    whole = command(index, "add", "all", "--expires", "2").stdout.strip()
    for right in ROUTES:
        assert asked(guarded, right, whole).is_success


def test_the_page_and_its_routes_need_no_key(guarded: str) -> None:
    for path in ("/en/", "/health", "/api/state", "/api/v1/openapi.json"):
        assert httpx.get(guarded + path, timeout=60).status_code == 200


def test_schemathesis_finds_no_way_around(index: Path, guarded: str, tmp_path: Path) -> None:
    secret, _ = Keys.of(str(index)).add("schemathesis")
    header = f"Authorization: {bearer(secret)}"
    try_all(f"{guarded}/api/v1/openapi.json", tmp_path, "--header", header)


def test_a_key_has_groups_and_one_of_an_older_release_has_none(keys: Keys) -> None:
    secret, _ = keys.add("wiki", groups=["staff", "people", "staff"])
    key = keys.check(bearer(secret))
    assert key is not None
    assert key.viewer == qa.Viewer("wiki", ("staff", "people"))
    for wrong in ("", " staff", "a\nb", "a" * 101):
        with pytest.raises(qa.ArgumentError, match="group"):
            keys.add("other", groups=[wrong])
    kept = json.loads(keys.file.read_text(encoding="utf-8"))
    text = json.dumps(kept).replace(', "groups": ["staff", "people"]', "")
    assert "groups" not in text
    keys.file.write_text(text, encoding="utf-8")
    old = keys.check(bearer(secret))
    assert old is not None
    assert old.viewer == qa.Viewer("wiki")
