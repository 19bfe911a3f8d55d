"""An answer's text as Markdown that other programs read, with a document's own marks escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qa.text.cleaning import harmless
from qa.text.markup.links import answer_links
from qa.text.markup.shapes import AnswerPart, answer_parts

# The characters that start a heading, list, quote, picture or emphasis in Markdown, or a tag.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&]")
_STARTS = re.compile(r"(?<![^\r\n])([ \t]*+)([-+=]|\d{1,9}(?=[.)]))")
_MARKER = re.compile(r"\\\[(\d+)\\\]")
_TICKS = re.compile("`+")


def answer_markdown(text: str, note: str = r"\\[\1\\]") -> str:
    """The text of an answer as Markdown; `note` is the template of a marker, with its number."""
    return "\n\n".join(_shapes(answer_parts(text), note))


def plain_markdown(text: str) -> str:
    """A text, escaped so that Markdown shows it unchanged."""
    return _STARTS.sub(_escaped, _MARKS.sub(r"\\\g<0>", text))


def as_html(markdown: str) -> str:
    """Markdown as HTML, in which no tag is taken from the text."""
    from markdown_it import MarkdownIt

    shown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return str(shown.render(harmless(markdown)))


def _escaped(start: re.Match[str]) -> str:
    # A digit cannot be escaped; the mark after it can.
    return f"{start[1]}{start[2]}\\" if start[2].isdecimal() else f"{start[1]}\\{start[2]}"


def _shapes(parts: Iterable[AnswerPart], note: str) -> Iterator[str]:
    for part in parts:
        after = f"\n\n{_noted(part.after, note)}" if part.after else ""
        match part.kind:
            case "list":
                yield "\n".join(_item(item, note) for item in part.parts)
            case "table":
                rows = [[_noted(cell, note) for cell in row] for row in part.rows]
                head, *rest = (f"| {' | '.join(row)} |" for row in rows)
                rule = f"|{' --- |' * len(part.rows[0])}"
                yield "\n".join([head, rule, *rest]) + after
            case "code":
                longest = max(map(len, _TICKS.findall(part.text)), default=0)
                fence = "`" * max(3, longest + 1)
                yield f"{fence}\n{part.text}\n{fence}{after}"
            case "heading":
                yield f"**{_noted(part.text, note)}**"
            case _:
                yield _noted(part.text, note)


def _item(item: AnswerPart, note: str) -> str:
    marker = "-" if item.number is None else f"{item.number}."
    own = "" if item.number is not None or not item.marker.strip("-–—*•·") else f"{item.marker} "
    text = "\n\n".join([_noted(own + item.text, note), *_shapes(item.parts, note)])
    return f"{marker} {text}".replace("\n", f"\n{' ' * (len(marker) + 1)}")


def _noted(text: str, note: str) -> str:
    return "".join(
        f"[{plain_markdown(words)}](<{target}>)"
        if target and not target.startswith("#")
        else _MARKER.sub(note, plain_markdown(words))
        for words, target in answer_links(text)
    )
