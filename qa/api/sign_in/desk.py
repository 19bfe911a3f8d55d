"""Where people sign in with a name and a password."""

from __future__ import annotations

import time
from math import ceil
from typing import TYPE_CHECKING, Protocol

from qa.api.line import Line
from qa.api.sign_in.directory import Directory
from qa.api.sign_in.sessions import Sessions
from qa.api.sign_in.throttle import Throttle, household
from qa.api.sign_in.users import LONGEST_NAME, Users
from qa.errors import SettingsError, UnknownCallerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qa.access import Viewer
    from qa.api.sign_in.sessions import Session
    from qa.api.sign_in.users import User
    from qa.settings import Settings

# Tries at once, and seconds until another: of one name, and from one address, behind which a whole
# office may be.
FOR_NAME = (10, 30.0)
FOR_ADDRESS = (50, 6.0)
# Each check of a password takes 64 MiB and a part of a second.
CHECKED_AT_ONCE, WAITING, PATIENCE = 2, 50, 20.0


class TooManyTriesError(UnknownCallerError):
    """A name or an address has had its tries; the next may be made in `seconds`."""

    status = 429

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, ceil(seconds))
        super().__init__(f"There were too many tries. Try again in {self.seconds} seconds.")


class People(Protocol):
    """Those who may sign in with a name and a password."""

    asks_others: bool
    """Whether another server is asked who they are, which takes time."""

    def check(self, name: str, password: str) -> User:
        """The one with this name and password.

        Raises:
            UnknownCallerError: there is none.
        """

    def still(self, session: Session) -> Viewer | None:
        """Whoever began a session, if it is still good for them."""


class Desk:
    """The people of a server, their sessions, and all tries to sign in."""

    def __init__(
        self, users: People, sessions: Sessions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.users = users
        self.asks_others = users.asks_others
        self.sessions = sessions
        self.names = Throttle(*FOR_NAME, clock)
        self.addresses = Throttle(*FOR_ADDRESS, clock)
        self._line = Line(CHECKED_AT_ONCE, WAITING, PATIENCE)

    @classmethod
    def of(cls, settings: Settings) -> Desk:
        """The desk of an index's users, or of the directory that the settings name.

        Raises:
            SettingsError: there are no users, or their file cannot be read; or a setting of the
            directory is missing.
            SignInUnavailableError: the file of sessions cannot be read or written.
        """
        if settings.sign_in == "ldap":
            return cls(Directory(settings), Sessions.of_settings(settings))
        users = Users.of(settings.index)
        if not users.all():
            raise SettingsError(
                f"Nobody could sign in: there are no users in {users.file} yet. "
                "Add one: qa user add NAME"
            )
        return cls(users, Sessions.of_settings(settings))

    async def enter(
        self, name: str, password: str, address: str, gone: Callable[[], Awaitable[bool]]
    ) -> str:
        """The token of a new session; `gone` says whether nobody waits for it any more.

        Raises:
            UnknownCallerError: there is no such user, or it is another password.
            TooManyTriesError: this name or this address has had its tries.
            BusyError, TimeLimitError: too many are signing in.
            SignInUnavailableError: the directory cannot be reached, or sessions cannot be stored.
        """
        name = name.strip()[: LONGEST_NAME + 1]
        tries = ((self.names, name), (self.addresses, household(address)))
        if seconds := max(throttle.wait(whose) for throttle, whose in tries):
            raise TooManyTriesError(seconds)
        for throttle, whose in tries:
            throttle.count(whose)
        user = await self._line.answered(lambda: self.users.check(name, password), gone)
        for throttle, whose in tries:
            throttle.forgive(whose)
        return self.sessions.begin(user.name, user.hash, user.groups)

    def viewer(self, token: str, *, seen: bool = True) -> Viewer | None:
        """Whose session a token is of; `seen` if they did something.

        Raises:
            SettingsError: the file of users cannot be read.
            SignInUnavailableError: the file of sessions cannot be read.
        """
        session = self.sessions.of(token, seen=seen)
        if session is None:
            return None
        viewer = self.users.still(session)
        if viewer is None:  # and never will be again
            self.sessions.end(token)
        return viewer
