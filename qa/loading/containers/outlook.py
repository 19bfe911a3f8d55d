"""E-mails as Outlook saves them (.msg): streams of a compound file, one for each property."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.containers.compressed_rtf import decompressed
from qa.loading.containers.message import Message, Part, document_of
from qa.loading.decoding import decode
from qa.records import Document
from qa.text.cleaning import clean, one_line

# Properties by their number.
_SUBJECT, _BODY, _HTML, _SENDER, _SENDER_ADDRESS = 0x0037, 0x1000, 0x1013, 0x0C1A, 0x5D01
_RTF = 0x1009
_TO, _CC, _NAME, _SHORT_NAME, _DATA = 0x0E04, 0x0E03, 0x3707, 0x3704, 0x3701
_TIMES = (0x0039, 0x0E06)  # sent, received
_UNICODE, _ANSI, _BINARY, _TIME = 0x001F, 0x001E, 0x0102, 0x0040
_PROPERTIES = "__properties_version1.0"
_PROPERTIES_HEADER, _INNER_HEADER = 32, 24
_MESSAGE = "__substg1.0_3701000D"  # the storage of a message that is attached
_DEEPEST = 6  # storages: three messages in each other
_MOST_ATTACHMENTS = 200


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Its headers, its text, and a section for each file that is attached to it.

    Raises:
        DamagedFileError: there is nothing of an e-mail in it.
    """
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        message = _Reader(file).message()
    part = message.body[0]
    if not (message.subject or part.plain or part.html or message.rtf or message.headers):
        raise DamagedFileError(f"{source} is an Outlook file without an e-mail. Save it again.")
    return document_of(message, source, limits)


class _Reader:
    """Reads the properties below a storage of the file."""

    def __init__(self, file: Any, storage: Sequence[str] = ()) -> None:
        self._file = file
        self._storage = list(storage)

    def message(self) -> Message:
        """The e-mail in this storage."""
        sender, address = self._text(_SENDER), self._text(_SENDER_ADDRESS)
        if address and address != sender:
            sender = f"{sender} <{address}>" if sender else address
        said = {"From": sender, "To": self._text(_TO), "Cc": self._text(_CC)}
        html = self._bytes(_HTML, _BINARY)
        page = (decode(html) or "") if html else self._text(_HTML)
        return Message(
            one_line(self._text(_SUBJECT)),
            [(name, one_line(text)) for name, text in said.items() if text.strip()],
            self._time(),
            [Part(self._text(_BODY), page)],
            decompressed(self._bytes(_RTF, _BINARY) or b""),
            list(self._attachments()),
            list(self._forwarded()),
        )

    def _forwarded(self) -> Iterator[Message]:
        """The messages that are attached to this one."""
        for name in self._attached():
            inner = [*self._storage, name, _MESSAGE]
            if len(inner) <= _DEEPEST and self._file.exists(inner):
                yield _Reader(self._file, inner).message()

    def _attached(self) -> list[str]:
        depth = len(self._storage)
        storages = sorted(
            path[depth]
            for path in self._file.listdir(streams=False, storages=True)
            if len(path) == depth + 1
            and path[:depth] == self._storage
            and path[depth].startswith("__attach")
        )
        return storages[:_MOST_ATTACHMENTS]

    def _attachments(self) -> list[tuple[str, bytes]]:
        found = []
        for name in self._attached():
            inner = _Reader(self._file, [*self._storage, name])
            data = inner._bytes(_DATA, _BINARY)
            if data is not None:
                called = inner._text(_NAME) or inner._text(_SHORT_NAME) or "unnamed"
                found.append((one_line(called), data))
        return found

    def _text(self, number: int) -> str:
        data = self._bytes(number, _UNICODE)
        if data is not None:
            return clean(data.decode("utf-16-le", errors="replace")).rstrip("\0")
        data = self._bytes(number, _ANSI)
        return clean(decode(data) or "").rstrip("\0") if data else ""

    def _bytes(self, number: int, kind: int) -> bytes | None:
        path = [*self._storage, f"__substg1.0_{number:04X}{kind:04X}"]
        if not self._file.exists(path):
            return None
        with self._file.openstream(path) as stream:
            return bytes(stream.read())

    def _time(self) -> datetime | None:
        """When it was sent, else when it was received: of what is not a stream of its own."""
        path = [*self._storage, _PROPERTIES]
        if not self._file.exists(path):
            return None
        with self._file.openstream(path) as stream:
            data = stream.read()
        data = data[_INNER_HEADER if self._storage else _PROPERTIES_HEADER :]
        properties = struct.iter_unpack("<IIQ", data[: len(data) // 16 * 16])
        times = {tag >> 16: value for tag, _, value in properties if tag & 0xFFFF == _TIME}
        for number in _TIMES:
            if number in times:
                try:
                    since = timedelta(microseconds=times[number] // 10)
                    return datetime(1601, 1, 1, tzinfo=UTC) + since
                except OverflowError:
                    return None
        return None
