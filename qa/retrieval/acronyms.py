"""Acronyms: a question that has one is also asked with what the documents say that it stands for.

“Who is the DPO?” is answered by “The data protection officer is Ada Holm”, and the other way round,
where any of the passages that were found says which words an acronym stands for: “data protection
officer (DPO)”, “DPO: data protection officer”, “DPO stands for …”. As in A. S. Schwartz and M. A.
Hearst: A Simple Algorithm for Identifying Abbreviation Definitions in Biomedical Text, PSB 2003,
the two stand beside each other; here, the letters must be the initials of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.text.terms import is_stop_word

_ACRONYM = re.compile(r"(?<![\w-])(?=\w*[^\W\d_]{2})[^\W\da-z_][^\Wa-z_]{1,6}(?![\w-])")
# Between an acronym and its words stand a mark or a few words: “DPO: …”, “the DPO stands for the”.
_BETWEEN = re.compile(
    r"(?:[\s*_`“”\"']*[(:=|–—-][\s*_`“”\"']*|\s+(?:is|means|(?:is )?short for|stands for)\s+)"
    r"(?:the |an? )?"
)
_WORD = re.compile(r"[^\W_]+")
# So far from an acronym its words are looked for, in characters.
_FAR = 120


class Acronym(NamedTuple):
    """Letters, and the words that they stand for."""

    letters: str
    words: str

    def is_defined_in(self, text: str) -> bool:
        """Whether a text has both."""
        return bool(_whole(self.letters).search(text) and _whole(self.words).search(text))

    def swapped(self, question: str) -> str:
        """A question with one of the two in place of the other."""
        found, instead = self
        if not _whole(found).search(question):
            found, instead = instead, found
        return _whole(found).sub(lambda _: instead, question)


def acronym_in(question: str, texts: Sequence[str]) -> Acronym | None:
    """The acronym that a question has, or has the words of, if one of the texts says what it is."""
    for acronym in _defined(texts):
        found = [bool(_whole(one).search(question)) for one in acronym]
        if any(found):
            return None if all(found) else acronym
    return None


def _whole(name: str) -> re.Pattern[str]:
    """Words in any case, letters in capitals."""
    flags = re.NOFLAG if name.isupper() else re.IGNORECASE
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", flags)


def _defined(texts: Sequence[str]) -> Iterator[Acronym]:
    """Each acronym that a text has beside the words that it stands for."""
    for text in texts:
        for match in _ACRONYM.finditer(text):
            letters, start, end = match[0], match.start(), match.end()
            after = _BETWEEN.match(text, end)
            beside: list[tuple[str, bool]] = []
            if after is not None:
                line = text[after.end() : after.end() + _FAR].partition("\n")[0]
                beside.append((line, False))
            before = text[max(0, start - _FAR) : start]
            if before.endswith("("):
                beside.append((before[:-1], True))
            for near, at_end in beside:
                if words := _initialled(near, letters, at_end=at_end):
                    yield Acronym(letters, words)


def _initialled(text: str, acronym: str, *, at_end: bool) -> str:
    """The words at the start, or at the end, of a text whose initials an acronym is made of; else
    nothing.

    Words without a meaning of their own, such as “of”, may have no letter in it.
    """
    words = list(_WORD.finditer(text))
    letters = list(acronym.lower())
    if at_end:
        words.reverse()
        letters.reverse()
    taken: list[re.Match[str]] = []
    for word in words:
        if not letters:
            break
        if word[0][0].lower() == letters[0]:
            letters.pop(0)
        elif not taken or not is_stop_word(word[0].lower()):
            return ""
        taken.append(word)
    if letters or len(taken) < len(acronym):
        return ""
    return text[min(word.start() for word in taken) : max(word.end() for word in taken)]
