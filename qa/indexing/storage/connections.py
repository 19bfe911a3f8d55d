"""Connections to storage through fsspec: one function for each protocol, with the same face.

Credentials are taken from where the programs of each protocol look for them, and never from an
address.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qa.errors import LoadError, ModelUnavailableError, extra, message_of, needed_for
from qa.indexing.storage.addresses import HOME, Stored

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem, Callback

# Without a byte for so long, a server is away (for what has no other limit).
_SILENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a storage lists: its path there, "file", "directory" or something else, and its size."""

    path: str
    kind: str
    size: int = 0
    etag: str = ""
    modified: datetime | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Connection:
    """A storage that is connected; nothing asked of it takes longer than `seconds`."""

    def __init__(self, system: AbstractFileSystem, root: str, seconds: float) -> None:
        self._system = system
        self._seconds = seconds
        self.root = root
        """The path of the place that was asked for."""
        self.flat = False
        """Whether all files below a folder are listed at once (S3, which knows of no folders)."""

    def found(self) -> Found:
        """What the place is. Raises what the protocol's package raises, as all of these do."""
        return _found(self._system.info(self.root, **self._timed()))

    def listed(self, folder: str) -> list[Found]:
        """What is in a folder; of a flat storage, all files below it."""
        if self.flat:
            found = self._system.find(folder, detail=True, **self._timed()).values()
        else:
            found = self._system.ls(folder, detail=True, **self._timed())
        return [one for one in map(_found, found) if one.path.strip("/") != folder.strip("/")]

    def fetch(self, path: str, file: Path, arrived: Callable[[int], None]) -> None:
        """Write what a file holds into another one; `arrived` is told the bytes so far."""
        progress = _arriving(arrived)
        self._system.get_file(path, str(file), callback=progress, **self._timed())

    def _timed(self) -> dict[str, float]:
        return {"timeout": self._seconds} if self._system.async_impl else {}


class _Webdav(Connection):
    """A server, asked for files by ourselves: the package waits for much of one to arrive first."""

    def fetch(self, path: str, file: Path, arrived: Callable[[int], None]) -> None:
        client = self._system.client
        plain = {"Accept-Encoding": "identity"}  # what unpacks could be far larger
        asked = client.http.stream("GET", client.join_url(path), headers=plain)
        with asked as response, file.open("wb") as stream:
            response.raise_for_status()
            for piece in response.iter_raw():
                stream.write(piece)
                arrived(stream.tell())


@contextlib.contextmanager
def connected(place: Stored, seconds: float) -> Iterator[Connection]:
    """A connection to a place.

    Raises:
        LoadError: it cannot be reached, or the package for its protocol is missing.
    """
    open_, advice, package = _PROTOCOLS[place.scheme]
    with contextlib.ExitStack() as stack:
        with told(place.url, advice):
            try:
                with needed_for(f"A place such as {place.url}", package, extra(package)):
                    connection = stack.enter_context(open_(place, seconds))
            except ModelUnavailableError as error:
                raise LoadError(str(error)) from error
        yield connection


@contextlib.contextmanager
def told(what: str, advice: str = "") -> Iterator[None]:
    """Turn whatever goes wrong with a storage into a `LoadError` that names what was asked for."""
    try:
        yield
    except LoadError:
        raise
    except FileNotFoundError as error:
        raise LoadError(f"{what} is not there.") from error
    except TimeoutError as error:
        reason = f"{what} does not arrive in time (the setting storage_file_seconds)."
        raise LoadError(reason) from error
    except Exception as error:  # each package has its own tree
        reason = f"{what} cannot be reached: {message_of(error)}."
        raise LoadError(f"{reason} {advice}".rstrip()) from error


def advice_on(place: Stored) -> str:
    """What to do when a place lets nobody in."""
    return _PROTOCOLS[place.scheme][1]


