"""From units, best first, to those that are said.

The best unit may be too much (a whole section for one number) or too little (one step, or the line
that leads in to a list); then the unit inside or around it is said instead. A second unit is said
where it is nearly as good and there is room for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.answering.units.choosing import LISTS, Choice
from qa.answering.units.wording import LONGER, LONGEST_LIST, SHORT
from qa.questions import LONG, Form, form_of, sides
from qa.text.asking import asked_stems
from qa.text.sentences import CELL_SEPARATOR, COLONS, NO_VALUE, sentences
from qa.text.terms import stems

_PARTED = frozenset(("list", "steps", "table", "section"))
_WHOLES = {
    "item": frozenset(("list", "steps")),
    "lead": frozenset(("list", "steps", "table")),
}
# How much worse a second unit may be, in the units of `Choice.value`.
_NEARLY = 1.0
# The share of words of two units that makes them alike.
_SAME_WORDS = 0.6
# One row alone is no table.
_FEWEST_ROWS = 2
# What naming a side of a comparison is worth, in the same units, and what naming the other costs.
_NAMED = 4.0
_OTHER = 2.0
# As an abbreviation is behind what it stands for.
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_SAID = frozenset(("paragraph", "list", "steps", "table"))
_SENTENCE_END = re.compile(r"[.!?:;…。！？][^\w\s]*\s*$")
# The share of a list's letters that are in links where it only refers to other texts.
_REFERRING = 0.9


def selected(question: str, choices: Sequence[Choice]) -> list[Choice]:
    """The units that an answer says, in the order in which it says them."""
    if choices[0].asked_for:
        return [choices[0]]
    form = form_of(question)
    compared = sides(question) if form is Form.COMPARISON else None
    if compared is not None:
        return _of_both(compared, choices)
    if form in (Form.OPEN, Form.OVERVIEW):
        choices = [one for one in choices if not _only_refers(one)] or choices
    best = _meant(question, form, choices[0], choices)
    if form is Form.OVERVIEW:
        return _overview(question, _in_its_section(question, best, choices), choices)
    room = SHORT - best.words
    named = best.unit.kind == "row" and best is not choices[0]
    for other in _next_best(form, best, choices):
        other = _meant(question, form, other, choices)
        # Of the rows for 5 and for 6, only one was asked for; so it is where the question names a
        # row.
        if other.signals.absent > best.signals.absent or (named and choices[0].contains(other)):
            continue
        if other.words <= room and not _meet(best, other) and not _alike(best, other):
            return [best, other]
    return [best]


def _next_best(form: Form, best: Choice, choices: Sequence[Choice]) -> Iterator[Choice]:
    """What may be said besides: where the reader found the fact, and what is nearly as good."""
    if form is Form.FACT and not best.best_span:
        yield from (one for one in choices if one.best_span)
    yield from (one for one in choices[1:] if one.value >= choices[0].value - _NEARLY)


def _meant(question: str, form: Form, choice: Choice, choices: Sequence[Choice]) -> Choice:
    """The row of a table that a question names, or else the part that fits its form."""
    stated = _stated(form, choice, choices)
    if stated is not None:
        return stated
    row = None
    if form not in LONG and choice.unit.kind in ("table", "section"):
        row = _row(question, choice, choices)
    elif form not in LONG and choice.unit.kind == "row":
        # The reader may take another row that has the name in a cell further on.
        table = _table(choice, choices)
        named = _named(question, _rows(table, choices)) if table else []
        meant = named[0] if len(named) == 1 else _fullest(question, named)
        if meant is not None and not _name(meant) < _name(choice):
            row = meant
    return row or fitting(form, choice, choices)


def _stated(form: Form, choice: Choice, choices: Sequence[Choice]) -> Choice | None:
    """The text before a table, where the answer is in a sentence of it that announces nothing.

    So it is before a list, where a short answer is asked for.
    """
    span = choice.span
    brief = form not in LONG and form is not Form.OPEN
    kinds = _WHOLES["lead"] if brief else frozenset(("table",))
    whole = next(_around(choice, choices, kinds, math.inf), None)
    if whole is None or span is None or not choice.best_span or span.end > whole.unit.body:
        return None
    said = span.text.rstrip()
    if said.endswith(COLONS) or not _SENTENCE_END.search(said):
        return None
    return next((one for one in choices if one.unit.kind == "lead" and one.span is span), None)


def fitting(form: Form, choice: Choice, choices: Sequence[Choice]) -> Choice:
    """The unit itself, a part of it where it is too long, or the list that it belongs to."""
    kind = choice.unit.kind
    # A list that comes before its items is meant whole, though a fact seems to be asked for.
    brief = form not in LONG and form is not Form.OPEN and kind not in ("list", "steps")
    longest = SHORT if brief else LONGEST_LIST
    if choice.words > longest and kind in _PARTED:
        return next(_inside(choice, choices, longest), choice)
    if kind == "item" and form not in LONG:
        return choice
    whole = next(_around(choice, choices, _WHOLES.get(kind, frozenset()), longest), None)
    if whole is None and kind == "lead":
        return next(_led(choice, choices), choice) if form in LONG else _unannounced(choice)
    return whole or choice


def _row(question: str, table: Choice, choices: Sequence[Choice]) -> Choice | None:
    """The row that the question names, or else that holds most of its words, if it is only one."""
    rows = _rows(table, choices)
    if len(rows) < _FEWEST_ROWS:
        return None
    named = _named(question, rows)
    return named[0] if len(named) == 1 else _fullest(question, named or rows)


def _fullest(question: str, rows: Sequence[Choice]) -> Choice | None:
    """The row that holds most of the question's words that not all rows hold, if it is only one."""
    held = [set(stems(" ".join((row.text, *_row_names(row))))) for row in rows]
    if not held:
        return None
    telling = set(stems(question)).difference(set[str].intersection(*held))
    counts = [len(telling & words) for words in held]
    most = max(counts)
    return rows[counts.index(most)] if most and counts.count(most) == 1 else None


