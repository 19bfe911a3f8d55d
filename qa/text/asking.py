"""The language of a question, and its topic: its words without those that only ask."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from qa.text.terms import STOP_WORDS, UNSPACED, stems, terms
from qa.text.vocabulary.words import words_of

OTHER_LANGUAGES = ("german", "french", "spanish", "russian", "chinese")
"""The languages other than English whose words are known."""
UNKNOWN = "unknown"
"""A language whose script shows that it is not English, and whose words are not known."""

# In many languages, the part before or after an apostrophe is a single letter.
_WORD = re.compile(r"[^\W\d_]{2,}")
_PART = re.compile(r"\w+")
# A word that languages share says little; a question word says more.
_ENOUGH = 2
_LETTERS = 5
_LATIN = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


def asked_in(question: str) -> str | None:
    """Which of `OTHER_LANGUAGES` a question is in, or `UNKNOWN`; None for English.

    The language is recognised by function words: the question must have more of its than of any
    other language's. A question without such words counts as English if its letters are Latin.
    """
    said = unicodedata.normalize("NFC", question).casefold()
    words = _WORD.findall(said)
    counts = {
        language: sum((word in one.stop_words) + (word in one.asking) for word in words)
        + any(sign in said for sign in one.signs)
        for language, one in _telling().items()
    }
    if UNSPACED.search(said) and not _KANA.search(said):
        chinese = any(word in said for word in _telling()["chinese"].stop_words)
        counts["chinese"] = _ENOUGH * chinese
    best = max(counts, key=lambda language: counts[language])
    if counts[best] >= _ENOUGH and counts[best] > sum(word in STOP_WORDS for word in words):
        return best
    letters = [letter for letter in question if letter.isalpha()]
    foreign = sum(_LATIN.match(letter) is None for letter in letters)
    return UNKNOWN if 2 * foreign > len(letters) else None


def asked_stems(question: str) -> list[str]:
    """The stems of a question without the words that only ask, in its own language."""
    language = asked_in(question)
    if language not in OTHER_LANGUAGES:
        return stems(question)
    stop = _telling()[language].stop_words
    if language == "chinese":
        longest = sorted(stop, key=lambda word: -len(word))
        return stems(re.sub("|".join(longest), " ", question)) or stems(question)
    said = unicodedata.normalize("NFC", question)
    left = [
        term.stem
        for term in terms(said)
        if not stop.issuperset(_PART.findall(said[term.start : term.end].casefold()))
    ]
    return left or stems(question)


def compared(language: str | None, stems: Iterable[str]) -> list[str]:
    """Stems as they are compared with those of a question in a language (see `asked_in`).

    In languages other than English, the first letters stand for a word and all its endings (P.
    McNamee, J. Mayfield: Character N-Gram Tokenization for European Language Text Retrieval,
    Information Retrieval 7, 2004). Numbers and codes are compared whole.
    """
    if language is None:
        return list(stems)
    return [stem if any(map(str.isdigit, stem)) else stem[:_LETTERS] for stem in stems]


@dataclass(frozen=True, slots=True)
class _Telling:
    """The marks of a language."""

    stop_words: frozenset[str]
    asking: frozenset[str]  # question words that other languages lack
    signs: str  # letters and marks that most other languages lack


@cache
def _telling() -> dict[str, _Telling]:
    tables = {language: words_of(language) for language in OTHER_LANGUAGES}
    return {
        language: _Telling(
            frozenset(table["stop_words"].split()),
            frozenset(table.get("asking", "").split()),
            table.get("signs", ""),
        )
        for language, table in tables.items()
    }
