"""The headings of Word documents that have no style of their own: short lines in bold."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import pairwise

from qa.loading.office.word.letters import is_on
from qa.loading.office.word.styles import Element, Styles, W
from qa.text.cleaning import one_line

UNSTYLED_LEVEL = 2
"""The level of such a heading; the title of the document is above it."""

_LONGEST = 80
_NO_ENDS = (".", ",", ";", ":", "!", "?")


def unstyled_headings(body: Element, styles: Styles) -> AbstractSet[Element]:
    """The paragraphs of a body that are headings, if it has none that say so.

    They are short and in bold, and text that is not follows them.
    """
    parts = [one for one in body if one.tag != f"{W}p" or _words(one)]
    paragraphs = [one for one in parts if one.tag == f"{W}p"]
    if any(styles.of(one).level is not None for one in paragraphs):
        return frozenset()
    bold = {one for one in paragraphs if is_bold(one)}
    return {
        one
        for one, after in pairwise(parts)
        if one in bold and after not in bold and after.tag in (f"{W}p", f"{W}tbl", f"{W}sdt")
        if len(_words(one)) <= _LONGEST and not _words(one).endswith(_NO_ENDS)
    }


def is_bold(paragraph: Element) -> bool:
    """Whether all words of a paragraph are set in bold."""
    runs = [run for run in paragraph.iter(f"{W}r") if "".join(run.itertext(f"{W}t")).strip()]
    return bool(runs) and all(is_on(run.find(f"{W}rPr/{W}b")) for run in runs)


def _words(paragraph: Element) -> str:
    return one_line("".join(paragraph.itertext(f"{W}t")))
