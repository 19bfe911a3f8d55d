"""Users: how their passwords are stored, and what opens nothing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

import qa
from qa.api import Sessions, Users
from qa.api.sign_in.desk import Desk
from qa.api.sign_in.users import FILE, LONGEST_PASSWORD
from tests.cli.forked import CHECKOUT, run

PASSWORD = "correct horse battery"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users.of(str(tmp_path / "index"))


def test_only_a_salted_hash_of_a_password_is_stored(users: Users) -> None:
    ada = users.add("ada", PASSWORD, ["people", "leads", "people"])
    bob = users.add("bob", PASSWORD)
    stored = users.file.read_text(encoding="utf-8")
    assert PASSWORD not in stored
    assert ada.hash.startswith("$argon2id$")
    assert ada.hash != bob.hash
    assert stat.S_IMODE(users.file.stat().st_mode) == 0o600
    assert users.file.name == FILE
    assert ada.groups == ("people", "leads")
    assert ada.viewer == qa.Viewer("ada", ("people", "leads"))
    assert "hash" not in ada.to_dict()


def test_a_password_opens_its_own_user_alone(users: Users) -> None:
    users.add("ada", PASSWORD)
    users.add("bob", "another horse battery")
    assert users.check("ada", PASSWORD).name == "ada"
    for name, password in [
        ("ada", "another horse battery"), ("bob", PASSWORD), ("ada", ""), ("", PASSWORD),
        ("Ada", PASSWORD), ("eve", PASSWORD), ("ada", PASSWORD.upper()), ("ada", PASSWORD + " "),
        ("ada", PASSWORD + "x" * LONGEST_PASSWORD), ("ada", "\ud800"), ("\0", "\0"),
        ("ada", users.all()[0].hash),
    ]:  # fmt: skip
        with pytest.raises(qa.UnknownCallerError, match="name or the password is wrong"):
            users.check(name, password)


def test_a_long_password_counts_to_its_last_character(users: Users) -> None:
    longest = "x" * LONGEST_PASSWORD
    users.add("ada", longest)
    assert users.check("ada", longest).name == "ada"
    for other in (longest[:-1], longest[:-1] + "y", longest + "x"):
        with pytest.raises(qa.UnknownCallerError):
            users.check("ada", other)


def test_a_password_is_the_same_however_a_keyboard_composes_letters(users: Users) -> None:
    users.add("ada", "Schlu\u0308sselbrett")
    assert users.check("ada", "Schl\u00fcsselbrett").name == "ada"


class Working(PasswordHasher):
    """Argon2, which notes what it was made to do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.done.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


def test_an_unknown_user_takes_as_much_work_as_a_known_one(users: Users) -> None:
    users.add("ada", PASSWORD)
    users._hasher = working = Working()
    for name in ("ada", "nobody"):
        with pytest.raises(qa.UnknownCallerError):
            users.check(name, "wrong horse battery")
    known, unknown = working.done
    assert known == unknown
    assert known.memory_cost >= 19_456  # the least that OWASP advises, in KiB


@pytest.mark.parametrize(
    ("name", "password", "groups"),
    [
        ("", PASSWORD, ()), (" ada", PASSWORD, ()), ("a" * 101, PASSWORD, ()),
        ("a\nb", PASSWORD, ()), ("a,b", PASSWORD, ()), ("eve", "short", ()),
        ("eve", "", ()), ("eve", "x" * 1001, ()), ("eve", PASSWORD, [""]),
        ("eve", PASSWORD, ["a,b"]), ("taken", PASSWORD, ()),
    ],
)  # fmt: skip
def test_invalid_arguments_are_refused(
    users: Users, name: str, password: str, groups: list[str]
) -> None:
    users.add("taken", PASSWORD)
    with pytest.raises(qa.ArgumentError):
        users.add(name, password, groups)
    assert [user.name for user in users.all()] == ["taken"]


def test_another_process_sees_a_change_at_once(users: Users, tmp_path: Path) -> None:
    other = Users.of(str(tmp_path / "index"))
    users.add("ada", PASSWORD)
    assert other.check("ada", PASSWORD)
    users.set_password("ada", "another horse battery")
    with pytest.raises(qa.UnknownCallerError):
        other.check("ada", PASSWORD)
    assert other.check("ada", "another horse battery")
    users.remove("ada")
    assert other.named("ada") is None
    for change in (
        users.remove,
        lambda name: users.set_password(name, PASSWORD),
        lambda name: users.set_groups(name, ()),
    ):
        with pytest.raises(qa.ArgumentError, match=r"no user 'ada'\. There are: none"):
            change("ada")


