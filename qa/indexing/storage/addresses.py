"""Addresses of storage, in one form each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from qa.errors import SettingsError
from qa.places import is_storage

HOME = "~"
"""The first part of a path that starts in the folder where one is after signing in (SFTP)."""

_USER = re.compile(r"[\w.-]+@")
_SERVER = re.compile(r"[\w.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_BUCKET = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder of a storage, or one file of it: `url` is in the form of `stored`."""

    url: str

    @property
    def name(self) -> str:
        """What the sources of its files begin with."""
        return self.url

    @property
    def scheme(self) -> str:
        """The protocol, such as "sftp"."""
        return self.url.partition("://")[0]

    @property
    def server(self) -> str:
        """The bucket; or the server, with user and port if they were given."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def path(self) -> str:
        """The path below the bucket or server, without slashes around it."""
        return self.url.partition("://")[2].partition("/")[2]

    def holds(self, source: str) -> bool:
        """Whether a source is a file in it, or itself."""
        return source == self.url or source.startswith(f"{self.url}/")

    def takes_in(self, other: Stored) -> bool:
        """Whether all that is in another place is in this one, too; hidden files are not."""
        below = other.url[len(self.url) :].split("/")
        return self.holds(other.url) and not any(part.startswith(".") for part in below)


def stored(address: str) -> Stored:
    """The place that a user named.

    Raises:
        SettingsError: it is none, or has a password in it.
    """
    scheme, _, rest = address.strip().partition("://")
    scheme = scheme.lower()
    server, _, path = rest.partition("/")
    shown = f"{scheme}://{server.rpartition('@')[2]}"
    if "@" in server and (scheme != "sftp" or ":" in server.rpartition("@")[0]):
        raise SettingsError(
            "An address with a password in it cannot be synced, nor one with a name except of "
            f"sftp: it would be shown with every answer. Leave them out of the one at {shown}, and "
            "see docs/storage.md for where credentials are looked for."
        )
    allowed = _BUCKET if scheme == "s3" else _SERVER
    user = _USER.match(server)
    named = allowed.fullmatch(server[user.end() :] if user else server)
    if scheme.startswith("webdav"):
        if "?" in path or "#" in path:
            raise SettingsError(f"The address at {shown} has a ? or # in it. Leave that out.")
        path = unquote(path)
    path = path.strip("/")
    parts = path.split("/") if path else []
    url = "/".join([f"{scheme}://{server}", *parts])
    broken = not path.isprintable() or {"", ".", ".."}.intersection(parts)
    if named is None or broken or not is_storage(url):
        raise SettingsError(
            f"{address!r} is no address of a storage. Write it as in s3://bucket/folder, "
            "sftp://server/folder or webdavs://server/folder"
        )
    return Stored(url)
