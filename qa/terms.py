"""Terms: what the words of a text are compared by, the same in the keyword index,
in quoting and in checking what a chat model wrote.

A term is a word in lower case, without its accents and without its ending
(Porter's second stemmer); an irregular form is brought to its root first
("came" and "come" are one term), and of British and American spellings one is taken
("organisation" and "organization" are one, too). Words in Greek, Cyrillic, Arabic
and a few other scripts lose their endings by the language most written in it.

A code such as "E-4012" is one term, and so is each of its parts of more than a letter. Scripts that
write without spaces give pairs of letters.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import snowballstemmer

# What a script is mostly used for, where it is not known which language a word is of.
_SCRIPTS = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u04ff", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)


class _Stemmers(threading.local):
    """Snowball's stemmers, a set for every thread: one holds the word that it works on."""

    def __init__(self) -> None:
        self._opened: dict[str, Any] = {}

    def stem(self, word: str, language: str) -> str:
        if language not in self._opened:
            self._opened[language] = snowballstemmer.stemmer(language)
        return str(self._opened[language].stemWord(word))


_stemmers = _Stemmers()

# Vowel signs, accents written apart, joiners: \w leaves them out, and they would tear words up.
_MARKS = "\u00ad\u200c\u200d" + "".join(
    chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"
)
_RUN = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
# Hyphens and apostrophes as they are typed and as they are typeset.
_JOINTS = r"['’.,\-\u2010\u2011]"
# A run of letters and digits, with single joints inside: it's, E-4012, 3.14, a/b stays two.
_WORD = re.compile(f"{_RUN}(?:{_JOINTS}{_RUN})*")
_PART = re.compile(_RUN)
_JOINT = re.compile(_JOINTS)
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m))$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Kana, Han, Hangul, Thai and Lao, Myanmar, Khmer.
_UNSPACED = re.compile(
    r"(?=\w)[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
# Typeset forms that compatibility decomposition leaves alone.
_PLAIN = str.maketrans({"’": "'", "\u2010": "-"} | dict.fromkeys("\u00ad\u200c\u200d"))

_IRREGULAR = {
    form: root
    for root, forms in {
        "be": "am is are was were been being",
        "become": "became", "begin": "began begun", "break": "broke broken", "bring": "brought",
        "build": "built", "buy": "bought", "catch": "caught", "choose": "chose chosen",
        "come": "came", "deal": "dealt", "do": "did done does", "draw": "drew drawn",
        "drive": "drove driven", "eat": "ate eaten", "fall": "fell fallen", "feel": "felt",
        "fight": "fought", "find": "found", "fly": "flew flown", "forget": "forgot forgotten",
        "get": "got gotten", "give": "gave given", "go": "went gone", "grow": "grew grown",
        "have": "has had having", "hear": "heard", "hide": "hid hidden", "hold": "held",
        "keep": "kept", "know": "knew known", "lay": "laid", "lead": "led", "leave": "left",
        "lend": "lent", "lose": "lost", "make": "made", "mean": "meant", "meet": "met",
        "pay": "paid", "rise": "rose risen", "run": "ran", "say": "said", "see": "saw seen",
        "seek": "sought", "sell": "sold", "send": "sent", "shoot": "shot", "shut": "shutting",
        "sing": "sang sung", "sit": "sat", "sleep": "slept", "speak": "spoke spoken",
        "spend": "spent", "stand": "stood", "steal": "stole stolen", "strike": "struck",
        "swim": "swam swum", "take": "took taken", "teach": "taught", "tell": "told",
        "think": "thought", "throw": "threw thrown", "understand": "understood",
        "wake": "woke woken", "wear": "wore worn", "weigh": "weight weights", "win": "won",
        "write": "wrote written",
        "man": "men", "woman": "women", "child": "children", "person": "people", "foot": "feet",
        "burn": "burnt", "dream": "dreamt", "learn": "learnt", "spell": "spelt",
        "aging": "ageing", "aluminum": "aluminium", "artifact": "artefact artefacts",
        "check": "cheque cheques", "enrollment": "enrolment enrolments", "gray": "grey",
        "fulfillment": "fulfilment", "installment": "instalment instalments",
        "jewelry": "jewellery", "judgment": "judgement judgements", "plow": "plough ploughs",
        "practice": "practise practised practises practising", "tire": "tyre tyres",
        "mouse": "mice", "tooth": "teeth", "die": "died dies dying death deaths",
    }.items()
    for form in forms.split()
}  # fmt: skip

# British -> American, wherever it is in the texts or the question: "promise" becomes "promize" in
# both, which does no harm. "Revise", "exercise", "precise" and "advertise" are the same on both
# sides, and have to stay of one family with "revision" and "precisely".
_SPELLINGS = tuple(
    (re.compile(british), american)
    for british, american in (
        (
            r"(?<=[a-z]{2})our"
            r"(?=(?:s|ed|ing|ers?|able|ably|ful|ites?|less|ly|hood|al|ists?|ations?)?$)",
            "or",
        ),
        (
            r"(?<=[a-z]{3})(?<!v)(?<!erc)(?<!rec)(?<!onc)(?<!vert)([iy])s"
            r"(?=(?:e|ed|es|ers?|ing|able|ations?|ational)$)",
            r"\1z",
        ),
        (r"(?<=[a-z]{2}[btv])re(?=[ds]?$)", "er"),
        (r"(?<=[a-z]{2}og)ue(?=s?$)", ""),
        (r"(?<=[a-z]{2}am)me(?=s?$)", ""),
        (r"(?<=^def|^off|^lic)enc(?=es?$)|(?<=^pret)enc(?=es?$)", "ens"),
        (r"ae(?=[a-z]{3})", "e"),
        (r"oeu(?=[a-z]{2})", "eu"),
    )
)  # fmt: skip

# The last three are what is left of can't, shan't and won't.
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been being but by can could did
    do does doing done for from had has have having he her hers him his how i if in into is it its
    itself just many may me might more most much must my no nor not of off on once only or other our
    ours out over own please she should so some such tell than that the their theirs them then there
    these they this those through to too under until up us very was we were what when where which
    while who whom whose why will with would you your yours ca sha wo""".split()
)
"""Words that say nothing of what a text is about."""


MAY = re.compile(r"(?<=[^\W_] )May\b|(?<=, )May\b|\bMay(?=,? \d)")
"""The month of May, and the name, where it is neither the verb nor the first word of a sentence."""


class Term(NamedTuple):
    """A term and the range of the word it comes from."""

    start: int
    end: int
    stem: str


def terms(text: str, *, keep_stop_words: bool = False) -> list[Term]:
    """The terms of `text` in order, without the stop words unless they are to be kept."""
    return [
        term
        for term in _terms(text)
        if keep_stop_words
        or not is_stop_word(text[term.start : term.end])
        or MAY.match(text, term.start)
    ]


def stems(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """The stems of `text` in order, with repetitions."""
    return [term.stem for term in terms(text, keep_stop_words=keep_stop_words)]


def is_stop_word(word: str) -> bool:
    """Whether a word says nothing of what a text is about, as "us" and "it"; not "US" and "IT"."""
    return word.lower() in STOP_WORDS and not (word.isupper() and len(word) > 1)


def _terms(text: str) -> Iterator[Term]:
    for match in _WORD.finditer(text):
        at = match.start()
        for run in _UNSPACED.finditer(text, at, match.end()):
            yield from _words(text, at, run.start())
            yield from _pairs(text, run.start(), run.end())
            at = run.end()
        yield from _words(text, at, match.end())


def _words(text: str, start: int, end: int) -> Iterator[Term]:
    for match in _WORD.finditer(text, start, end):
        yield from _word(_CLITIC.sub("", match.group()), match.start())


def _word(word: str, start: int) -> Iterator[Term]:
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
    if end - start == 1:
        yield Term(start, end, text[start:end])
    for at in range(start, end - 1):
        yield Term(at, at + 2, text[at : at + 2].lower())


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
    plain = "".join(plain.split()) or word  # an accent by itself decomposes into a space and more
    plain = _IRREGULAR.get(plain, plain)
    if not plain.isascii() or any(letter.isdigit() for letter in plain):
        return plain.replace(",", "")
    for british, american in _SPELLINGS:
        plain = british.sub(american, plain)
    return _stemmers.stem(plain, "english")


def _stemmed_by_script(word: str) -> str:
    """A word in a script other than the Latin one without its ending, if it is one word."""
    composed = unicodedata.normalize("NFC", word)
    for first, last, language in _SCRIPTS:
        if first <= composed[:1] <= last:
            return _stemmers.stem(composed, language)
    return word
