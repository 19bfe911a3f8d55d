"""Lists of words, from the data files beside this module, one for each language."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def words_of(language: str) -> dict[str, Any]:
    """The tables in the file of a language, by name."""
    file = Path(__file__).with_name(f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


WORDS: dict[str, Any] = words_of("english")
"""The English tables."""
