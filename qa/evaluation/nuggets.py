"""Whether an answer says everything that a question asks for, and not much more.

The required facts are written as nuggets: short wordings, any of which counts for a fact. An answer
is complete if it has every vital nugget, and concise if it is not much longer than a good answer.
After Voorhees, "Overview of the TREC 2003 Question Answering Track".
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.evaluation.sets import Expected

# A concise answer has at most this many words, or this many times the length of a good one.
SHORT, TIMES_IDEAL = 60, 3

# Markdown's marks and their replacements as text, in the order of the steps.
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\((?>(?:<[^<>]*>|[^()]|\([^()]*\))*)\)|\[[^\[\]]*\])")
_MARKS = (
    (_LINK, r"\1"),  # twice: an image may be the text of a link
    (_LINK, r"\1"),
    (re.compile(r"<([^\s<>/][^\s<>]*[.@][^\s<>]+)>"), r"\1"),  # an address between brackets
    (re.compile(r"</?[a-zA-Z][^<>]*>"), " "),
)
_MARKS_OF_TEXT = (
    (re.compile(r"^[ \t]*+(?:\|[ \t]*+)?:?-{2,}.*$", re.MULTILINE), " "),  # below a table's header
    (re.compile(r"^[ \t]*(?:(?:>|#{1,6}|[-*+]|\d{1,3}[.)])[ \t]+)+", re.MULTILINE), ""),
    (re.compile(r"\\([^\w\s]|_)"), r"\1"),
    (re.compile(r"[*`]+"), ""),
    (re.compile(r"\|"), " "),
    (re.compile(r"(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)"), ""),
)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009", " "),
        **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad", ""),
        "…": "...",
    }
)


def recalled(expected: Expected, text: str) -> dict[str, float]:
    """The measures of an answer's text against an expected one with nuggets, by name.

    `recall` is the share of the nuggets in the answer; `complete`, `concise`, `both` and `direct`
    are 1 or 0. A refusal is an empty text. If the length of a good answer is unknown, `concise` and
    `both` are left out, and `direct` if no such beginning is expected.
    """
    read = as_read(text)
    said = [any(stands(wording, read) for wording in nugget) for nugget in expected.nuggets]
    found: dict[str, float] = {}
    if said:
        found["recall"] = sum(said) / len(said)
        found["complete"] = float(all(said[: expected.vital]))
    if said and expected.ideal_words is not None:
        longest = max(SHORT, TIMES_IDEAL * expected.ideal_words)
        found["concise"] = float(0 < words(text) <= longest)
        found["both"] = found["complete"] * found["concise"]
    if expected.direct:
        beginning = rf"\W*{re.escape(as_read(expected.direct))}\b"
        found["direct"] = float(re.match(beginning, read) is not None)
    return found


def as_read(text: str) -> str:
    """A Markdown text as it is read: without marks, in lower case, with plain punctuation."""
    text = _without_comments(text)
    for mark, read in _MARKS:
        text = mark.sub(read, text)
    text = html.unescape(text)
    for mark, read in _MARKS_OF_TEXT:
        text = mark.sub(read, text)
    return " ".join(text.translate(_SIGNS).split()).lower()


def _without_comments(text: str) -> str:
    kept, opened, rest = text.partition("<!--")
    parts = [kept]
    while opened:
        _, closed, after = rest.partition("-->")
        if not closed:
            parts.append(f"{opened}{rest}")
            break
        kept, opened, rest = after.partition("<!--")
        parts.append(f" {kept}")
    return "".join(parts)


def words(text: str) -> int:
    """The number of words of a Markdown text."""
    return len(as_read(text).split())


def stands(wording: str, read: str) -> bool:
    """Whether a wording is in a text `as_read`, as whole words."""
    wanted = as_read(wording)
    if not wanted:
        return False
    before = r"(?<!\w)" if re.match(r"\w", wanted) else ""
    after = r"(?!\w)" if re.search(r"\w$", wanted) else ""
    return re.search(before + re.escape(wanted) + after, read) is not None
