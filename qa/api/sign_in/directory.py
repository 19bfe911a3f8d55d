"""People of an LDAP directory: found by a search, and known by binding as who was found.

While they are signed in, the directory is asked again from time to time whether it still has them,
and in which groups.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qa.access import Viewer
from qa.api.sign_in.elsewhere import is_loopback, secret_of
from qa.api.sign_in.users import LONGEST_NAME, LONGEST_PASSWORD, User
from qa.errors import SettingsError, SignInUnavailableError, UnknownCallerError, extra, need

if TYPE_CHECKING:
    from qa.api.sign_in.sessions import Session
    from qa.settings import Settings

logger = logging.getLogger(__name__)

# Seconds for a connection, and for each answer.
PATIENCE = 10
# Seconds until a directory that could not be reached is asked again who somebody is.
AWAY = 60.0
MOST_GROUPS = 2000
# People whose groups are remembered; of more, all are asked anew.
_MOST_REMEMBERED = 10_000
WRONG = "The name or the password is wrong."


class Directory:
    """The directory that the settings name.

    Raises:
        SettingsError: a setting is missing or does not fit.
        ModelUnavailableError: a package is missing.
    """

    asks_others = True

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        need("--sign-in ldap", "ldap3", "ldap3", extra("ldap"))
        if not settings.ldap_url or not settings.ldap_base:
            raise SettingsError(
                'sign_in is "ldap", and ldap_url or ldap_base is not set. Set both, such as '
                "ldaps://directory.example and dc=example,dc=com."
            )
        parts = urlsplit(settings.ldap_url)
        if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
            raise SettingsError(
                f"ldap_url: {settings.ldap_url!r} is not the address of a directory. Give one as "
                "ldaps://directory.example, or ldap://directory.example, which begins TLS."
            )
        for name in ("ldap_filter", "ldap_group_filter"):
            _check_filter(getattr(settings, name), name)
        self._settings = settings
        self._host = parts.hostname
        self._port = parts.port
        self._over_tls = parts.scheme == "ldaps"
        # Without TLS, passwords could be read on their way.
        self._begin_tls = parts.scheme == "ldap" and (
            settings.ldap_ca_file is not None or not is_loopback(parts.hostname)
        )
        self._password = secret_of(settings, "ldap_bind_password")
        self._tls = _tls(settings.ldap_ca_file)
        self._clock = clock
        self._asking = threading.Lock()
        self._away_until = 0.0
        # The groups of people, and until when they are believed.
        self._remembered: dict[str, tuple[tuple[str, ...], float]] = {}

    def check(self, name: str, password: str) -> User:
        """The person with this name and password, and their groups.

        Raises:
            UnknownCallerError: there is none, or several.
            SignInUnavailableError: the directory cannot be reached.
        """
        # A bind without a password is good for anybody: RFC 4513, section 5.1.2.
        if not password or "\0" in password or len(password) > LONGEST_PASSWORD:
            raise UnknownCallerError(WRONG)
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise UnknownCallerError(WRONG)
        with self._searching() as own:
            found = self._found(own, name)
            with self._connected(found["dn"], password) as theirs:
                if not theirs.bound:
                    raise UnknownCallerError(WRONG)
            # The name as the directory writes it, so that one person has one.
            known = str(found["name"])
            groups = self._groups(own, found["dn"], known)
        self._remember(known, groups)
        return User(known, "", groups)

    def still(self, session: Session) -> Viewer | None:
        """Whoever began a session, with their groups of now; None if the directory lacks them.

        It is asked every `ldap_groups_minutes`, one question at a time: meanwhile, and while it
        cannot be reached, people have the groups that were known last.
        """
        groups, until = self._remembered.get(session.name, (session.groups, 0.0))
        soon = max(until, self._away_until)
        if self._clock() < soon or not self._asking.acquire(blocking=False):
            return Viewer(session.name, groups)
        try:
            with self._searching() as own:
                found = self._found(own, session.name)
                groups = self._groups(own, found["dn"], session.name)
            self._remember(session.name, groups)
        except UnknownCallerError:
            return None
        except SignInUnavailableError as error:
            logger.warning("The groups of those who have signed in stay as they were. %s", error)
            self._away_until = self._clock() + AWAY
        finally:
            self._asking.release()
        return Viewer(session.name, groups)

    def _remember(self, name: str, groups: tuple[str, ...]) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered = {}
        until = self._clock() + 60 * self._settings.ldap_groups_minutes
        self._remembered[name] = groups, until

    @contextmanager
    def _searching(self) -> Iterator[Any]:
        """A connection that may search.

        Raises:
            SignInUnavailableError: the directory cannot be reached, or does not let this server in.
        """
        settings = self._settings
        with self._connected(settings.ldap_bind_dn, self._password) as own:
            if not own.bound:
                raise SignInUnavailableError(
                    f"{settings.ldap_url} does not let this server search it: "
                    f"{own.result['description']}. Check ldap_bind_dn and its password."
                )
            yield own

    def _found(self, own: Any, name: str) -> dict[str, str]:
        from ldap3.utils.conv import escape_filter_chars

        attribute = self._settings.ldap_name_attribute
        wanted = f"(&{self._settings.ldap_filter}({attribute}={escape_filter_chars(name)}))"
        own.search(self._settings.ldap_base, wanted, attributes=[attribute], size_limit=2)
        entries = _entries(own)
        if len(entries) != 1 or not entries[0]["dn"]:
            raise UnknownCallerError(WRONG)
        values = _values(entries[0], attribute)
        if not values or len(values[0]) > LONGEST_NAME:
            raise UnknownCallerError(WRONG)
        return {"dn": entries[0]["dn"], "name": values[0]}

    def _groups(self, own: Any, dn: str, name: str) -> tuple[str, ...]:
        from ldap3.utils.conv import escape_filter_chars

        settings = self._settings
        wanted = settings.ldap_group_filter.replace("{dn}", escape_filter_chars(dn))
        wanted = wanted.replace("{name}", escape_filter_chars(name))
        attribute = settings.ldap_group_attribute
        base = settings.ldap_group_base or settings.ldap_base
        own.search(base, wanted, attributes=[attribute], size_limit=MOST_GROUPS)
        # A directory gives them in any order.
        return tuple(
            sorted(one for entry in _entries(own) for one in _values(entry, attribute)[:1])
        )

    @contextmanager
    def _connected(self, dn: str | None, password: str | None) -> Iterator[Any]:
        """A connection that tried to bind, as nobody without a name; it is closed at the end.

        Raises:
            SignInUnavailableError: there is none to be had.
        """
        from ldap3 import NONE, Connection, Server
        from ldap3.core.exceptions import LDAPException

        server = Server(
            self._host,
            port=self._port,
            use_ssl=self._over_tls,
            tls=self._tls,
            get_info=NONE,
            connect_timeout=PATIENCE,
        )
        connection = Connection(
            server,
            user=dn,
            password=password,
            read_only=True,
            auto_referrals=False,  # another server would be given the password
            receive_timeout=PATIENCE,
        )
        try:
            connection.open()
            if self._begin_tls and not connection.start_tls():
                raise SignInUnavailableError(f"{self._settings.ldap_url} does not begin TLS.")
            connection.bind()
            yield connection
        except (LDAPException, OSError) as error:
            raise SignInUnavailableError(
                f"{self._settings.ldap_url} cannot be asked who somebody is: {error}. Check "
                "ldap_url, ldap_ca_file, and whether this machine can reach it."
            ) from error
        finally:
            with suppress(LDAPException, OSError):
                connection.unbind()
            if connection.socket is not None:
                connection.socket.close()


def _tls(ca_file: str | None) -> Any:
    """TLS for ldap3, in which Python itself checks certificate and name.

    Raises:
        SettingsError: there are no certificates in the file.
    """
    from ldap3 import Tls

    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise SettingsError(
            f"ldap_ca_file: {ca_file} cannot be read: {error}. Name a file with certificates in "
            "the form PEM."
        ) from error

    class Checked(Tls):  # type: ignore[misc]
        """What ldap3 has of its own is not there in newer Pythons."""

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002
            """Put TLS around the socket of a connection."""
            host = connection.server.host
            connection.socket = context.wrap_socket(connection.socket, server_hostname=host)

    return Checked()


def _entries(connection: Any) -> list[dict[str, Any]]:
    """What a search found, without the addresses of other servers."""
    return [one for one in connection.response or () if one["type"] == "searchResEntry"]


def _values(entry: dict[str, Any], attribute: str) -> list[str]:
    """The values of an attribute, whose name may be written in another case."""
    named: dict[str, Any] = {name.lower(): one for name, one in entry["attributes"].items()}
    values = named.get(attribute.lower(), [])
    return [str(one) for one in (values if isinstance(values, list) else [values])]


def _check_filter(filter: str, name: str) -> None:
    from ldap3.core.exceptions import LDAPException
    from ldap3.operation.search import parse_filter

    try:
        parse_filter(filter, None, auto_escape=False, auto_encode=False, validator=None,
                     check_names=False)  # fmt: skip
    except LDAPException as error:
        raise SettingsError(
            f"{name}: {filter!r} is no LDAP filter. Write it as (objectClass=person)."
        ) from error
