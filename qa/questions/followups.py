"""From a follow-up and what was said before to a question that stands alone.

These are rules of English: a pronoun is replaced by what it most likely stands for, and a question
that leaves out its subject (“And in 2019?”) is completed from the one before. A question that says
all it needs is left as it is. Rules miss much, so the words of the earlier questions also go along
as the background of the search: they count for little, and for less the more the question says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from qa.records import MARKER, Turn
from qa.text.terms import is_stop_word, stems, terms
from qa.text.vocabulary.names import CAPITALIZED, PARTICLES
from qa.text.vocabulary.question_words import ASKING, HELPING

_OPENING = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?|also|then|thanks|thank you|well)\b(?!-)[,.!]?\s*)+", re.IGNORECASE
)
_WHAT_ABOUT = re.compile(r"^(?:(?:what|how) about|and|or)\s+(?:the\s+)?", re.IGNORECASE)
# Not IT, the department.
_NO_CAPITALS = r"(?-i:(?![A-Z]{2}))"
_PERSON = re.compile(rf"\b{_NO_CAPITALS}(he|she|him|her|his|hers)\b(?!\s*['’])", re.IGNORECASE)
_THING = re.compile(
    rf"\b{_NO_CAPITALS}(it|its|they|them|their|theirs"
    r"|(?:this|that|these|those)(?=\s*(?:$|[?.,!]|(?:is|was|are|were|do|does|did|has|have|can|will|may|must|cost|mean|apply|happen|take|work)s?\b)))\b",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\b(there|then)\b"
    r"(?!\s+(?:is|are|was|were|be|been|a|an|any|no)\b)",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    # "This year" and "this company" are the asker's own.
    r"\b(?:this(?!\s+(?:year|quarter|month|week|morning|afternoon|evening|\w+day|spring|summer"
    r"|autumn|fall|winter|time|company|office|organi[sz]ation)\b)|that|these|those|the same|such)"
    r"\s+(?!as\b)(\w+)",
    re.IGNORECASE,
)
_POSSESSIVE = frozenset({"his", "hers", "its", "their", "theirs"})
_QUESTION_WORD = re.compile(rf"(?:{ASKING}|{HELPING})\b", re.IGNORECASE)
_CAPITAL = rf"{CAPITALIZED}\.?"
_NAME = re.compile(rf"{_CAPITAL}(?: (?:(?:of|{PARTICLES}) (?=[A-Z]))?(?:{_CAPITAL}|\d[\w.\-]*))*")
_VERBS = re.compile(
    r"[.?!]\s+|\b(?:how (?:many|much|long|often|do)|how|what|which|whom?|whose|when|where|why|do"
    r"|does|did|is|are|was|were|be|been|can|could|should|must|may|might|will|would|have|has|had|get"
    r"|need|take|works?|happens?|means?|costs?|start|end|last|apply|applies|come|go|look|i|we|you"
    r"|my|our|your|to)\b",
    re.IGNORECASE,
)
# Earlier turns say less and less about what is meant now.
_TURNS = 6
_BACKGROUND_TURNS = 3
# A phrase of this many words before a pronoun may well be what it stands for.
_ENOUGH = 3
# A question of more words than this says what it means.
_COMPLETE = 6
# What replaces another of its kind: a year, a code.
_SWAPPED = (re.compile(r"\b(?:1\d|20)\d\d\b"), re.compile(r"\b[A-Z]+-?\d+\b"))
_ARTICLE = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)
# “The blue one” beside a red van.
_ONE = re.compile(r"\sones?$", re.IGNORECASE)
_PREPOSITION = re.compile(r"^(?:in|on|at|for|to|from|by|with)\s+", re.IGNORECASE)
_THING_NAMED = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?)\b[,.]?\s+)*(?:(?:what|how) about|the|an?|our|my)\s",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"that\s+\w", re.IGNORECASE)
# The most words with a meaning of their own that a topic has.
_TOPIC = 5
# “Days of annual leave” are counted; the topic is the leave.
_COUNTED = re.compile(
    r"^(?:(?:the )?(?:(?:number|amount|share|kind|type|sort|minute|hour|day(?! of the week)|night"
    r"|week|month|year|euro|dollar|pound|litre|kilo(?:gram|metre)?|ton|page|piece|percent)s?|copy"
    r"|copies) of (?:the )?)+(?=\w)",
    re.IGNORECASE,
)
# “How many rooms does the annex have?”: “it” is the annex, because rooms are many. Of “days of
# leave”, only the leave is one thing.
_COUNTING = re.compile(
    r"\bhow many (?P<counted>[^?.!,]{1,80}?) (?:does|did|has|had) (?P<single>\w.*)", re.IGNORECASE
)
_SINGLE = frozenset({"it", "its"})
# “For adults” in “What is the fare for adults on Sundays?”.
_FOR = re.compile(
    rf"\bfor (?!(?:{ASKING})\b)[^,.?!]+?(?=$|[,.?!]| (?:for|in|on|at|from|to|by|with|per|if|when"
    rf"|while|during|and|or|{HELPING})\b)",
    re.IGNORECASE,
)
# “When was the annex opened?” is about the annex.
_PARTICIPLE = re.compile(r"(?<=\w) (?:\w{3,}ed|built|given|held|made|paid|sold|written)$")
# The white space between two sentences is never longer.
_GAP = 20
_STATED = re.compile(r"[.!]\s")
# How much a word of the background counts beside a question of two words or fewer.
_BACKGROUND = 0.4


class _Said(NamedTuple):
    """An earlier turn: its question, completed, what the question was about, and the answer.

    `single` is the one thing of which another is counted: the annex, where the topic is its rooms.
    """

    question: str
    topic: str
    answer: str
    single: str = ""


def recent(history: Sequence[Turn], turns: int, characters: int) -> list[Turn]:
    """The latest turns, up to a number of turns and a number of characters.

    Of the first turn that is kept, the answer is cut, and then the question.
    """
    kept: list[Turn] = []
    left = characters
    for turn in reversed(history[-turns:]):
        question = turn.question[:left]
        answer = turn.answer[: left - len(question)]
        if not question and turn.question:
            break
        left -= len(question) + len(answer)
        kept.append(
            turn if answer == turn.answer else replace(turn, question=question, answer=answer)
        )
    return kept[::-1]


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question, completed from the history if it leaves something out."""
    return _completed(" ".join(question.split()), _said(history))


