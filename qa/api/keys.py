"""Keys of programs: random, stored as their SHA-256 only, in a file that only its owner may read.

A key is 256 random bits, so that a plain hash of it cannot be turned back by guessing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from qa.access import Viewer
from qa.api.owned_file import OwnedFile
from qa.errors import AccessError, ArgumentError, UnknownCallerError
from qa.places import beside
from qa.records import now

Right = Literal["ask", "read", "status", "feedback", "metrics", "admin"]
"""To ask and search, to read documents, to see the state of what may be read, to give feedback, to
read the figures of the whole server, and what the groups of the setting `admins` may."""

RIGHTS: tuple[Right, ...] = get_args(Right)
# Those of a key that is given none; it does not run the server, and learns of no others.
USUAL: tuple[Right, ...] = ("ask", "read", "status", "feedback")
FILE = "keys.json"
LONGEST_NAME = 100
# More would be ten thousand years.
MOST_DAYS = 36_500
# It shows what a key is where one is found, and that it is ours.
PREFIX = "fnk_"
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is stored; `digest` is the SHA-256 of what the program sends."""

    name: str
    digest: str
    rights: tuple[Right, ...]
    made: str
    expires: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def viewer(self) -> Viewer:
        """The program as whoever asks."""
        return Viewer(self.name, self.groups)

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and datetime.fromisoformat(self.expires) <= datetime.now(
            UTC
        )

    def to_dict(self) -> dict[str, Any]:
        """The key as JSON, without its digest."""
        fields = asdict(self)
        del fields["digest"]
        return fields


class Keys:
    """The keys of an index; safe to share between threads and processes.

    A change of the file holds from the next request on. If `needed`, a key is asked for even where
    there is none yet.
    """

    def __init__(self, file: Path, *, needed: bool = False) -> None:
        self.file = file
        self.needed = needed
        self._kept = OwnedFile(file, _key, "keys", "qa key add NAME")

    @classmethod
    def of(cls, index: str, *, needed: bool = False) -> Keys:
        """The keys of an index: beside its folder; those of a server in the user's data folder."""
        return cls(beside(index, "keys") / FILE, needed=needed)

    @property
    def asked(self) -> bool:
        """Whether programs need a key.

        Raises:
            SettingsError: see `all`.
        """
        return self.needed or bool(self.all())

    def all(self) -> tuple[Key, ...]:
        """The keys, in the order in which they were made.

        Raises:
            SettingsError: the file cannot be read, or is damaged.
        """
        return self._kept.all()

    def add(
        self,
        name: str,
        rights: Collection[str] | None = None,
        days: float | None = None,
        groups: Collection[str] = (),
    ) -> tuple[str, Key]:
        """Make a key with these rights, by default the `USUAL` ones.

        It is good for so many days, or for good.
        Programs that send it read what these groups may read.

        The first result is what the program has to send, the second what is stored.

        Raises:
            ArgumentError: there is such a key already, or an argument does not fit.
            SettingsError: the file cannot be written.
        """
        rights = USUAL if rights is None else rights
        _check(name, rights, days, groups)
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        expires = None if days is None else now(later=timedelta(days=days))
        own = tuple(right for right in RIGHTS if right in rights)
        within = tuple(dict.fromkeys(groups))
        key = Key(name, _digest(secret), own, now(), expires, within)
        with self._kept.changing():
            kept = self.all()
            if any(one.name == name for one in kept):
                raise ArgumentError(
                    f"There is a key {name!r} already. Choose another name, or remove it first: "
                    f"qa key remove {name}"
                )
            self._kept.write([*kept, key])
        return secret, key

    def remove(self, name: str) -> None:
        """Delete a key; programs that send it are refused from now on.

        Raises:
            ArgumentError: there is none of this name.
            SettingsError: the file cannot be written.
        """
        with self._kept.changing():
            kept = self.all()
            left = [key for key in kept if key.name != name]
            if len(left) == len(kept):
                names = ", ".join(key.name for key in kept) or "none"
                raise ArgumentError(f"There is no key {name!r}. There are: {names}.")
            self._kept.write(left)

    def check(self, authorization: str | None, right: Right | None = None) -> Key | None:
        """The key that a request has in its header; None where none is needed.

        Raises:
            UnknownCallerError: a key is needed, and this is none, or it has expired.
            AccessError: the key does not have this right.
            SettingsError: the file of keys cannot be read.
        """
        if not self.asked:
            return None
        scheme, _, secret = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise UnknownCallerError(
                "A key is needed. Send the header Authorization: Bearer KEY; "
                "`qa key add NAME` makes one."
            )
        digest = _digest(secret.strip())
        # All are compared, so that the time does not tell which of them it is like.
        found = [key for key in self.all() if hmac.compare_digest(key.digest, digest)]
        if not found:
            raise UnknownCallerError("This key is not known. `qa key list` lists those that are.")
        key = found[0]
        if key.expired:
            raise UnknownCallerError(f"The key {key.name!r} expired on {key.expires}.")
        if right is not None and right not in key.rights:
            raise AccessError(
                f"The key {key.name!r} does not have the right to {right}; "
                f"it has: {', '.join(key.rights)}."
            )
        return key


def _check(name: str, rights: Collection[str], days: float | None, groups: Collection[str]) -> None:
    for group in groups:
        if group != group.strip() or not 0 < len(group) <= LONGEST_NAME or not group.isprintable():
            raise ArgumentError(
                f"A group has a name of 1 to {LONGEST_NAME} printable characters, not {group!r}."
            )
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ArgumentError(
            f"A key needs a name of 1 to {LONGEST_NAME} printable characters, not {name!r}."
        )
    if unknown := [right for right in rights if right not in RIGHTS]:
        raise ArgumentError(f"There is no right {unknown[0]!r}. There are: {', '.join(RIGHTS)}.")
    if not rights:
        raise ArgumentError(f"A key needs at least one right of: {', '.join(RIGHTS)}.")
    if days is not None and not 0 < days <= MOST_DAYS:
        raise ArgumentError(f"A key can be good for up to {MOST_DAYS:,} days, not for {days:g}.")


def _key(kept: Mapping[str, Any]) -> Key:
    groups = tuple(kept.get("groups", ()))
    key = Key(**{**kept, "rights": tuple(kept["rights"]), "groups": groups})
    _ = key.viewer  # so are groups that are none
    _ = key.expired  # a time that is none is found when the file is read
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
