"""The amounts in a text, in one form however they are written, so that texts can be compared.

"Thirty euros" and "30.00 euros" are the same amount, and so are "two weeks" and "14 days", "6 pm"
and "18:00", "12 March 2024" and "2024-03-12". Number words are English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from qa.text.dates import dates
from qa.text.terms import stem
from qa.text.vocabulary.words import WORDS

_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>[ap])\.?m\b\.?"
    r"|\b(?P<hour24>\d{1,2}):(?P<minute24>\d{2})\b",
    re.IGNORECASE,
)
_NAMED_HOURS = {"noon": "12:00", "midnight": "00:00"}
# Punctuation marks are tokens, too: no number continues after one.
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[^\w\s-]")
_ENDS_IN_NOTHING = re.compile(r"[.,]0+$")
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
NUMBER_WORDS: dict[str, int] = WORDS["numbers"]
"""Words that are a number by themselves."""
_SCALES: dict[str, int] = WORDS["scales"]
_UNITS: dict[str, tuple[int, str]] = {
    stem(word): (count, unit)
    for unit in ("seconds", "months")
    for word, count in WORDS[unit].items()
}
# Five of these are a week, but not seven days.
_OF_WORK = frozenset(("working", "business"))


def amounts(text: str) -> frozenset[str]:
    """The dates, times of day, durations and numbers of `text`, each in one form.

    >>> sorted(amounts("two weeks")), sorted(amounts("1.5 million")), sorted(amounts("6 pm"))
    (['1209600 seconds'], ['1500000'], ['18:00'])
    """
    if found := dates(text):
        return frozenset(found)
    times = frozenset(_times(text))
    return times or frozenset(_quantities(text))


def same_amount(one: str, other: str) -> bool:
    """Whether both have amounts, and all of one text's are among the other's."""
    first, second = amounts(one), amounts(other)
    return bool(first and second) and (first <= second or second <= first)


def in_digits(text: str) -> str:
    """The text with numbers of several words as digits: "twenty-five", "two hundred", "3 million".

    Single number words stay, because "one" is more often a pronoun; "30.00" becomes "30".
    """
    tokens = list(_TOKEN.finditer(text))
    words = [token.group().lower() for token in tokens]
    told: list[str] = []
    end = 0
    for value, at, after in _numbers(words):
        if after > at + 1 or _ENDS_IN_NOTHING.search(words[at]):
            told += [text[end : tokens[at].start()], _plain(value)]
            end = tokens[after - 1].end()
    return "".join([*told, text[end:]])


def _times(text: str) -> Iterator[str]:
    for match in _CLOCK.finditer(text):
        hour = int(match["hour"] or match["hour24"])
        if match["half"]:
            hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
        yield f"{hour:02}:{match['minute'] or match['minute24'] or '00'}"
    for word in re.findall(r"\w+", text.lower()):
        if word in _NAMED_HOURS:
            yield _NAMED_HOURS[word]


def _quantities(text: str) -> Iterator[str]:
    tokens = [match.group().lower() for match in _TOKEN.finditer(text)]
    for value, _, after in _numbers(tokens):
        following, then = [*tokens[after : after + 2], "", ""][:2]
        if following in _OF_WORK:
            yield f"{_plain(value)} working {then}"
        else:
            count, unit = _UNITS.get(stem(following), (1, ""))
            yield f"{_plain(value * count)} {unit}".rstrip()


def _numbers(tokens: list[str]) -> Iterator[tuple[Decimal, int, int]]:
    """Each number, with its first token and the token after its last."""
    at = 0
    while at < len(tokens):
        value, after = _number(tokens, at)
        if value is not None:
            yield value, at, after
        at = max(after, at + 1)


def _number(tokens: list[str], at: int) -> tuple[Decimal | None, int]:
    """The number that begins at a token, and its end; None if there is none."""
    begin, whole = at, Decimal(0)
    group: Decimal | None = None  # the hundreds, tens and ones, which the next scale multiplies
    while at < len(tokens):
        token = tokens[at]
        scale, part = _SCALES.get(token), _value(token)
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token == "and" and _goes_on(whole, group) and _is_word(following):
            pass
        elif scale is not None:
            scaled = (Decimal(1) if group is None else group) * scale
            if scale >= _SCALES["thousand"]:
                whole, group = whole + scaled, None
            else:
                group = scaled
        elif part is not None and (at == begin or (_is_word(token) and _fits(whole, group, part))):
            group = part if group is None else group + part
        else:
            break
        at += 1
    return (None if at == begin else whole + (group or 0)), at


def _is_word(token: str) -> bool:
    return token in NUMBER_WORDS


def _goes_on(whole: Decimal, group: Decimal | None) -> bool:
    """Whether "and" may be part of the number: "one hundred and five"."""
    return bool(whole) or (group is not None and group >= _SCALES["hundred"])


def _fits(whole: Decimal, group: Decimal | None, part: Decimal) -> bool:
    """Whether a word continues a number: "thousand" after "five", "five" after "twenty"."""
    if group is None:
        return bool(whole) and part < _SCALES["thousand"]
    room = 100 if group % 100 == 0 else 10 if group % 10 == 0 and group % 100 >= 20 else 0
    return 0 < part < room and group == int(group)


def _value(token: str) -> Decimal | None:
    if token[:1].isdecimal():
        if match := _THOUSANDS.fullmatch(token):
            token = token.replace(match[1], "")
        return Decimal(token.replace(",", ".")) if token.count(".") + token.count(",") < 2 else None
    return Decimal(NUMBER_WORDS[token]) if token in NUMBER_WORDS else None


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
