"""Two statements of different documents that cannot both hold.

They say the same in nearly the same words except for a figure (a number, an amount, a time, a
length of time), or count the same thing and come to different numbers; or one denies what the other
says. By far the most of the statements that look like it speak of different cases: of two groups of
people, two countries, two steps, an example and its rule. So whatever tells cases apart counts
against it: a word on each side that the other lacks, in the statements themselves or in the
headings, titles and folders above them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa import checking
from qa.checking import Entailment
from qa.questions import Kind
from qa.review.texts import Figure, Sentence, Text, alike
from qa.text.terms import stem, stems

# All of these were chosen by reading what they add and take; see the table in
# tests/benchmarks/README.md.
LEAST_ALIKE = 0.6
"""How much of the words of both must be in both, where their figures differ."""
LEAST_ALIKE_DENIED = 0.6
"""The same, where one denies the other."""
LEAST_ALIKE_BUT_NOT = 0.8
"""The same, where all that tells is a “not” after the first verb."""
LEAST_SHARED = 3
"""How many words must be in both."""
LEAST_CONTRADICTED = 0.3
"""How likely the entailment model must find a contradiction between statements with other figures,
in the direction in which it is surer."""
LEAST_DENIED = 0.8
"""The same, where one denies the other, in both directions."""

# Words by which titles and names of files of the same thing differ.
_OF_FORM = frozenset(
    stem(word)
    for word in (
        "policy", "policies", "faq", "guide", "guideline", "guidelines", "handbook", "manual",
        "overview", "introduction", "index", "readme", "page", "pages", "document", "docs",
        "rules", "rule", "information", "info", "questions", "answers", "frequently", "asked",
        "summary", "details", "general", "our", "your", "how", "what", "about", "new", "the",
        "content", "source", "wiki", "notes", "procedure", "process", "terms", "help", "md",
        "html", "pdf", "docx", "txt", "htm", "erb", "draft", "old", "copy", "final", "archive",
        "archived", "current", "previous", "version",
    )
)  # fmt: skip
# A number after one of these names a part or a thing; it counts nothing.
_LABELS = frozenset(
    stem(word)
    for word in (
        "section", "topic", "chapter", "step", "figure", "page", "version", "level", "form",
        "article", "part", "table", "appendix", "item", "number", "grade", "tier", "phase",
        "stage", "room", "floor", "line", "slide", "option", "question", "rule", "port", "release",
        "ticket", "issue", "unit", "module", "lesson", "category", "type", "class", "group",
        "series", "band", "schedule", "act", "title", "sprint", "week", "day", "year", "quarter",
    )
)  # fmt: skip
_EXAMPLE = re.compile(
    r"\b(?:examples?|e\.g\.|for instance|scenarios?|samples?|suppose|imagine|let[’']s say|say you"
    r"|hypothetical\w*|in this case|template|therefore|thus)\b",
    re.I,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|do|does|did|can|cannot|could|must|may|might|shall|should"
    r"|will|would|need|needs|get|gets|receive|receives|require|requires|take|takes|lasts?|costs?"
    r"|opens?|closes?|starts?|ends?|pays?|apply|applies|submit|ask|use|send|keep|work|earns?)\b|n[’']t\b",
    re.I,
)
_PERCENT = re.compile(r"%|percent|per cent", re.I)
# A thing that is counted, or the sign after its number.
_COUNTED = re.compile(r"\s*%|\s+[^\W\d_]{3,}")
_NOT = re.compile(
    r"\b(?:(?:may|must|can|could|should|will|shall|is|are|was|were|do|does|did|has|have) not|cannot"
    r"|\w+n[’']t)\b",
    re.I,
)
_SUBORDINATE = re.compile(r"\b(?:if|unless|when|while|that|which|who|whose|where|because)\b", re.I)
_ENDS = (".", "!", "?", ";", ".)", "”", '"')


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements that contradict each other, and how likely that is, from 0 to 1."""

    one: Sentence
    other: Sentence
    score: float


class Contradictions:
    """Finds statements that contradict each other; with a model, it must agree."""

    def __init__(self, model: Entailment | None) -> None:
        self._model = model

    def between(
        self, one: Text, statement: Sentence, other: Text, against: Sentence
    ) -> Contradiction | None:
        """The contradiction between a statement of one document and one of the other."""
        if statement.text == against.text or not (_says(statement) and _says(against)):
            return None
        figures = _differing(statement, against)
        denied = not figures and _denied(statement, against)
        if not (figures or denied) or _apart(one, statement, other, against):
            return None
        judged = self._judged(statement, against)
        sure = max(judged) if figures else min(judged)
        if sure < (LEAST_CONTRADICTED if figures else LEAST_DENIED):
            return None
        return Contradiction(statement, against, _score(statement, against, sure))

    def _judged(self, one: Sentence, other: Sentence) -> tuple[float, float]:
        if self._model is None:
            return 1.0, 1.0
        first = self._model.judge(one.text, other.text).contradicted
        second = self._model.judge(other.text, one.text).contradicted
        return first, second


def _score(one: Sentence, other: Sentence, sure: float) -> float:
    return round(0.5 * sure + 0.5 * alike(one.frame, other.frame), 4)


