"""A chat model's stream, cut into sentences as it comes.

However the stream is chopped, the sentences are the same: it is looked at word by word. What only a
machine needs is taken out on the way: reasoning between <think> tags, the model's markers (their
numbers are kept), links and images.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.text.sentences import COLONS, Range, sentences, trim


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence; a list item or a heading ends one.

    `before` is the white space and the list marker before it, `cited` the numbers that its markers
    name, in the order of the text.
    """

    before: str
    text: str
    cited: tuple[int, ...] = ()

    @property
    def introduces(self) -> bool:
        """Whether it leads in to what comes next: a heading, a line in bold, a colon at its end."""
        return (
            self.text.rstrip("*_ ").endswith(COLONS)
            or "#" in self.before
            or bool(_BOLD_LINE.fullmatch(self.text))
        )


_OPENING_TAG = re.compile(r"<(?:think|thinking|reasoning)>", re.I)
_CLOSING_TAG = re.compile(r"</(?:think|thinking|reasoning)>", re.I)
_HALF_A_TAG = re.compile(r"<[/a-z]{0,10}$", re.I)
_WORD = re.compile(r"(?<![^\s。！？])[^\s。！？]*+[\s。！？]")
_SPACE = re.compile(r"[\s。！？]")
_LEAD = re.compile(r"\s*(?:(?:[-*+•–>]|\d{1,3}[.)]|#{1,6})\s+)*")
_BOLD_LINE = re.compile(r"\*\*[^*]+\*\*|__[^_]+__")

_LABEL = r"(?:passages?|sources?|documents?|docs?|texts?|excerpts?|references?|refs?|citations?)"
_NUMBERS = r"[#^]?\d{1,3}(?:\s*(?:[,;&–-]|and)\s*[#^]?\d{1,3})*"
# [1], [1, 2], [1-3], [^1], [Passage 1], 【1†source】
_BRACKETED = (
    rf"[\[【［]\s*+(?:{_LABEL}\s*+(?:[:#]\s*+)?)?({_NUMBERS})(?:†[^\[\]【】［］]*+)?\s*+[\]】］]"
)
_MARKER = re.compile(
    rf"(?<!\s)\s*+(?:{_BRACKETED}"
    rf"|\(\s*+{_LABEL}\s*+(?:[:#]\s*+)?({_NUMBERS})\s*+\)"
    r"|\(\s*+(\d{1,2})\s*+\)(?=\s*+(?:[.!?。！？]\s*+)?$))",
    re.I,
)
_LEADING_MARKERS = re.compile(rf"(?:\s*{_BRACKETED})+[.,;]?(?=\s|$)", re.I)
_UNCLOSED = re.compile(r"[\[【［(][^\]】］)]*$")
# "According to passage 1, …", "Passages 1 and 2 state that …", "as stated in [3]"
_REFERENCE = rf"(?:{_LABEL}\s*(?:number\s+)?[\[(]?\d{{1,3}}[\])]?|[\[【]{_NUMBERS}[\]】])"
_NAMED = (
    rf"(?:the\s+)?(?:{_LABEL}\s+)?{_REFERENCE}"
    rf"(?:\s*+(?:,|and|&)\s*(?:{_REFERENCE}|(?<=and\s)\d{{1,3}}(?=\s[a-z]|,))){{0,9}}"
)
_ATTRIBUTION = re.compile(
    rf"\b(?:according\s+to|based\s+on|as\s+\w+\s+in|per)\s+{_NAMED}(?:,\s*|\s+|(?=[.!?]))"
    rf"|(?<!\w){_NAMED}\s+(?:states?|says?|mentions?|notes?|explains?|shows?|indicates?|reports?)\s+"
    r"(?:that\s+)?"
    r"|^(?:the\s+)?(?:passages?|answer)\s+(?:states?|says?|mentions?|notes?|explains?|is\s+that|is\s*:)"
    r"\s+(?:that\s+)?",
    re.I,
)
# What looks like a marker but gives no number: [citation needed], [a], [passage].
_EMPTY_MARKER = re.compile(rf"(?<!\s)\s*+\[\s*+(?:\w|{_LABEL}(?:\s+(?:needed|\w))?)?\s*+\]", re.I)
_TARGET = r"\((?:[^()]++|\([^()]*+\))*+\)"
_IMAGE = re.compile(rf"!\[[^\[\]]*+\]{_TARGET}")
_LINK = re.compile(rf"\[([^\[\]]*+)\]{_TARGET}")


def pieces(chunks: Iterable[str]) -> Iterator[Piece]:
    """The sentences of a stream, each as soon as the word after it has come."""
    cutter = _Cutter()
    for word in _words(without_reasoning(chunks)):
        yield from cutter.feed(word)
    yield from cutter.feed("\n")


