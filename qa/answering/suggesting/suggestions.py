"""From a document to questions that a reader could ask of it, in its own words.

Only a few sure patterns are used: a heading that is a question, a section of a policy, and English
sentences that say when, where or what something is. Each question comes with the place in the
document that promises an answer; the caller hands over what tries whether it is answered there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from qa.index import Entry, Scope, Snapshot
from qa.questions import Kind, candidates
from qa.records import Heading
from qa.text.sentences import Range, sentences
from qa.text.terms import is_stop_word
from qa.text.vocabulary.names import CAPITALIZED

# Only few documents are looked at, and only near their beginning, to be quick.
_DOCUMENTS_LOOKED_AT = 12
_PASSAGES_LOOKED_AT = 20
_QUESTIONS_TRIED = 4
_LONGEST_QUESTION = 90
_CHARACTERS_READ = 20_000
# About a quarter of the words of English prose are among these.
_ENGLISH = frozenset("the of and to a in is are for that with on be by as at from or".split())
_ENGLISH_SHARE = 0.12
_RULES = re.compile(
    r"(?:[A-Z][\w’'-]*,? )?(?:[\w’'-]+,? ){0,5}?"
    r"(?:policy|handbook|manual|agreement|regulations|rules|guidelines)",
    re.IGNORECASE,
)
_NAME = rf"{CAPITALIZED}(?: {CAPITALIZED}){{0,3}}"
_THING = rf"(?P<thing>(?:The|Our|Every|Each) (?:[\w’'-]+ ){{0,3}}?[\w’'-]+|{_NAME})"
_PAST = (
    "held|paid|founded|opened|built|published|signed|launched|released|approved|reviewed|renewed"
    "|served|made|due|closed|introduced|established|completed|sold|elected|born|stored|kept|located"
    "|based|discussed|planned"
)
_HAPPENS = re.compile(
    rf"{_THING} (?P<be>is|are|was|were|will be) (?P<verb>{_PAST}) "
    r"(?P<rest>(?:on|in|at|by|every|each|from|between|during) .*)"
)
_DID = {
    "came": "come", "visited": "visit", "began": "begin", "started": "start", "ended": "end",
    "opened": "open", "joined": "join", "took place": "take place", "met": "meet", "won": "win",
    "moved": "move", "left": "leave", "bought": "buy", "travelled": "travel",
}  # fmt: skip
_HAPPENED = re.compile(
    rf"{_THING} (?P<adverb>last |first )?(?P<verb>{'|'.join(_DID)})(?P<rest>(?: [\w’'-]+){{0,5}}?) "
    r"(?P<time>(?:on|in|at) [^,;.]+)"
)
_INTRODUCED = re.compile(
    r"(?<![\w’'-])(?P<thing>[A-Z][\w’'-]+(?: [A-Z]\.| (?:de|van|von|al|bin))*"
    r"(?: [A-Z][\w’'-]+){1,2}), (?:our|the|an?) (?P<rest>.{15,})"
)
_NAMED = re.compile(
    r"(?P<thing>(?:The )?[A-Z][\w’'-]*(?: [A-Z][\w’'-]*| \d+){0,3}),? (?P<be>is|are|was|were) "
    r"(?:our|the|an?) (?P<rest>.{15,})"
)
_OFFICE = re.compile(
    r"^(?:\w+ ){0,2}(?:head|director|officer|manager|president|chief|founder|chair|secretary"
    r"|minister|negotiator|engineer|leader|author|envoy|editor|professor)\b"
)
_NO_THING = re.compile(
    r"^(?:(?:The|Our|Every|Each) )?(?:it|this|that|these|those|there|he|she|they|we|you|i|one|first"
    r"|second|last|next|same|other|rest|following|reason|result|answer|what|who|which|if|when|all"
    r"|some|most|both)\b|^(?:\w+ )*(?:that|which|who|and|or|of)$",
    re.IGNORECASE,
)

# Words that only stand for something that was named before.
_POINTING = re.compile(
    r"\b(?:(?:which|this|that|these|those|other) ones?|it|its|they|them|their|he|she|her|his)\b",
    re.IGNORECASE,
)
_FEWEST_WORDS = 3
# Headings that promise something that could be asked for.
_SEVERAL = re.compile(
    r"(?P<what>types|kinds|forms|categories|levels|stages|phases) of (?P<thing>[^,:&]+)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:what|who|when|where|why|how) (?:is|are|was|were|can|does|do|should|happens|counts)\b",
    re.IGNORECASE,
)

Check = Callable[[str, str, Range], bool]
"""Whether a document surely answers a question within a range of its text."""


class Promise(NamedTuple):
    """A question, and the range of the document that should answer it."""

    question: str
    place: Range


def answered(snapshot: Snapshot, limit: int, scope: Scope, check: Check) -> Iterator[str]:
    """Questions that the documents answer: documents spread over the scope, one of each in turn."""
    ids = snapshot.select(scope)
    chosen = snapshot.entries.values() if ids is None else [snapshot.entries[id] for id in ids]
    entries = sorted(chosen, key=lambda entry: entry.source)
    step = max(1, len(entries) // max(1, limit))
    spread = [entry for first in range(step) for entry in entries[first::step]]
    waiting = [_answered_by(entry, snapshot, check) for entry in spread[:_DOCUMENTS_LOOKED_AT]]
    told: set[str] = set()
    while waiting:
        found = [(made, next(made, None)) for made in waiting[:limit]]
        for question in dict.fromkeys(question for _, question in found if question is not None):
            if question not in told:
                told.add(question)
                yield question
        going_on = [made for made, question in found if question is not None]
        waiting = waiting[limit:] + going_on


def _answered_by(entry: Entry, snapshot: Snapshot, check: Check) -> Iterator[str]:
    passages = snapshot.passages(entry.passage_ids[:_PASSAGES_LOOKED_AT])
    text = "".join(passage.text for passage in passages)
    for question, place in islice(questions(entry.title, entry.headings, text), _QUESTIONS_TRIED):
        if check(question, entry.id, place):
            yield question


def questions(title: str, headings: Sequence[Heading], text: str) -> Iterator[Promise]:
    """Questions to a document, the most natural first, each with the place that answers it."""
    tried: set[str] = set()
    english = _is_english(text)
    for promise in _all(title, headings, text[:_CHARACTERS_READ], english):
        if len(promise.question) <= _LONGEST_QUESTION and promise.question not in tried:
            tried.add(promise.question)
            yield promise


def section(headings: Sequence[Heading], heading: Heading, end: int) -> Range:
    """The text below a heading, up to the next heading of its level or above, or to the `end`."""
    ends = (
        one.start for one in headings if one.start > heading.start and one.level <= heading.level
    )
    return heading.start, next(ends, end)


def _all(title: str, headings: Sequence[Heading], text: str, english: bool) -> Iterator[Promise]:
    for heading in headings:
        question = asked_by(heading.text)
        if question and not _POINTING.search(question):
            yield Promise(question, section(headings, heading, len(text)))
    if english:
        yield from _of_sentences(text)
        yield from _of_rules(title, headings, len(text))


def asked_by(heading: str) -> str | None:
    """The question that a heading is, or that it promises an answer to."""
    plain = re.sub(r"^[\d.]+\s+", "", " ".join(heading.split()))
    if len(plain.split()) < _FEWEST_WORDS or len(plain) > _LONGEST_QUESTION:
        return None
    if plain.endswith("?"):
        return plain
    if plain[-1] in ".!:;,…":
        return None
    if how := re.match(r"How to (.+)", plain, re.IGNORECASE):
        return f"How do I {_inside_case(how[1])}?"
    if several := _SEVERAL.fullmatch(plain):
        return f"What {several['what'].lower()} of {_inside_case(several['thing'])} are there?"
    return f"{plain}?" if _ASKS.match(plain) else None


def _inside_case(words: str) -> str:
    """Words that began a heading, in the form they have within a sentence; a name keeps its
    capital.
    """
    first, _, rest = words.partition(" ")
    return f"{first.lower()} {rest}".strip() if first[1:].islower() and rest else words


def _of_sentences(text: str) -> Iterator[Promise]:
    told = [(" ".join(text[start:end].split()), (start, end)) for start, end in sentences(text)]
    for make in (_when_did, _when_or_where, _who, _who_or_what):
        made = ((make(sentence), place) for sentence, place in told)
        asked = (Promise(question, place) for question, place in made if question)
        yield from islice(asked, 3)


def _when_or_where(sentence: str) -> str | None:
    match = _HAPPENS.match(sentence)
    if match is None or _NO_THING.match(match["thing"]):
        return None
    beginning = " ".join(match["rest"].split()[:6])
    if candidates(Kind.TIME, beginning, ""):
        word = "When"
    elif re.match(r"(?:in|at) (?:the )?[A-Z]", beginning) and match["verb"] != "due":
        word = "Where"
    else:
        return None
    thing = _inside(match["thing"])
    if match["be"] in ("are", "were") and " " not in thing:
        thing = thing.lower()  # not a name: "Salaries are paid", "Guests were served"
    if match["be"] == "will be":
        return f"{word} will {thing} be {match['verb']}?"
    return f"{word} {match['be']} {thing} {match['verb']}?"


def _when_did(sentence: str) -> str | None:
    match = _HAPPENED.match(sentence)
    if match is None or _NO_THING.match(match["thing"]):
        return None
    if not candidates(Kind.TIME, match["time"], ""):
        return None
    did = f"{match['adverb'] or ''}{_DID[match['verb']]}{match['rest']}"
    return f"When did {_inside(match['thing'])} {did}?"


def _who(sentence: str) -> str | None:
    match = _INTRODUCED.search(sentence)
    if match is None or not _OFFICE.match(match["rest"]):
        return None
    return f"Who is {match['thing']}?"


def _who_or_what(sentence: str) -> str | None:
    match = _NAMED.match(sentence)
    if match is None or _NO_THING.match(match["thing"]):
        return None
    thing = match["thing"]
    if len(thing.split()) == 1 and is_stop_word(thing):
        return None
    if _OFFICE.match(match["rest"]):
        return f"Who {match['be']} {thing}?" if not thing.startswith("The ") else None
    return f"What {match['be']} {_inside(thing)}?"


def _of_rules(title: str, headings: Sequence[Heading], end: int) -> Iterator[Promise]:
    name = title.split(":")[0].strip()
    if not _RULES.fullmatch(name):
        return
    if name.startswith(("The ", "Our ")):
        name = _inside(name)
    elif name[1:].islower():  # there is no name in it: "Travel rules", not "Veldmere House rules"
        name = f"the {name[0].lower()}{name[1:]}"
    else:
        name = f"the {name}"
    for heading in headings:
        about = heading.text
        words = about.split()
        plain = all(re.fullmatch(r"[A-Za-z’'-]+", word) for word in words)
        if about != title and plain and 1 <= len(words) <= 4 and words[0].istitle():
            verb = "do" if name.endswith(("s", "S")) else "does"
            question = f"What {verb} {name} say about {about[0].lower()}{about[1:]}?"
            yield Promise(question, section(headings, heading, end))


def _inside(thing: str) -> str:
    """A phrase that began a sentence, in the form it has within one."""
    return re.sub(r"^(?:The|Our|Every|Each)\b", lambda word: word.group().lower(), thing)


def _is_english(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text[:4000].lower())
    return sum(word in _ENGLISH for word in words) > _ENGLISH_SHARE * max(1, len(words))
