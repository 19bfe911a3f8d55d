"""E-mails: invitations, winmail.dat, texts in RTF, forwarded messages, several parts, encodings."""

from __future__ import annotations

import struct

import pytest

from qa.errors import DamagedFileError
from qa.loading import read
from qa.loading.containers.compressed_rtf import decompressed
from qa.records import Document
from tests.loading.containers.messages import mail
from tests.loading.packing import compound
from tests.loading.soundness import check

HEAD = "From: ann@harbour.example\r\nSubject: Berths\r\nMIME-Version: 1.0\r\nContent-Type: "
RTF = rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\pard The deposit is 300 euros.\par}"
CALENDAR = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Yearly fair\r\nDTSTART;TZID=Europe/Berlin:"
    "20240612T090000\r\nDTEND;TZID=Europe/Berlin:20240612T170000\r\nLOCATION:Hall 3\\, north\r\n"
    ' quay\r\nORGANIZER;CN="Ann Moor":mailto:ann@harbour.example\r\nBEGIN:VALARM\r\n'
    "DESCRIPTION:Reminder\r\nEND:VALARM\r\nDESCRIPTION:Bring a badge.\\n\\nDogs stay out.\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def shown(data: bytes | str, name: str = "fees.eml") -> Document:
    document = read(data.encode() if isinstance(data, str) else data, name)
    check(document)
    return document


def parts(kind: str, *inner: tuple[str, str]) -> str:
    made = "".join(f"--x\r\nContent-Type: {said}\r\n\r\n{text}\r\n" for said, text in inner)
    return f"multipart/{kind}; boundary=x\r\n\r\n{made}--x--\r\n"


def literal_rtf(raw: bytes) -> bytes:
    """RTF as Outlook packs it, without references but for the one at its end."""
    places = [bytes((byte,)) for byte in raw]
    places.append(struct.pack(">H", (207 + len(raw)) % 4096 << 4))
    packed = b""
    for start in range(0, len(places), 8):
        group = places[start : start + 8]
        packed += bytes((sum(1 << at for at, one in enumerate(group) if len(one) == 2),))
        packed += b"".join(group)
    return struct.pack("<IIII", len(packed) + 12, len(raw), 0x75465A4C, 0) + packed


def test_an_invitation_says_when_and_where() -> None:
    document = shown(CALENDAR, "fair.ics")
    assert document.text == (
        "Yearly fair\n\nWhen: 12 June 2024, 09:00 to 17:00\nWhere: Hall 3, northquay\n"
        "Organizer: Ann Moor <ann@harbour.example>\n\nBring a badge.\n\nDogs stay out."
    )
    assert document.title == "Yearly fair"


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ("DTSTART;VALUE=DATE:20240612\nDTEND;VALUE=DATE:20240613", "12 June 2024"),
        ("DTSTART:20240612T090000Z\nDTEND:20240613T010000Z", "12 June 2024, 09:00 UTC to 13 June"),
        ("DTSTART:20240612T0900\nRRULE:FREQ=WEEKLY;COUNT=3", "09:00 (repeated: freq weekly, count"),
        ("DTSTART:20249912", ""),
    ],
)
def test_days_and_times_of_a_calendar(moments: str, said: str) -> None:
    text = shown(f"BEGIN:VEVENT\nSUMMARY:Fair\n{moments}\nLOCATION:x\nEND:VEVENT", "a.ics").text
    assert said in text
    assert ("When" in text) == bool(said)


def test_a_calendar_without_appointments_is_told() -> None:
    with pytest.raises(DamagedFileError, match="no appointment"):
        read(b"BEGIN:VCALENDAR\nEND:VCALENDAR", "a.ics")


def test_an_invitation_in_an_email_is_read_once() -> None:
    plain = ("text/plain", "You are invited.")
    data = HEAD + parts("alternative", plain, ("text/calendar; method=REQUEST", CALENDAR))
    text = shown(data).text
    assert "You are invited.\n\nAttachment: invitation.ics\n\nYearly fair" in text
    message = mail("Come.", attached={"invite.ics": CALENDAR.encode(), "b.ics": CALENDAR.encode()})
    assert shown(bytes(message)).text.count("Yearly fair") == 1


def packed(body: bytes = b"") -> bytes:
    def attribute(number: int, data: bytes) -> bytes:
        return struct.pack("<BII", 1, number, len(data)) + data + b"\0\0"

    long = "the fees.csv\0".encode("utf-16-le")
    named = struct.pack("<IHHII", 1, 0x1F, 0x3707, 1, len(long)) + long + bytes(-len(long) % 4)
    file = struct.pack("<IH", 0x223E9F78, 1)
    if body:
        head = struct.pack("<IHHIHHII", 2, 0x3, 0x1007, 7, 0x102, 0x1009, 1, len(body))
        file += attribute(0x00069003, head + body + bytes(-len(body) % 4))
    file += attribute(0x00069002, bytes(14)) + attribute(0x00018010, b"FEES~1.CSV\0")
    return file + attribute(0x0006800F, b"Zone,Fee\nNorth,40\n") + attribute(0x00069005, named)


