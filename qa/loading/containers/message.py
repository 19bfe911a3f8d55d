"""E-mails: who wrote to whom and when, what they wrote, what they quoted, what they attached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from qa.errors import DamagedFileError, EmptyFileError, LoadError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.decoding import decode, decode_as
from qa.loading.html import render_fragment
from qa.loading.lines import blocks_of_lines
from qa.loading.nested import add_file, readable_name
from qa.records import Document
from qa.text.cleaning import clean, one_line

_SHOWN = ("From", "To", "Cc")
_KNOWN = ("From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path")
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_MOST_ATTACHMENTS = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What is shown of an e-mail."""

    subject: str = ""
    headers: Sequence[tuple[str, str]] = ()
    """Who wrote to whom."""
    date: datetime | None = None
    plain: str = ""
    html: str = ""
    attachments: Sequence[tuple[str, bytes]] = field(default_factory=tuple)


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Its headers, its text, and a section for each file that is attached to it.

    Raises:
        DamagedFileError: it has none of the headers of an e-mail.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise EmptyFileError(f"{source} holds no text. Leave it out, or save it with text in it.")
    message = read_message(data)
    if message is None:
        raise DamagedFileError(
            f"{source} has none of the headers of an e-mail (From, To, Subject, Date). "
            "Save it again in the program that it was sent or received with."
        )
    return document_of(message, source, limits)


def document_of(message: Message, source: str, limits: Limits) -> Document:
    """The document that one e-mail makes up."""
    blocks = Blocks()
    write(blocks, message, source, limits)
    about = {"date": message.date.date().isoformat()} if message.date else {}
    writer = next((said for name, said in message.headers if name == "From"), "")
    return blocks.document(
        source, [message.subject], {**about, **({"author": writer} if writer else {})}
    )


def write(blocks: Blocks, message: Message, source: str, limits: Limits) -> None:
    """Add an e-mail as a section."""
    blocks.heading(message.subject or "(no subject)", 1)
    lines = [f"{name}: {said}" for name, said in message.headers]
    if message.date is not None:
        date = message.date
        lines.append(f"Date: {date.day} {_MONTHS[date.month - 1]} {date.year}, {date:%H:%M}")
    blocks.add("\n".join(lines))
    before = blocks.length
    if message.html.strip():
        render_fragment(message.html, blocks)
    if blocks.length == before:
        _write_plain(blocks, message.plain)
    limits.check(source, "max_characters", blocks.length, "has {} characters")
    for name, data in message.attachments[:_MOST_ATTACHMENTS]:
        heading = f"Attachment: {readable_name(name)}"
        try:
            add_file(blocks, data, name, heading, 2, limits)
        except LoadError as error:
            blocks.heading(heading, 2)
            blocks.add(f"Not read: {error}")
            blocks.warn(f"Not read: {error}")
        limits.check(source, "max_characters", blocks.length, "has {} characters")


def read_message(data: bytes) -> Message | None:
    """The e-mail in `data`; None where it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:200]:
        data = (decode(data) or "").encode("utf-8")
    return message_of(message_from_bytes(data.lstrip(), policy=policy.default))


def message_of(mail: EmailMessage) -> Message | None:
    """What is shown of a parsed e-mail; None where it has no header that every e-mail has."""
    if not any(mail.get(name) for name in _KNOWN):
        return None
    plain, html = [], []
    attachments: list[tuple[str, bytes]] = []
    for part in _parts(mail):
        name = part.get_filename()
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or (
            name and not kind.startswith("image")
        ):
            attachments.append((name or _name_of(part), _bytes(part)))
        elif kind == "text/html":
            html.append(_text(part))
        elif kind == "text/plain":
            plain.append(_text(part))
        elif kind == "message/rfc822":
            attachments.append((_name_of(part), _bytes(part)))
    headers = [(name, said) for name in _SHOWN if (said := _header(mail, name))]
    return Message(
        _header(mail, "Subject"),
        headers,
        _date(_header(mail, "Date")),
        "\n\n".join(plain),
        "\n".join(html),
        attachments,
    )


def _parts(mail: EmailMessage, depth: int = 0) -> Iterator[EmailMessage]:
    """The parts that are no containers; an e-mail inside is one part."""
    if mail.get_content_maintype() == "multipart" and depth < 20:
        for part in mail.iter_parts():
            yield from _parts(part, depth + 1)  # type: ignore[arg-type]
    else:
        yield mail


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return one_line(clean(str(mail.get(name) or "")))
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        return ""  # headers of strangers let parts of the parser fail


def _name_of(part: EmailMessage) -> str:
    if part.get_content_type() == "message/rfc822":
        return "message.eml"
    return f"unnamed.{part.get_content_subtype()}"


def _bytes(part: EmailMessage) -> bytes:
    if part.get_content_maintype() == "message":
        inner = part.get_payload()
        inner = inner[0] if isinstance(inner, list) and inner else part
        return bytes(inner) if isinstance(inner, EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: EmailMessage) -> str:
    data = _bytes(part)
    charset = part.get_content_charset() or ""
    text = decode_as(data, charset) if charset and charset != "us-ascii" else None
    text = clean(text if text is not None else decode(data) or "")
    if part.get_param("format") == "flowed":
        text = re.sub(r"(?<=[^\s-]) \n(?=[^\s>])", " ", text)
    return text


def _date(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _write_plain(blocks: Blocks, text: str) -> None:
    """The text of an e-mail, what it quotes as a note."""
    stretch: list[str] = []
    quoted = False
    for line in [*text.split("\n"), None]:
        mark = _QUOTED.match(line) if line is not None else None
        if line is None or (bool(mark) != quoted and (line.strip() or not quoted)):
            _write_stretch(blocks, "\n".join(stretch), quoted=quoted)
            stretch, quoted = [], bool(mark)
        if line is not None:
            stretch.append(line[mark.end() :] if mark else line)


def _write_stretch(blocks: Blocks, text: str, *, quoted: bool) -> None:
    text = clean(text).strip("\n")
    if not text.strip():
        return
    if quoted:
        blocks.open("note")
    blocks.embed(Document(text=text, source="", blocks=blocks_of_lines(text)))
    if quoted:
        blocks.close("note")
