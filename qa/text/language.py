"""The language of a text, and its stems by the rules of that language.

py3langid detects 97 languages from character n-grams, with a naive Bayes model of 4.5 MB that is
part of the package, so that nothing is downloaded (M. Lui and T. Baldwin: langid.py, ACL 2012).
Stop-word lists distinguish fewer languages, and larger models are more than a warning needs.

`terms` removes English endings from every word in Latin letters, whatever its language. A question
in German, French or Spanish finds more with the stemmer of its language, for which "Häuser" and
"Hauses" are one word. These stems carry the name of the language, so that they only match each
other and can be in one index with all others.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.text.asking import asked_in
from qa.text.terms import stemmed, terms
from qa.text.vocabulary.words import words_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Letters: fewer are not enough, more only take time.
_LEAST, _MOST = 60, 800
# Varieties of a language, such as Mandarin and Wu, share the remaining probability.
_SURE = 0.6
# Languages whose words are also stemmed by their own rules.
_STEMMED = {"de": "german", "es": "spanish", "fr": "french"}


def language(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; None if the text is too short or unclear.

    Tables of numbers, lists of names and short notes are unclear.
    """
    words = " ".join(word for word in text.split() if word.isalpha() or not word.isascii())[:_MOST]
    # A Chinese or Japanese character counts for several letters.
    if len(words.encode()) < _LEAST:
        return None
    code, sure = _identifier().classify(words)
    return str(code) if sure >= _SURE else None


def stemmed_language(text: str) -> str | None:
    """The language of a passage, if it is one of those that are stemmed here."""
    return _STEMMED.get(language(text) or "")


def native_stems(text: str, language: str | None) -> list[str]:
    """The stems of a text in a language, without its stop words; none for other languages."""
    if language is None or language not in _STEMMED.values():
        return []
    stop_words = frozenset(words_of(language)["stop_words"].split())
    composed = unicodedata.normalize("NFC", text)
    words = (composed[term.start : term.end].lower() for term in terms(composed))
    return [
        f"{language}_{stemmed(word, language)}"
        for word in words
        if word.isalpha() and word not in stop_words
    ]


def asked_native_stems(question: str) -> list[str]:
    """Like `native_stems`, in the language of the question."""
    return native_stems(question, asked_in(question))


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
