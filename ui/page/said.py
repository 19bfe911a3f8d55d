"""An answer's text as HTML: our own tags for its shapes, and plain text in between.

The text of a document or a model must appear unchanged, so every character with a meaning in HTML
or Markdown is written as a character reference: these never start a heading, a link, an image or a
tag. Everything is on one line, because a blank line would end the HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa import answer_links, answer_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qa import AnswerPart

_SPECIAL = re.compile(r"[!-/:-@\[-`{-~]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# In text with single spaces only.
_MARKER = re.compile(r" ?\[(\d{1,4})\]")
_REST = re.compile(r"… and (\d{1,9}) more\.")
_BULLET = re.compile(r"[^\w()]")


def harmless(text: str) -> str:
    """The text without control characters and those that change the direction of text."""
    return _UNSEEN.sub("", text)


def plain(text: str) -> str:
    """The text as HTML that shows exactly this text, on one line."""
    return _encoded(_one_line(text))


def paragraphs(text: str, shown: Callable[[str], str] = plain) -> str:
    """The text as HTML paragraphs that keep their line ends; `shown` makes HTML of a line."""
    found: list[list[str]] = [[]]
    for line in text.strip().splitlines():
        if line.strip():
            found[-1].append(shown(line))
        elif found[-1]:
            found.append([])
    return "".join(f"<p>{'<br>'.join(filter(None, lines))}</p>" for lines in found)


class Said:
    """An answer's text with the first occurrence of its phrase in bold, and with markers.

    `link` makes HTML of a marker's number, or nothing if it points nowhere; without it no markers
    are shown. `lead` makes HTML of a link's words, which already are HTML, and its address; without
    it only the words are shown. `rest` makes HTML of the number of further items, and the number of
    the footnote that leads to them.
    """

    def __init__(
        self,
        text: str,
        *,
        short: str | None = None,
        link: Callable[[int], str] | None = None,
        rest: Callable[[int, int], str] | None = None,
        lead: Callable[[str, str], str] | None = None,
    ) -> None:
        self._text_whole = text
        self._link = link
        self._rest = rest
        self._lead = lead
        self._last = 0
        self._short: re.Pattern[str] | None = None
        if words := re.escape(_one_line(short or "")):
            # "5" is not in "15"; but not all languages have spaces between words.
            whole, any_ = re.compile(rf"(?<!\w){words}(?!\w)"), re.compile(words)
            plain_text = "".join(words for words, _ in answer_links(_one_line(text)))
            there = whole.search(_MARKER.sub("", plain_text))
            self._short = whole if there else any_

    def html(self) -> str:
        """All of it."""
        return "".join(map(self._part, answer_parts(self._text_whole)))

    def _part(self, part: AnswerPart) -> str:
        match part.kind:
            case "list":
                return self._list(part)
            case "table":
                return self._table(part)
            case "code":
                code = harmless(part.text).replace("\t", "    ")
                lines = "&#10;".join(map(_encoded, code.split("\n")))
                return f"<pre><code>{lines}</code></pre>{self._after(part)}"
            case "heading":
                return f'<p class="heading">{self._line(part.text)}</p>'
        if self._rest is not None and (left := _REST.match(part.text)):
            after = self._line(part.text[left.end() :])
            return f'<p class="rest">{self._rest(int(left[1]), self._last)}{after}</p>'
        return paragraphs(part.text, self._line)

    def _list(self, part: AnswerPart) -> str:
        numbers = [item.number for item in part.parts]
        bullets = all(_BULLET.fullmatch(item.marker) for item in part.parts)
        name = "ol" if None not in numbers else "ul"
        own = not bullets and name == "ul"
        items = "".join(self._item(item, own) for item in part.parts)
        look = ' class="own"' if own else ""
        return f"<{name}{look}>{items}</{name}>"

    def _item(self, item: AnswerPart, own: bool) -> str:
        value = f' value="{item.number}"' if item.number is not None and not own else ""
        mark = f'<span class="mark">{plain(item.marker)}</span> ' if own else ""
        inside = "".join(map(self._part, item.parts))
        return f"<li{value}>{mark}{self._line(item.text)}{inside}</li>"

    def _table(self, part: AnswerPart) -> str:
        columns = max(map(len, part.rows))
        header, *rows = (list(row) + [""] * (columns - len(row)) for row in part.rows)
        head = _cells("th", map(self._line, header), ' scope="col"')
        body = "".join(_cells("td", map(self._line, row)) for row in rows)
        table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
        return f'<div class="table">{table}</div>{self._after(part)}'

    def _after(self, part: AnswerPart) -> str:
        links = self._line(part.after)
        return f'<p class="after">{links}</p>' if links else ""

    def _line(self, line: str) -> str:
        return "".join(
            self._lead(self._words(words), target)
            if target and self._lead is not None
            else self._with_markers(words)
            for words, target in answer_links(_one_line(line))
        )

    def _with_markers(self, words: str) -> str:
        parts = _MARKER.split(words)  # text, a marker's number, text, …
        return "".join(
            self._marker(int(part)) if at % 2 else self._words(part)
            for at, part in enumerate(parts)
        )

    def _marker(self, note: int) -> str:
        self._last = note
        return "" if self._link is None else self._link(note)

    def _words(self, text: str) -> str:
        found = self._short.search(text) if self._short is not None else None
        if found is None:
            return _encoded(text)
        self._short = None
        start, end = found.span()
        bold = f"<strong>{_encoded(text[start:end])}</strong>"
        return f"{_encoded(text[:start])}{bold}{_encoded(text[end:])}"


def _cells(name: str, cells: Iterable[str], attribute: str = "") -> str:
    return f"<tr>{''.join(f'<{name}{attribute}>{cell}</{name}>' for cell in cells)}</tr>"


def leading(words: str, target: str) -> str:
    """A link as HTML; another site opens in a new window."""
    if target.startswith("#"):
        return f'<a href="{_encoded(target)}" class="within" target="_self">{words}</a>'
    return f'<a href="{_encoded(target)}" class="out" target="_blank" rel="noopener">{words}</a>'


def _one_line(text: str) -> str:
    return " ".join(harmless(text).split())


def _encoded(line: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line)
