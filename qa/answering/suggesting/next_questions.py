"""From an answer to questions that its documents answer too, made of the headings near it."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from qa.answering.suggesting.suggestions import Check, asked_by, section
from qa.index import Searchable, Stretch, document_of
from qa.records import Answer, Heading
from qa.text.sentences import Range
from qa.text.terms import stems

# The surroundings of this many passages are looked at: this many passages before and after each.
_PASSAGES = 3
_AROUND = (4, 8)
# This many questions are tried for each one that is wanted.
_TRIED = 3


def related(
    snapshot: Searchable,
    answer: Answer,
    asked: Sequence[str],
    limit: int,
    check: Check,
    seconds: float,
) -> list[str]:
    """At most `limit` questions, those of the nearest headings first; none of those `asked`.

    Each one was tried and is answered below its heading. None is tried after this many seconds.
    """
    until = time.monotonic() + seconds
    near = [id for id in _near(answer) if document_of(id) in snapshot.entries]
    stretches = snapshot.around(near, *_AROUND) if near else []
    found: list[str] = []
    made = _made(stretches, answer, [*asked, answer.question, answer.asked])
    for question, document_id, place in islice(made, _TRIED * limit):
        if len(found) == limit or time.monotonic() > until:
            break
        if check(question, document_id, place):
            found.append(question)
    return found


def _near(answer: Answer) -> list[str]:
    """The passages that an answer quotes, else those that came closest."""
    found = [citation.passage_id for citation in answer.citations] or [
        hit.passage.id for hit in answer.hits
    ]
    return list(dict.fromkeys(found))[:_PASSAGES]


def _made(
    stretches: Sequence[Stretch], answer: Answer, asked: Sequence[str]
) -> Iterator[tuple[str, str, Range]]:
    """The questions of the headings, with the document of each and the section that should answer
    it.
    """
    known = {frozenset(stems(one)) for one in asked}
    for stretch, heading in _headings(stretches, answer):
        question = asked_by(heading.text)
        words = frozenset(stems(question or ""))
        if question and words and words not in known:
            known.add(words)
            place = section(stretch.headings, heading, stretch.passage.end)
            yield question, stretch.passage.document_id, place


def _headings(stretches: Sequence[Stretch], answer: Answer) -> Iterator[tuple[Stretch, Heading]]:
    """The headings within the stretches, those nearest to the quote first.

    The one directly above a quote asks what was just answered.
    """
    for stretch in stretches:
        passage = stretch.passage
        quoted = [one.start for one in answer.citations if one.source == passage.source]
        at = quoted[0] if quoted else passage.start
        starts = [heading.start for heading in stretch.headings]
        told = {bisect_right(starts, place) - 1 for place in quoted}
        within = [
            heading
            for place, heading in enumerate(stretch.headings)
            if passage.start <= heading.start < passage.end and place not in told
        ]
        for heading in sorted(within, key=lambda one: abs(one.start - at)):
            yield stretch, heading
