"""One page at a time, politely: with pauses, within limits, and only if it has changed."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import httpcore
import httpx

from qa.errors import LoadError, TooLargeError, message_of
from qa.indexing.web.connecting import Connecting
from qa.indexing.web.media import suffix_of
from qa.settings import Settings

AGENT = "Footnote"
"""What we call ourselves, and what robots.txt calls us."""

MOVED = frozenset((301, 302, 303, 307, 308))
GONE = frozenset((404, 410))
SAME = 304
FINE = 200
_TOO_MANY = 429
_FAILED = 500
_DIGITS = 20
_GZIP = ("gzip", "x-gzip")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; `file` has the content, if there is any."""

    status: int
    headers: httpx.Headers
    suffix: str = ""
    file: Path | None = None
    sum: hashlib._Hash | None = None
    size: int = 0


class Fetching:
    """Sends requests for pages of one server, and keeps their content in a folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._limits = settings.limits
        self._seconds = settings.web_page_seconds
        self._folder = folder
        self.pause = settings.web_pause
        """Seconds from one request to the next."""
        self.overloaded = False
        """Whether the server has asked for fewer requests."""
        self._next = 0.0
        self._number = 0
        self._connecting = Connecting(settings.web_networks)
        self._pool = httpcore.ConnectionPool(
            _certificates(), max_connections=1, network_backend=self._connecting
        )

    def close(self) -> None:
        """End the connection."""
        self._pool.close()

    def get(self, url: str, conditions: Mapping[str, str] | None = None, suffix: str = "") -> Reply:
        """What is at an address now; redirects are not followed.

        Without a `suffix` to read it as, the content type and the address tell one.

        Raises:
            LoadError: it cannot be reached just now, or is no kind of file that can be read.
            TooLargeError: there is more of it than `max_file_megabytes`.
        """
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self.pause
        self._connecting.until = time.monotonic() + self._seconds
        # What unpacks could be far larger than what arrives.
        asked = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers = httpx.Headers({**asked, **(conditions or {})}).raw
        with (
            _told(url, self._seconds),
            self._pool.stream("GET", url, headers=headers) as response,
        ):
            found = httpx.Headers(response.headers)
            if response.status == FINE:
                kept = suffix or suffix_of(_type(found), url)
                return self._content(url, response, found, kept)
            if response.status == _TOO_MANY:
                self.overloaded = True
                raise LoadError(f"{url} cannot be reached: the server wants fewer requests.")
            if response.status >= _FAILED:
                raise LoadError(f"{url} cannot be reached: the server answers {response.status}.")
            return Reply(response.status, found)

    def _content(
        self, url: str, response: httpcore.Response, headers: httpx.Headers, suffix: str
    ) -> Reply:
        sent_as = headers.get("content-encoding", "identity").lower()
        # Of a file that is packed anyway, some servers say so here.
        if sent_as != "identity" and not (sent_as in _GZIP and url.endswith(".gz")):
            raise LoadError(f"{url} is sent compressed, which was not asked for.")
        self._number += 1
        file = self._folder / f"{self._number}{suffix}"
        sum, size = hashlib.sha256(), 0
        announced = headers.get("content-length", "")[:_DIGITS]
        self._check(url, int(announced) if announced.isdecimal() else 0)
        with file.open("wb") as stream:
            for piece in response.iter_stream():
                size += len(piece)
                self._check(url, size)
                sum.update(piece)
                stream.write(piece)
        return Reply(response.status, headers, suffix, file, sum, size)

    def _check(self, url: str, size: int) -> None:
        self._limits.check(url, "max_file_megabytes", size / 1e6, "has {} MB")


@contextmanager
def _told(url: str, seconds: float) -> Iterator[None]:
    """Turn what goes wrong with a request into a `LoadError` that names the page."""
    try:
        yield
    except TooLargeError:
        raise
    except LoadError as error:
        told = str(error) if str(error).startswith(url) else f"{url} cannot be reached: {error}."
        raise type(error)(told) from error
    except httpcore.TimeoutException as error:
        raise LoadError(
            f"{url} does not arrive within {seconds:g} seconds (the setting web_page_seconds)."
        ) from error
    except (
        httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError
    ) as error:  # fmt: skip
        raise LoadError(f"{url} cannot be reached: {message_of(error)}.") from error


def _certificates() -> ssl.SSLContext:
    """The authorities that are known in general, and those of this machine, or company."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _type(headers: httpx.Headers) -> str:
    told = Message()
    told["content-type"] = headers.get("content-type", "")
    return told.get_content_type() if headers.get("content-type") else ""
