"""E-mails and mailboxes: headers, bodies, what is quoted, what is attached."""

from __future__ import annotations

import pytest

from qa.errors import DamagedFileError, EmptyFileError, TooLargeError
from qa.limits import Limits
from qa.loading import read
from qa.records import Document
from tests.loading.containers.messages import mail, outlook
from tests.loading.packing import compound
from tests.loading.soundness import check
from tests.loading.tables.workbooks import old_workbook, rows, workbook

HEAD = (
    "Berth fees\n\nFrom: Ann Moor <ann@harbour.example>\nTo: Bob <bob@harbour.example>\n"
    "Date: 12 March 2024, 09:30\n\n"
)


def shown(data: bytes, name: str = "fees.eml") -> Document:
    document = read(data, name)
    check(document)
    return document


def test_who_wrote_to_whom_and_when_stands_above_what_was_written() -> None:
    document = shown(bytes(mail("A berth costs 40 crowns.\n\n- North\n- South\n")))
    assert document.text == f"{HEAD}A berth costs 40 crowns.\n\n- North\n- South"
    assert document.title == "Berth fees"
    assert document.metadata == {
        "date": "2024-03-12",
        "author": "Ann Moor <ann@harbour.example>",
    }
    assert [b.kind for b in document.blocks][-3:] == ["list", "item", "item"]


def test_the_web_page_of_an_email_is_read_as_one() -> None:
    html = (
        "<p>See <a href='https://harbour.example'>the fees</a>:<table><tr><th>Zone<th>Fee"
        "<tr><td>North<td>40</table><div style='display:none'>hidden</div>"
        "<blockquote>What does it cost?</blockquote>"
    )
    document = shown(bytes(mail("See the fees.", html)))
    assert document.text == (f"{HEAD}See the fees:\n\nZone | Fee\nNorth | 40\n\nWhat does it cost?")
    assert [link.target for link in document.links] == ["https://harbour.example"]
    assert "note" in {block.kind for block in document.blocks}


def test_what_is_quoted_is_a_note() -> None:
    text = "It is 40.\n\nOn Monday Bob wrote:\n> What does\n> a berth cost?\n>> Hello,\n\nBye\n"
    document = shown(bytes(mail(text)))
    notes = [b for b in document.blocks if b.kind == "note"]
    assert [document.text[b.start : b.end] for b in notes] == ["What does\na berth cost?\nHello,"]
    assert document.text.endswith("\n\nBye")


def test_lines_that_flow_are_put_together() -> None:
    data = b"Subject: x\r\nContent-Type: text/plain; format=flowed\r\n\r\nA berth \r\ncosts 40.\r\n"
    assert shown(data).text.endswith("A berth costs 40.")


def test_what_is_attached_is_read_below_its_name() -> None:
    book = workbook({"Fees": rows("Zone|Fee", "North|=40")})
    document = shown(bytes(mail("See below.", attached={"fees 2024.xlsx": book, "logo.gif": b"x"})))
    assert document.text.startswith(
        f"{HEAD}See below.\n\nAttachment: fees 2024.xlsx\n\nFees\n\nZone | Fee\nNorth | 40\n\n"
        "Attachment: logo.gif\n\nNot read: logo.gif is a .gif file"
    )
    assert [(h.level, h.text) for h in document.headings][1:] == [
        (2, "Attachment: fees 2024.xlsx"),
        (3, "Fees"),
        (2, "Attachment: logo.gif"),
    ]
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0]


def test_an_email_may_be_attached_to_another_but_not_without_end() -> None:
    inner = mail("The innermost.", subject="Inner 0")
    for number in range(1, 7):
        outer = mail("Around it.", subject=f"Inner {number}")
        outer.add_attachment(inner)
        inner = outer
    text = shown(bytes(inner)).text
    assert "Inner 4" in text
    assert "lies in more than 3 files" in text
    assert "The innermost." not in text


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "koi8-r", "no-such-charset"])
def test_the_charset_of_a_part_is_kept(charset: str) -> None:
    words = "Стоимость" if charset == "koi8-r" else "Größe"
    encoding = "cp1252" if charset == "no-such-charset" else charset
    data = f"Subject: x\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert shown(data + words.encode(encoding)).text.endswith(words)


def test_headers_that_are_encoded_are_decoded() -> None:
    data = b"From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\r\n"
    data += b"Subject: =?iso-8859-1?Q?Gr=F6=DFe?=\r\n\r\nx"
    assert shown(data).text == "Größe\n\nFrom: Jürgen <j@x.example>\n\nx"


def test_an_email_in_utf_16_is_read() -> None:
    assert shown(bytes(mail("It is 40.")).decode().encode("utf-16")).text == f"{HEAD}It is 40."


def test_a_file_that_is_not_an_email_is_refused() -> None:
    with pytest.raises(DamagedFileError, match=r"a\.eml has none of the headers"):
        read(b"Just a text.\n", "a.eml")
    with pytest.raises(EmptyFileError):
        read(b" \r\n\r\n", "a.eml")


def test_each_email_of_a_mailbox_is_a_section() -> None:
    one, two = mail("It is 40.", subject="One"), mail("It is 50.\n>From here", subject="Two")
    start = b"From ann@harbour.example Tue Mar 12 09:30:00 2024\n"
    document = shown(start + bytes(one) + b"\n" + start + bytes(two), "team mail.mbox")
    assert document.title == "team mail"
    assert [h.text for h in document.headings] == ["One", "Two"]
    assert document.text.endswith("It is 50.\nFrom here")
    with pytest.raises(TooLargeError):
        read(start + bytes(one), "a.mbox", Limits(max_characters=50))
    with pytest.raises(DamagedFileError, match="holds no e-mail"):
        read(b"nothing", "a.mbox")


def test_an_outlook_message_is_read_like_any_other() -> None:
    attached = [("note.txt", b"Bring 40 crowns."), ("big.txt", b"x " * 3000)]
    document = shown(outlook("Berth fees", "It is 40.", attached=attached), "a.msg")
    assert document.text.startswith(
        "Berth fees\n\nFrom: Ann Moor <ann@harbour.example>\nTo: Bob\n"
        "Date: 12 March 2024, 09:30\n\nIt is 40.\n\nAttachment: note.txt\n\nBring 40 crowns.\n\n"
        "Attachment: big.txt\n\nx x "
    )
    assert document.metadata["date"] == "2024-03-12"
    html = "<p>It is <b>50</b>.<script>x</script>"
    assert shown(outlook("Fees", "It is 40.", html), "a.msg").text.endswith("\n\nIt is 50.")


def test_an_old_file_attached_to_an_outlook_message_does_not_hide_it() -> None:
    book = old_workbook("Fees", [["Zone", "Fee"], ["x", 1.0], ["North", 40.0]])
    document = shown(outlook("Fees", "See.", attached=[("fees.xls", book)]), "a.msg")
    assert document.text.endswith("Attachment: fees.xls\n\nFees\n\nZone | Fee\nNorth | 40.00")


def test_an_outlook_file_without_an_email_is_refused() -> None:
    with pytest.raises(DamagedFileError, match=r"a\.msg"):
        read(compound({"__properties_version1.0": b"x"}), "a.msg")
