"""An example with an answer -> a very similar one without.

The passage loses the sentences that answer, or the question is changed: another name, number or
word, an additional condition, the opposite of a word, a "not". So the reader learns not to be
content with a passage on the right topic.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from qa.text.sentences import Range, sentences
from qa.text.terms import stems
from training.examples.sources import Example, order

# A shorter rest of a passage cannot mislead.
_LEAST_LEFT = 0.4
_DENIED = 0.25

_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w’'-]+(?: (?:of |the |de )?[A-Z][\w’'-]+)*")
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.]*\d(?![\w%])|(?<![\w.,-])\d(?![\w.,%])")

_CONDITION = re.compile(
    r"\b(?:in|during|after|before|since|until|by|from|at|near|under|with|for) (?:the )?"
    r"(?:[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+)*|\d[\d,]*\d\b)"
)
_PLAIN_WORD = re.compile(r"\b[a-z]{4,}\b")
# Words with the same ending can usually replace each other.
_ENDINGS = re.compile(r"(?:ed|ing|ly|tion|ment|ness|ity|er|ous|al|ive|es|s)$")
_HOLLOW = frozenset(
    "what when where which whom whose many much long does were have been that this these those "
    "with from into after before during about over under between also most more some other than "
    "then they their there only such each both would could should being because through while "
    "name type kind called known used".split()
)

_OPPOSITES = """
    first/last largest/smallest biggest/smallest highest/lowest most/least more/less more/fewer
    before/after north/south northern/southern east/west eastern/western increase/decrease
    increased/decreased oldest/youngest older/younger best/worst better/worse early/late
    earliest/latest always/never major/minor positive/negative inside/outside longest/shortest
    high/low above/below began/ended begin/end start/stop started/stopped join/leave win/lose
    won/lost bought/sold buy/sell included/excluded include/exclude public/private with/without
    likes/dislikes like/dislike love/hate cheap/expensive easy/hard good/bad old/new agree/disagree
    common/rare strong/weak same/different built/destroyed gained/lost legal/illegal
    internal/external
