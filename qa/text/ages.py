"""How old a document is, by what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qa.text.dates import YEAR, dates

# Names of a document's properties that are dates, and of those that lie in the future.
_DATE_NAMES = re.compile(
    r"date|created|published|updated|modified|revised|reviewed|effective", re.IGNORECASE
)
_OF_LATER = re.compile(r"expir|due|next", re.IGNORECASE)


def dated(title: str, source: str, metadata: Mapping[str, object]) -> str:
    """The date of a document, as far as it has one: `2024-03-12`, `2024-03`, `2024`, or "".

    It comes from the document's properties (the last of several dates), else from its title or
    name.
    """
    told = [
        date
        for name, value in metadata.items()
        if _DATE_NAMES.search(name) and not _OF_LATER.search(name)
        for date in _years_and_days(str(value))
    ]
    if told:
        return max(told)
    for text in (title, source.rpartition("/")[2]):
        if found := _years_and_days(text):
            return max(found)
    return ""


def _years_and_days(text: str) -> list[str]:
    # A day in any year (“--03-12”) does not say which is newer.
    whole = [date for date in dates(text.replace("_", " ")) if not date.startswith("-")]
    return whole or YEAR.findall(text)
