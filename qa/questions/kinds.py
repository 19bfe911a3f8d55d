"""What a question asks for, and the phrases of a sentence that could be the answer.

A question word tells much about its answer: “when” wants a time, “how many” a number, “who” a name.
These are rules of English, written down; a question that none of them fits asks for a statement,
and gets a whole sentence.
"""

from __future__ import annotations

import re
from enum import Enum

from qa.questions.other_languages import measured_in, rule_of
from qa.text.asking import asked_in
from qa.text.sentences import Range
from qa.text.terms import STOP_WORDS, stems
from qa.text.vocabulary.names import CAPITALIZED, PARTICLES
from qa.text.vocabulary.question_words import ASKING, HELPING


class Kind(Enum):
    """What would answer a question."""

    PERSON = "a person or an organisation"
    ROLE = "who somebody is"
    PLACE = "a place"
    TIME = "a time"
    NUMBER = "a number"
    MONEY = "an amount of money"
    DURATION = "a length of time"
    NAME = "the name of a thing"
    REASON = "a reason"
    STATEMENT = "a statement"


_IS = r"(?:is|was|are|were)"
_DOES = r"(?:is|was|are|were|does|do|did|has|have|had|will|would|can|may)"

# The noun ends here: not "the day rate", "the year-end result", "the number one cause".
_ENDS = r"(?=\s*(?:[?.,;!]|$)|\s+(?:of|for|by|on|in|at|to|when|that|until|per|we|you|i|they)\b)"


def _asking_for(nouns: str) -> str:
    """A pattern for “which” or “what” with one of these nouns, or with a word and then the noun."""
    return rf"\b(?:what|which) (?:\w+ )?(?:{'|'.join(nouns.split())})\b"


