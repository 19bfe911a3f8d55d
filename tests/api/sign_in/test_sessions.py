"""Sessions and tries, by a clock of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.api import Desk, TooManyTriesError, Users
from qa.api.sign_in.desk import FOR_ADDRESS, FOR_NAME, household
from qa.api.sign_in.sessions import CODE_SECONDS, MOST_FOR_ONE, Sessions
from qa.api.sign_in.throttle import Throttle

PASSWORD = "correct horse battery"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(idle=100, longest=1000, clock=clock)


def test_a_session_is_known_by_its_token_alone(sessions: Sessions) -> None:
    token = sessions.begin("ada", "stamp")
    assert len(token) > 40
    assert token != sessions.begin("ada", "stamp")
    held = sessions.of(token)
    assert held is not None
    assert (held.name, held.stamp) == ("ada", "stamp")
    assert token not in repr(vars(sessions))
    for wrong in ("", token[:-1], token + "x", token.swapcase(), *sessions._held):
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