def background(question: str, history: Sequence[Turn]) -> dict[str, float]:
    """The stems of the earlier questions that `question` lacks, with what each counts, 0 to 1.

    One that is asked for itself counts 1; a question that says much leaves little to these.
    """
    own = set(stems(question))
    weight = round(_BACKGROUND * min(1.0, 2 / (len(own) + 1)), 2)
    earlier = [stem for turn in history[-_BACKGROUND_TURNS:] for stem in stems(turn.question)]
    return {stem: weight for stem in earlier if stem not in own}


def restated(question: str, history: Sequence[Turn]) -> list[str]:
    """Questions that could be meant: about what was asked before, the latest first."""
    bare = _OPENING.sub("", " ".join(question.split())).strip()
    found: list[str] = []
    for earlier in reversed(_said(history)):
        topic = _name(earlier.question) or earlier.topic
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
    pointing = (_PERSON, _THING, _THERE, _PHRASE)
    return _elliptic(question) or any(_points_back(pattern, bare) for pattern in pointing)


def _said(history: Sequence[Turn]) -> list[_Said]:
    said: list[_Said] = []
    for turn in history[-_TURNS:]:
        asked = _completed(" ".join(turn.question.split()), said)
        # A question with a pronoun goes on about the same thing, whatever else it names.
        goes_on = said and not _elliptic(turn.question) and _goes_on(turn.question)
        topic = (said[-1].topic if goes_on else "") or _topic(asked)
        single = said[-1].single if goes_on else _single(asked)
        said.append(_Said(asked, topic, MARKER.sub("", turn.answer), single))
    return said


def _goes_on(question: str) -> bool:
    return len(stems(question)) < 2 or is_follow_up(question)


def _completed(question: str, said: Sequence[_Said]) -> str:
    if not said or not is_follow_up(question):
        return question
    bare = _OPENING.sub("", question).strip()
    if _elliptic(question):
        return _expanded(question, said[-1])
    if _points_back(_PERSON, bare):
        person = _person(said)
        return _replaced(_PERSON, bare, person) if person else _with_topic(bare, said)
    if _points_back(_THING, bare):
        pointing = _THING.search(bare)
        one = pointing is not None and pointing.group().lower() in _SINGLE
        topic = (said[-1].single if one else "") or said[-1].topic
        return _replaced(_THING, bare, topic) if topic else bare
    return _with_topic(bare, said)


def _points_back(pattern: re.Pattern[str], question: str) -> bool:
    """Whether a word of the pattern is in a question with nothing before it that it could stand
    for.
    """
    match = pattern.search(question)
    if match is None or len(stems(question)) > _COMPLETE:
        return False
    before, after = question[: match.start()], question[match.start() :]
    remark = _STATED.search(after)
    if remark is not None and len(stems(after[remark.end() :])) > 1:
        return False  # "I knew it! How do I...?"
    if _RELATIVE.match(after):
        last = terms(before, keep_stop_words=True)[-1:]
        if last and not is_stop_word(before[last[0].start : last[0].end]):
            return False  # "a task that takes a day"
    # "Can employees bring their dogs?"
    enough = _ENOUGH - (match.group().lower() in _POSSESSIVE)
    return _name(before) is None and len(stems(before)) < enough


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