def test_what_outlook_packs_into_one_file_is_attached() -> None:
    text = shown(bytes(mail("See the file.", attached={"winmail.dat": packed()}))).text
    assert text.endswith("See the file.\n\nAttachment: the fees.csv\n\nZone | Fee\nNorth | 40")


def test_the_text_in_such_a_file_is_read_where_there_is_no_other() -> None:
    only = HEAD + "application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    import base64

    data = only.encode() + base64.encodebytes(packed(literal_rtf(RTF)))
    assert "The deposit is 300 euros." in shown(data).text


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_file_of_outlook_that_is_cut_off_harms_nothing(cut: int) -> None:
    data = packed(literal_rtf(RTF))[:cut]
    assert shown(bytes(mail("See the file.", attached={"winmail.dat": data}))).text


def message(*streams: tuple[str, bytes], below: str = "") -> dict[str, bytes]:
    subject = f"{below}__substg1.0_0037001F", "Deposit".encode("utf-16-le")
    head = f"{below}__properties_version1.0", bytes(32)
    return dict([head, subject, *((below + name, data) for name, data in streams)])


def test_a_message_that_outlook_keeps_in_rtf_only_is_read() -> None:
    data = compound(message(("__substg1.0_10090102", literal_rtf(RTF))))
    assert shown(data, "a.msg").text == "Deposit\n\nThe deposit is 300 euros."


def test_references_to_what_came_before_are_followed() -> None:
    # "ab", then two times "ab" from where it was written: 207 is behind what is always known.
    reference = struct.pack(">H", 207 << 4 | 2)
    data = b"\x04ab" + reference
    assert decompressed(struct.pack("<IIII", 0, 6, 0x75465A4C, 0) + data) == b"ababab"
    assert decompressed(struct.pack("<IIII", 0, 3, 0x414C454D, 0) + b"abcd") == b"abc"
    assert decompressed(b"short") == b""


def test_a_message_within_a_message_is_a_section_of_it() -> None:
    attached = "__attach_version1.0_#00000000/"
    inner = f"{attached}__substg1.0_3701000D/"
    body = ("__substg1.0_1000001F", "The deposit is 300 euros.".encode("utf-16-le"))
    streams = {
        **message(("__substg1.0_1000001F", "See below.".encode("utf-16-le"))),
        f"{attached}__properties_version1.0": bytes(8),
        **message(body, below=inner),
    }
    document = shown(compound(streams), "a.msg")
    assert document.text == (
        "Deposit\n\nSee below.\n\nAttachment: Deposit\n\nThe deposit is 300 euros."
    )
    assert [heading.level for heading in document.headings] == [1, 2]


def test_all_parts_of_an_email_are_read_in_their_order() -> None:
    html, plain = ("text/html", "<p>First.</p>"), ("text/plain", "Second.")
    assert shown(HEAD + parts("mixed", html, plain)).text.endswith("\n\nFirst.\n\nSecond.")
    both = ("text/plain", "First.\r\nSecond."), ("text/html", "<p>First.<br>Second.</p>")
    for kind in ("mixed", "alternative"):
        assert shown(HEAD + parts(kind, *both)).text.count("First.") == 1
    empty = ("text/plain", "Only this."), ("text/html", "<p></p>")
    assert shown(HEAD + parts("alternative", *empty)).text.endswith("\n\nOnly this.")


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("iso-8859-1", b"40 \x80 \x96 \x93fix\x94", "40 € – “fix”"),
        ("gb2312", "价格是朱镕基".encode("gb18030"), "价格是朱镕基"),
        ("shift_jis", "①番".encode("cp932"), "①番"),
    ],
)
def test_an_encoding_is_what_most_programs_mean_by_its_name(
    charset: str, raw: bytes, text: str
) -> None:
    data = f"{HEAD}text/plain; charset={charset}\r\n\r\n".encode() + raw
    assert shown(data).text.endswith(f"\n\n{text}")


def test_words_that_flow_without_spaces_are_put_together() -> None:
    head = f"{HEAD}text/plain; format=flowed; delsp=yes\r\n\r\n"
    assert shown(f"{head}A ber \r\nth costs  \r\n40.\r\n").text.endswith("\n\nA berth costs 40.")