@contextlib.contextmanager
def _s3(place: Stored, seconds: float) -> Iterator[Connection]:
    from s3fs import S3FileSystem

    waits = min(seconds, _SILENCE_SECONDS)
    system = S3FileSystem(
        config_kwargs={
            "connect_timeout": waits,
            "read_timeout": waits,
            "retries": {"max_attempts": 2},
        },
        max_concurrency=1,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    connection = Connection(system, f"{place.server}/{place.path}".rstrip("/"), seconds)
    connection.flat = True
    try:
        yield connection
    finally:
        if system._s3 is not None:
            system.close_session(system.loop, system._s3)


@contextlib.contextmanager
def _sftp(place: Stored, seconds: float) -> Iterator[Connection]:
    from sshfs import SSHFileSystem

    user, _, server = place.server.rpartition("@")
    host, port = _host_and_port(server)
    given = {"username": user or None, "port": port}
    waits = min(seconds, _SILENCE_SECONDS)
    system = SSHFileSystem(
        host,
        known_hosts=(),  # those that ssh knows; the package itself would trust any server
        connect_timeout=waits,
        login_timeout=waits,
        keepalive_interval=waits / 4,
        sftp_client_kwargs={"path_errors": "surrogateescape"},
        skip_instance_cache=True,
        **{name: value for name, value in given.items() if value is not None},
    )
    first, _, rest = place.path.partition("/")
    path = (rest or ".") if first == HOME else f"/{place.path}"
    try:
        yield Connection(system, path, seconds)
    finally:
        system.loop.call_soon_threadsafe(system.client.close)


@contextlib.contextmanager
def _webdav(place: Stored, seconds: float) -> Iterator[Connection]:
    import httpx
    from webdav4.client import Client
    from webdav4.fsspec import WebdavFileSystem

    class Quoting(Client):  # type: ignore[misc]
        """Takes `?`, `#` and `%` in names for what they are."""

        def join_url(self, path: str, add_trailing_slash: bool = False) -> Any:
            return super().join_url(quote(path), add_trailing_slash)

    scheme = "https" if place.scheme == "webdavs" else "http"
    try:
        credentials = httpx.NetRCAuth(os.environ.get("NETRC"))
    except FileNotFoundError:
        credentials = None
    url = httpx.URL(f"{scheme}://{place.server}/")

    def stays(request: httpx.Request) -> None:
        if request.url.copy_with(path="/", query=None) != url:
            where = request.url.netloc.decode()
            raise LoadError(f"{place.url} leads to {where}, which was not asked for.")

    client = Quoting(
        url,
        auth=credentials,
        timeout=min(seconds, _SILENCE_SECONDS),
        event_hooks={"request": [stays]},
    )
    system = WebdavFileSystem(url, client=client, skip_instance_cache=True)
    try:
        yield _Webdav(system, place.path, seconds)
    finally:
        client.http.close()


_Opening = Callable[[Stored, float], contextlib.AbstractContextManager[Connection]]
_NETRC = "A name and a password for it are looked for in ~/.netrc (or the file that NETRC names)."
_PROTOCOLS: dict[str, tuple[_Opening, str, str]] = {
    "s3": (
        _s3,
        "Credentials are looked for as the AWS command line does: in AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, in the profile AWS_PROFILE, or those of the machine.",
        "s3",
    ),
    "sftp": (
        _sftp,
        "The server and its user have to be known as ssh knows them: check that ssh signs in there "
        "without asking anything.",
        "sftp",
    ),
    "webdav": (_webdav, _NETRC, "webdav"),
    "webdavs": (_webdav, _NETRC, "webdav"),
}


def _host_and_port(server: str) -> tuple[str, int | None]:
    host, _, port = server.rpartition(":")
    if host and port.isdecimal():
        return host.strip("[]"), int(port)
    return server.strip("[]"), None


def _found(told: dict[str, Any]) -> Found:
    """What a package says of a file, each with names of its own."""
    modified = told.get("LastModified") or told.get("mtime") or told.get("modified")
    path, kind = str(told["name"]), str(told["type"])
    return Found(
        path.rstrip("/") if kind == "directory" else path,
        kind,
        int(told.get("size") or 0),
        str(told.get("ETag") or told.get("etag") or ""),
        modified if isinstance(modified, datetime) else None,
    )


def _arriving(arrived: Callable[[int], None]) -> Callback:
    from fsspec import Callback

    class Arriving(Callback):  # type: ignore[misc]
        def call(self, *_: object, **__: object) -> None:
            arrived(self.value)

    return Arriving()