_AMOUNTS = "price|cost|fee|fare|charge|rent|deposit|budget|salary|limit|amount|allowance"
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE))
    for kind, *patterns in (
        # The name must have capitals: "who is our safety officer" asks for a person instead.
        (
            Kind.ROLE,
            rf"\bwho(?:['’]s| {_IS}) (?-i:[A-Z][\w.-]+(?: [A-Z][\w.-]+){{0,9}})\s*\??$",
        ),
        (
            Kind.MONEY,
            rf"\bhow much (?:money|{_DOES})\b"
            r"(?!.{0,200}\b(?:weigh|grow|rise|fall|increase|decrease))",
            rf"\bwhat {_IS} (?:the )?(?:\w+ ){{0,3}}(?:{_AMOUNTS})\b",
            r"\bwhat does .{0,200} cost\b",
        ),
        (Kind.DURATION, r"\bhow (?:long|soon|often|quickly|fast)\b", r"\bwithin how many\b"),
        (
            Kind.NUMBER,
            r"\bhow (?:many|much|far|old|tall|high|large|big|heavy|deep|wide)\b",
            _asking_for("percentage percent number proportion share fraction rate amount score"),
            _asking_for("population temperature size weight capacity age"),
            rf"\bwhat {_IS} the (?:\w+ ){{0,2}}(?:number|percentage|proportion|population|size)\b"
            + _ENDS,
        ),
        (
            Kind.TIME,
            r"\bwhen\b",
            _asking_for(
                "year date day month time century decade era season hours? deadline period"
            ),
            rf"\bwhat {_IS} the (?:\w+ ){{0,2}}(?:year|date|day|deadline)\b{_ENDS}",
        ),
        (
            Kind.PLACE,
            r"\bwhere\b",
            _asking_for("city cities country countries place location town state region island"),
            _asking_for("continent venue site building room office"),
        ),
        (
            Kind.PERSON,
            r"\bwho(?:m|se)?\b",
            _asking_for("person people company team organi[sz]ation group agency director"),
            _asking_for(
                "president king queen author actor singer scientist player man woman leader"
            ),
        ),
        (Kind.REASON, r"\bwhy\b", rf"\bwhat {_IS} the reasons?\b"),
        (
            Kind.NAME,
            r"\bwhich\b",
            rf"\bwhat {_IS} .{{0,200}}\b(?:name|called)\b",
            rf"\bwhat \w+ {_DOES}\b",
            r"\bname (?:the|a|of)\b",
        ),
    )
)

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_ONES = "one |two |three |four |five |six |seven |eight |nine "
_COUNT = (
    r"(?:\d+(?:[.,]\d+){0,9}(?:\s?(?:hundred|thousand|million|billion|trillion))?"
    rf"|(?:(?:a |{_ONES})?(?:hundred|thousand|million|billion|dozen)"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?)\b)"
)
_UNIT_OF_TIME = (
    r"(?:working |business |calendar )?"
    r"(?:second|minute|hour|day|night|week|fortnight|month|year|decade|centur)(?:s|ies|y)?"
)
_NTH = r"\d{1,2}(?:st|nd|rd|th)"
_CLOCK = r"\d{1,2}[:.]\d{2}"
_YEAR = r"(?:1\d|20)\d\d"
# “12 to 16” of May.
_DAYS = r"\d{1,2}(?: ?(?:to|and|until|–|-) ?\d{1,2})?"
_SEASON = "spring|summer|autumn|fall|winter"
_TIME = re.compile(
    r"\b(?:"
    + "|".join(
        (
            rf"(?:{_DAYS}|{_NTH}) (?:of )?{_MONTH},? \d{{4}}",
            rf"(?:{_DAYS}|{_NTH}) {_MONTH}",
            rf"{_MONTH} (?:{_NTH}|\d{{1,2}})(?:,? \d{{4}})?(?!\d)",
            rf"{_MONTH} \d{{4}}",
            r"\d{4}-\d{2}-\d{2}|\d{1,2}([./])\d{1,2}\1\d{4}",
            rf"{_NTH} of (?:each|every|the) month",
            rf"{_CLOCK}(?: ?[ap]\.?m\.?)?(?: (?:to|and|until|–) {_CLOCK})?",
            r"\d{1,2} ?[ap]\.?m\.?",
            rf"(?:early |late |mid-?)?{_YEAR}s?(?:[-–](?:1\d|20)?\d\d)?",
            rf"{_NTH} century",
            rf"(?:last|next|this|earlier this) (?:week|month|year|night|{_DAY}|{_SEASON})",
            rf"(?:every |each |on )?{_DAY}s?",
            "January|February|March|April|June|July|August|September|October|November|December",
            "yesterday|today|tomorrow|noon|midnight",
        )
    )
    + r")\b"
)
_DURATION = re.compile(
    rf"\b(?:{_COUNT})(?:[ -](?:to|and|or|–) ?(?:{_COUNT}))?[ -]{_UNIT_OF_TIME}"
    rf"(?: and {_COUNT} {_UNIT_OF_TIME})?\b"
    r"|\b(?:once|twice|daily|weekly|monthly|quarterly|yearly|annually|hourly|every \w+)\b",
    re.IGNORECASE,
)
# “How long” asks for no “every two months”, and for no “daily”.
_HOW_LONG = re.compile(r"\bhow long\b", re.IGNORECASE)
_HOW_OFTEN = re.compile(r"(?:once|twice|every|\w+ly)\b", re.IGNORECASE)
_EVERY = re.compile(r"\b(?:each|every) $", re.IGNORECASE)
_MONEY = re.compile(
    rf"(?:(?:US|AU|CA|NZ)?[$€£¥]|\b(?:EUR|USD|GBP|CHF))\s?{_COUNT}(?:\s?(?:million|billion|[mk]))?\b"
    rf"|\b{_COUNT}\s?(?:€|(?:euros?|dollars?|pounds?|francs?|cents?|crowns?|EUR|USD|GBP|CHF)\b)",
    re.IGNORECASE,
)
_UNITS = "kg|km|cm|mm|m|g|GB|MB|TB|V|W|kW|kWh|Hz|GHz|bar|l"
_NUMBER = re.compile(
    r"\+?\d{2,4}(?:[ /-]\d{2,}){2,}"  # a telephone number
    rf"|[$€£]?\b{_COUNT}(?:\s?(?:%|percent|per cent|°C|°F|{_UNITS})(?!\w))?",
    re.IGNORECASE,
)
# Possessive, because a hyphen may also join: a list of codes would be read in 2ⁿ ways.
_NAME_WORD = rf"(?:{CAPITALIZED}+|[A-Z]\.)"
_ONE_NAME = rf"{_NAME_WORD}(?:(?: (?:of|of the|for the|{PARTICLES}|du|la))? {_NAME_WORD}|-\w+)*"
_NAME = re.compile(rf"{_ONE_NAME}(?:(?:, {_ONE_NAME}){{0,9}},? (?:and|or|&) {_ONE_NAME})?")
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|near|to|from|outside|inside|on|via|through)(?: the)? $", re.IGNORECASE
)
_PLACE_AROUND = re.compile(
    r"\b(?:locations?|venues?|places?|cit(?:y|ies)|sites?|capital|located|based|held|hosts?|hosted"
    r"|office|room|considered|proposed|chosen)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,;:.!?—–()\"“”]| - ")


