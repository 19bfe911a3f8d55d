"""A model that reads two texts together: a folder of weights, tokens, and a session of onnxruntime.

This is what the models of the package have in common (`qa.reading.span_model`,
`qa.checking.entailment`): six layers in ONNX, which need no torch; products of matrices in 8 bits,
more than twice as fast as in 32; opened when first used, once in a process however many use them;
safe to share between threads.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelUnavailableError
from qa.places.regular_file import sha256_of, stamp_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Array = NDArray[np.float32]

TOKENIZER_FILE = "tokenizer.json"
_CACHED_TEXTS = 2048
# Models that stay open after the last of those that used them is gone: few programs have more.
_KEPT_OPEN = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in tokens: their ids, and the characters that each covers, shape (tokens, 2)."""

    ids: tuple[int, ...]
    offsets: NDArray[np.int64]

    def between(self, first: int, last: int) -> Tokens:
        """The tokens from one up to another, their characters counted as before."""
        return Tokens(self.ids[first:last], self.offsets[first:last])

    def followed_by(self, other: Tokens) -> Tokens:
        """These tokens followed by the others."""
        return Tokens(self.ids + other.ids, np.concatenate([self.offsets, other.offsets]))


@dataclass(frozen=True, slots=True)
class Kind:
    """The sort of model that a folder holds: its name, its files, and its format.

    The format is raised whenever the inputs or outputs of the model change.
    """

    name: str
    model_file: str
    about_file: str
    format: int
    advice: str  # what to do where it cannot be used


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """What is read from a model's files."""

    session: InferenceSession
    tokenizer: Tokenizer
    cls: int
    sep: int


class CrossEncoder:
    """The model of one folder.

    Raises:
        ModelUnavailableError: the folder holds no such model, or one that cannot be used.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.folder, self.kind = folder, kind
        self.about = self._about()
        self.max_tokens: int = self.about["max_tokens"]
        self.name: str = self.about["name"]
        self._digest: str = self.about["sha256"]
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def tokens(self, text: str) -> Tokens:
        """A text in the model's tokens, without special tokens; the latest ones are kept."""
        return _encoded(self._open(), text)

    def encoded(self, text: str) -> Tokens:
        """A text in the model's tokens, without special tokens, and not kept."""
        return _encode(self._open(), text)

    def run(
        self, first: Sequence[int], second: Sequence[int], outputs: Sequence[str]
    ) -> list[Array]:
        """The model's output for two texts; the second begins at `len(first) + 2`.

        One pair at a time: the scale of the 8 bits is taken from everything that is computed
        together, and what is said about a text must not depend on its company.
        """
        opened = self._open()
        lead = len(first) + 2
        ids = np.array([[opened.cls, *first, opened.sep, *second, opened.sep]], dtype=np.int64)
        types = np.zeros_like(ids)
        types[:, lead:] = 1
        allowed = types.astype(bool)
        allowed[:, 0], allowed[:, -1] = True, False
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": types,
            "allowed": allowed,
        }
        found: list[Array] = opened.session.run(list(outputs), feed)
        return found

    def run_each(
        self, first: Sequence[int], seconds: Sequence[Sequence[int]], outputs: Sequence[str]
    ) -> list[list[Array]]:
        """What `run` gives for one text with each of several others, some at the same time."""
        return list(
            _threads(os.getpid()).map(lambda second: self.run(first, second, outputs), seconds)
        )

    def _about(self) -> dict[str, Any]:
        try:
            about: dict[str, Any] = json.loads(
                (self.folder / self.kind.about_file).read_text(encoding="utf-8")
            )
            fits = about["format"] == self.kind.format
        except (OSError, ValueError, LookupError) as error:
            raise ModelUnavailableError(
                f"{self.folder} holds no {self.kind.name} that can be opened: {error}. "
                "Name a folder that the training program exported to, or leave the setting out."
            ) from error
        if not fits:
            raise ModelUnavailableError(
                f"The {self.kind.name} in {self.folder} has format {about['format']}; this version "
                f"reads format {self.kind.format}. Export it again."
            )
        return about

    def _open(self) -> _Opened:
        with self._lock:
            if self._opened is None:
                file, tokenizer = self.folder / self.kind.model_file, self.folder / TOKENIZER_FILE
                try:
                    stamp = stamp_of(file, tokenizer)
                    self._opened = _opened(file, tokenizer, self._digest, stamp, os.getpid())
                except Exception as error:  # onnxruntime and tokenizers raise what they like
                    raise ModelUnavailableError(
                        f"The {self.kind.name} {file} cannot be opened: {error}. {self.kind.advice}"
                    ) from error
            return self._opened


@lru_cache(maxsize=_KEPT_OPEN)
def _opened(file: Path, tokens: Path, digest: str, _stamp: object, _process: int) -> _Opened:
    """A model; of files that were replaced, the `_stamp` is another.

    The threads of a session do not come along into a process that was forked: it opens its own.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    if sha256_of(file) != digest:
        raise ValueError("it is not the file that was exported")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait by running in circles are in the way of what runs beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(tokens))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return _Opened(session, tokenizer, _mark(tokenizer, "[CLS]"), _mark(tokenizer, "[SEP]"))


def _encode(opened: _Opened, text: str) -> Tokens:
    encoding = opened.tokenizer.encode(text, add_special_tokens=False)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    return Tokens(tuple(encoding.ids), offsets)


_encoded = lru_cache(maxsize=_CACHED_TEXTS)(_encode)


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """The threads of a process on which texts are read side by side, shared by all questions."""
    return ThreadPoolExecutor(os.cpu_count() or 1, "footnote reading")


def _mark(tokenizer: Tokenizer, name: str) -> int:
    id = tokenizer.token_to_id(name)
    if id is None:
        raise ValueError(f"its tokenizer has no {name}")
    return int(id)
