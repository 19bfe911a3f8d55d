"""What a worker can do with a file: read it, draw a page, find a quote on it, or its links.

The other side makes the task and checks what comes of it, so that even a hijacked parser can only
send a document, a picture, or boxes on a page.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from qa.errors import LoadError, UnsupportedFormatError
from qa.limits import Limits
from qa.loading import read, telling_damage
from qa.loading.formats import IMAGE, PDF, choose
from qa.loading.html.leads import Leads, leads
from qa.loading.workers.frames import from_message, to_message
from qa.records import Document, PageBox

Found = TypeVar("Found")
Done = TypeVar("Done", covariant=True)

_GZIP = b"\x1f\x8b"
_GZIP_BITS = 16 + zlib.MAX_WBITS
_LARGEST_PICTURE = 64_000_000  # bytes of its message
_LARGEST_ANSWER = 16_000_000
_LARGEST_LEADS = 200_000_000
# A character is at most 6 bytes of JSON, headings repeat a part of the text, and a block that
# is one letter long takes twenty bytes.
_BYTES_A_CHARACTER = 24


class Task(Protocol[Done]):
    """What to do with a file: a dataclass whose fields are JSON values."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def do(self, data: bytes, source: str, limits: Limits) -> dict[str, Any]:
        """Do it, in a worker; the message to send back.

        Raises:
            LoadError: the file cannot be read, or not in this way.
        """
        ...

    def found(self, message: dict[str, Any], source: str) -> Done:
        """What a message says.

        Raises:
            ValueError: `do` did not make it.
        """
        ...

    def largest(self, limits: Limits) -> int:
        """How many bytes a message can have."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Read all of it, as a file with a suffix; without one, that of its source counts."""

    suffix: str = ""

    def do(self, data: bytes, source: str, limits: Limits) -> dict[str, Any]:
        """The document."""
        return to_message(read(data, source, limits, self.suffix))

    def found(self, message: dict[str, Any], source: str) -> Document:
        """The document."""
        document = from_message(message, source)
        if isinstance(document, LoadError):
            raise ValueError("an error is no document")
        return document

    def largest(self, limits: Limits) -> int:
        """By the text's length."""
        return _BYTES_A_CHARACTER * limits.max_characters


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draw a page, counted from 1, in a width in pixels."""

    page: int
    width: int

    def do(self, data: bytes, source: str, limits: Limits) -> dict[str, Any]:
        """A WebP picture."""
        from qa.loading.pdf import image, picture

        module, kind = (image, "image") if _is_image(data, source) else (picture, "PDF")
        with telling_damage(source, kind, limits):
            drawn = module.picture(data, source, self.page, self.width)
        return {"picture": b64encode(drawn).decode("ascii")}

    def found(self, message: dict[str, Any], source: str) -> bytes:  # noqa: ARG002
        """A WebP picture."""
        drawn = message.get("picture")
        picture = b64decode(drawn, validate=True) if isinstance(drawn, str) else b""
        if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP":
            raise ValueError("no picture")
        return picture

    def largest(self, limits: Limits) -> int:  # noqa: ARG002
        """Far more than any page takes."""
        return _LARGEST_PICTURE


@dataclass(frozen=True, slots=True)
class Marking:
    """Find a part of the text of each page.

    Each is a list of the page's number, counted from 1, its whole text, and start and end in that.
    """

    pages: Sequence[list[Any]]

    def do(self, data: bytes, source: str, limits: Limits) -> dict[str, Any]:
        """The boxes of each page."""
        from qa.loading.pdf import image, marks

        module, kind = (image, "image") if _is_image(data, source) else (marks, "PDF")
        with telling_damage(source, kind, limits):
            return {"pages": module.marks(data, source, self.pages, limits)}

    def found(self, message: dict[str, Any], source: str) -> list[tuple[PageBox, ...]]:  # noqa: ARG002
        """The boxes of each page."""
        found = message.get("pages")
        if not isinstance(found, list) or len(found) != len(self.pages):
            raise ValueError("no boxes")
        return [tuple(map(_box, boxes)) for boxes in found]

    def largest(self, limits: Limits) -> int:  # noqa: ARG002
        """More than a page has characters for."""
        return _LARGEST_ANSWER


@dataclass(frozen=True, slots=True)
class Following:
    """Find where a web page or a sitemap leads that has this address."""

    address: str

    def do(self, data: bytes, source: str, limits: Limits) -> dict[str, Any]:
        """Its leads."""
        with telling_damage(source, "page", limits):
            if data.startswith(_GZIP):
                data = _unpacked(data, source, limits)
            return asdict(leads(data, source, self.address))

    def found(self, message: dict[str, Any], source: str) -> Leads:  # noqa: ARG002
        """Its leads."""
        links, canonical = message["links"], message["canonical"]
        said = [message[name] for name in ("indexed", "followed", "sitemap")]
        if not isinstance(links, list) or not all(isinstance(one, str) for one in links):
            raise ValueError("no links")
        if not isinstance(canonical, str) or not all(isinstance(one, bool) for one in said):
            raise ValueError("no leads")
        return Leads(tuple(links), canonical, *said)

    def largest(self, limits: Limits) -> int:  # noqa: ARG002
        """More than the addresses of a sitemap take."""
        return _LARGEST_LEADS


TASKS: Mapping[str, type[Reading | Drawing | Marking | Following]] = {
    kind.__name__: kind for kind in (Reading, Drawing, Marking, Following)
}


def _unpacked(data: bytes, source: str, limits: Limits) -> bytes:
    """What a file packed by gzip holds.

    Raises:
        TooLargeError: it unpacks to more than `max_unpacked_megabytes`.
    """
    most = int(limits.max_unpacked_megabytes * 1e6)
    content = zlib.decompressobj(_GZIP_BITS).decompress(data, most + 1)
    limits.check(source, "max_unpacked_megabytes", len(content) / 1e6, "unpacks to {} MB or more")
    return content


def _is_image(data: bytes, source: str) -> bool:
    """Whether the pages of a file are pictures; otherwise it is a PDF.

    Raises:
        UnsupportedFormatError: it is neither.
    """
    chosen = choose(data, source)
    if chosen not in (PDF, IMAGE):
        raise UnsupportedFormatError(
            f"{source} has no pages that can be drawn: it is neither a PDF nor an image."
        )
    return chosen is IMAGE


def _box(value: object) -> PageBox:
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError("no box")
    if not all(isinstance(edge, int | float) and 0 <= edge <= 1 for edge in value):
        raise ValueError("no box")
    left, top, right, bottom = map(float, value)
    return left, top, right, bottom