class _Cutter:
    """The line that is being written, and how much of it has been cut off."""

    def __init__(self) -> None:
        self._line = ""
        self._before = ""
        self._at_line_start = True

    def feed(self, word: str) -> Iterator[Piece]:
        """The sentences that are sure to have ended, now that `word` has come."""
        self._line += word
        line_is_over = word.endswith("\n")
        if self._at_line_start and not self._take_lead():
            if line_is_over:
                self._start_line()
            return
        ranges = _with_markers(self._line, sentences(self._line))
        settled = ranges if line_is_over else ranges[: -2 if self._may_be_marker(ranges) else -1]
        at = 0
        for start, end in settled:
            if piece := _piece(self._before, self._line[start:end]):
                yield piece
            self._before = " " if self._line[end : end + 1].isspace() else ""
            at = end
        self._line = self._line[at:]
        if line_is_over:
            self._start_line()

    def _take_lead(self) -> bool:
        """Move the list marker out of the line; return whether there are words after it."""
        lead = _LEAD.match(self._line)
        end = lead.end() if lead else 0
        if end == len(self._line):
            return False
        self._before += self._line[:end]
        self._line = self._line[end:]
        self._at_line_start = False
        return True

    def _start_line(self) -> None:
        self._before = "\n" * min(self._before.count("\n") + 1, 2)
        self._line = ""
        self._at_line_start = True

    def _may_be_marker(self, ranges: list[Range]) -> bool:
        return bool(ranges) and bool(_UNCLOSED.match(self._line, *ranges[-1]))


def without_reasoning(chunks: Iterable[str]) -> Iterator[str]:
    """A model's stream without what it says to itself between <think> tags."""
    waiting, inside = "", False
    for chunk in chunks:
        waiting += chunk
        while tag := (_CLOSING_TAG if inside else _OPENING_TAG).search(waiting):
            if not inside:
                yield _CLOSING_TAG.sub("", waiting[: tag.start()])
            waiting, inside = waiting[tag.end() :], not inside
        half = _HALF_A_TAG.search(waiting)
        ready = half.start() if half else len(waiting)
        if not inside:
            yield _CLOSING_TAG.sub("", waiting[:ready])
        waiting = waiting[ready:]
    if not inside:
        yield _CLOSING_TAG.sub("", waiting)


def _words(chunks: Iterable[str]) -> Iterator[str]:
    """The same text, one word with the white space after it at a time."""
    waiting = ""
    for chunk in chunks:
        waiting += chunk
        if not _SPACE.search(chunk):  # looked through once, however many pieces a word comes in
            continue
        end = 0
        for word in _WORD.finditer(waiting):
            yield word.group()
            end = word.end()
        waiting = waiting[end:]
    if waiting:
        yield waiting


def _with_markers(text: str, ranges: list[Range]) -> list[Range]:
    """The sentences, each with the markers that follow its full stop."""
    joined: list[Range] = []
    for start, end in ranges:
        markers = _LEADING_MARKERS.match(text, start, end) if joined else None
        if markers:
            joined[-1] = joined[-1][0], markers.end()
            start, end = trim(text, markers.end(), end)
        if start < end:
            joined.append((start, end))
    return joined


def _piece(before: str, sentence: str) -> Piece | None:
    cited: list[int] = []

    def note(match: re.Match[str]) -> str:
        cited.extend(number for group in match.groups() if group for number in _numbers(group))
        return ""

    def note_all(match: re.Match[str]) -> str:
        cited.extend(_numbers(match.group()))
        return ""

    text = _LINK.sub(lambda link: f"[{link[1]}]" if link[1].isdigit() else link[1],
                     _IMAGE.sub("", sentence))  # fmt: skip
    plain = _ATTRIBUTION.sub(note_all, text)
    if plain and text and plain[0] != text[0]:
        plain = plain[0].upper() + plain[1:]
    text = plain
    while (without := _MARKER.sub(note, text)) != text:
        text = without
    text = _tidy(_EMPTY_MARKER.sub("", text))
    return Piece(before, text, tuple(dict.fromkeys(cited))) if text else None


def _numbers(marker: str) -> Iterator[int]:
    """The numbers that a marker names.

    >>> list(_numbers("1, 3-5"))
    [1, 3, 4, 5]
    """
    for part in re.finditer(r"(\d+)(?:\s*[–-]\s*[#^]?(\d+))?", marker):
        first, last = int(part[1]), int(part[2] or part[1])
        yield from range(first, max(first, min(last, first + 20)) + 1)


def _tidy(text: str) -> str:
    """The text without what the markers leave behind; no bracket stays that could pass for a
    marker.
    """
    text = text.replace("[", "(").replace("]", ")")
    text = re.sub(r"\(\s*\)|(?<=\.)\s+\.(?=\s|$)", "", text)
    text = re.sub(r"(?<!\s)\s++(?=[.,;:!?](?:\s|$))", "", text)
    return re.sub(r"[ \t]{2,}", " ", text).strip()