def _table(choice: Choice, choices: Sequence[Choice]) -> Choice | None:
    """The table that a choice is, or is in."""
    tables = (one for one in choices if one.unit.kind == "table" and one.contains(choice))
    return next(tables, None)


def _rows(table: Choice, choices: Sequence[Choice]) -> list[Choice]:
    return [one for one in choices if one.unit.kind == "row" and table.contains(one)]


def _named(question: str, rows: Sequence[Choice]) -> list[Choice]:
    """The rows whose name the question holds whole."""
    said = set(stems(question))
    return [row for row in rows if (name := _name(row)) and name <= said]


def _name(row: Choice) -> set[str]:
    """The stems of a row's first cell, or of what stands there further up, if it is empty."""
    cell = row.text.split(CELL_SEPARATOR)[0]
    above = _row_names(row)
    return set(stems(above[-1] if cell == NO_VALUE and above else cell))


def _row_names(row: Choice) -> tuple[str, ...]:
    return row.stretch.row_names(row.unit)


def _inside(choice: Choice, choices: Sequence[Choice], longest: int) -> Iterator[Choice]:
    """The shorter units in it, those where the reader found an answer first."""
    inside = [
        other
        for other in choices
        if other is not choice
        and other.words <= longest
        and other.unit.kind != "outline"
        and choice.contains(other)
    ]
    at = None if choice.span is None else choice.span.start
    yield from sorted(inside, key=lambda one: at is None or not one.unit.start <= at < one.unit.end)


def _around(
    choice: Choice,
    choices: Sequence[Choice],
    kinds: frozenset[str],
    longest: float,
) -> Iterator[Choice]:
    for other in choices:
        if other.unit.kind in kinds and other.words <= longest and other.contains(choice):
            yield other


def _led(choice: Choice, choices: Sequence[Choice]) -> Iterator[Choice]:
    """What a long introduction leads in to, with all of it and not its last sentence alone."""
    lead = choice.unit
    for other in choices:
        unit = other.unit
        if (
            unit.kind in _WHOLES["lead"] and other.stretch is choice.stretch
            and lead.start < unit.start < lead.end <= unit.body
            and choice.words + other.words <= LONGEST_LIST
        ):  # fmt: skip
            yield replace(other, unit=replace(unit, start=lead.start))


def _unannounced(lead: Choice) -> Choice:
    """A long introduction without the sentence that announces the list, if it says more."""
    *_, (last, _) = found = sentences(lead.text)
    if len(found) == 1 or not lead.text.endswith(COLONS):
        return lead
    unit = replace(lead.unit, end=lead.unit.start + len(lead.text[:last].rstrip()))
    answers = lead.span is None or lead.span.end <= unit.end
    return replace(lead, unit=unit) if answers else lead


