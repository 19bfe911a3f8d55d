"""Whether passages bear out what a sentence claims."""

from __future__ import annotations

from qa.checking.claims import LIGHT, Strictness, details, stems_of
from qa.checking.entailment import Entailment, packaged
from qa.checking.support import Evidence, Support

__all__ = [
    "LIGHT",
    "Entailment",
    "Evidence",
    "Strictness",
    "Support",
    "details",
    "packaged",
    "stems_of",
]  # fmt: skip
