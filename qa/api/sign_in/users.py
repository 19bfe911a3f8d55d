"""Users, with Argon2id hashes of their passwords, in a file that only its owner may read."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qa.access import Viewer
from qa.api.owned_file import OwnedFile
from qa.errors import ArgumentError, UnknownCallerError
from qa.places import beside

if TYPE_CHECKING:
    from qa.api.sign_in.sessions import Session

FILE = "users.json"
LONGEST_NAME = 100
# NIST SP 800-63B: length is what counts, and no rule about the characters helps.
LEAST_PASSWORD, LONGEST_PASSWORD = 10, 1000


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored; `hash` is Argon2's own form of a hash with its parameters and salt."""

    name: str
    hash: str
    groups: tuple[str, ...] = ()

    @property
    def viewer(self) -> Viewer:
        """The user as a viewer."""
        return Viewer(self.name, self.groups)

    def to_dict(self) -> dict[str, Any]:
        """The user as JSON, without the hash."""
        return {"name": self.name, "groups": list(self.groups)}


class Users:
    """The users of an index; a change of the file holds from the next request on."""

    asks_others = False

    def __init__(self, file: Path) -> None:
        self.file = file
        self._kept = OwnedFile(file, _user, "users", "qa user add NAME")
        # Argon2id as in RFC 9106, section 4, for little memory: 64 MiB.
        self._hasher = PasswordHasher()

    @classmethod
    def of(cls, index: str) -> Users:
        """The users of an index: beside its folder; those of a server in the user's data folder."""
        return cls(beside(index, "users") / FILE)

    def all(self) -> tuple[User, ...]:
        """The users, in the order in which they were added.

        Raises:
            SettingsError: the file cannot be read, or is damaged.
        """
        return self._kept.all()

    def named(self, name: str) -> User | None:
        """The user of this name.

        Raises:
            SettingsError: see `all`.
        """
        return next((user for user in self.all() if user.name == name), None)

    def add(self, name: str, password: str, groups: Collection[str] = ()) -> User:
        """Add a user.

        Raises:
            ArgumentError: there is one of this name, or an argument does not fit.
            SettingsError: the file cannot be written.
        """
        _check(name, "A user's name")
        user = User(name, self._hashed(password), _groups(groups))
        with self._kept.changing():
            if self.named(name) is not None:
                raise ArgumentError(
                    f"There is a user {name!r} already. For another password: "
                    f"qa user password {name}; for other groups: qa user groups {name}"
                )
            self._kept.write([*self.all(), user])
        return user

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, which ends the user's sessions.

        Raises:
            ArgumentError: there is none of this name, or the password does not fit.
            SettingsError: the file cannot be written.
        """
        self._change(name, hash=self._hashed(password))

    def set_groups(self, name: str, groups: Collection[str]) -> User:
        """Have a user be in these groups and no others, who stays signed in.

        Raises:
            ArgumentError: there is no user of this name, or the name of a group does not fit.
            SettingsError: the file cannot be written.
        """
        return self._change(name, groups=_groups(groups))

    def remove(self, name: str) -> None:
        """Delete a user, who is signed out with it.

        Raises:
            ArgumentError: there is none of this name.
            SettingsError: the file cannot be written.
        """
        with self._kept.changing():
            gone = self._known(name)
            self._kept.write([one for one in self.all() if one is not gone])

    def check(self, name: str, password: str) -> User:
        """The user with this name and password; takes as long if there is no such user.

        Raises:
            UnknownCallerError: there is none.
            SettingsError: the file cannot be read.
        """
        user = self.named(name)
        # Only what could be a password is worked on, whatever the name.
        given = _normal(password)[:LONGEST_PASSWORD]
        try:
            self._hasher.verify(user.hash if user else self._nobodys, given)
        except (VerificationError, InvalidHashError):
            user = None
        if user is None or len(password) > LONGEST_PASSWORD:
            raise UnknownCallerError("The name or the password is wrong.")
        return user

    def still(self, session: Session) -> Viewer | None:
        """Whoever began a session, if they are still a user and have the same password.

        Raises:
            SettingsError: the file cannot be read.
        """
        user = self.named(session.name)
        return user.viewer if user and user.hash == session.stamp else None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    def _hashed(self, password: str) -> str:
        if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise ArgumentError(
                f"A password has {LEAST_PASSWORD} to {LONGEST_PASSWORD:,} characters. "
                "Choose another; several words do well."
            )
        return self._hasher.hash(_normal(password))

    def _change(self, name: str, **fields: Any) -> User:
        with self._kept.changing():
            user = self._known(name)
            changed = replace(user, **fields)
            self._kept.write([changed if one is user else one for one in self.all()])
        return changed

    def _known(self, name: str) -> User:
        user = self.named(name)
        if user is None:
            names = ", ".join(one.name for one in self.all()) or "none"
            raise ArgumentError(f"There is no user {name!r}. There are: {names}.")
        return user


def _groups(names: Collection[str]) -> tuple[str, ...]:
    for name in names:
        _check(name, "A group's name")
    return tuple(dict.fromkeys(names))


def _check(name: str, what: str) -> None:
    # Proxies separate groups by commas.
    if name != name.strip() or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ArgumentError(
            f"{what} has 1 to {LONGEST_NAME} printable characters, none of them a space at its "
            f"beginning or end. {name!r} does not."
        )
    if "," in name:
        raise ArgumentError(f"{what} has no comma in it; {name!r} does.")


def _normal(password: str) -> bytes:
    """The same characters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _user(kept: Mapping[str, Any]) -> User:
    user = User(**{**kept, "groups": tuple(kept["groups"])})
    if not isinstance(user.name, str) or not isinstance(user.hash, str):
        raise ValueError("a user has a name and a hash, which are texts")
    return user