def _of_both(compared: tuple[str, str], choices: Sequence[Choice]) -> list[Choice]:
    """The best unit about each side, or one that is about both."""
    found: list[Choice] = []
    # Names alone say nothing about the things they name.
    telling = [choice for choice in choices if choice.unit.kind not in ("outline", "lead")]
    sides_named = frozenset([*stems(compared[0]), *stems(compared[1])])
    for side, other in (compared, compared[::-1]):

        def fit(choice: Choice, side: str = side, other: str = other) -> float:
            heading = choice.nearest_heading
            # A heading that names a side says which of the two its text is about.
            named = frozenset(stems(heading))
            about = named if named & sides_named else frozenset(stems(choice.text))
            return choice.value + _NAMED * _share(side, about) - _OTHER * _share(other, about)

        apart = [one for one in telling or choices if not any(_meet(one, had) for had in found)]
        if (found and _share(side, frozenset(stems(found[0].text))) == 1) or not apart:
            return found
        found.append(max(apart, key=fit))
    return found


def _share(name: str, stems_held: frozenset[str]) -> float:
    """The share of a name's words that are among those."""
    named = stems(name)
    return sum(stem in stems_held for stem in named) / len(named or "?")


def _in_its_section(question: str, best: Choice, choices: Sequence[Choice]) -> Choice:
    """The best unit of the document, or one below headings with more of the question's words."""
    asked = set(asked_stems(question))

    def named(choice: Choice) -> int:
        return len(asked.intersection(stems(" ".join(_path(choice)))))

    return max([best, *(one for one in choices if one.stretch is best.stretch)], key=named)


def _overview(question: str, best: Choice, choices: Sequence[Choice]) -> list[Choice]:
    """The beginning of the section about the topic, unit by unit.

    What a text begins with is a hard summary of it to beat (A. Nenkova: Automatic Text
    Summarization of Newswire, AAAI 2005), and needs no opinion about each sentence.
    """
    known = {(one.unit.start, one.unit.end): one for one in choices if one.stretch is best.stretch}
    topic = _topic(question, best)
    found: list[Choice] = []
    words = 0
    for unit in best.stretch.units:
        if unit.kind not in _SAID:
            continue
        choice = known.get((unit.start, unit.end)) or replace(
            best, unit=unit, span=None, best_span=False
        )
        if topic not in _path(choice) or _only_refers(choice) or _is_no_sentence(choice):
            continue
        if any(_meet(choice, one) for one in found):
            continue
        longest = LONGEST_LIST if unit.kind in LISTS and words < SHORT else LONGER
        if words + choice.words <= longest:
            found.append(choice)
            words += choice.words
    return found or [best]


def _topic(question: str, best: Choice) -> str:
    """The heading above the best unit, or the title, that says what the question is about.

    That is the lowest one with a word of the question that none above it has ("hotels" in the
    travel policy), or else the one that is most like the question.
    """
    asked = set(asked_stems(question))
    path = [(name, set(stems(_IN_BRACKETS.sub("", name)))) for name in _path(best)]
    open_ = asked - path[0][1]
    topic = ""
    for name, named in path[1:]:
        if named & open_:
            topic = name
            open_ -= named

    def likeness(one: tuple[str, set[str]]) -> float:
        return len(asked & one[1]) / (len(asked) + len(one[1]) or 1)

    return topic or max(reversed(path), key=likeness)[0]


def _path(choice: Choice) -> tuple[str, ...]:
    return (choice.stretch.passage.title, *choice.stretch.heading_path(choice.unit))


def _only_refers(choice: Choice) -> bool:
    """Whether a list only names what to read elsewhere: all its items are links."""
    unit, stretch = choice.unit, choice.stretch
    if unit.kind not in ("list", "item"):
        return False
    linked = sum(
        min(link.end, unit.end) - max(link.start, unit.body)
        for link in stretch.links
        if link.start < unit.end and unit.body < link.end
    )
    at = stretch.passage.start
    items = stretch.passage.text[unit.body - at : unit.end - at]
    return linked >= _REFERRING * sum(map(str.isalnum, items))


def _is_no_sentence(choice: Choice) -> bool:
    """Whether a paragraph is a mere name, such as a letterhead."""
    return choice.unit.kind == "paragraph" and not _SENTENCE_END.search(choice.text)


def _alike(one: Choice, other: Choice) -> bool:
    """Whether two units say the same of different things, as below the names of two machines."""
    first, second = set(stems(one.text)), set(stems(other.text))
    return len(first & second) >= _SAME_WORDS * len(first | second)


def _meet(one: Choice, other: Choice) -> bool:
    """Whether two units share text, or say the same."""
    if one.stretch is other.stretch:
        return one.unit.start < other.unit.end and other.unit.start < one.unit.end
    return " ".join(one.text.split()) == " ".join(other.text.split())