"""
_OPPOSITE = {
    word: other
    for pair in _OPPOSITES.split()
    for word, other in (pair.split("/"), reversed(pair.split("/")))
}
_VERB = re.compile(r"\b(is|are|was|were|did|does|do|can|could|has|have|should|would|will)\b")


def cropped(example: Example, whole: float, words: tuple[int, int]) -> Example:
    """The example with a part of its passage, of a random length.

    Whole sentences around an answer, or around what is most like the question if there is none:
    elsewhere it would be too easy to tell. A share of `whole` stays unchanged. In use, the reader
    gets short windows, and more of them can be trained on in an hour. Both examples of a pair stay
    whole, or get about as many words.
    """
    generator = random.Random(order(f"{example.pair or example.id} {example.kind} cropped"))
    if generator.random() < whole:
        return example
    target = generator.randint(*words)
    pieces = list(sentences(example.passage))
    if len(example.passage.split()) <= target or len(pieces) < 2:
        return example
    anchor = generator.choice(example.spans or _nearest(example, pieces))
    held = [at for at, (start, end) in enumerate(pieces) if start < anchor[1] and anchor[0] < end]
    if not held:
        return example
    first, last = held[0], held[-1]
    while len(example.passage[pieces[first][0] : pieces[last][1]].split()) < target:
        sides = [side for side, more in ((-1, first > 0), (1, last + 1 < len(pieces))) if more]
        if not sides:
            break
        if generator.choice(sides) < 0:
            first -= 1
        else:
            last += 1
    begin, stop = pieces[first][0], pieces[last][1]
    inside = tuple(
        (start - begin, end - begin)
        for start, end in example.spans
        if begin <= start and end <= stop
    )
    if example.spans and not inside:
        return example
    return replace(example, passage=example.passage[begin:stop], spans=inside)


def _nearest(example: Example, pieces: Sequence[Range]) -> list[Range]:
    """The sentences that share most words with the question."""
    asked = set(stems(example.question))
    shared = [len(asked.intersection(stems(example.passage[slice(*piece)]))) for piece in pieces]
    return [piece for piece, count in zip(pieces, shared, strict=True) if count == max(shared)]


def without_answer(example: Example) -> Example | None:
    """The example without the answering sentences; None if the rest cannot mislead."""
    answers = [answer.lower() for answer in example.answers]
    kept: list[str] = []
    for start, end in sentences(example.passage):
        sentence = example.passage[start:end]
        answering = any(start < last and first < end for first, last in example.spans)
        if not answering and not any(answer in sentence.lower() for answer in answers):
            kept.append(sentence)
    passage = " ".join(kept)
    if len(passage) < _LEAST_LEFT * len(example.passage):
        return None
    return replace(example, id=f"{example.id}/cut", passage=passage, spans=(), kind="cut")


def altered_question(example: Example, nearby: Sequence[str], copy: int = 0) -> Example | None:
    """The example with a changed question; None if it cannot be changed.

    `nearby` are texts on the same topic, for other names and numbers. Each `copy` is changed in a
    different way.
    """
    generator = random.Random(order(f"{example.id} {copy}"))
    ways: list[Callable[[], str | None]] = [
        lambda: _swapped(_NAME, example, nearby, generator),
        lambda: _swapped(_NUMBER, example, nearby, generator),
        lambda: _opposite(example.question, generator),
        lambda: _with_condition(example, nearby, generator),
        lambda: _other_word(example, generator),
    ]
    generator.shuffle(ways)
    # A "not" fits nearly everywhere: it must not become the mark of all changed questions.
    if generator.random() < _DENIED:
        ways.append(lambda: _denied(example.question))
    for way in ways:
        question = way()
        if question is not None:
            return replace(
                example,
                id=f"{example.id}/altered{copy}",
                question=question,
                spans=(),
                kind="altered",
            )
    return None


def _swapped(
    pattern: re.Pattern[str], example: Example, nearby: Sequence[str], generator: random.Random
) -> str | None:
    question = example.question
    found = [match for match in pattern.finditer(question) if match[0] in example.passage]
    if not found:
        return None
    chosen = generator.choice(found)
    taken = f"{question} {' '.join(example.answers)}".lower()
    others = sorted(
        {
            match[0]
            for text in (example.passage, *nearby)
            for match in pattern.finditer(text)
            if match[0].lower() not in taken and _alike(match[0], chosen[0])
        }
    )
    if not others:
        return None
    return question[: chosen.start()] + generator.choice(others) + question[chosen.end() :]


def _with_condition(
    example: Example, nearby: Sequence[str], generator: random.Random
) -> str | None:
    question = example.question
    if not question.endswith("?"):
        return None
    answering = [
        example.passage[start:end]
        for start, end in sentences(example.passage)
        if any(start < last and first < end for first, last in example.spans)
    ]
    taken = f"{question} {' '.join(answering)}".lower()
    others = sorted(
        {
            match[0]
            for text in (example.passage, *nearby)
            for match in _CONDITION.finditer(text)
            if match[0].lower().split(" ", 1)[1] not in taken
        }
    )
    if not others:
        return None
    return f"{question[:-1].rstrip()} {generator.choice(others)}?"


def _other_word(example: Example, generator: random.Random) -> str | None:
    """The question with one of the passage's words replaced by another word of the passage."""
    question, passage = example.question, example.passage
    held, asked = set(stems(passage)), set(stems(question))
    found = [
        match
        for match in _PLAIN_WORD.finditer(question)
        if match[0] not in _HOLLOW and held.intersection(stems(match[0]))
    ]
    if not found:
        return None
    chosen = generator.choice(found)
    taken = {*asked, *(stem for answer in example.answers for stem in stems(answer))}
    others = sorted(
        {
            match[0]
            for match in _PLAIN_WORD.finditer(passage)
            if match[0] not in _HOLLOW
            and _ending(match[0]) == _ending(chosen[0])
            and not taken.intersection(stems(match[0]))
        }
    )
    if not others:
        return None
    return question[: chosen.start()] + generator.choice(others) + question[chosen.end() :]


def _ending(word: str) -> str:
    match = _ENDINGS.search(word)
    return match[0] if match else ""


def _alike(one: str, other: str) -> bool:
    if one[0].isdigit():
        return len(one) == len(other)
    return abs(one.count(" ") - other.count(" ")) <= 1


def _opposite(question: str, generator: random.Random) -> str | None:
    words = question.split(" ")
    places = [at for at, word in enumerate(words) if word in _OPPOSITE]
    if not places:
        return None
    at = generator.choice(places)
    return " ".join([*words[:at], _OPPOSITE[words[at]], *words[at + 1 :]])


def _denied(question: str) -> str | None:
    match = _VERB.search(question)
    if match is None or " not " in question or "n't" in question:
        return None
    if match[0] in ("did", "does", "do"):
        return f"{question[: match.start()]}{match[0]}n't{question[match.end() :]}"
    return f"{question[: match.end()]} not{question[match.end() :]}"
