"""What a sentence claims: its numbers, names and other words, by clause.

The rules for names are those of English; in other languages a claim is compared by its words and
numbers alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from qa.text.amounts import NUMBER_WORDS, in_digits
from qa.text.sentences import sentences
from qa.text.terms import MAY, Term, is_stop_word, stem, terms


class Strictness(Enum):
    """How exactly a detail of a claim has to be met."""

    NUMBER = "in a quote, as it is, beside something else of the claim"
    CODE = "in a quote, as it is"
    NAME = "in a quote, or where a pronoun may stand for it"
    OPENING = "as a name or as a word; a first word has a capital anyway"
    WORD = "weighed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that a claim says: a number, a name or another word, and its place in the claim."""

    stem: str
    kind: Strictness
    start: int
    end: int


def _stem_all(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


_SYMBOLS = {"%": "percent", "€": "euro", "$": "dollar", "£": "pound", "¥": "yen"}
_SYMBOL = re.compile("|".join(re.escape(symbol) for symbol in _SYMBOLS) + r"|\bper cent\b")

# “Second” counts, too.
_SECONDS = re.compile(r"\bseconds\b|(?<=\d[ -])second\b", re.IGNORECASE)
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_LARGE = {"dozen": "12", "hundred": "100", "thousand": "1000", "million": "1000000",
          "billion": "1000000000"}  # fmt: skip
_SAME = {
    stem(word): stem(same)
    for word, same in (
        *((word, str(number)) for word, number in NUMBER_WORDS.items()),
        *((word, str(number)) for number, word in enumerate(_ORDINALS.split(), start=2)),
        *_LARGE.items(),
        ("first", "1st"),
        ("daily", "day"), ("hourly", "hour"), ("weekly", "week"), ("monthly", "month"),
        ("yearly", "year"), ("annual", "year"), ("annually", "year"),
    )
}  # fmt: skip
_CODE = re.compile(r"[^\W\d].*\d.*")
_ORDINAL = re.compile(r"(?!1st)(\d+)(?:st|nd|rd|th)")
# "One" is more often a pronoun than a number, and "first" more often "at first" than a count.
_LOOSE_NUMBERS = frozenset(("1", "1st"))

MEASURES = _stem_all(
    "euro dollar pound yen franc cent percent secs minute hour day night week month year metre "
    "meter kilometre kilometer km mile foot inch gram kilogram kg ton litre liter byte "
    "kilobyte megabyte gigabyte terabyte kb mb gb tb degree"
)
"""What numbers count."""

TALK = _stem_all(
    "according based passage document source text article context excerpt provided mentioned "
    "mention mentions states stated says answer question following follows listed include includes "
    "including respectively overall summary therefore however additionally furthermore moreover "
    "specifically namely both also given here sure certainly yes okay hello"
)
"""Words that speak about the answer rather than in it."""

LIGHT = _stem_all(
    "take place hold happen occur make get give say tell use way thing kind set number people "
    "person"
) | frozenset(("1st",))
"""Words so common that they tell little about a claim."""

_LINKS = _stem_all(
    "since whether between against during before although though despite within among upon per via "
    "either neither else even already yet currently around toward towards across instead"
) | frozenset(("but",))
_TITLES = _stem_all(
    "president chairman chairwoman chair secretary minister director mr mrs ms miss dr professor "
    "prof sir madam king queen prince princess general senator governor judge captain doctor"
)
# German writes every noun with a capital; two of these mean that a claim is German.
_GERMAN = frozenset(
    stem(word)
    for word in (
        "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "einen", "einer", "mit", "den",
        "dem", "des", "im", "für", "auf", "wird", "werden", "sind", "von", "zu", "bei",
    )
)  # fmt: skip

CLAUSE = re.compile(
    r"[;:()—–]+|,(?!\d)|\s-\s|\b(?:and|but|while|whereas|although|though|because|which|who|where)\b"
)
"""What separates the clauses of a sentence."""
_ADDRESS = re.compile(
    r"(?<!\w)\w+://\S+|(?<![^\s@])[^\s@]++@[^\s@.]++\.\S+"
    r"|\b(?:[\w-]{1,100}\.){1,10}[^\W\d_]{2,}\b(?:/\S*)?"
)
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|his|hers?|its|their|him|them|both|the (?:two|three|pair|latter|former)"
    r"|il|elle|ils|elles|lui|leur|er|sie|es|ihr|sein\w*|ella|ellos|ellas|lei|loro|ele|ela|eles)\b",
    re.I,
)
_OPENS_SENTENCE = frozenset(":\"“”„‘'«»(—–-•*_#|.!?…")
_COUNTS_UP = re.compile(r"\s*(?:first|second|third|fourth|fifth|next|finally|lastly)ly?,", re.I)


