"""What the index keeps of a page to ask for it again: its ETag, and where it led."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """What a page said when it was fetched; see `qa.loading.html.leads`."""

    etag: str = ""
    modified: str = ""
    links: tuple[str, ...] = ()
    """Those to the same server."""
    canonical: str = ""
    indexed: bool = True

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for a page only if it has changed."""
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in told.items() if value and _can_be_sent(value)}

    def packed(self) -> str:
        """As text, in few characters: the pages of a site have most of their links in common."""
        return base64.b85encode(zlib.compress(json.dumps(asdict(self)).encode())).decode()


def _can_be_sent(value: str) -> bool:
    return value.isascii() and value.isprintable()


def unpacked(note: str) -> Note | None:
    """The note that was packed; None if there is none, or not one of this version."""
    if not note:
        return None
    try:
        told = json.loads(zlib.decompress(base64.b85decode(note)))
        return Note(**{**told, "links": tuple(told["links"])})
    except (ValueError, binascii.Error, zlib.error, TypeError, KeyError):
        return None
