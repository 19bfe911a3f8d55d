"""Which languages the documents are written in, by a sample of them.

py3langid tells it: 97 languages from character n-grams, a naive Bayes model of
4.5 MB that comes in the package, so that nothing is asked anywhere (M. Lui and
T. Baldwin: langid.py, ACL 2012). A stop-word list tells fewer languages apart,
and larger models are more than a warning needs.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.snapshot import Snapshot

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Letters: fewer say too little, more only take time.
_LEAST, _MOST = 60, 800
# Varieties of one language share what is left, as Mandarin does with Wu.
_SURE = 0.6
_SAMPLE = 300


def languages(snapshot: Snapshot) -> Counter[str]:
    """How many of the documents are in each language, by ISO 639-1 code, in an even sample.

    The middle of each is looked at, as titles and tables of contents are in no language.
    """
    entries = [entry for entry in snapshot.entries.values() if entry.passages]
    sampled = entries[:: max(1, len(entries) // _SAMPLE)]
    middles = [entry.passage_ids[entry.passages // 2] for entry in sampled]
    found = (language(passage.text) for passage in snapshot.passages(middles))
    return Counter(code for code in found if code is not None)


def language(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; None if it is too short or in doubt.

    Tables of numbers, lists of names and short notes are in doubt.
    """
    words = " ".join(word for word in text.split() if word.isalpha() or not word.isascii())[:_MOST]
    # A Chinese or Japanese character says as much as several letters.
    if len(words.encode()) < _LEAST:
        return None
    code, sure = _identifier().classify(words)
    return str(code) if sure >= _SURE else None


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