def details(text: str) -> list[Detail]:
    """What `text` says, in order."""
    plain = _plain(text)
    found = terms(plain)
    german = len(_GERMAN.intersection(stem(word) for word in re.findall(r"\w+", plain))) > 1
    counts_up = _COUNTS_UP.match(plain)
    said: list[Detail] = []
    code_ends = -1
    for at, term in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        if following and following.start >= term.start and following.end <= term.end:
            if not _CODE.fullmatch(term.stem):
                continue  # a compound: its parts come next
            code_ends = term.end
        elif term.end <= code_ends or (counts_up and term.end <= counts_up.end()):
            continue
        word = plain[term.start : term.end]
        if len(word) == 1 and word.isascii() and not word.isdigit():
            continue
        if term.stem in _LINKS or _is_title(plain, term):
            continue
        said.append(_detail(plain, term, german=german))
    return said


def stems_of(text: str) -> frozenset[str]:
    """The stems among which a claim's details are looked for."""
    return frozenset(canonical(term.stem) for term in terms(_plain(text)))


def canonical(stem_: str) -> str:
    """Number words and ordinals as digits: "two" and "second" are 2, "20th" is 20."""
    ordinal = _ORDINAL.fullmatch(stem_)
    return ordinal[1] if ordinal else _SAME.get(stem_, stem_)


def clauses(text: str, said: Sequence[Detail] | None = None) -> list[list[Detail]]:
    """The details of `text` by clause, in order; no clause crosses the end of a sentence."""
    rest = list(details(text) if said is None else said)
    plain = _plain(text)
    parts: list[list[Detail]] = []
    ends = {match.end() for match in CLAUSE.finditer(plain)}
    for end in sorted(ends.union(end for _, end in sentences(plain))):
        part = [detail for detail in rest if detail.start < end]
        rest = rest[len(part) :]
        if part:
            parts.append(part)
    return parts


def initialisms(text: str) -> frozenset[str]:
    """The abbreviations of its runs of capitalised words: “United States” gives “us”."""
    found: set[str] = set()
    for run in re.findall(
        r"\b[A-Z]\w+(?:(?:['’]s)?(?:\s+(?:of|and|the|for))*[\s-]+[A-Z]\w+)+", text
    ):
        initials = "".join(word[0] for word in re.findall(r"\b[A-Z]\w+", run)).lower()
        found.update(
            initials[first:last]
            for first in range(len(initials))
            for last in range(first + 2, min(len(initials), first + 6) + 1)
        )
    return frozenset(found)


def addresses(text: str) -> list[str]:
    """The web and mail addresses, domains and file names in `text`."""
    return [match.group().rstrip(".,;:!?)\"'”’") for match in _ADDRESS.finditer(text.lower())]


def refers_back(text: str) -> bool:
    """Whether it has a pronoun, which may stand for a name that came before."""
    return bool(_PRONOUN.search(text))


def near(stem_: str, stems: Iterable[str]) -> bool:
    """Whether one of `stems` is this one or begins like it: “Korea”, “Korean”, foreign endings."""
    if isinstance(stems, frozenset) and stem_ in stems:
        return True
    if len(stem_) < 4 or any(letter.isdigit() for letter in stem_):
        return False
    return any(_alike(stem_, other) for other in stems)


def number_fits(number: Detail, said: Sequence[Detail], quotes: Sequence[str]) -> bool:
    """Whether a number is in a clause of a quote that shares something else with the claim.

    So “the fee is 30 euros” finds no support in “the fee is 20 euros, the deposit 30 euros”, nor
    “June 2018” where June belongs to another year.
    """
    if number.kind is not Strictness.NUMBER:
        return True
    others = [u for u in said if u.stem != number.stem and u.stem not in MEASURES]
    dated = [u for u in others if u.kind is Strictness.NAME and adjacent(u, number)]
    for quote in quotes:
        for clause in _joined_figures(clauses(quote)):
            stems = frozenset(detail.stem for detail in clause)
            if (
                number.stem in stems
                and (not others or any(near(other.stem, stems) for other in others))
                and all(near(name.stem, stems) for name in dated)
            ):
                return True
    return False


def measure_fits(number: Detail, said: Sequence[Detail], quotes: Sequence[str]) -> bool:
    """Whether the quotes do not count something else by this number: “20 euros” are not 20 days."""
    if number.kind is not Strictness.NUMBER:
        return True
    measures = _measures_of(said.index(number), said)
    counted = [
        _measures_of(at, found)
        for found in map(details, quotes)
        for at, detail in enumerate(found)
        if detail.stem == number.stem
    ]
    return not measures or not counted or any(not one or one & measures for one in counted)