_LEADS_IN = r"(?:(?:and|but|so|or|then|well|ok(?:ay)?|please)\W+)*"
# The word that asks, and the auxiliary verbs of a question to be answered with yes or no.
_QUESTION_WORD = re.compile(
    r"\W*(?!(?:do|can|could|would) (?:you|we|anybody|anyone) (?:know|tell|say|remember)\b)"
    rf"{_LEADS_IN}(?:{ASKING}|{HELPING})\b",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"\b(?:{ASKING}|whats)\b", re.IGNORECASE)
_WHETHER = re.compile(rf"\W*{_LEADS_IN}(?:{HELPING})(?:n['’]t)?\b", re.IGNORECASE)


def kind_of(question: str) -> Kind:
    """What would answer a question."""
    if asked_in(question):
        rule = rule_of("kinds", question)
        return Kind[rule] if rule else Kind.STATEMENT
    opening = _QUESTION_WORD.match(question)
    begin = opening.end() if opening else 0
    for kind, pattern in _KINDS:
        match = pattern.search(question)
        if match and not (begin and match.start() >= begin and _joins(match.group())):
            return kind
    return Kind.STATEMENT


def asks(question: str) -> bool:
    """Whether there is a question word in it, or it asks for a number."""
    return bool(_ASKS.search(question)) or kind_of(question) is not Kind.STATEMENT


def asks_whether(question: str) -> bool:
    """Whether it can be answered with yes or no: "Is the office closed when it snows?"."""
    return _WHETHER.match(question) is not None


def _joins(words: str) -> bool:
    """Whether it may be a conjunction: “What do I do when I am ill?” asks for no time."""
    return " " not in words and bool(_QUESTION_WORD.match(words))


def asked_words(kind: Kind) -> frozenset[str]:
    """Stems that only say what kind of answer is wanted, and need not be in the answer."""
    return _ASKED.get(kind, frozenset())


def candidates(kind: Kind, sentence: str, question: str) -> list[Range]:
    """The ranges of `sentence` that could answer, likeliest first; not the question's own words."""
    if kind is Kind.ROLE:
        return _roles(sentence, question)
    if kind is Kind.NAME:
        return _names(sentence, question)
    if kind is Kind.PERSON:
        names = _names(sentence, question)
        return sorted(names, key=lambda name: -_person_signs(sentence, *name))
    if kind is Kind.PLACE:
        signs = {name: _place_signs(sentence, *name) for name in _names(sentence, question)}
        return sorted((name for name in signs if signs[name]), key=lambda name: -signs[name])
    pattern = measured_in(question).get(kind.name) or _PATTERNS.get(kind)
    if pattern is None:
        return []
    asked = set(stems(question, keep_stop_words=True))
    found = [match.span() for match in pattern.finditer(sentence)]
    if kind is Kind.DURATION and _HOW_LONG.search(question):
        found = [
            (start, end)
            for start, end in found
            if not _HOW_OFTEN.match(sentence, start) and not _EVERY.search(sentence[:start])
        ]
    return [span for span in found if not set(stems(sentence[slice(*span)])) <= asked]


