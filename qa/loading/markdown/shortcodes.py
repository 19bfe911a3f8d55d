"""The tags that site generators (Hugo, Jekyll, MkDocs and others) add to Markdown, removed.

Tags are not text: the words that a tag shows are kept, a tag in a link is replaced by its target,
remarks are marked, and the rest is removed. Code stays unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.loading.markdown.dialects import TIGHT, plain_line, plain_words, spaced_title

NOTE_BEGINS, NOTE_ENDS = "<!--note-->", "<!--/note-->"
"""The marks around a remark, as blocks of HTML."""

_SIGNS = (
    *("8<", "[[", "==", "%%", "*[", "import ", "export "),
    *("{{", "{%", "{:", "{#", ":::", "!!!", "???", "[^", "[!", '=== "', '===! "', '===+ "'),
)
_APART = "<!-- -->"
_FENCE = re.compile(r"\s*(?:>\s?)*(```+|~~~+)")
_CODE = re.compile(r"(?<!`)(`++)[^`\n]{1,1000}+\1(?!`)")
_TAG = re.compile(
    r"(?P<link>(?<=\]\())?"
    r"(?:\{\{[<%](?P<hugo>[^{}\n]{0,1000})[%>]\}\}|\{%-?(?P<liquid>[^{}\n]{0,1000}?)-?%\}"
    r"|\{\{(?P<variable>[^{}\n]{0,1000})\}\})"
)
_COMMENT = re.compile(r"\{%-?[ \t]{0,9}comment[ \t]{0,9}-?%\}")
_COMMENT_ENDS = re.compile(r"\{%-?[ \t]{0,9}endcomment[ \t]{0,9}-?%\}")
_NAME = re.compile(r"\s*(?P<end>/|end(?=\w))?\s*(?P<name>[\w.-]*)")
_SAID = re.compile(r"""\b(?:text|caption|alt|summary)\s{0,3}=\s{0,3}"([^"\n]*)\"""")
_ARGUMENT = re.compile(r"""["']([^"'\n]*)["']""")
_ATTRIBUTES = re.compile(r"\s?\{:[^{}\n]{0,500}\}|\s\{[.#][^{}\n]{0,200}\}(?=\s*+$)")
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\s]{1,60}\]:[ \t]*")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]{1,60}\]")
_ALERT = re.compile(r"^(\s*>\s*)\[!\w{1,20}\][-+]?[ \t]*")
_DEFINITION = re.compile(r"^ {0,3}:[ \t]+(\S.*)$", re.MULTILINE)
_TERM = re.compile(r" {0,3}(?![#>|\-+*~`=:<\[]|\d{1,9}[.)])\S.{0,200}(?<![|.:;])")
_FENCED_NOTE = re.compile(r"^(\s*):{3,}\s*(?:\{?\.?([\w-]+)\}?\s*(.*))?$")
_INDENTED_NOTE = re.compile(r"""^( *)(?:!!!|\?\?\?\+?) [\w -]*(?:"([^"]*)")?\s*$""")
_TAB = re.compile(r"""^( *)===[!+]? "([^"]*)"\s*$""")
_BEFORE_WORDS = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?")
_NOTES = re.compile(
    r"(?:[\w.-]*-)?(?:note|tip|warning|caution|alert|callout|admonition|important|info|danger|hint)"
)
_CODE_NAMES = frozenset(("highlight", "codeblock", "code-block"))
_SITE_HEADINGS = {
    "whatsnext": "What’s next",
    "prerequisites": "Before you begin",
    "seealso": "See also",
    "cleanup": "Clean up",
}


def plain_markdown(text: str) -> str:
    """The Markdown in `text` without the tags of site generators."""
    if _DEFINITION.search(text):
        text = "\n".join(_with_definitions(text.split("\n")))
    text = spaced_title(text)
    if not any(sign in text for sign in _SIGNS) and TIGHT.search(text) is None:
        return text
    return "\n".join(_lines(_without_comments(text).split("\n")))


def _with_definitions(lines: list[str]) -> list[str]:
    """The lines with definitions (": words" below a term) as items of a list: "- term: words"."""
    found: list[str] = []
    fence = ""
    term = ""  # of the definition above
    for line in lines:
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        definition = None if fence else _DEFINITION.fullmatch(line)
        if definition is None:
            term = "" if line.strip() and not line.startswith("  ") else term
            found.append(line)
            continue
        while not term and len(found) > 1 and not found[-1].strip() and found[-2].strip():
            found.pop()
        if not term and found and _TERM.fullmatch(found[-1]):
            term = found.pop().strip()
        found.append(f"- {term}: {definition[1]}" if term else line)
    return found