def counts_otherwise(claim: str, quotes: Sequence[str]) -> bool:
    """Whether the claim says “first summit” and the quotes speak of a second one only."""
    counted: dict[str, set[str]] = {}
    for quote in quotes:
        for ordinal, thing in _ordinals(quote):
            counted.setdefault(thing, set()).add(ordinal)
    return any(
        thing in counted and ordinal not in counted[thing] for ordinal, thing in _ordinals(claim)
    )


def rows_fit(said: Sequence[Detail], texts: Sequence[str]) -> bool:
    """Whether nothing that a claim says of one code is found only beside another code, as in a
    table.
    """
    codes = {detail.stem for detail in said if detail.kind is Strictness.CODE}
    if not codes:
        return True
    own: set[str] = set()
    others: set[str] = set()
    for row in (row for text in texts for row in _rows(text)):
        about = {detail.stem for detail in details(row) if detail.kind is Strictness.CODE}
        (others if about and not about & codes else own).update(stems_of(row))
    kept, strange = frozenset(own), frozenset(others)
    return not any(near(detail.stem, strange) and not near(detail.stem, kept) for detail in said)


def adjacent(one: Detail, other: Detail) -> bool:
    """Whether nothing but a space lies between them."""
    first, second = sorted((one, other), key=lambda detail: detail.start)
    return second.start - first.end <= 1


def _rows(text: str) -> Iterator[str]:
    """The lines of a text, and the parts of them between sentence ends and semicolons."""
    for line in re.split(r"[\n;]+", text):
        yield from (line[start:end] for start, end in sentences(line))


def _measures_of(at: int, said: Sequence[Detail]) -> set[str]:
    """What the number at this place may count: "20 euros", and "€20 a day"."""
    found = {detail.stem for detail in said[at + 1 : at + 2]}
    if at < 2 or said[at - 2].kind is not Strictness.NUMBER:  # else it is what that one counts
        found |= {detail.stem for detail in said[max(0, at - 1) : at]}
    return found & MEASURES


def _plain(text: str) -> str:
    """The text with its signs as words, its numbers as digits, and ambiguous words made clear."""
    words = _SYMBOL.sub(lambda match: f" {_SYMBOLS.get(match[0], 'percent')} ", text)
    return in_digits(_SECONDS.sub("secs", MAY.sub("Maius", words)))


def _detail(text: str, term: Term, *, german: bool) -> Detail:
    stem_ = canonical(term.stem)
    if stem_ in _LOOSE_NUMBERS:
        kind = Strictness.WORD
    elif any(letter.isdigit() for letter in stem_):
        kind = Strictness.CODE if _CODE.fullmatch(stem_) else Strictness.NUMBER
    elif german:
        kind = Strictness.WORD
    else:
        kind = _kind_of_word(text, term)
    return Detail(stem_, kind, term.start, term.end)


def _is_title(text: str, term: Term) -> bool:
    """Whether it precedes a name without being part of it: “Kim” may be “Chairman Kim”."""
    name_follows = re.match(r"\.?\s+([^\W\d_])", text[term.end :])
    return term.stem in _TITLES and bool(name_follows and name_follows[1].isupper())


def _kind_of_word(text: str, term: Term) -> Strictness:
    word, after = text[term.start : term.end], text[term.end :]
    if sum(letter.isupper() for letter in word) > 1:
        return Strictness.NAME
    if not word[0].isupper() or is_stop_word(word) or term.stem in _TITLES:
        return Strictness.WORD
    before = text[: term.start].rstrip()
    if before and before[-1] not in _OPENS_SENTENCE:
        return Strictness.NAME
    following = re.match(r"\s+(\w+)", after)
    if following and following[1][0].isupper() and not is_stop_word(following[1]):
        return Strictness.NAME
    if word.endswith(("ly", "ing", "ed")) or after.startswith(","):
        return Strictness.WORD
    return Strictness.OPENING


def _alike(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 3 or one[:4] != other[:4]:
        return False
    same = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return same >= 0.8 * max(len(one), len(other))


def _ordinals(text: str) -> Iterator[tuple[str, str]]:
    """Each counting word and what it counts: ("2", "summit")."""
    plain = _plain(text)
    found = terms(plain)
    for term, counted in pairwise(found):
        word = plain[term.start : term.end].lower()
        if (
            word == "first"
            or word in _ORDINALS.split()
            or re.fullmatch(r"\d+(?:st|nd|rd|th)", word)
        ):
            yield canonical(term.stem), counted.stem


def _joined_figures(parts: list[list[Detail]]) -> list[list[Detail]]:
    """The clauses; bare figures are put with the clause before them."""
    joined: list[list[Detail]] = []
    for part in parts:
        bare = all(detail.kind is Strictness.NUMBER or detail.stem in MEASURES for detail in part)
        if joined and bare:
            joined[-1] = joined[-1] + part
        else:
            joined.append(part)
    return joined
