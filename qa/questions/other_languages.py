"""What questions in languages other than English ask for, by the rules in their files of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from qa.text.asking import OTHER_LANGUAGES, asked_in
from qa.text.vocabulary.words import words_of

_AROUND = " \u00a0\u202f¿¡?!.,…"
_YEAR = r"(?:1\d|20)\d\d"
_CLOCK = r"\d{1,2}[:.hH]\d{2}"
_COUNT = r"(?<!\d)\d{1,15}(?:[.,\u00a0\u202f]\d{1,15}){0,9}"
_CURRENCY = r"[$€£¥]|\b(?:[Ee]uros?|[Dd]ollars?|dólar(?:es)?|Franken|[Ff]rancs?|EUR|USD|GBP|CHF)\b"


def rule_of(table: str, question: str) -> str | None:
    """The first name in a table, “forms” or “kinds”, with a rule that fits; None if none does.

    None, too, for a question in English or in a language without such rules.
    """
    language = _known(question)
    rules = _rules(table, language) if language else {}
    return next((name for name, rule in rules.items() if rule.search(_plain(question))), None)


def language_of(text: str) -> str | None:
    """Which of the languages whose words are known a text is in, even if it is only “weiter”.

    None for English, and for what cannot be told.
    """
    whole = (said_in(text, name) for name in ("greeting", "about", "more"))
    return _known(text) or next(filter(None, whole), None)


def said_in(text: str, name: str) -> str | None:
    """The language in which the whole text says what a name stands for, “greeting” or “more”."""
    said = _plain(" ".join(text.split())).strip(_AROUND)
    matching = (language for language, one in _sayings(name).items() if one.fullmatch(said))
    return next(matching, None)


def sides_in(question: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of the two things that a question compares, `one` and `other`, in its language."""
    language = _known(question)
    return _sides(language) if language else ()


def measured_in(question: str) -> Mapping[str, re.Pattern[str]]:
    """What times, lengths of time, sums and numbers look like in the question's language.

    By the names of `Kind`; empty for English and for languages whose file does not say.
    """
    language = _known(question)
    return _measured(language) if language else {}


def _known(question: str) -> str | None:
    language = asked_in(question)
    return language if language in OTHER_LANGUAGES else None


def _plain(text: str) -> str:
    """The text with apostrophes as they are typeset, and each accent in one character with its
    letter.
    """
    return unicodedata.normalize("NFC", text).replace("'", "’")


@cache
def _sayings(name: str) -> dict[str, re.Pattern[str]]:
    return {
        language: re.compile("|".join(words_of(language)[name]), re.IGNORECASE)
        for language in OTHER_LANGUAGES
        if name in words_of(language)
    }


@cache
def _rules(table: str, language: str) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile("|".join(alternatives), re.IGNORECASE)
        for name, alternatives in words_of(language).get(table, {}).items()
    }


@cache
def _sides(language: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE) for one in words_of(language).get("sides", ()))


@cache
def _measured(language: str) -> dict[str, re.Pattern[str]]:
    words = words_of(language).get("words")
    if words is None:
        return {}
    count = rf"(?:{_COUNT}|\b(?:{words['numbers']})\b)"
    month = rf"(?:{words['months']})"
    return {
        "TIME": re.compile(
            rf"\b(?:\d{{1,2}}(?:\.|º|er)? (?:de )?{month}(?: (?:de )?{_YEAR})?"
            rf"|{month}(?: (?:de )?{_YEAR})?|\d{{1,2}}([./])\d{{1,2}}\1{_YEAR}|{_CLOCK}|{_YEAR})\b",
            re.IGNORECASE,
        ),
        "DURATION": re.compile(rf"{count}[ \u00a0-](?:{words['units']})\b", re.IGNORECASE),
        "MONEY": re.compile(rf"(?:{_CURRENCY})\s?{_COUNT}|{_COUNT}\s?(?:{_CURRENCY})"),
        "NUMBER": re.compile(rf"{count}(?:\s?%)?", re.IGNORECASE),
    }
