"""A follow-up and what was said before -> a question that stands alone.

Rules of English: a pronoun is replaced by what it most likely stands for, and
a question that leaves out its subject ("And in 2019?") is completed from the
one before. A question that says all it needs is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.records import Turn
from qa.terms import stems, terms

_OPENING = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?|also|then|thanks|thank you|well)\b[,.!]?\s*)+", re.IGNORECASE
)
_WHAT_ABOUT = re.compile(r"^(?:(?:what|how) about|and|or)\s+(?:the\s+)?", re.IGNORECASE)
_PERSON = re.compile(r"\b(he|she|him|her|his|hers)\b(?!\s*['’])", re.IGNORECASE)
_THING = re.compile(
    r"\b(it|its|they|them|their|theirs|(?:this|that|these|those)(?=\s*(?:$|[?.,!]|(?:is|was|are|were"
    r"|do|does|did|has|have|can|will|may|must|cost|mean|apply|happen|take|work)s?\b)))\b",
    re.IGNORECASE,
)
_THERE = re.compile(r"\b(there|then)\b(?!\s+(?:is|are|was|were|be|a|an|any|no)\b)", re.IGNORECASE)
_PHRASE = re.compile(r"\b(?:this|that|these|those|the same|such)\s+(\w+)", re.IGNORECASE)
_POSSESSIVE = frozenset({"his", "hers", "its", "their", "theirs"})
_QUESTION_WORD = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|may"
    r"|might|must|should|will|would|has|have|had)\b",
    re.IGNORECASE,
)
_CAPITAL = r"[A-Z][\w’'\-]*\.?"
_NAME = re.compile(
    rf"{_CAPITAL}(?: (?:(?:of|de|von|van|al|bin) (?=[A-Z]))?(?:{_CAPITAL}|\d[\w.\-]*))*"
)
_VERBS = re.compile(
    r"\b(?:how (?:many|much|long|often|do)|how|what|which|whom?|whose|when|where|why|do|does|did|is"
    r"|are|was|were|be|been|can|could|should|must|may|might|will|would|have|has|had|get|need|take|i|we"
    r"|you|my|our|your|to)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\s?\[\d+\]")
# Earlier turns say less and less of what is meant now.
_TURNS = 6


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question, completed from the history where it leaves something out."""
    asked = " ".join(question.split())
    said: list[tuple[str, str]] = []
    for turn in history[-_TURNS:]:
        said.append((_completed(turn.question, said), _NUMBERED.sub("", turn.answer)))
    return _completed(asked, said)


def restated(question: str, history: Sequence[Turn]) -> list[str]:
    """Questions that could be meant: about what was asked before, the latest first."""
    bare = _OPENING.sub("", " ".join(question.split())).strip()
    found: list[str] = []
    said: list[tuple[str, str]] = []
    for turn in history[-_TURNS:]:
        said.append((_completed(turn.question, said), turn.answer))
    for earlier, _ in reversed(said):
        topic = _name(earlier) or _topic(earlier)
        if _elliptic(question):
            found.append(_expanded(question, earlier))
        elif topic and not set(stems(topic)) <= set(stems(bare)):
            for pattern in (_PERSON, _THING):
                if pattern.search(bare):
                    found.append(_replaced(pattern, bare, topic))
                    break
            else:
                first = bare if bare[:2].isupper() else bare[:1].lower() + bare[1:]
                found.append(f"Regarding {topic}: {first.rstrip(' ?!.')}?")
    return [asked[:1].upper() + asked[1:] for asked in dict.fromkeys(found)]


def is_follow_up(question: str) -> bool:
    """Whether a question cannot be understood by itself."""
    bare = _OPENING.sub("", question)
    return bool(
        _PERSON.search(bare)
        or _THING.search(bare)
        or _THERE.search(bare)
        or _PHRASE.search(bare)
        or _elliptic(question)
    )


