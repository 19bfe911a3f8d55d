"""E-mails: who wrote to whom and when, what they wrote, what they quoted, what they attached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import unescape

from qa.errors import DamagedFileError, EmptyFileError, LoadError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.containers.tnef import is_packed, unpacked
from qa.loading.decoding import decode, decode_declared
from qa.loading.html import render_fragment
from qa.loading.lines import blocks_of_lines
from qa.loading.nested import add_file, readable_name
from qa.records import Document
from qa.text.cleaning import clean, one_line
from qa.text.dates import in_words

_SHOWN = ("From", "To", "Cc")
_KNOWN = ("From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path")
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_MOST_ATTACHMENTS = 200
_DEEPEST = 20
_ATTACHED = frozenset(("message/rfc822", "text/calendar", "application/ms-tnef"))
_TAG = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what was written, in one or both of its forms."""

    plain: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is shown of an e-mail."""

    subject: str = ""
    headers: Sequence[tuple[str, str]] = ()
    """Who wrote to whom."""
    date: datetime | None = None
    body: Sequence[Part] = ()
    rtf: bytes = b""
    """The text where there is no other form of it."""
    attachments: Sequence[tuple[str, bytes]] = field(default_factory=tuple)
    forwarded: Sequence[Message] = ()
    """Messages that are attached, where they are no files."""


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


def write(
    blocks: Blocks, message: Message, source: str, limits: Limits, before: str = "", level: int = 1
) -> None:
    """Add an e-mail as a section of this level; `before` stands before its subject."""
    blocks.heading(before + (message.subject or "(no subject)"), level)
    lines = [f"{name}: {said}" for name, said in message.headers]
    if message.date is not None:
        lines.append(f"Date: {in_words(message.date)}, {message.date:%H:%M}")
    blocks.add("\n".join(lines))
    length = blocks.length
    for part in _once(message.body):
        _write_part(blocks, part)
    if blocks.length == length and message.rtf:
        with suppress(LoadError):
            add_file(blocks, message.rtf, "message.rtf", "", 0, limits)
    limits.check(source, "max_characters", blocks.length, "has {} characters")
    for name, data in message.attachments[:_MOST_ATTACHMENTS]:
        heading = f"Attachment: {readable_name(name)}"
        try:
            add_file(blocks, data, name, heading, level + 1, limits)
        except LoadError as error:
            blocks.heading(heading, level + 1)
            blocks.add(f"Not read: {error}")
            blocks.warn(f"Not read: {error}")
        limits.check(source, "max_characters", blocks.length, "has {} characters")
    for inner in message.forwarded:
        write(blocks, inner, source, limits, "Attachment: ", level + 1)


def _once(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, but for a plain one that says what a page of the same e-mail says."""
    said = [_letters(_TAG.sub("", unescape(part.html))) for part in parts if part.html.strip()]
    for part in parts:
        letters = _letters(part.plain)
        if part.html.strip() or not any(letters in page for page in said):
            yield part


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _write_part(blocks: Blocks, part: Part) -> None:
    before = blocks.length
    if part.html.strip():
        render_fragment(part.html, blocks)
    if blocks.length == before:
        _write_plain(blocks, part.plain)


def read_message(data: bytes, *, whole: bool = True) -> Message | None:
    """The e-mail in `data`; None where it is none.

    What is not a `whole` e-mail may lack the headers that every e-mail has.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:200]:
        data = (decode(data) or "").encode("utf-8")
    return message_of(message_from_bytes(data.lstrip(), policy=policy.default), whole=whole)


def message_of(mail: EmailMessage, *, whole: bool = True) -> Message | None:
    """What is shown of a parsed e-mail; None where it has no header that every e-mail has."""
    if whole and not any(mail.get(name) for name in _KNOWN):
        return None
    reader = _Reader()
    reader.read(mail)
    headers = [(name, said) for name in _SHOWN if (said := _header(mail, name))]
    return Message(
        _header(mail, "Subject"),
        headers,
        _date(_header(mail, "Date")),
        reader.body,
        reader.rtf,
        # Outlook sends an invitation twice.
        list({data: (name, data) for name, data in reader.attachments}.values()),
    )


class _Reader:
    """Reads the parts of an e-mail, in their order."""

    def __init__(self) -> None:
        self.body: list[Part] = []
        self.rtf = b""
        self.attachments: list[tuple[str, bytes]] = []

    def read(self, part: EmailMessage, depth: int = 0) -> None:
        """Read a part, and those in it; an e-mail inside is one part."""
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart" and depth < _DEEPEST:
            first = len(self.body)
            for inner in part.iter_parts():
                self.read(inner, depth + 1)  # type: ignore[arg-type]
            if kind == "multipart/alternative":
                forms = self.body[first:]
                plain = "\n\n".join(form.plain for form in forms if form.plain)
                html = "\n".join(form.html for form in forms if form.html)
                self.body[first:] = [Part(plain, html)]
            return
        name = part.get_filename()
        attached = part.get_content_disposition() == "attachment"
        if attached or kind in _ATTACHED or (name and not kind.startswith("image")):
            self._attach(name or _name_of(part), _bytes(part))
        elif kind == "text/html":
            self.body.append(Part(html=_text(part)))
        elif kind == "text/plain":
            self.body.append(Part(_text(part)))

    def _attach(self, name: str, data: bytes) -> None:
        if not is_packed(data):
            self.attachments.append((name, data))
            return
        inner = unpacked(data)
        self.attachments += inner.attachments
        self.rtf = self.rtf or inner.rtf


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return one_line(clean(str(mail.get(name) or "")))
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        return ""  # headers of strangers let parts of the parser fail


def _name_of(part: EmailMessage) -> str:
    if part.get_content_type() == "message/rfc822":
        return "message.eml"
    if part.get_content_type() == "text/calendar":
        return "invitation.ics"
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
    text = decode_declared(data, charset) if charset and charset != "us-ascii" else None
    text = clean(text if text is not None else decode(data) or "")
    if part.get_param("format") == "flowed":
        joined = "" if str(part.get_param("delsp")).lower() == "yes" else " "
        text = re.sub(r"(?<=[^\n-]) \n(?=[^\s>])", joined, text)
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
