"""What programs for notes and sites write in Markdown beside CommonMark, as readers see it."""

from __future__ import annotations

import re

_EMBEDDED = re.compile(r"!\[\[[^\[\]\n]{1,300}\]\]")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{1,300}\|)?([^\[\]|\n]{1,300})\]\]")
_MARKED = re.compile(r"(?<![=\w])==(?=[^\s=])([^=\n]{1,500})(?<=[^\s=])==(?![=\w])")
_HIDDEN = re.compile(r"%%[^%\n]{0,1000}%%")
_ABBREVIATION = re.compile(r"^ {0,3}\*\[([^\[\]\n]{1,60})\]:[ \t]*(\S.*)$")
# Of pages with components: what these need, and no text.
_MODULE = re.compile(
    r"import\s[^\n]{0,300}?\bfrom\s*[\"'][^\"'\n]{1,300}[\"'];?\s*|import\s*[\"'][^\"'\n]{1,300}[\"'];?\s*"
    r"|export\s+(?:const|default|let)\b[^\n]*"
)
TIGHT = re.compile(r"^ {0,3}(#{2,6})(?=[^\s#])", re.MULTILINE)
"""A heading without a space before it; one sign alone may make a tag: "#word"."""
INCLUDED = re.compile(
    r"^[ \t]{0,60}-{1,3}8<-{1,3}[ \t]+[\"']([^\"'\n]{1,300})[\"'][ \t]*$", re.MULTILINE
)
"""A line that puts in another file."""
_TIGHT_TITLE = re.compile(r"\A\s{0,9}#(?=[^\W\d_])(?=[^\n#]{1,200}\n\n)")


def spaced_title(text: str) -> str:
    """The text with a space in its first line if that is a heading that lacks it."""
    return _TIGHT_TITLE.sub("# ", text)


def plain_line(line: str) -> str:
    """A line that defines an abbreviation as "SLA: words"; nothing for one that is for programs."""
    if _MODULE.fullmatch(line) or INCLUDED.fullmatch(line):
        return ""
    return _ABBREVIATION.sub(r"\1: \2", TIGHT.sub(r"\1 ", line))


def plain_words(text: str) -> str:
    """Words of a line without the marks of highlights and of links between notes."""
    if "[[" in text:
        text = _WIKI_LINK.sub(r"\1", _EMBEDDED.sub("", text))
    if "==" in text:
        text = _MARKED.sub(r"\1", text)
    return _HIDDEN.sub("", text) if "%%" in text else text
