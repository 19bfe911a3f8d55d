"""A document -> questions that a reader could ask of it, in its own words.

Only a few sure patterns: a heading that is a question, a section of a policy,
and English sentences that say when, where or what something is. Whether the
documents answer a question is tried with what the caller hands over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from qa.entries import Entry
from qa.questions import Kind, candidates
from qa.records import Span
from qa.sentences import sentences
from qa.snapshot import Snapshot
from qa.terms import is_stop_word

# Looked for in few documents and near their beginning, to be quick.
_DOCUMENTS_LOOKED_AT = 12
_PASSAGES_LOOKED_AT = 20
_QUESTIONS_TRIED = 4
_LONGEST_QUESTION = 90
_CHARACTERS_READ = 20_000
# Of the words of English prose, about a quarter are among these.
_ENGLISH = frozenset("the of and to a in is are for that with on be by as at from or".split())
_ENGLISH_SHARE = 0.12
_RULES = re.compile(
    r"(?:[A-Z][\w’'-]*,? )?(?:[\w’'-]+,? ){0,5}?"
    r"(?:policy|handbook|manual|agreement|regulations|rules|guidelines)",
    re.IGNORECASE,
)
_NAME = r"[A-Z][\w’'-]*(?: [A-Z][\w’'-]*){0,3}"
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
    r"\b(?P<thing>[A-Z][\w’'-]+(?: [A-Z]\.| (?:de|van|von|al|bin))*(?: [A-Z][\w’'-]+){1,2}), "
    r"(?:our|the|an?) (?P<rest>.{15,})"
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


Best = Callable[[Snapshot, str], Span | None]
"""What surely answers a question, if anything does."""


def answered(snapshot: Snapshot, limit: int, best: Best) -> Iterator[str]:
    """Questions that the documents answer: documents spread over the index, one of each in turn."""
    entries = sorted(snapshot.entries.values(), key=lambda entry: entry.source)
    step = max(1, len(entries) // max(1, limit))
    spread = [entry for first in range(step) for entry in entries[first::step]]
    waiting = [_answered_by(entry, snapshot, best) for entry in spread[:_DOCUMENTS_LOOKED_AT]]
    while waiting:
        found = [(made, next(made, None)) for made in waiting[:limit]]
        yield from (question for _, question in found if question is not None)
        going_on = [made for made, question in found if question is not None]
        waiting = waiting[limit:] + going_on


def _answered_by(entry: Entry, snapshot: Snapshot, best: Best) -> Iterator[str]:
    passages = snapshot.passages(entry.passage_ids[:_PASSAGES_LOOKED_AT])
    text = "".join(passage.text for passage in passages)
    headings = [heading.text for heading in entry.headings]
    for question in islice(questions(entry.title, headings, text), _QUESTIONS_TRIED):
        span = best(snapshot, question)
        if span is not None and span.hit.passage.document_id == entry.id:
            yield question


def questions(title: str, headings: Sequence[str], text: str) -> Iterator[str]:
    """Questions to a document, the most natural first."""
    tried: set[str] = set()
    english = _is_english(text)
    for question in _all(title, headings, text[:_CHARACTERS_READ], english):
        if len(question) <= _LONGEST_QUESTION and question not in tried:
            tried.add(question)
            yield question


def _all(title: str, headings: Sequence[str], text: str, english: bool) -> Iterator[str]:
    for heading in headings:
        plain = re.sub(r"^[\d.]+\s+", "", " ".join(heading.split()))
        if plain.endswith("?") and len(plain.split()) >= 3:
            yield plain
    if english:
        yield from _of_sentences(text)
        yield from _of_rules(title, headings)


def _of_sentences(text: str) -> Iterator[str]:
    told = [" ".join(text[start:end].split()) for start, end in sentences(text)]
    for make in (_when_did, _when_or_where, _who, _who_or_what):
        yield from islice(filter(None, map(make, told)), 3)


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


def _of_rules(title: str, headings: Sequence[str]) -> Iterator[str]:
    name = title.split(":")[0].strip()
    if not _RULES.fullmatch(name):
        return
    name = _inside(f"The {name[0].lower()}{name[1:]}" if name[1:2].islower() else f"The {name}")
    for heading in headings:
        words = heading.split()
        plain = all(re.fullmatch(r"[A-Za-z’'-]+", word) for word in words)
        if heading != title and plain and 1 <= len(words) <= 4 and words[0].istitle():
            verb = "do" if name.endswith(("s", "S")) else "does"
            yield f"What {verb} {name} say about {heading[0].lower()}{heading[1:]}?"


def _inside(thing: str) -> str:
    """A phrase that began a sentence, within one."""
    return re.sub(r"^(?:The|Our|Every|Each)\b", lambda word: word.group().lower(), thing)


def _is_english(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text[:4000].lower())
    return sum(word in _ENGLISH for word in words) > _ENGLISH_SHARE * max(1, len(words))
