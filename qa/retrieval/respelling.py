"""Typing mistakes in a question: what its misspelt words may stand for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from qa.index import Keywords
from qa.text import spelling
from qa.text.asking import asked_in, asked_stems, compared
from qa.text.terms import STOP_WORDS, is_stop_word, stems

_WORD = re.compile(r"[^\W\d_]+")


def asked_terms(question: str) -> list[str]:
    """The stems that a question is searched by."""
    return asked_stems(question) or stems(question, keep_stop_words=True)


def misspelt(
    question: str,
    keywords: Keywords,
    documents: Collection[str] | None,
    is_known: Callable[[str], bool],
) -> dict[str, list[str]]:
    """What the stems of a question that no passage holds may stand for, if they are misspelt.

    Words that are `is_known`, in lower case, are not misspelt.
    """
    words = filter(spelling.misspellable, _WORD.findall(question.lower()))
    known = {stem for word in words if is_known(word) for stem in stems(word)}
    asked = [
        stem
        for stem in dict.fromkeys(asked_terms(question))
        if spelling.misspellable(stem) and stem not in known
    ]
    _, counts = keywords.counts(asked, documents)
    near = {stem: keywords.meant(stem, documents) for stem in asked if not counts[stem]}
    _, counts = keywords.counts([term for terms in near.values() for term in terms], documents)
    return {
        stem: found for stem, terms in near.items() if (found := spelling.commonest(terms, counts))
    }


def respelt(question: str, meant: Mapping[str, Sequence[str]]) -> str:
    """A question with stems in place of its misspelt words; `misspelt` gives `meant`."""

    def of(word: str) -> str:
        found = stems(word)
        return meant[found[0]][0] if len(found) == 1 and found[0] in meant else word

    return _WORD.sub(lambda match: of(match[0]), question)


def as_written(question: str, texts: Sequence[str], is_known: Callable[[str], bool]) -> str:
    """A question with the words that it misspells as they are written in the texts that were found.

    A word is taken to be misspelt if it is not `is_known` (in lower case) and no form of it is in
    the texts; in English, a misspelt “much” or “which” is put right as well.
    """
    language = asked_in(question)
    asked = frozenset(compared(language, asked_stems(question)))

    def forms(word: str) -> frozenset[str]:
        return frozenset(compared(language, stems(word, keep_stop_words=True)))

    strange = {
        word
        for word in _WORD.findall(question)
        if spelling.misspellable(word.lower())
        and not is_stop_word(word)
        and not is_known(word.lower())
        and (language is None or forms(word) & asked)
    }
    if not strange:
        return question
    held = Counter(word.lower() for text in texts for word in _WORD.findall(text))
    spelt = held.keys() | (STOP_WORDS if language is None else frozenset[str]())
    known = frozenset[str]().union(*map(forms, spelt))

    def of(word: str) -> str:
        if word not in strange or known & forms(word):
            return word
        return next(iter(spelling.commonest(spelling.meant(word.lower(), spelt), held)), word)

    return _WORD.sub(lambda match: of(match[0]), question)
