"""What every embedder has in common that stands for another one in a test."""

from __future__ import annotations

from tokenizers import Tokenizer

from qa.models.embedders import Embedder


class Wrapped(Embedder):
    """Goes by the name of another embedder, and takes texts apart as that one does."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner.name, inner.fingerprint)
        self.inner = inner

    @property
    def max_tokens(self) -> int:
        return self.inner.max_tokens

    @property
    def tokenizer(self) -> Tokenizer:
        return self.inner.tokenizer
