"""Whether passages bear out what a sentence claims."""

from __future__ import annotations

from qa.checking.cases import Cases, Count, cases_of, count_of, without
from qa.checking.claims import LIGHT, Strictness, details, near, stems_of
from qa.checking.entailment import Entailment, packaged
from qa.checking.negation import denies, says_no
from qa.checking.support import Evidence, Support

__all__ = [
    "LIGHT",
    "Cases",
    "Count",
    "Entailment",
    "Evidence",
    "Strictness",
    "Support",
    "cases_of",
    "count_of",
    "denies",
    "details",
    "near",
    "packaged",
    "says_no",
    "stems_of",
    "without",
]  # fmt: skip
