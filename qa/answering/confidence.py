"""How surely the best unit answers, by the language of the question.

What is weighed for English (`qa.answering.units.choosing`) was fitted on questions in English, the
language that the encoder and the reader were made for. In other languages only words remain to go
by: how much of the question a unit and its headings hold, and how well its best sentence answers by
its words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qa.answering.units.choosing import Choice, sureness
from qa.reading import logistic
from qa.records import Span
from qa.text.asking import asked_in

# What counts in languages other than English, in the order of `evidence`. Fitted by
# tests/benchmarks/fitting/languages.py on German, Spanish, Russian and Chinese; weights fitted on
# three of these do as well for the fourth, so one table serves all. The constant lets through what
# Chinese needs and still refuses nine out of ten questions that nothing answers.
WEIGHTS = (3.73, 5.61, -2.81)


# That clause 2.2 is what was asked for is hardly in doubt; that it is the right document's may be.
_ASKED_FOR = 0.9


def confidence(question: str, choices: Sequence[Choice], spans: Sequence[Span]) -> float:
    """How surely the best of the choices answers, 0..1."""
    if choices and choices[0].asked_for:
        return _ASKED_FOR
    if asked_in(question) is None or not choices:
        return sureness(choices)
    logit = math.fsum(
        weight * value for weight, value in zip(WEIGHTS, evidence(choices, spans), strict=True)
    )
    return logistic(logit)


def evidence(choices: Sequence[Choice], spans: Sequence[Span]) -> tuple[float, ...]:
    """What the weights are for; the last one is the constant.

    The score of the best sentence, and the share of the question's weight that the best unit and
    its headings hold.
    """
    signals = choices[0].signals
    return spans[0].score if spans else 0.0, signals.coverage + signals.heading, 1.0
