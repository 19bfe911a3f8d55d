"""Questions with known answers -> figures on how well they were answered."""

from __future__ import annotations

from qa.evaluation.evaluation import Evaluation, asked, evaluate, need_ranking_measures, settings_of
from qa.evaluation.measures import MEASURES, Measure, Unit
from qa.evaluation.plot import draw, need_matplotlib
from qa.evaluation.sets import EvaluationSet, Expected, every, read_set
from qa.evaluation.significance import Change, Comparison, compare, need_statistics

__all__ = [
    "MEASURES", "Change", "Comparison", "Evaluation", "EvaluationSet", "Expected", "Measure",
    "Unit", "asked", "compare", "draw", "evaluate", "every", "need_matplotlib",
    "need_ranking_measures", "need_statistics", "read_set", "settings_of",
]  # fmt: skip
