"""The messages between a worker and its client: bytes, preceded by their length.

A document is sent as JSON, so that even a hijacked parser can only send a document.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, get_args

from qa.errors import LoadError
from qa.records import (
    Block,
    BlockKind,
    Document,
    Heading,
    HeadingPart,
    Link,
    Reading,
    Scan,
    are_apart,
    are_nested,
)
from qa.text.markup.links import address

OVER_MEMORY = 77
"""The exit code of a worker that exceeded its memory limit."""

_LENGTH = struct.Struct(">Q")
_KINDS: tuple[type[LoadError], ...] = (LoadError, *LoadError.__subclasses__())
_BLOCK_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
_ERRORS = {kind.__name__: kind for kind in _KINDS}


def send(stream: BinaryIO, frame: bytes) -> None:
    """Write a frame; an empty one ends a file."""
    stream.write(_LENGTH.pack(len(frame)) + frame)
    stream.flush()


def receive(stream: BinaryIO, most: int) -> bytes:
    """The next frame.

    Raises:
        EOFError: the other end closed, or would send more than `most` bytes.
    """
    head = stream.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else most + 1
    if length > most:
        raise EOFError
    frame = stream.read(length)
    if len(frame) < length:
        raise EOFError
    return frame


def encoded(message: dict[str, Any]) -> bytes:
    """A message as a frame; a file's name may contain half a character."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def decoded(frame: bytes) -> dict[str, Any]:
    """The message in a frame.

    Raises:
        ValueError: it is not a message.
    """
    try:
        message = json.loads(frame.decode("utf-8", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("no message") from error
    if not isinstance(message, dict):
        raise ValueError("no message")
    return message


def to_message(found: Document | LoadError) -> dict[str, Any]:
    """A document, or the reason why there is none, as JSON values."""
    if isinstance(found, LoadError):
        return {"error": type(found).__name__, "reason": str(found), "format": found.format}
    document = found
    return {
        "text": document.text,
        "title": document.title,
        "pages": document.pages,
        "headings": [tuple(heading.fields.values()) for heading in document.headings],
        "metadata": dict(document.metadata),
        "blocks": list(_block_rows(document.blocks)),
        "links": [(link.start, link.end, link.target) for link in document.links],
        "formats": document.reading.formats,
        "warnings": document.reading.warnings,
        "named": document.reading.named,
        "scans": [(scan.start, scan.end, scan.sure) for scan in document.scans],
    }


def from_message(message: dict[str, Any], source: str) -> Document | LoadError:
    """The document in a message, or the reason why there is none.

    Raises:
        ValueError: `to_message` did not make it, or its offsets do not fit its text.
    """
    if "error" in message:
        return refusal(message)
    try:
        document = Document(
            text=_text(message["text"]),
            source=source,
            title=_text(message["title"]),
            pages=tuple(_offset(start) for start in message["pages"]),
            headings=tuple(_heading(*values) for values in message["headings"]),
            metadata={_text(key): _plain(value) for key, value in message["metadata"].items()},
            blocks=tuple(_blocks(message["blocks"])),
            links=tuple(
                Link(_offset(start), _offset(end), _address(target))
                for start, end, target in message["links"]
            ),
            reading=Reading(
                tuple(map(_text, message["formats"])),
                tuple(map(_text, message["warnings"])),
                message["named"] is True,
            ),
            scans=tuple(
                Scan(_offset(start), _offset(end), _share(sure))
                for start, end, sure in message["scans"]
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no document") from error
    _check_offsets(document)
    return document


def refusal(message: Mapping[str, Any]) -> LoadError:
    """The error in a message.

    Raises:
        ValueError: there is none.
    """
    try:
        error = _ERRORS[message["error"]](_text(message["reason"]))
        error.format = _text(message["format"])
    except (KeyError, TypeError) as missing:
        raise ValueError("no error") from missing
    return error


def _check_offsets(document: Document) -> None:
    text, starts = document.text, [heading.start for heading in document.headings]
    if not all(text.startswith(h.text, h.start) for h in document.headings):
        raise ValueError("a heading is not where it is said to be")
    if starts != sorted(starts) or list(document.pages) != sorted(document.pages):
        raise ValueError("not in order")
    if document.pages and document.pages[-1] > len(text):
        raise ValueError("a page begins after the end")
    if not are_nested(document.blocks, len(text)):
        raise ValueError("a block is not where one can be")
    if not are_apart(document.links, len(text)):
        raise ValueError("a link is not where one can be")
    if not are_apart(document.scans, len(text)):
        raise ValueError("a scan is not where one can be")


def _block_rows(blocks: Sequence[Block]) -> Iterator[tuple[int, int, int, int, str, int]]:
    """Each block in few bytes: its start is relative to the previous one's, its end to its start.

    Its parent is given as the number of blocks back, or 0 for none.
    """
    before = 0
    for place, block in enumerate(blocks):
        back = place - block.parent if block.parent >= 0 else 0
        length = block.end - block.start
        kind = _BLOCK_KINDS.index(block.kind)
        yield kind, block.start - before, length, block.level, block.marker, back
        before = block.start


def _blocks(rows: Iterable[Sequence[Any]]) -> Iterator[Block]:
    start = 0
    for place, (kind, gap, length, level, marker, back) in enumerate(rows):
        start += _offset(gap)
        if not 0 <= _offset(kind) < len(_BLOCK_KINDS) or _offset(back) > place:
            raise ValueError("no block")
        end = start + _offset(length)
        parent = place - back if back else -1
        yield Block(_BLOCK_KINDS[kind], start, end, _offset(level), _text(marker), parent)


def _heading(
    start: object, level: object, text: object, part: Any = "", number: Any = 0
) -> Heading:
    if part not in get_args(HeadingPart):
        raise ValueError("no part of a document")
    return Heading(_offset(start), _offset(level), _text(text), part, _offset(number))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _address(value: object) -> str:
    target = _text(value)
    if not target or address(target) != target:
        raise ValueError("no address")
    return target


def _offset(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("no offset")
    return value


def _share(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("no share")
    return float(value)


def _plain(value: object) -> str | int | float | bool:
    if not isinstance(value, str | int | float | bool):
        raise ValueError("no plain value")
    return value
