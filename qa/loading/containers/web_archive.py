"""Web archives (MHTML): a page and its pictures in one file, as browsers and Word save them."""

from __future__ import annotations

import codecs

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.containers.message import read_message
from qa.loading.html import parse as parse_page
from qa.records import Document


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The page in it.

    Raises:
        DamagedFileError: there is none.
    """
    message = read_message(data, whole=False)
    page = next((part.html for part in message.body if part.html.strip()), "") if message else ""
    if not page:
        raise DamagedFileError(f"{source} is a web archive without a page. Save the page again.")
    # The mark says that what the page declares of its encoding is no longer true.
    return parse_page(codecs.BOM_UTF8 + page.encode("utf-8", "ignore"), source, limits)
