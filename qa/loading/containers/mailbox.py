"""Mailboxes: e-mails one after the other in one file (mbox)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.containers.message import read_message, write
from qa.records import Document

# The line before each e-mail; a line of a text that begins so has a ">" in front.
_FROM = re.compile(rb"(?:\A|(?<=\n)\r?\n)From [^\r\n]{1,300}\r?\n")


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Each e-mail a section.

    Raises:
        DamagedFileError: there is no e-mail in it.
    """
    blocks = Blocks()
    for part in _messages(data):
        message = read_message(part)
        if message is not None:
            write(blocks, message, source, limits)
    if blocks.empty:
        raise DamagedFileError(f"{source} holds no e-mail. Export the mailbox again.")
    return blocks.document(source, ())


def _messages(data: bytes) -> Iterator[bytes]:
    found = list(_FROM.finditer(data))
    ends = [one.start() for one in found[1:]] + [len(data)]
    for one, end in zip(found, ends, strict=False):
        part = data[one.end() : end]
        yield re.sub(rb"(?m)^>(?=>*From )", b"", part)
