"""Terms, by which the words of texts are compared, in search, quoting and checking.

A term is a word in lower case, without accents and without its ending (Porter's second stemmer).
Irregular forms are replaced by their root first ("came" and "come" are one term), and British and
American spellings are made the same ("organisation" and "organization"). Words in Greek, Cyrillic,
Arabic and a few other scripts lose their endings by the rules of the language that is mostly
written in the script.

A code such as "E-4012" is one term, and so is each of its parts with more than one letter. Scripts
without spaces give pairs of characters.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import snowballstemmer

from qa.text.vocabulary.words import WORDS

# The main language of a script, for words whose language is unknown.
_SCRIPTS = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u04ff", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)


class _Stemmers(threading.local):
    """Snowball's stemmers, a set for every thread, as each stores the word that it works on."""

    def __init__(self) -> None:
        self._opened: dict[str, Any] = {}

    def stem(self, word: str, language: str) -> str:
        if language not in self._opened:
            self._opened[language] = snowballstemmer.stemmer(language)
        return str(self._opened[language].stemWord(word))


_stemmers = _Stemmers()

# Vowel signs, combining accents, joiners: \w does not match them, and they would split words.
_MARKS = "\u00ad\u200c\u200d" + "".join(
    chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"
)
_RUN = rf"[^\W_]++(?:[{_MARKS}]++[^\W_]*+)*+"
# Typed and typographic hyphens and apostrophes.
_JOINTS = r"['’.,\-\u2010\u2011]"
# A run of letters and digits, with single joints inside: it's, E-4012, 3.14, a/b stays two.
_WORD = re.compile(f"{_RUN}(?:{_JOINTS}{_RUN})*")
# The same for a text without marks, as most are: many times faster to look for.
_PLAIN_WORD = re.compile(rf"[^\W_]+(?:{_JOINTS}[^\W_]+)*")
_MARKED = frozenset(_MARKS)
_PART = re.compile(_RUN)
_JOINT = re.compile(_JOINTS)
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m))$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Kana, Han, Hangul, Thai and Lao, Myanmar, Khmer.
UNSPACED = re.compile(
    r"(?=\w)[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
# Typographic forms that compatibility decomposition does not change.
_PLAIN = str.maketrans({"’": "'", "\u2010": "-"} | dict.fromkeys("\u00ad\u200c\u200d"))

_IRREGULAR: dict[str, str] = {
    form: root for root, forms in WORDS["irregular"].items() for form in forms.split()
}
_SPELLINGS = [(re.compile(one["british"]), one["american"]) for one in WORDS["spellings"]]
STOP_WORDS = frozenset(WORDS["stop_words"].split())
"""Words that say nothing about the topic of a text."""

MAY = re.compile(r"(?<=[^\W_] )May\b|(?<=, )May\b|\bMay(?=,? \d)")
"""The month of May, or the name, but not the verb, nor the first word of a sentence."""


# Longer words, such as sentences in scripts without spaces, hardly come twice.
_KNOWN_LENGTH = 30

_Found = tuple[int, int, str, bool]
"""A term of a word: its range in the word, its stem, and whether it is a stop word."""


class Term(NamedTuple):
    """A term and the range of its word."""

    start: int
    end: int
    stem: str


def terms(text: str, *, keep_stop_words: bool = False) -> list[Term]:
    """The terms of `text` in order, without stop words unless they are to be kept."""
    return [
        Term(at + start, at + end, stem)
        for at, found in _words(text)
        for start, end, stem, empty in found
        if not empty or keep_stop_words or MAY.match(text, at + start)
    ]


def codes(found: Iterable[str]) -> list[str]:
    """Those of some stems that are numbers or codes: "2023", "e21"."""
    return [stem for stem in found if any(letter.isdigit() for letter in stem)]


def stems(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """The stems of `text` in order, with repetitions."""
    return [
        stem
        for at, found in _words(text)
        for start, _, stem, empty in found
        if not empty or keep_stop_words or MAY.match(text, at + start)
    ]


def word_count(text: str) -> int:
    """The number of words in a text; in a script without spaces, two characters are one word.

    >>> word_count("three short words"), word_count("会议室的预订方法")
    (3, 4)
    """
    if text.isascii():
        return len(text.split())
    spaced = UNSPACED.sub(" ", text)
    unspaced = sum(len(run.group()) for run in UNSPACED.finditer(text))
    return len(spaced.split()) + (unspaced + 1) // 2


def is_stop_word(word: str) -> bool:
    """Whether a word says nothing about the topic: "us" and "it" do not, "US" and "IT" do."""
    return word.lower() in STOP_WORDS and not (word.isupper() and len(word) > 1)


def _words(text: str) -> Iterator[tuple[int, tuple[_Found, ...]]]:
    """Where each word begins, and its terms."""
    pattern = _PLAIN_WORD if text.isascii() or _MARKED.isdisjoint(text) else _WORD
    for match in pattern.finditer(text):
        word = match.group()
        yield match.start(), _known(word) if len(word) <= _KNOWN_LENGTH else _terms_of(word)


def _terms_of(word: str) -> tuple[_Found, ...]:
    found: list[Term] = []
    at = 0
    for run in UNSPACED.finditer(word):
        found += _of_letters(word, at, run.start())
        found += _pairs(word, run.start(), run.end())
        at = run.end()
    found += _of_letters(word, at, len(word))
    return tuple((*term, is_stop_word(word[term.start : term.end])) for term in found)


# Most words of a text are among those that came before.
_known = lru_cache(maxsize=50_000)(_terms_of)


def _of_letters(text: str, start: int, end: int) -> Iterator[Term]:
    for match in _WORD.finditer(text, start, end):
        if word := _CLITIC.sub("", match.group()):  # "do n't", as some write it, leaves nothing
            yield from _parts(word, match.start())


def _parts(word: str, start: int) -> Iterator[Term]:
    parts = list(_PART.finditer(word))
    if len(parts) == 1 or _NUMBER.fullmatch(word):
        yield Term(start, start + len(word), stem(word))
        return
    if all(len(part.group()) == 1 and part.group().isalpha() for part in parts):  # U.S., e.g.
        yield Term(start, start + len(word), stem(_JOINT.sub("", word)))
        return
    yield Term(start, start + len(word), stem(word))
    for part in parts:
        if len(part.group()) > 1 or part.group().isdigit():
            yield Term(start + part.start(), start + part.end(), stem(part.group()))


def _pairs(text: str, start: int, end: int) -> Iterator[Term]:
    letters = _letters(text, start, end)
    if len(letters) == 1:
        yield letters[0]
    for first, second in pairwise(letters):
        yield Term(first.start, second.end, (first.stem + second.stem).lower())


def _letters(text: str, start: int, end: int) -> list[Term]:
    """The characters of a range, each with the marks that are part of it when it is composed."""
    found: list[Term] = []
    for at in range(start, end):
        letter = text[at]
        if found and letter in _MARKED:
            composed = unicodedata.normalize("NFC", found[-1].stem + letter)
            if len(composed) == 1:
                found[-1] = Term(found[-1].start, at + 1, composed)
                continue
        found.append(Term(at, at + 1, letter))
    return found


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The term of one word.

    >>> stem("Came"), stem("Zürich"), stem("summits")
    ('come', 'zurich', 'summit')
    """
    folded = word.casefold()
    if not word.isascii():
        folded = _stemmed_by_script(folded)
    folded = unicodedata.normalize("NFKD", folded).translate(_PLAIN)
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    plain = "".join(plain.split()) or word  # a lone accent has a space in it
    plain = _IRREGULAR.get(plain, plain)
    if not plain.isascii() or any(letter.isdigit() for letter in plain):
        return plain.replace(",", "")
    for british, american in _SPELLINGS:
        plain = british.sub(american, plain)
    return _stemmers.stem(plain, "english")


def stemmed(word: str, language: str) -> str:
    """A word in lower case without its ending, by Snowball's stemmer of a language."""
    return _stemmers.stem(word, language)


def _stemmed_by_script(word: str) -> str:
    """A single word in a script other than Latin, without its ending."""
    composed = unicodedata.normalize("NFC", word)
    for first, last, language in _SCRIPTS:
        if first <= composed[:1] <= last:
            return _stemmers.stem(composed, language)
    return word
