"""A question and its answer -> the statement that they make together; a statement -> "is it so?".

"When did the comet return?", "1835" -> "The comet returned in 1835." -> "Did the comet return in
1835?" What is a verb is learnt from a text: which words follow "to" and "will", which "was" and
"has". A question whose verb cannot be found this way makes no statement.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from qa.text.terms import is_stop_word

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_BE = frozenset("is are was were".split())
_HAVE = frozenset("has have had".split())
_MODAL = frozenset("can could will would should must may might".split())
_DO = frozenset("do does did".split())
_AUXILIARY = _BE | _HAVE | _MODAL | _DO
_WH = frozenset("who whom what which when where how".split())
_PREPOSITIONS = frozenset(
    "in on at by from during since until for to with of near between after before into under "
    "through about as against among over around".split()
)
_BEFORE_BASE = _MODAL | {"to", "not", "did"}
_BEFORE_PARTICIPLE = _BE | _HAVE | {"be", "been", "being", "not", "also", "later"}
# What follows these is no verb of the question's own: "a learned emotion", "the site that found".
_NO_VERB_AFTER = frozenset("a an the to of".split())
_RELATIVE = frozenset("who that which whose where when while".split())
_LEAST_SHARE = 0.2
_LEAST_COUNT = 2
_LONGEST_KIND = 5  # words: "what type of school", "which of the two cities"
_LONGEST_SUBJECT = 8
_OF_READER = {"your": "my", "yourself": "myself", "you": "I"}
_LONGEST_LEAD = 12  # words before a comma

_PAST = dict(
    pair.split("/")
    for pair in """
    be/was become/became begin/began break/broke bring/brought build/built buy/bought catch/caught
    choose/chose come/came cut/cut do/did draw/drew drink/drank drive/drove eat/ate fall/fell
    feel/felt fight/fought find/found fly/flew forbid/forbade forget/forgot get/got give/gave
    go/went grow/grew have/had hear/heard hide/hid hit/hit hold/held hurt/hurt keep/kept know/knew
    lay/laid
    lead/led leave/left lend/lent let/let lie/lay lose/lost make/made mean/meant meet/met pay/paid
    put/put read/read ride/rode rise/rose run/ran say/said see/saw seek/sought sell/sold send/sent
    set/set shoot/shot show/showed shut/shut sing/sang sink/sank sit/sat sleep/slept speak/spoke
    spend/spent split/split spread/spread stand/stood steal/stole strike/struck swear/swore
    swim/swam take/took teach/taught tell/told think/thought throw/threw understand/understood
    wear/wore win/won write/wrote
    """.split()
)
_BASES = {said: base for base, said in _PAST.items() if said != base}
_PARTICIPLES = frozenset(
    """
    born become begun broken brought built bought caught chosen come cut done drawn driven eaten
    fallen felt fought found flown forbidden forgotten given gone grown had heard hidden hit held
    kept known laid led left lost made meant met paid put read ridden risen run said seen sought
    sold sent set shot shown shut sung sunk spoken spent split spread stolen struck sworn taken
    taught told thought thrown understood worn won written
    """.split()
)
_NO_PARTICIPLES = frozenset("red bed seed speed need united hundred sacred indeed".split())


@dataclass(frozen=True, slots=True)
class Verbs:
    """Words that are mostly verbs: as they stand after "to", and after "was"."""

    bases: frozenset[str]
    participles: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Verbs:
        """What some texts use as verbs."""
        all_: Counter[str] = Counter()
        bases: Counter[str] = Counter()
        participles: Counter[str] = Counter()
        for text in texts:
            for before, word in pairwise(_WORD.findall(text)):
                all_[word] += 1
                bases[word] += before in _BEFORE_BASE
                participles[word] += before in _BEFORE_PARTICIPLE

        def mostly(counts: Counter[str]) -> frozenset[str]:
            return frozenset(
                word
                for word, count in counts.items()
                if word.islower() and count >= _LEAST_COUNT and count >= _LEAST_SHARE * all_[word]
            )

        often = frozenset(w for w in mostly(participles) if w.endswith(("ed", "ing")))
        return cls(mostly(bases) - _AUXILIARY, (often | _PARTICIPLES) - _NO_PARTICIPLES)

    def is_finite(self, word: str) -> bool:
        """Whether it may be the verb of a sentence: "founded", "owns", "wrote"."""
        if word in _PAST.values() or (word.endswith("ed") and word in self.participles):
            return True
        return word.endswith("s") and any(base in self.bases for base in (word[:-1], word[:-2]))

    def base_of(self, word: str) -> str | None:
        """What a verb of a sentence is made from: "found" of "founded", "own" of "owns"."""
        if word in _BASES:
            return _BASES[word]
        if not self.is_finite(word):
            return None
        ends = (word[:-1], word[:-2], f"{word[:-3]}y", word[:-3])
        return next(
            (
                base
                for base in ends
                if base in self.bases
                and word in (past(base), third_person(base), f"{base}{base[-1]}ed")
            ),
            None,
        )


def statement(question: str, answer: str, before: str, verbs: Verbs) -> str | None:
    """The statement that a question and its answer make; `before` is what stands before the answer.

    None where the question has a form that is not known.
    """
    words = question.rstrip(" ?.").split()
    at = next((n for n, word in enumerate(words) if _plain(word) in _WH), None)
    if at is None or len(words) < at + 2:
        return None
    lead = words[:at]
    asked = [_plain(word) for word in words[at:]]
    if (
        lead
        and not lead[-1].endswith(",")
        and not (len(lead) == 1 and _plain(lead[0]) in _PREPOSITIONS)
    ):
        return _at_the_end(lead, words[at:], answer, verbs)
    if len(lead) > _LONGEST_LEAD:
        return None
    core = _core(words[at:], asked, lead, answer, before, verbs)
    if core is None:
        return None
    opening = " ".join(lead) if lead and lead[-1].endswith(",") else ""
    return _sentence(f"{opening} {core}")


def _core(
    words: list[str], asked: list[str], lead: list[str], answer: str, before: str, verbs: Verbs
) -> str | None:
    if asked[0] == "how" and asked[1] not in ("many", "much"):
        return None
    counted = asked[0] == "how"
    found = next(
        (n for n in range(1, min(len(words), 2 + _LONGEST_KIND)) if asked[n] in _AUXILIARY), None
    )
    if found is None:
        return _subject(words, asked, answer, verbs, counted=counted)
    kind, auxiliary, rest = words[1:found], asked[found], words[found + 1 :]
    if not rest:
        return None
    told = f"{answer} {' '.join(kind[1:])}" if counted else answer
    preposition = _preposition(asked[0], kind, lead, before)
    end = (
        told
        if asked[0] in ("who", "what", "which") and not preposition
        else f"{preposition} {told}"
    )
    return _joined(auxiliary, rest, told, end, verbs)


def _joined(auxiliary: str, rest: list[str], told: str, end: str, verbs: Verbs) -> str | None:
    """What is asked about, the verb, and the answer in its place."""
    plain = [_plain(word) for word in rest]
    if auxiliary in _BE | _HAVE:
        at = _verb(plain, verbs.participles)
        if at == 0:
            return f"{told} {auxiliary} {' '.join(rest)}"
        if at is not None:
            return f"{' '.join(rest[:at])} {auxiliary} {' '.join(rest[at:])} {end}"
        return f"{' '.join(rest)} {auxiliary} {end}" if auxiliary in _BE else None
    at = _verb(plain, verbs.bases)
    if at is None:
        return None
    if at == 0:
        return f"{told} {auxiliary} {' '.join(rest)}" if auxiliary in _MODAL else None
    subject, verb, after = " ".join(rest[:at]), plain[at], " ".join(rest[at + 1 :])
    if auxiliary in _MODAL:
        said = f"{auxiliary} {verb}"
    else:
        said = {"did": past(verb), "does": third_person(verb), "do": verb}[auxiliary]
    return f"{subject} {said} {after} {end}"


def _subject(
    words: list[str], asked: list[str], answer: str, verbs: Verbs, *, counted: bool
) -> str | None:
    """In "who founded the town", the answer takes the place of what comes before the verb."""
    most = min(len(words) - 1, 1 + _LONGEST_KIND)
    at = next((n for n in range(1, most) if verbs.is_finite(asked[n])), None)
    if at is None or asked[0] not in ("who", "what", "which", "how"):
        return None
    told = f"{answer} {' '.join(words[2:at])}" if counted else answer
    return f"{told} {' '.join(words[at:])}"


def _at_the_end(lead: list[str], asked: list[str], answer: str, verbs: Verbs) -> str | None:
    """In "the council meets in what town", the answer takes the place of what asks."""
    if len(asked) > 1 + _LONGEST_KIND or _plain(asked[0]) == "how":
        return None
    said = [_plain(word) for word in lead]
    if not any(word in _AUXILIARY or verbs.is_finite(word) for word in said):
        return None
    if any(_plain(word) in _AUXILIARY for word in asked):
        return None
    return _sentence(f"{' '.join(lead)} {answer}")


def whether(said: str, verbs: Verbs) -> str | None:
    """The question that asks whether a statement holds; None if its verb cannot be found."""
    words = said.rstrip(" .").split()
    plain = [_plain(word) for word in words]
    for at in range(1, min(len(words) - 1, _LONGEST_SUBJECT)):
        word, after = plain[at], words[at + 1 :]
        if plain[at - 1] in _NO_VERB_AFTER or word in _RELATIVE:
            continue
        if word in _AUXILIARY - _DO:
            return None if plain[at + 1] == "not" else _asked(word, words[:at], after)
        if (base := verbs.base_of(word)) is not None:
            helping = "does" if word == third_person(base) else "did"
            return _asked(helping, words[:at], [base, *after])
    return None


def _asked(helping: str, subject: list[str], rest: list[str]) -> str:
    first = subject[0].lower() if is_stop_word(subject[0]) else subject[0]
    if first == "you" and helping not in _BE:
        # What a page says to its reader is asked by the reader.
        first, rest = "I", [_OF_READER.get(word.lower(), word) for word in rest]
    return f"{helping.capitalize()} {' '.join([first, *subject[1:], *rest])}?"


def past(verb: str) -> str:
    """The past of a verb: "returned", "wrote"."""
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def third_person(verb: str) -> str:
    """The verb as it stands after "it": "goes", "carries"."""
    if verb == "have":
        return "has"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{verb}s"


def _preposition(wh: str, kind: list[str], lead: list[str], before: str) -> str:
    if lead and not lead[-1].endswith(","):
        return lead[0].lower()
    near = _plain(before.split()[-1]) if before.split() else ""
    # "What year" and "when" have none of their own: that of the text before the answer.
    if wh in ("when", "where") or (kind and _plain(kind[0]) in ("year", "month", "day", "date")):
        if near in _PREPOSITIONS:
            return near
        return "in"
    return ""


def _verb(words: list[str], wanted: frozenset[str]) -> int | None:
    """The first of some verbs that does not belong to a noun or to another clause."""
    for at, word in enumerate(words):
        if word in _RELATIVE:
            return None
        if word in wanted and (at == 0 or words[at - 1] not in _NO_VERB_AFTER):
            return at
    return None


def _plain(word: str) -> str:
    return word.strip(",.;:'\"?()").lower()


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