def _expanded(question: str, earlier: _Said) -> str:
    """The earlier question with the new part: after “Who won in 2018?”, “And in 2019?”."""
    bare = _WHAT_ABOUT.sub("", _OPENING.sub("", question)).strip(" ?!.")
    base = earlier.question.strip(" ?!.")
    if len(bare.split()) > 2 and _QUESTION_WORD.match(bare) and stems(bare):
        return f"{bare}?"  # "What about why...?"
    if len(stems(bare)) == 0:  # "Why?", "How?", "When?"
        rest = re.sub(r"^\w+\s+", "", base) if _QUESTION_WORD.match(base) else base
        return f"{bare} {rest}?"
    swapped = (
        _swapped(base, bare)
        or _for_another(base, bare)
        or _about(base, earlier.single, question, bare)
        or _about(base, earlier.topic, question, bare)
    )
    return f"{swapped}?" if swapped else f"{base} {bare}?"


def _swapped(base: str, new: str) -> str | None:
    """The earlier question with its year, number or name replaced by the new one of its kind."""
    plain = _ARTICLE.sub("", _PREPOSITION.sub("", new))
    for kind in _SWAPPED:
        if kind.fullmatch(plain):
            return kind.sub(plain, base, count=1) if kind.search(base) else None
    # "And on Fridays?" names a time.
    if plain[:1].isupper() and not new.lower().startswith("on "):
        name = _name(base)
        if name is not None and len(name.split()) <= len(plain.split()) + 2:
            return base.replace(name, plain, 1)
    return None


def _for_another(base: str, new: str) -> str | None:
    """The earlier question for others: “And for children?” after “… for adults?”."""
    before = list(_FOR.finditer(base)) if new.lower().startswith("for ") else []
    return f"{base[: before[-1].start()]}{new}{base[before[-1].end() :]}" if before else None


def _about(base: str, topic: str, question: str, new: str) -> str | None:
    """The earlier question about another thing: "And the crane?", "What about annual leave?"."""
    thing = _THING_NAMED.match(question) and not _PREPOSITION.match(new)
    before, found, after = base.partition(topic) if topic else ("", "", "")
    left = _PARTICIPLE.sub("", f"{topic}{after}").removeprefix(topic)
    if not thing or not found or len(before.split()) < 2 or _VERBS.sub("", left).strip():
        return None
    other = _ARTICLE.sub("", new)
    if _ONE.search(other):
        other = _ONE.sub(f" {topic.split(' ', 1)[-1]}", other)
    return f"{before}{other}{after}"


def _replaced(pattern: re.Pattern[str], question: str, meant: str) -> str:
    def put(match: re.Match[str]) -> str:
        word = match.group(1).lower()
        after = question[match.end() :].lstrip()
        owns = word in _POSSESSIVE or (word == "her" and re.match(r"\w", after) is not None)
        return f"{meant}'s" if owns else meant

    return pattern.sub(put, question, count=1)


def _with_topic(question: str, said: Sequence[_Said]) -> str:
    topic = said[-1].topic
    known = set(stems(question))
    if not topic or set(stems(topic)) <= known:
        return question
    return f"{question.rstrip(' ?!.')} ({topic})?"


def _person(said: Sequence[_Said]) -> str | None:
    """The name that was asked about last, or else the first one in the last answer."""
    for turn in reversed(said):
        name = _name(turn.question) or _name(turn.answer)
        if name is not None:
            return name
    return None


def _name(text: str) -> str | None:
    """The longest name in a text; a capital at the start of a sentence does not make a name."""
    names: list[str] = []
    for match in _NAME.finditer(text):
        name = match.group().strip()
        first = name.split(" ")[0]
        opens = (
            match.start() == 0
            or text[max(0, match.start() - _GAP) : match.start()].rstrip()[-1:] in ".?!"
        )
        if opens and (_QUESTION_WORD.match(first) or not stems(first)):
            name = name[len(first) :].strip()
        name = re.sub(r"['’]s?$", "", name).strip(" .")
        if name and stems(name):
            names.append(name)
    return max(names, key=lambda name: len(name.split()), default=None)


def _single(text: str) -> str:
    """The one thing of which a question counts another, if it does."""
    counting = _COUNTING.search(text)
    if counting is None or _COUNTED.match(counting["counted"]):
        return ""
    return _topic(counting["single"])


def _topic(text: str) -> str:
    """The words of a question that say what it is about.

    The first stretch between its verbs that says something, or the name in it if it is long.
    """
    stretches = [part.strip(" ?!.,") for part in _VERBS.split(text)]
    telling = [part for part in stretches if len(stems(part)) > 1]
    best = next(iter(telling), max(stretches, key=lambda part: len(stems(part)), default=""))
    name = _name(text)
    if name is not None and (name not in best or len(stems(best)) > _TOPIC):
        return name
    best = _PARTICIPLE.sub("", _COUNTED.sub("", best))
    found = terms(best)[:_TOPIC]
    return best[found[0].start : found[-1].end] if found else ""
