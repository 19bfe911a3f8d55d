"""Sessions and tries, by a clock of the test's own."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

import qa
from qa.api import Desk, TooManyTriesError, Users
from qa.api.sign_in.desk import FOR_ADDRESS, FOR_NAME
from qa.api.sign_in.sessions import CODE_SECONDS, FILE, MOST_FOR_ONE, Sessions
from qa.api.sign_in.throttle import Throttle, household

PASSWORD = "correct horse battery"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Sessions:
    return of_file(tmp_path, clock)


def of_file(folder: Path, clock: Clock, kind: str = "password") -> Sessions:
    return Sessions(folder / "sessions" / FILE, 100, 1000, kind=kind, clock=clock)


def test_a_session_is_known_by_its_token_alone(sessions: Sessions) -> None:
    token = sessions.begin("ada", "stamp")
    assert len(token) > 40
    assert token != sessions.begin("ada", "stamp")
    held = sessions.of(token)
    assert held is not None
    assert (held.name, held.stamp) == ("ada", "stamp")
    stored = sessions.file.read_bytes()
    assert b"stamp" in stored
    assert token.encode() not in stored
    assert stat.S_IMODE(sessions.file.stat().st_mode) == 0o600
    digests = re.findall(r"[0-9a-f]{64}", stored.decode("latin-1"))
    assert len(digests) >= 2
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "\ud800", *digests):
        assert sessions.of(wrong) is None


def test_a_session_ends_when_nobody_does_anything(sessions: Sessions, clock: Clock) -> None:
    token = sessions.begin("ada", "")
    for _ in range(5):
        clock.now += 99
        assert sessions.of(token)
    clock.now += 60
    assert sessions.of(token, seen=False), "what the page asks by itself is answered"
    clock.now += 60
    assert sessions.of(token, seen=False) is None, "and does not count"


def test_a_session_ends_in_any_case(sessions: Sessions, clock: Clock) -> None:
    token = sessions.begin("ada", "")
    while clock.now <= 2000:
        assert sessions.of(token)
        clock.now += 90
    assert sessions.of(token) is None


def test_a_session_ends_when_its_person_signs_out_and_others_do_not(sessions: Sessions) -> None:
    one, other, bobs = (sessions.begin(name, "") for name in ("ada", "ada", "bob"))
    sessions.end(one)
    sessions.end("unknown")
    assert sessions.of(one) is None
    assert sessions.of(other)
    assert sessions.of(bobs)


def test_the_oldest_sessions_of_one_person_make_room(sessions: Sessions) -> None:
    bobs = sessions.begin("bob", "")
    tokens = [sessions.begin("ada", "") for _ in range(MOST_FOR_ONE + 3)]
    assert [bool(sessions.of(token)) for token in tokens] == [False] * 3 + [True] * MOST_FOR_ONE
    assert sessions.of(bobs)


def test_a_code_gives_a_frame_a_token_of_the_same_session_once(
    sessions: Sessions, clock: Clock
) -> None:
    token = sessions.begin("ada", "")
    code = sessions.code(token)
    frames = sessions.redeem(code)
    assert frames not in (None, token, code)
    assert sessions.redeem(code) is None
    assert sessions.redeem("") is None
    assert sessions.of(frames or "")
    late = sessions.code(token)
    clock.now += CODE_SECONDS
    assert sessions.redeem(late) is None
    unused = sessions.code(token)
    sessions.end(token)
    assert sessions.of(frames or "") is None, "who signs out is signed out everywhere"
    assert sessions.redeem(unused) is None


def test_processes_with_the_same_file_have_the_same_sessions(
    sessions: Sessions, clock: Clock, tmp_path: Path
) -> None:
    other = of_file(tmp_path, clock)
    token = sessions.begin("ada", "stamp", ["people"])
    assert other.of(token) == sessions.of(token)
    assert other.of(token).viewer == qa.Viewer("ada", ["people"])  # type: ignore[union-attr]
    frames = other.redeem(sessions.code(token)) or ""
    for _ in range(12):
        clock.now += 50
        assert other.of(frames)
    assert sessions.of(token), "whoever does something there is here as well"
    other.end(frames)
    assert sessions.of(token) is None


def test_whoever_signed_in_in_another_way_is_not_signed_in(
    sessions: Sessions, clock: Clock, tmp_path: Path
) -> None:
    token = sessions.begin("ada", "", ["people"])
    assert of_file(tmp_path, clock, "oidc").of(token) is None
    given = {"index": str(tmp_path / "index"), "oidc_issuer": "https://login.example"}

    def kept(**changed: str) -> Sessions:
        return Sessions.of_settings(qa.Settings.load(**{"sign_in": "oidc", **given, **changed}))

    token = kept().begin("ada", "", ["people"])
    assert kept(oidc_client_secret="other", session_hours="2").of(token)
    for changed in (
        {"oidc_issuer": "https://elsewhere.example"}, {"oidc_groups_claim": "roles"},
        {"sign_in": "ldap"}, {"sign_in": "password"}, {"index": str(tmp_path / "other")},
    ):  # fmt: skip
        assert kept(**changed).of(token) is None


def test_nothing_is_left_in_the_file_of_a_session_that_ended(
    sessions: Sessions, clock: Clock
) -> None:
    names = ["Zephyrine", "Quillon", "Ottoline"]
    signed_out, *_ = [sessions.begin(name, "", [f"{name}s"]) for name in names]
    sessions.end(signed_out)
    assert b"Zephyrine" not in sessions.file.read_bytes()
    assert sessions.end_all("Quillon") == 1
    assert b"Quillon" not in sessions.file.read_bytes()
    assert sessions.end_all("nobody") == 0
    assert b"Ottoline" in sessions.file.read_bytes()
    clock.now += 101
    sessions.clear()
    assert b"Ottoline" not in sessions.file.read_bytes()


def test_everybody_is_signed_out_by_one_call_and_by_removing_the_file(sessions: Sessions) -> None:
    tokens = [sessions.begin(name, "") for name in ("ada", "bob")]
    assert sessions.end_all() == 2
    assert not any(map(sessions.of, tokens))
    token = sessions.begin("ada", "")
    sessions.file.unlink()
    assert sessions.of(token) is None
    assert sessions.of(sessions.begin("ada", ""))
    assert stat.S_IMODE(sessions.file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_used_is_named(
    sessions: Sessions, clock: Clock, tmp_path: Path
) -> None:
    token = sessions.begin("ada", "")
    sessions.file.write_bytes(b"no database, but long enough to be taken for one" * 100)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    for used in (sessions, of_file(in_the_way, clock)):
        for use in (used.clear, lambda used=used: used.of(token)):
            with pytest.raises(qa.SignInUnavailableError, match=re.escape(str(used.file))):
                use()


def test_many_tries_are_possible_at_once_and_then_few(clock: Clock) -> None:
    throttle = Throttle(3, 10, clock)
    for _ in range(3):
        assert throttle.wait("ada") == 0
        throttle.count("ada")
    assert throttle.wait("ada") == 10
    assert throttle.wait("bob") == 0
    clock.now += 10
    assert throttle.wait("ada") == 0
    throttle.count("ada")
    assert throttle.wait("ada") == 10
    throttle.forgive("ada")
    assert throttle.wait("ada") == 0
    clock.now += 1000
    for _ in range(3):
        assert throttle.wait("ada") == 0
        throttle.count("ada")
    assert throttle.wait("ada") == 10


async def stays() -> bool:
    return False


@pytest.fixture
def desk(tmp_path: Path, sessions: Sessions, clock: Clock) -> Desk:
    users = Users(tmp_path / "users.json")
    users.add("ada", PASSWORD, ["people"])
    users.add("bob", PASSWORD)
    return Desk(users, sessions, clock)


async def wrong(desk: Desk, name: str, address: str) -> None:
    with pytest.raises(qa.UnknownCallerError, match="is wrong"):
        await desk.enter(name, "wrong horse battery", address, stays)


async def test_a_change_of_a_user_takes_effect_with_the_next_request(desk: Desk) -> None:
    users = desk.users
    assert isinstance(users, Users)
    token = await desk.enter(" ada ", PASSWORD, "10.0.0.1", stays)
    assert desk.viewer(token) == qa.Viewer("ada", ("people",))
    assert desk.viewer("other") is None
    users.set_password("ada", PASSWORD)
    assert desk.viewer(token) is None, "another password ends the sessions"
    token = await desk.enter("ada", PASSWORD, "10.0.0.1", stays)
    users.remove("ada")
    assert desk.viewer(token) is None
    users.add("ada", PASSWORD)
    assert desk.viewer(token) is None, "this is another one"


async def test_a_name_has_its_tries_wherever_they_come_from(desk: Desk) -> None:
    for _ in range(FOR_NAME[0] - 2):
        desk.names.count("ada")
    for number in range(2):
        await wrong(desk, "ada", f"10.0.0.{number}")
    with pytest.raises(TooManyTriesError) as caught:
        await desk.enter("ada", PASSWORD, "10.0.1.1", stays)
    assert 0 < caught.value.seconds <= FOR_NAME[1]
    assert caught.value.status == 429
    assert await desk.enter("bob", PASSWORD, "10.0.0.1", stays)


async def test_unknown_names_have_no_more_tries_than_known_ones(desk: Desk) -> None:
    for _ in range(FOR_NAME[0] - 1):
        desk.names.count("nobody")
    await wrong(desk, "nobody", "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        await desk.enter("nobody", PASSWORD, "10.0.0.1", stays)


async def test_an_address_has_its_tries_whatever_the_names(desk: Desk) -> None:
    for number in range(FOR_ADDRESS[0] - 1):  # tries of others, without their work
        desk.addresses.count(household(f"2001:db8:1:2::{number:x}"))
    await wrong(desk, "ada", "2001:db8:1:2::")
    with pytest.raises(TooManyTriesError):
        await desk.enter("bob", PASSWORD, "2001:db8:1:2:ffff::", stays)
    assert await desk.enter("ada", PASSWORD, "2001:db8:1:3::1", stays)


async def test_a_right_password_does_not_count_as_a_try(desk: Desk) -> None:
    for _ in range(FOR_NAME[0] - 1):
        desk.names.count("ada")
    for _ in range(3):
        assert await desk.enter("ada", PASSWORD, "10.0.0.1", stays)
    await wrong(desk, "ada", "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        await desk.enter("ada", PASSWORD, "10.0.0.1", stays)


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.0.0.1", "10.0.0.1"), ("", ""), ("unix", "unix"), ("fe80::1%eth0", "fe80::/64")],
)
def test_an_address_of_ipv6_counts_as_its_network(address: str, network: str) -> None:
    assert household(address) == network