def _completed(question: str, said: Sequence[tuple[str, str]]) -> str:
    if not said or not is_follow_up(question):
        return question
    bare = _OPENING.sub("", question).strip()
    if _elliptic(question):
        return _expanded(question, said[-1][0])
    if _PERSON.search(bare):
        person = _person(said)
        return _replaced(_PERSON, bare, person) if person else _with_topic(bare, said)
    if _THING.search(bare):
        topic = _name(said[-1][0]) or _topic(said[-1][0])
        return _replaced(_THING, bare, topic) if topic else bare
    return _with_topic(bare, said)


def _elliptic(question: str) -> bool:
    bare = _OPENING.sub("", question).strip(" ?!.")
    if re.match(r"^(?:what|how) about\b", bare, re.IGNORECASE):
        return True
    words = bare.split()
    if not words:
        return False
    if len(words) <= 2 and _QUESTION_WORD.match(bare):
        return not any(word[0].isupper() for word in words[1:]) and len(stems(bare)) == 0
    opened = _OPENING.match(question) is not None
    return opened and not _QUESTION_WORD.match(bare) and len(words) <= 6


def _expanded(question: str, previous: str) -> str:
    """The earlier question with what is new: after "Who won in 2018?", "And in 2019?"."""
    bare = _WHAT_ABOUT.sub("", _OPENING.sub("", question)).strip(" ?!.")
    base = previous.strip(" ?!.")
    if len(stems(bare)) == 0:  # "Why?", "How?", "When?"
        rest = re.sub(r"^\w+\s+", "", base) if _QUESTION_WORD.match(base) else base
        return f"{bare} {rest}?"
    swapped = _swapped(base, bare)
    return f"{swapped}?" if swapped else f"{base} {bare}?"


def _swapped(base: str, new: str) -> str | None:
    """The earlier question with its year, number or name replaced by the new one of its kind."""
    plain = re.sub(r"^(?:in|on|at|for|to|from|by|with|the)\s+", "", new, flags=re.IGNORECASE)
    for kind in (r"\b(?:1\d|20)\d\d\b", r"\b[A-Z]+-?\d+\b"):
        if re.fullmatch(kind, plain):
            return re.sub(kind, plain, base, count=1) if re.search(kind, base) else None
    if plain[:1].isupper():
        name = _name(base)
        if name is not None and len(name.split()) <= len(plain.split()) + 2:
            return base.replace(name, plain, 1)
    return None


def _replaced(pattern: re.Pattern[str], question: str, meant: str) -> str:
    def put(match: re.Match[str]) -> str:
        word = match.group(1).lower()
        after = question[match.end() :].lstrip()
        owns = word in _POSSESSIVE or (word == "her" and re.match(r"\w", after) is not None)
        return f"{meant}'s" if owns else meant

    return pattern.sub(put, question, count=1)


def _with_topic(question: str, said: Sequence[tuple[str, str]]) -> str:
    topic = _name(said[-1][0]) or _topic(said[-1][0])
    known = set(stems(question))
    if not topic or set(stems(topic)) <= known:
        return question
    return f"{question.rstrip(' ?!.')} ({topic})?"


def _person(said: Sequence[tuple[str, str]]) -> str | None:
    """The name that was asked about last, or else the first one in the last answer."""
    for question, answer in reversed(said):
        name = _name(question) or _name(answer)
        if name is not None:
            return name
    return None


def _name(text: str) -> str | None:
    """The longest name in a text; a capital at the start of a sentence makes no name."""
    names: list[str] = []
    for match in _NAME.finditer(text):
        name = match.group().strip()
        first = name.split(" ")[0]
        opens = match.start() == 0 or text[: match.start()].rstrip()[-1:] in ".?!"
        if opens and (_QUESTION_WORD.match(first) or not stems(first)):
            name = name[len(first) :].strip()
        name = re.sub(r"['’]s?$", "", name).strip(" .")
        if name and stems(name):
            names.append(name)
    return max(names, key=lambda name: len(name.split()), default=None)


def _topic(text: str) -> str:
    """The words of a question that say what it is about: its longest stretch without a verb."""
    stretches = (part.strip(" ?!.,") for part in _VERBS.split(text))
    best = max(stretches, key=lambda part: len(stems(part)), default="")
    found = terms(best)
    return best[found[0].start : found[-1].end] if found else ""