def _without_comments(text: str) -> str:
    parts = []
    start = 0
    while begin := _COMMENT.search(text, start):
        end = _COMMENT_ENDS.search(text, begin.end())
        if end is None:
            break
        parts.append(text[start : begin.start()])
        start = end.end()
    return "".join([*parts, text[start:]])


@dataclass(frozen=True, slots=True)
class _Indented:
    """What stands further in than the line above it: a remark, or a tab, which becomes an item."""

    indent: str
    tab: bool

    def holds(self, line: str) -> bool:
        return not line.strip() or line.startswith(f"{self.indent}    ")

    def inner(self, line: str) -> str:
        """A line of it, as far in as its place in the Markdown wants it."""
        return self.indent + "  " * self.tab + line[len(self.indent) + 4 :]

    def end(self, line: str = "") -> Iterator[str]:
        """What comes between it and the line after it."""
        following = _TAB.match(line) if self.tab else None
        again = following is not None and following[1] == self.indent
        mark = _APART if self.tab else NOTE_ENDS
        yield from ("",) if again else ("", self.indent + mark, "")


def _lines(lines: list[str]) -> Iterator[str]:
    fence = ""
    around: list[_Indented] = []
    for line in lines:
        for depth, part in enumerate(around):
            if not part.holds(line):
                for ended in reversed(around[depth:]):
                    yield from ended.end(line)
                del around[depth:]
                break
            line = part.inner(line)
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            yield line
        elif fence:
            yield line
        elif remark := _INDENTED_NOTE.match(line):
            around.append(_Indented(remark[1], tab=False))
            yield from ("", remark[1] + NOTE_BEGINS, "", remark[1] + (remark[2] or ""), "")
        elif tab := _TAB.match(line):
            around.append(_Indented(tab[1], tab=True))
            yield from ("", f"{tab[1]}- {tab[2]}", "")
        else:
            yield _plain(line)
    for ended in reversed(around):
        yield from ended.end()


def _plain(line: str) -> str:
    line = plain_line(line)
    if not any(sign in line for sign in _SIGNS):
        return line
    fenced = _FENCED_NOTE.match(line)
    if fenced:
        return _fenced_note(fenced)
    line = _ALERT.sub(r"\1", _FOOTNOTE.sub("\n", line))
    before = _BEFORE_WORDS.match(line)
    indent = " " * len(before[0]) if before else ""
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(line):
        parts += (_without_tags(line[end : code.start()], indent), code[0])
        end = code.end()
    return "".join([*parts, _without_tags(line[end:], indent)])


def _fenced_note(found: re.Match[str]) -> str:
    """The line around a remark in Docusaurus and others: `:::tip Title`."""
    indent, name, title = found.groups(default="")
    if not name:
        return f"\n{indent}{NOTE_ENDS}\n"
    if not _NOTES.fullmatch(name):
        return ""
    return f"\n{indent}{NOTE_BEGINS}\n\n{indent}{title.strip('[]')}\n"


def _without_tags(text: str, indent: str) -> str:
    text = plain_words(_TAG.sub(lambda tag: _said(tag, indent), text))
    return _FOOTNOTE_MARK.sub("", _ATTRIBUTES.sub("", text))


def _said(tag: re.Match[str], indent: str) -> str:
    """The replacement of a tag."""
    inside = tag["hugo"] or tag["liquid"] or ""
    named = _NAME.match(inside)
    name = named["name"].lower() if named else ""
    found = _ARGUMENT.search(inside)
    argument = found[1] if found else ""
    if tag["link"] is not None:
        return re.sub(r"[\s()<>]", "", argument) or "#"
    if name in _CODE_NAMES:
        return f"\n{indent}```\n"
    if _NOTES.fullmatch(name) and not inside.rstrip().endswith("/"):
        return f"\n\n{indent}{NOTE_ENDS if named and named['end'] else NOTE_BEGINS}\n\n{indent}"
    if argument and name == "slack_channel":
        return f"#{argument.lstrip('#')}"
    if argument and name == "heading":
        return _SITE_HEADINGS.get(argument, argument.capitalize())
    said = _SAID.search(inside)
    return said[1] if said else ""
