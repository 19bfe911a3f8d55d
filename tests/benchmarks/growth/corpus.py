"""A folder of any number of made-up documents, and its index; only the encoder is not real.

Words are as frequent as in English, each document has a subject, with words of its own, and says
one thing that no other does, for which there is a question.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
from tokenizers import Tokenizer

import qa
from qa.models.embedders import Embedder
from qa.models.fast_encoder import Vectors
from tests.wrapped_embedder import Wrapped

PASSAGES = 20
"""About so many passages come of a document."""
_WORDS = 60_000
# Of a rank beyond the first few, a word is as frequent as 1 / (rank + this): Zipf, Mandelbrot.
_SHIFT = 2.7
_SUBJECT_WORDS = 150
_SUBJECT_SHARE = 0.25
_FIRST, _SECOND = "Bo Da Fi Ga Hu Ka Lo Mi Na Po Ra Su Ta Ve Wi Zo".split(), "bdfgklmnprstvz"
_DIMENSION, _ROWS = 384, 1 << 14
_TELLING = re.compile(r"[a-z]{5,}")


class Generated(Wrapped):
    """Unit vectors made of the words', so that texts with words in common are near each other.

    A question is encoded by the real encoder as well, for the time that it takes.
    """

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self._of_words = np.random.default_rng(0).standard_normal((_ROWS, _DIMENSION), "f4")

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), _DIMENSION), "f4")
        for row, text in enumerate(texts):
            words = [zlib.crc32(word.encode()) % _ROWS for word in _TELLING.findall(text.lower())]
            vectors[row] = self._of_words[words or [0]].sum(axis=0)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "f4")

    def embed_query(self, text: str) -> list[float]:
        self.inner.embed_query(text)
        return super().embed_query(text)


def opened(index: Path) -> qa.Assistant:
    """An Assistant on an index of generated vectors; in all else it is as any other."""
    assistant = qa.Assistant(index=index)
    generated = Generated(assistant.embedder)
    assistant.embedder = assistant.retrieval.embedder = generated
    assistant._preparing.embedder = generated
    return assistant


class Texts:
    """The documents by number, each always the same."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokens = tokenizer.get_vocab()
        ranked = sorted(tokens, key=tokens.__getitem__)  # the commonest come first
        whole = [one for one in ranked if _is_plain(one) and len(one) > 1]
        endings = [one[2:] for one in ranked if one.startswith("##") and _is_plain(one[2:])]
        chance = Random(0)
        rarer = (chance.choice(whole) + chance.choice(endings) for _ in range(_WORDS - len(whole)))
        self._words = np.asarray([*whole, *rarer])
        shares = 1 / (np.arange(len(self._words)) + 1 + _SHIFT)
        self._until = np.cumsum(shares / shares.sum())

    def document(self, number: int) -> str:
        """The Markdown of a document, of some twenty passages."""
        chance = np.random.default_rng(number)
        subject = chance.integers(100, len(self._words), _SUBJECT_WORDS)
        parts = [f"# {self._phrase(chance, subject)}"]
        said = int(chance.integers(PASSAGES))
        for section in range(PASSAGES):
            parts.append(f"## {self._phrase(chance, subject)}")
            paragraphs = [self._paragraph(chance, subject) for _ in range(2)]
            if section == said:
                paragraphs[1] += f" {fact(number)[0]}"
            parts.extend(paragraphs)
        return "\n\n".join(parts) + "\n"

    def _phrase(self, chance: np.random.Generator, subject: np.ndarray) -> str:
        return " ".join(self._words[chance.choice(subject, 3)]).capitalize()

    def _paragraph(self, chance: np.random.Generator, subject: np.ndarray) -> str:
        sentences = []
        for length in chance.integers(8, 22, 4):
            ranks = np.searchsorted(self._until, chance.random(length), "right")
            own = chance.random(length) < _SUBJECT_SHARE
            ranks[own] = chance.choice(subject, int(own.sum()))
            words = self._words[np.minimum(ranks, len(self._words) - 1)]
            sentences.append(" ".join(words).capitalize() + ".")
        return " ".join(sentences)


def fact(number: int) -> tuple[str, str]:
    """What a document says that no other does, and a question that asks for it."""
    name, rest = "", number
    for place in range(4):
        rest, at = divmod(rest, len(_FIRST))
        part = _FIRST[at]
        name += part if not place else part.lower()
    name += _SECOND[number % len(_SECOND)]
    price = 10 + number * 7919 % 990
    return f"A night in {name} costs {price} crowns.", f"How much does a night in {name} cost?"


def source(number: int) -> str:
    """The source of a document; half of them are below `docs/a`, a twentieth below `docs/a/0`."""
    return f"docs/{'ab'[number % 2]}/{number // 2 % 10}/{number}.md"


def made(place: Path, passages: int, told: Callable[[qa.Progress], None]) -> None:
    """Write the documents of about so many passages in a folder, and sync them into an index.

    What is there already is kept; if it is interrupted, the next call goes on with it.
    """
    with opened(place / "index") as assistant:
        texts = Texts(assistant.embedder.tokenizer)
        for number in range(max(1, passages // PASSAGES)):
            file = place / source(number)
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                half = file.with_suffix(".part")
                half.write_text(texts.document(number), encoding="utf-8")
                half.replace(file)
        assistant.sync([place / "docs"], progress=told)


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha()