def _says(statement: Sentence) -> bool:
    """Whether it is a sentence that holds in general: no label, no question, no example."""
    text = statement.text.rstrip()
    if text.endswith(("?", ":")) or _EXAMPLE.search(text) or _EXAMPLE.search(statement.above):
        return False
    return bool(_VERB.search(text)) and (statement.in_item or text.endswith(_ENDS))


def _differing(one: Sentence, other: Sentence) -> bool:
    """Whether their figures differ, and nothing else tells them apart."""
    first, second = _counting(one), _counting(other)
    if not first or not second:
        return False
    return _figures_differ(one, first, other, second) or _counts_differ(one, first, other, second)


def _figures_differ(
    one: Sentence, first: list[Figure], other: Sentence, second: list[Figure]
) -> bool:
    """Whether they say the same in nearly the same words, with one other figure."""
    values, others = ({figure.value for figure in figures} for figures in (first, second))
    left, right = values - others, others - values
    if len(left) != 1 or len(right) != 1:
        return False
    kinds = {figure.kind for figure in first if figure.value in left}
    if kinds != {figure.kind for figure in second if figure.value in right}:
        return False
    return (
        len(one.frame & other.frame) >= LEAST_SHARED
        and alike(one.frame, other.frame) >= LEAST_ALIKE
        and not _two_sided(one.frame, other.frame)
        and not _cases(one, first).differ_from(_cases(other, second))
    )


def _counts_differ(
    one: Sentence, first: list[Figure], other: Sentence, second: list[Figure]
) -> bool:
    """Whether both count the same thing and come to different numbers."""
    if len(first) != 1 or len(second) != 1:
        return False
    here, there = (
        checking.count_of(said.text, _number(said.text, figure))
        for said, figure in ((one, first[0]), (other, second[0]))
    )
    return here.contradicts(there)


def _number(text: str, figure: Figure) -> tuple[int, int]:
    """The number of a figure without its unit: “25” of “25 days”."""
    match = re.match(r"\S+", text[figure.start : figure.end])
    return figure.start, figure.start + (match.end() if match else 0)


def _counting(statement: Sentence) -> list[Figure]:
    """Its figures, without the numbers that only name something."""
    return [figure for figure in statement.figures if not _names_something(statement, figure)]


def _names_something(sentence: Sentence, figure: Figure) -> bool:
    """Whether a number counts nothing: “section 3”, “version 4.1”, “form 71”."""
    if figure.kind is not Kind.NUMBER:
        return False
    before, after = sentence.text[: figure.start], sentence.text[figure.end :]
    label = before.rsplit(None, 1)[-1] if before.strip() else ""
    if _LABELS.intersection(stems(label)):
        return True
    percent = _PERCENT.search(sentence.text, figure.start, figure.end)
    return not (percent or _COUNTED.match(after))


def _cases(statement: Sentence, figures: list[Figure]) -> checking.Cases:
    return checking.cases_of(statement.text, [(one.start, one.end) for one in figures])


def _denied(one: Sentence, other: Sentence) -> bool:
    """Whether one denies what the other says, in nearly the same words."""
    if checking.says_no(one.text) == checking.says_no(other.text):
        return False
    says, denies = (other, one) if checking.says_no(one.text) else (one, other)
    return (
        len(one.words & other.words) >= LEAST_SHARED
        and alike(one.words, other.words) >= LEAST_ALIKE_DENIED
        and not _two_sided(one.words, other.words)
        and (
            checking.denies(says.text, checking.details(says.text), [denies.text])
            or _says_not(denies, says)
        )
    )


def _says_not(one: Sentence, other: Sentence) -> bool:
    """Whether the verb of one is denied, and all the rest is nearly the same."""
    said = _NOT.search(one.text)
    return (
        said is not None
        and not _SUBORDINATE.search(one.text[: said.start()])
        and alike(one.words, other.words) >= LEAST_ALIKE_BUT_NOT
    )


def _two_sided(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether each has a word that the other lacks: “sick leave” and “annual leave”."""
    return bool(_lacking(one, other)) and bool(_lacking(other, one))


def _lacking(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    left = one - other - checking.LIGHT
    return frozenset(word for word in left if not checking.near(word, other))


def _apart(one: Text, statement: Sentence, other: Text, against: Sentence) -> bool:
    """Whether what stands above them tells their cases apart.

    Titles and headings that share a word and differ in others on both sides (“Leave in Austria”,
    “Leave in Germany”) do, and so do folders of one name in different folders.
    """
    first, second = one.entry, other.entry
    pairs = [
        (first.title, second.title),
        (f"{first.title} {statement.above}", f"{second.title} {against.above}"),
        (_name(first.source), _name(second.source)),
    ]
    if any(_parallel(_stems_above(here), _stems_above(there)) for here, there in pairs):
        return True
    here, there = first.source.rpartition("/"), second.source.rpartition("/")
    return (
        _name(first.source) == _name(second.source)
        and here[0] != there[0]
        and _two_sided(_stems_above(here[0]), _stems_above(there[0]))
    )


def _parallel(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one & other) and _two_sided(one, other)


def _stems_above(text: str) -> frozenset[str]:
    """The stems of a title, heading or name of a file that say what is below it."""
    return frozenset(stems(re.sub(r"[-_/.]", " ", text))) - _OF_FORM


def _name(source: str) -> str:
    return source.rpartition("/")[2].partition(".")[0]