def test_new_groups_hold_in_sessions_that_have_begun(users: Users, tmp_path: Path) -> None:
    users.add("ada", PASSWORD, ["people"])
    settings = qa.Settings.load(index=str(tmp_path / "index"), sign_in="password")
    desk = Desk(users, Sessions.of_settings(settings))
    ada = users.check("ada", PASSWORD)
    token = desk.sessions.begin(ada.name, ada.hash, ada.groups)
    assert desk.viewer(token) == qa.Viewer("ada", ("people",))
    for groups in (["board", "leads"], []):
        Users.of(str(tmp_path / "index")).set_groups("ada", groups)
        assert desk.viewer(token) == qa.Viewer("ada", groups)
    for wrong in (["a,b"], [""]):
        with pytest.raises(qa.ArgumentError, match="group's name"):
            users.set_groups("ada", wrong)
    assert users.check("ada", PASSWORD).groups == ()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"users": [{}]}', '{"users": 7}', '{"users": ["ada"]}',
             '{"users": [{"name": "a", "hash": 3, "groups": []}]}'],
)  # fmt: skip
def test_a_damaged_file_lets_nobody_in(users: Users, text: str) -> None:
    users.file.parent.mkdir(parents=True)
    users.file.write_text(text, encoding="utf-8")
    with pytest.raises(qa.SettingsError, match=r"users\.json"):
        users.check("ada", PASSWORD)


def test_an_invalid_hash_opens_nothing(users: Users) -> None:
    users.file.parent.mkdir(parents=True)
    held = '{"users": [{"name": "ada", "hash": "correct horse battery", "groups": []}]}'
    users.file.write_text(held, encoding="utf-8")
    with pytest.raises(qa.UnknownCallerError):
        users.check("ada", PASSWORD)


def command(index: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return run("user", *words, "--index", index, input=typed)


def test_the_command_adds_lists_changes_and_removes(users: Users, tmp_path: Path) -> None:
    index = tmp_path / "index"
    assert "no users" in command(index, "list").stderr
    added = command(
        index, "add", "ada", "--group", "people", "--group", "leads", typed=f"{PASSWORD}\r\n"
    )
    assert added.returncode == 0, added.stderr
    assert users.check("ada", PASSWORD).groups == ("people", "leads")
    short = command(index, "add", "bob", typed="\n")
    assert short.returncode == 1
    assert "10 to 1,000 characters" in short.stderr
    assert command(index, "list").stdout == "ada: people, leads\n"
    listed = command(index, "list", "--json").stdout
    assert "argon2" not in listed
    assert '"people"' in listed
    for words, said in (
        (["--group", "board", "--group", "board"], "ada is in board.\n"),
        (["--none"], "ada is in no group.\n"),
    ):
        assert command(index, "groups", "ada", *words).stdout == said
    for wrong in (["ada"], ["ada", "--none", "--group", "a"], ["eve", "--none"]):
        assert command(index, "groups", *wrong).returncode == 1
    assert users.check("ada", PASSWORD).groups == ()
    assert command(index, "password", "ada", typed="another horse battery\n").returncode == 0
    assert users.check("ada", "another horse battery")
    assert command(index, "remove", "ada").returncode == 0
    assert command(index, "remove", "ada").returncode == 1
    assert users.all() == ()


def test_the_command_signs_people_out(users: Users, tmp_path: Path) -> None:
    index = tmp_path / "index"
    sessions = Sessions.of_settings(qa.Settings.load(index=str(index), sign_in="password"))
    tokens = [sessions.begin(name, "") for name in ("ada", "bob", "ada")]
    said = command(index, "sign-out", "ada")
    assert (said.returncode, said.stdout) == (0, "ada is signed out; sessions that ended: 2.\n")
    assert [bool(sessions.of(token)) for token in tokens] == [False, True, False]
    for wrong in (["sign-out"], ["sign-out", "ada", "--everyone"]):
        assert command(index, *wrong).returncode == 1
    assert "Everybody is signed out" in command(index, "sign-out", "--everyone").stdout
    assert sessions.of(tokens[1]) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_password_is_typed_twice_and_not_shown(users: Users, tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "qa", "user", "add", "ada", "--index", str(tmp_path / "index")],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    os.close(theirs)
    said = b""
    for asked in (b"Password: ", b"Repeat for confirmation: "):
        while asked not in said:
            said += os.read(ours, 1000)
        os.write(ours, f"{PASSWORD}\n".encode())
    try:
        while piece := os.read(ours, 1000):
            said += piece
    except OSError:  # the terminal is gone with the program
        pass
    os.close(ours)
    assert child.wait(60) == 0
    assert PASSWORD.encode() not in said
    assert users.check("ada", PASSWORD)
