"""Whether one text says no where the other says yes, or “all” or “only” where the other says
“some”.

The words that deny are those of English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.checking.claims import CLAUSE, Detail, Strictness, details, near, stems_of
from qa.text.sentences import sentences

_DENIAL = re.compile(r"\b(?:not|no|never|neither|nor|none|without|cannot)\b|n['’]t\b", re.I)
_REFUSAL = re.compile(
    r"\b(?:refrain(?:s|ed|ing)?|refus(?:e|es|ed|al)|fail(?:s|ed|ing|ure)?|den(?:y|ies|ied|ial)"
    r"|reject(?:s|ed)?|declin(?:e|es|ed)|stop(?:s|ped)?|halt(?:s|ed)?|avoid(?:s|ed)?"
    r"|prevent(?:s|ed)?|prohibit(?:s|ed)?|forbid(?:s|den)?|bann?(?:s|ed)?)\b",
    re.I,
)
# What may replace a “not” in a paraphrase.
_NEGATIVE = re.compile(
    r"\b(?:un(?:clear|known|able|decided|likely|confirmed|resolved|available|certain|determined"
    r"|changed|settled|announced|necessary|used|paid)|lack(?:s|ed|ing)?|yet|until|unless"
    r"|except\w*|exclu\w+|hardly|few|little|instead|missing|absent|impossible|free|inactiv\w*"
    r"|dis(?:agree|satisf|put|continu|miss)\w*|optional|exempt\w*)\b",
    re.I,
)
# Denies what comes before it as well: “dogs are allowed in no room”.
_DENIED_BEFORE = re.compile(
    r"\b(?:(?:in|on|under|to|by|into|inside) no(?! time\b|body\b)|nowhere|no longer"
    r"|(?:in|to|by) (?:none|nobody))\b",
    re.I,
)
# "Dogs are allowed in the garden, but not in the office."
_BUT_NOT = re.compile(r"(?:\bbut|\band|,)\s+not\b", re.I)
_CONDITION = re.compile(r"\b(?:only|if|whether|too|still|remain\w*)\b", re.I)
_UNKNOWN = re.compile(
    r"\b(?:un(?:clear|known|certain|decided|determined|confirmed)|whether|yet to be)\b", re.I
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|would|should|possibl[ey]|possibility|perhaps|likely|expect\w*|consider\w*"
    r"|plan\w*|hop(?:e[sd]?|ing)|seek\w*|propos\w*|suggest\w*|potential\w*|discuss\w*)\b",
    re.I,
)
_ALL = re.compile(
    r"\b(?:(?<!at )(?<!after )all|every(?:one|body|thing)?|always|any(?:one|body|thing)?|each|never"
    r"|full(?:y)?|entire(?:ly)?|whole|complete(?:ly)?)\b",
    re.I,
)
_SUPERLATIVE = (
    "least|most|fewest|largest|biggest|greatest|smallest|highest|lowest|longest|shortest|oldest"
    "|youngest|newest|earliest|latest|fastest|slowest|best|worst"
)
_SINGLED_OUT = re.compile(
    r"\b(?:(?<!not )only(?! (?:if|when|after|until|once|then|in|on|at|by|for|with|from|as|\d\S*)\b)"
    # Not "is most likely built", "are best booked".
    rf"|sole|the (?:{_SUPERLATIVE})|(?:is|are|was|were) (?:{_SUPERLATIVE})"
    r"(?! (?:likely|probably|often|\w+e[dn])\b))\b",
    re.I,
)
_NO_SUPERLATIVE = r"\w*(?:for|inter|requ|harv|prot|cont|sugg|hon|mod|inv|arr|conqu|qu|gu|ch)est\b"
# What may replace an “only” or a superlative in a paraphrase.
_UTMOST = re.compile(
    rf"\b(?:{_SUPERLATIVE}|(?!{_NO_SUPERLATIVE})\w{{3,}}est|only|sole(?:ly)?|alone"
    r"|unique(?:ly)?|exclusive(?:ly)?|single|top|main(?:ly)?|leading|first|last|no(?:ne|body|thing)?|never|except\w*|unparalleled|record"
    r"|(?:max|min)im(?:um|a|al(?:ly)?)|chief(?:ly)?|more|less|fewer|\w{3,}er than)\b",
    re.I,
)
# Words for one end of something, and for the other.
_ENDS = (
    ("most|largest|biggest|greatest|highest", "least|fewest|smallest|lowest"),
    ("longest", "shortest"),
    ("oldest|earliest", "youngest|newest|latest"),
    ("fastest", "slowest"),
    ("best", "worst"),
)


def _both_ways(pairs: Sequence[tuple[str, str]], before: str = "") -> list[list[re.Pattern[str]]]:
    """Each pair of opposites, compiled, in both directions."""
    return [
        [re.compile(rf"{before}\b(?:{one})\b", re.I) for one in pair]
        for opposites in pairs
        for pair in (opposites, opposites[::-1])
    ]


_ENDS_OF = _both_ways(_ENDS, before=r"(?<!\bat )")
# Words for one side of something, and for the other.
_SIDES = (
    (
        r"(?<!no )(?<!not )(?:more|greater|higher|larger|longer|older|later) than|at least"
        r"|(?:no|not) (?:less|fewer|shorter|earlier) than|over|above|exceed(?:s|ed|ing)?|minimum",
        r"(?<!no )(?<!not )(?:less|fewer|lower|smaller|shorter|younger|earlier) than|at most"
        r"|(?:no|not) (?:more|longer|later) than|under|below|up to|maximum",
    ),
    ("before", "after"),
    (
        r"rises?|rose|risen|increas(?:es?|ed|ing)|gr[eo]ws?|grown|climb(?:s|ed)",
        r"falls?|fell|fallen|decreas(?:es?|ed|ing)|declin(?:es?|ed|ing)|drop(?:s|ped)|shr[aiu]nk",
    ),
)
_SIDES_OF = _both_ways(_SIDES)
_BOUND = re.compile(r"\b(?:no|not) (?:more|less|fewer|longer|shorter|later|earlier) than\b", re.I)
# How many words after such a word say what it is the side of.
_COMPARED = 3
# "Unofficially", and not "under" or "union": the rest has to be a word by itself.
_REVERSED = re.compile(r"(?:un|non-?|il|ir)(?=\w{5})")
_EXCEPTION = re.compile(r"\b(?:unless|except\w*|until|only|without)\b", re.I)


def says_no(text: str) -> bool:
    """Whether it has a word that denies: "not", "never", "without"."""
    return bool(_DENIAL.search(text))


def denies(claim: str, said: Sequence[Detail], quotes: Sequence[str]) -> bool:
    """Whether, of claim and quotes, one says no or does not know, and the other says yes."""
    if _DENIAL.search(claim):
        answers = (_DENIAL, _REFUSAL, _NEGATIVE, _CONDITION)
        return not any(answer.search(quote) for quote in quotes for answer in answers)
    if _REFUSAL.search(claim) or _NEGATIVE.search(claim):
        return False
    cues = (_DENIAL, _REFUSAL, *(() if _HEDGE.search(claim) else (_UNKNOWN,)))
    return any(
        _denied(quote[start:end], said, cues) for quote in quotes for start, end in sentences(quote)
    )


def generalizes(claim: str, quotes: Sequence[str]) -> bool:
    """Whether the claim says “all” or “always”, and no quote does."""
    return bool(_ALL.search(claim)) and not any(_ALL.search(quote) for quote in quotes)


def singles_out(claim: str, quotes: Sequence[str]) -> bool:
    """Whether the claim says “the only” or “the least”, and no quote singles anything out."""
    apart = [quote for quote in quotes if _UTMOST.search(quote)]
    return any(
        all(_at_the_other_end(match.group(), quote) for quote in apart)
        for match in _SINGLED_OUT.finditer(claim)
    )


def reverses(claim: str, quotes: Sequence[str]) -> bool:
    """Whether a word of one is the opposite of a word of the other: “unofficially”, “officially”.

    Where either says “not”, it may mean the same.
    """
    if any(_DENIAL.search(text) for text in (claim, *quotes)):
        return False
    said = frozenset(re.findall(r"[\w-]+", claim.lower()))
    quoted = frozenset(word for quote in quotes for word in re.findall(r"[\w-]+", quote.lower()))
    return any(
        (match := _REVERSED.match(word)) is not None and word[match.end() :] in there
        for here, there in ((said - quoted, quoted), (quoted - said, said - quoted))
        for word in here
    )


def turns_round(claim: str, quotes: Sequence[str]) -> bool:
    """Whether the claim says “more than 20” or “before the trip”, and a quote “less than”, “after”.

    Where either says “not” besides, it may mean the same.
    """
    if any(_DENIAL.search(_BOUND.sub("", text)) for text in (claim, *quotes)):
        return False
    for here, there in _SIDES_OF:
        for said in _compared(here, claim):
            met = [quote for quote in quotes if any(said & one for one in _compared(here, quote))]
            if not met and any(said & one for q in quotes for one in _compared(there, q)):
                return True
    return False


def _at_the_other_end(said: str, quote: str) -> bool:
    """Whether the quote says “the largest” where a claim says “the least”, and nothing like
    “least”.
    """
    return any(
        here.search(said) and there.search(quote) and not here.search(quote)
        for here, there in _ENDS_OF
    )


def _compared(side: re.Pattern[str], text: str) -> list[frozenset[str]]:
    """What follows the words of a side, as stems."""
    return [
        frozenset(detail.stem for detail in details(text[match.end() :])[:_COMPARED])
        for match in side.finditer(text)
    ]


def _denied(sentence: str, said: Sequence[Detail], cues: Sequence[re.Pattern[str]]) -> bool:
    """Whether half of what sentence and claim share, names apart, follows a word that denies."""
    if _EXCEPTION.search(sentence):
        return False
    stems = stems_of(sentence)
    shared = [
        u for u in said if u.kind in (Strictness.WORD, Strictness.NUMBER) and near(u.stem, stems)
    ]
    for match in (match for cue in cues for match in cue.finditer(sentence)):
        behind = stems_of(CLAUSE.split(sentence[match.end() :], maxsplit=1)[0])
        met = [detail for detail in shared if near(detail.stem, behind)]
        if met and 2 * len(met) >= len(shared):
            return True
    return _denied_before(sentence, shared) or _denied_apart(sentence, shared)


def _denied_before(sentence: str, shared: Sequence[Detail]) -> bool:
    for match in _DENIED_BEFORE.finditer(sentence):
        before = stems_of(CLAUSE.split(sentence[: match.start()])[-1])
        met = [detail for detail in shared if near(detail.stem, before)]
        if met and 2 * len(met) >= len(shared):
            return True
    return False


def _denied_apart(sentence: str, shared: Sequence[Detail]) -> bool:
    """Whether the claim is about exactly what a “but not” leaves out."""
    for match in _BUT_NOT.finditer(sentence):
        behind = stems_of(CLAUSE.split(sentence[match.end() :], maxsplit=1)[0])
        elsewhere = stems_of(sentence[: match.start()])
        left_out = [detail for detail in shared if near(detail.stem, behind)]
        if any(not near(detail.stem, elsewhere) for detail in left_out):
            return True
    return False
