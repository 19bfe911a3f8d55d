"""The trained reader's model: a question and texts -> logits of where an answer starts and ends.

A cross-encoder of six layers (see `qa/reader/MODEL_CARD.md`), in ONNX and run by onnxruntime:
it needs no torch. Its products of matrices are computed in 8 bits, more than twice as fast as in
32.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelUnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Logits = NDArray[np.float32]

PACKAGED = Path(__file__).resolve().parent / "reader"
MODEL_FILE, TOKENIZER_FILE, ABOUT_FILE = "reader.onnx", "tokenizer.json", "reader.json"
# Raised whenever the inputs and outputs of the model change.
FORMAT = 1

LONGEST_QUESTION = 64  # tokens; the rest of a longer one is not read
LONGEST_ANSWER = 30  # tokens
_CACHED_TEXTS = 2048


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in tokens: their ids, and the characters that each covers, shape (tokens, 2)."""

    ids: tuple[int, ...]
    offsets: NDArray[np.int64]

    def between(self, first: int, last: int) -> Tokens:
        """The tokens from one up to another, their characters counted as before."""
        return Tokens(self.ids[first:last], self.offsets[first:last])


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model says of some tokens: logits of start and end, of neither, and of an answer.

    `start` and `end` have shape (tokens,). `nothing` is the logit of a span that stands for "not
    in here"; `answer` that of the model's second opinion, whether there is an answer at all.
    """

    tokens: Tokens
    start: Logits
    end: Logits
    nothing: float
    answer: float

    def best(self, begin: int, stop: int) -> tuple[int, int, float] | None:
        """The best span between two characters: its characters, and its logit above `nothing`.

        None if no token lies between them.
        """
        offsets = self.tokens.offsets
        inside = np.flatnonzero((offsets[:, 0] >= begin) & (offsets[:, 1] <= stop))
        if not len(inside):
            return None
        sums = self.start[inside, None] + self.end[None, inside]
        backwards = np.tri(len(inside), k=-1, dtype=bool)
        too_long = ~np.tri(len(inside), k=LONGEST_ANSWER - 1, dtype=bool)
        sums = np.where(backwards | too_long, -np.inf, sums)
        first, last = np.unravel_index(int(sums.argmax()), sums.shape)
        start, end = offsets[inside[first], 0], offsets[inside[last], 1]
        return int(start), int(end), float(sums[first, last]) - self.nothing


class SpanModel:
    """The model of one folder; opened when first used, safe to share between threads.

    Raises:
        ModelUnavailableError: the folder holds no reader, or one that cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = self._about()
        self.max_tokens: int = about["max_tokens"]
        self.name: str = about["name"]
        self._digest: str = about["sha256"]
        self._lock = threading.Lock()
        self._opened: InferenceSession | None = None
        self._tokenizer: Any = None
        self._tokens = lru_cache(maxsize=_CACHED_TEXTS)(self._encode)

    def tokens(self, text: str) -> Tokens:
        """A text in the model's tokens, without marks."""
        return self._tokens(text)

    def read(self, question: str, texts: Sequence[Tokens]) -> list[Reading]:
        """What the model says of each text, as an answer to the question."""
        asked = self.tokens(question).ids[:LONGEST_QUESTION]
        self._open()
        return [self._read(asked, text) for text in texts]

    def _read(self, asked: tuple[int, ...], text: Tokens) -> Reading:
        # One text at a time: the scale of the 8 bits is drawn from all that is computed together,
        # and what is said of a text must not depend on its company.
        lead, length = len(asked) + 2, len(text.ids)
        ids = np.array([[self._cls, *asked, self._sep, *text.ids, self._sep]], dtype=np.int64)
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
        start, end, answer = self._session.run(None, feed)
        return Reading(
            text,
            start[0, lead : lead + length],
            end[0, lead : lead + length],
            float(start[0, 0] + end[0, 0]),
            float(answer[0]),
        )

    @property
    def _session(self) -> InferenceSession:
        assert self._opened is not None
        return self._opened

    def _encode(self, text: str) -> Tokens:
        self._open()
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        return Tokens(tuple(encoding.ids), offsets)

    def _about(self) -> dict[str, Any]:
        try:
            about: dict[str, Any] = json.loads(
                (self.folder / ABOUT_FILE).read_text(encoding="utf-8")
            )
            fits = about["format"] == FORMAT
        except (OSError, ValueError, LookupError) as error:
            raise ModelUnavailableError(
                f"{self.folder} holds no reader that can be opened: {error}. "
                "Name a folder that the training program exported to, or leave the setting out."
            ) from error
        if not fits:
            raise ModelUnavailableError(
                f"The reader in {self.folder} has format {about['format']}; this version reads "
                f"format {FORMAT}. Export it again."
            )
        return about

    def _open(self) -> None:
        with self._lock:
            if self._opened is not None:
                return
            import onnxruntime
            from tokenizers import Tokenizer

            file = self.folder / MODEL_FILE
            try:
                with file.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                if digest != self._digest:
                    raise ValueError("it is not the file that was exported")
                options = onnxruntime.SessionOptions()
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(
                    str(file), options, providers=["CPUExecutionProvider"]
                )
                tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER_FILE))
                self._cls, self._sep = _mark(tokenizer, "[CLS]"), _mark(tokenizer, "[SEP]")
            except Exception as error:  # onnxruntime and tokenizers raise what they like
                raise ModelUnavailableError(
                    f"The reader {file} cannot be opened: {error}. Install footnote-qa again, "
                    "or name another folder with the setting reader."
                ) from error
            tokenizer.no_truncation()
            tokenizer.no_padding()
            self._tokenizer = tokenizer
            self._opened = session


def _mark(tokenizer: Tokenizer, name: str) -> int:
    id = tokenizer.token_to_id(name)
    if id is None:
        raise ValueError(f"its tokenizer has no {name}")
    return int(id)
