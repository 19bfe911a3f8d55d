"""E-mails made by hand, as text and as Outlook saves them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

from tests.loading.packing import compound


def mail(
    text: str = "",
    html: str = "",
    attached: Mapping[str, bytes] | None = None,
    subject: str = "Berth fees",
) -> EmailMessage:
    """An e-mail from Ann to Bob."""
    message = EmailMessage()
    message["From"] = "Ann Moor <ann@harbour.example>"
    message["To"] = "Bob <bob@harbour.example>"
    message["Date"] = "Tue, 12 Mar 2024 09:30:00 +0100"
    message["Subject"] = subject
    message.set_content(text or "See the page.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in (attached or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message


def outlook(
    subject: str, body: str, html: str = "", attached: Sequence[tuple[str, bytes]] = ()
) -> bytes:
    """The same as Outlook saves it."""

    def text(number: int, value: str) -> tuple[str, bytes]:
        return f"__substg1.0_{number:04X}001F", value.encode("utf-16-le")

    since = datetime(2024, 3, 12, 9, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
    sent = struct.pack("<IIQ", 0x00390040, 6, int(since.total_seconds()) * 10**7)
    streams = {
        "__properties_version1.0": bytes(32) + sent,
        **dict([
            text(0x0037, subject), text(0x1000, body), text(0x0C1A, "Ann Moor"),
            text(0x5D01, "ann@harbour.example"), text(0x0E04, "Bob"),
        ]),
    }  # fmt: skip
    if html:
        streams["__substg1.0_10130102"] = html.encode()
    for number, (name, data) in enumerate(attached):
        storage = f"__attach_version1.0_#{number:08X}"
        streams[f"{storage}/__properties_version1.0"] = bytes(8)
        streams[f"{storage}/{text(0x3707, name)[0]}"] = text(0x3707, name)[1]
        streams[f"{storage}/__substg1.0_37010102"] = data
    return compound(streams)