def _names(sentence: str, question: str) -> list[Range]:
    asked = set(stems(question, keep_stop_words=True))
    found: list[Range] = []
    for match in _NAME.finditer(sentence):
        start, end = _without_opening(sentence, *match.span())
        name = sentence[start:end].removesuffix("’s").removesuffix("'s")
        words = stems(name)
        if words and not set(words) <= asked and not _TIME.fullmatch(name):
            found.append((start, start + len(name)))
    return found


def _without_opening(sentence: str, start: int, end: int) -> Range:
    # A sentence begins with a capital, whatever its first word is.
    first = sentence[start:end].split(" ")[0]
    if first.lower() in STOP_WORDS and len(first) > 1 and not first.isupper():
        start = min(end, start + len(first) + 1)
    return start, end


def _place_signs(sentence: str, start: int, end: int) -> int:
    before = bool(_PLACE_BEFORE.search(sentence[:start]))
    around = bool(
        _PLACE_AROUND.search(sentence[max(0, start - 25) : start] + "|" + sentence[end : end + 35])
    )
    return before + 2 * around


def _person_signs(sentence: str, start: int, end: int) -> int:
    """A full name, set off by a comma or followed by what it does; not a place, nor an owner."""
    words = len(sentence[start:end].split())
    set_off = sentence[end : end + 1] == "," or sentence[max(0, start - 2) : start] in (", ", ": ")
    acts = re.match(r" (?:is|was|has|had|will|said|says|leads?|led|\w+ed)\b", sentence[end:])
    owner = re.match(r"['’]s?\b", sentence[end:])
    somewhere = _PLACE_BEFORE.search(sentence[:start]) or sentence[:start].endswith("the ")
    return (2 <= words <= 4) + set_off + bool(acts) - 2 * bool(owner) - bool(somewhere)


def _roles(sentence: str, question: str) -> list[Range]:
    """The words beside a name: “Ada King, the head of research, …” or “… is the head of it”."""
    asked = set(stems(question))
    for match in _NAME.finditer(sentence):
        if not set(stems(match.group())) & asked:
            continue
        rest = sentence[match.end() :]
        beside = re.match(r"(?:, (?=\w)| (?:is|was|are|were|serves as|served as|became) )", rest)
        if beside:
            start = match.end() + beside.end()
            stop = _BREAK.search(sentence, start)
            end = stop.start() if stop else len(sentence)
            if len(sentence[start:end].split()) > 1:
                return [(start, end)]
    return []


_PATTERNS = {
    Kind.TIME: _TIME,
    Kind.DURATION: _DURATION,
    Kind.MONEY: _MONEY,
    Kind.NUMBER: _NUMBER,
}
MEASURED = frozenset(_PATTERNS)
"""Kinds whose phrases are found by a pattern: numbers, amounts, times and lengths of time."""

# What a question adds because of when it is asked: nobody calls a summit the first one before there
# is talk of a second.
LOOSE_WORDS = frozenset(
    stems("first current currently latest recent recently main exactly actually")
)
ORDINALS = frozenset(
    stems("first second third fourth fifth sixth seventh eighth ninth tenth last next previous")
)
_ASKED = {
    kind: frozenset(stems(words))
    for kind, words in {
        Kind.PLACE: "place location city country town venue held take located",
        Kind.TIME: "year date day month time century deadline happen take place",
        Kind.NUMBER: "number percentage percent amount total many much",
        Kind.MONEY: "money amount price cost",
        Kind.DURATION: "time period long take often",
        Kind.PERSON: "person name people company organization group",
        Kind.NAME: "name call kind type sort term",
        Kind.REASON: "reason cause why",
        Kind.STATEMENT: "call name term happen say describe explain mean stand define use",
    }.items()
}
