"""A fast copy of the sentence encoder: its weights in ONNX, run by onnxruntime.

Importing torch and sentence-transformers takes several seconds, encoding a question a few
milliseconds. So when a model is first loaded the slow way, it is exported into a cache, and from
then on the copy is used, provided that it gives the same vectors for a sample. A missing, stale or
damaged cache is made again; a copy with other vectors is not used.

Where a text's vector is the mean of its tokens' states, the copy outputs these states, too: the
mean of some of them is the vector of a part of the text.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import message_of
from qa.places.regular_file import sha256_of, stamp_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding

Vectors = NDArray[np.float32]
# Where a part of a text starts and ends, in characters.
Range = tuple[int, int]

logger = logging.getLogger(__name__)

# Raised whenever the exported model changes, so that older caches are not used.
FORMAT = 2
LEAST_COSINE = 0.9999
# Small batches of texts with the same length: they stay in the processor's cache and need no
# padding. On two cores, 4 gave 1.4 times as many passages per second as 32.
BATCH = 4

_FILES = ("encoder.json", "encoder.onnx", "tokenizer.json")
# Encoders that stay open after the last of those that used them is gone.
_KEPT_OPEN = 2

# The outputs, and the least cosine of the mean of the states and a vector made from them.
_VECTORS, _STATES = "vectors", "states"
_SAME_COSINE = 0.99999
# The model's inputs, by the tokenizer's names for them.
_FIELDS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}

_SAMPLE = (
    "Where might the second summit be held?",
    "who?",
    "Error E-4012: the certificate of vpn-2.example.com expired on 2024-05-01.",
    "Die Reisekosten werden innerhalb von dreißig Tagen erstattet.",
    "会议在曼谷或河内举行。",
    "Expenses are claimed within thirty days of the journey. " * 6,
    "A passage longer than any encoder of this family can see is cut off at its limit. " * 40,
)


class OnnxEncoder:
    """The encoder of one cache folder, with the files `_FILES`; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}, not {FORMAT}")
        for name, made in about["digests"].items():
            if sha256_of(folder / name) != made:
                raise ValueError(f"{name} is not what was written")
        self.max_tokens: int = about["max_tokens"]
        self.dimension: int = about["dimension"]
        self._inputs: list[str] = about["inputs"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.max_tokens)
        self._tokenizer.enable_padding(pad_id=about["pad_id"], pad_token=about["pad_token"])
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Threads that wait by running in circles are in the way of what runs beside them.
        # As for torch; a worker of Ray has it from there, and one processor of several.
        threads = os.environ.get("OMP_NUM_THREADS", "")
        options.intra_op_num_threads = int(threads) if threads.isdecimal() else 0
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )

    @property
    def pools(self) -> bool:
        """Whether it outputs the states of a text's tokens."""
        return any(output.name == _STATES for output in self._session.get_outputs())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for batch in _batches(texts):
            _, (vectors[batch],) = self._run([texts[index] for index in batch], [_VECTORS])
        return vectors

    def pool(
        self, texts: Sequence[str], ranges: Sequence[Sequence[Range]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Unit vectors of `texts`, and of some ranges of each: the mean of their tokens' states.

        The vector of a range is zero if none of the tokens that the encoder sees starts in it.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        pooled: dict[int, Vectors] = {}
        for batch in _batches(texts):
            encodings, (vectors[batch], states) = self._run(
                [texts[index] for index in batch], [_VECTORS, _STATES]
            )
            for index, encoding, rows in zip(batch, encodings, states, strict=True):
                pooled[index] = _pooled(rows, encoding.offsets, ranges[index])
        return vectors, [pooled[index] for index in range(len(texts))]

    def _run(self, texts: list[str], outputs: list[str]) -> tuple[list[Encoding], list[Vectors]]:
        encodings = self._tokenizer.encode_batch(texts)
        feed = {
            name: np.array([getattr(item, _FIELDS[name]) for item in encodings], dtype=np.int64)
            for name in self._inputs
        }
        return encodings, self._session.run(outputs, feed)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The positions of texts in batches of about the same length."""
    longest_first = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    for at in range(0, len(texts), BATCH):
        yield longest_first[at : at + BATCH]


def _pooled(states: Vectors, offsets: Sequence[Range], ranges: Sequence[Range]) -> Vectors:
    """The means of the states of the tokens that start in each range, made unit length."""
    starts, ends = np.array(offsets).reshape(-1, 2).T
    real = ends > starts  # not the encoder's own marks
    first, last = np.array(ranges).reshape(-1, 2).T[:, :, None]
    inside = real & (starts >= first) & (starts < last)
    sums = inside.astype(np.float32) @ states
    pooled: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return pooled


def open_cached(folder: Path) -> OnnxEncoder | None:
    """The encoder in a cache folder; None if it is missing, stale or damaged, or was rejected.

    In a process it is opened once, however many use it.
    """
    if not (folder / "encoder.json").is_file() or refused(folder):
        return None
    try:
        stamp = stamp_of(*(folder / name for name in _FILES))
        return _opened(folder, os.environ.get("OMP_NUM_THREADS"), stamp, os.getpid())
    except Exception as error:  # the remedy for any problem with a cache is to make it again
        logger.info("The encoder's cache %s will be made again: %s", folder, error)
        shutil.rmtree(folder, ignore_errors=True)
        return None


@lru_cache(maxsize=_KEPT_OPEN)
def _opened(folder: Path, _threads: str | None, _stamp: object, _process: int) -> OnnxEncoder:
    """An encoder; of files that were replaced, the `_stamp` is another.

    The threads of a session do not come along into a process that was forked: it opens its own.
    """
    return OnnxEncoder(folder)


def refused(folder: Path) -> bool:
    """Whether a copy that the same packages made before could not be used."""
    try:
        about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        reason = about["refused"] if about["by"] == _packages() else ""
    except (OSError, ValueError, LookupError, TypeError):
        return False
    if reason:
        logger.info("No fast copy of this encoder: %s", reason)
    return bool(reason)


def export(model: SentenceTransformer, folder: Path) -> OnnxEncoder | None:
    """Write `model` into `folder` and open it; None if it cannot be exported or disagrees.

    The folder appears complete or not at all, so that two processes may do this at once.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as name:
            draft = Path(name) / "encoder"
            draft.mkdir()
            reason = _try(model, draft)
            if reason:
                logger.info("No fast copy of this encoder: %s", reason)
                shutil.rmtree(draft)
                draft.mkdir()
                about = json.dumps({"refused": reason, "by": _packages()})
                (draft / "encoder.json").write_text(about, encoding="utf-8")
            _put(draft, folder)
    except OSError as error:  # everything works without it
        logger.info("No fast copy of this encoder: it cannot be stored (%s)", error)
        return None
    return open_cached(folder)


def _try(model: SentenceTransformer, folder: Path) -> str:
    """Export a model, and return why its copy should not be used, or nothing."""
    try:
        _write(model, folder)
        cosine = least_cosine(model, OnnxEncoder(folder))
    except OSError:
        raise
    except Exception as error:  # an architecture that the exporter cannot follow
        return message_of(error)
    return "" if cosine >= LEAST_COSINE else f"its vectors differ (cosine {cosine:.5f})"


def _put(draft: Path, folder: Path) -> None:
    try:
        draft.replace(folder)
    except OSError:
        if open_cached(folder) is None:  # not if another process was first
            shutil.rmtree(folder, ignore_errors=True)
            draft.replace(folder)


def _packages() -> str:
    names = ("torch", "onnx", "onnxruntime", "sentence-transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


def least_cosine(model: SentenceTransformer, encoder: OnnxEncoder) -> float:
    """The smallest cosine, over a sample of texts, between the two encoders' vectors."""
    expected = model.encode(list(_SAMPLE), normalize_embeddings=True, show_progress_bar=False)
    return float((np.asarray(expected) * encoder.encode(_SAMPLE)).sum(axis=1).min())


def _write(model: SentenceTransformer, folder: Path) -> None:
    import torch

    tokenizer: Any = model.tokenizer
    example = dict(model.preprocess(["an example", "of two texts, one of them longer"]))
    inputs = [name for name in _FIELDS if name in example]
    outputs = [_VECTORS, _STATES] if _is_mean(model, example) else [_VECTORS]

    class Pipeline(torch.nn.Module):
        """All modules of the model, including pooling and normalization."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
            features: dict[str, Any] = dict(zip(inputs, tensors, strict=True))
            features = self.model(features)
            vectors = torch.nn.functional.normalize(features["sentence_embedding"], dim=1)
            return (vectors, features["token_embeddings"])[: len(outputs)]

    axes = {name: {0: "batch", 1: "length"} for name in [*inputs, *outputs[1:]]}
    with _quiet(), torch.inference_mode():
        torch.onnx.export(
            Pipeline().eval(),
            tuple(example[name] for name in inputs),
            str(folder / "encoder.onnx"),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            dynamo=False,  # the newer exporter takes four times as long and needs onnxscript
        )
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "format": FORMAT,
        "digests": {name: sha256_of(folder / name) for name in ("encoder.onnx", "tokenizer.json")},
        "inputs": inputs,
        "max_tokens": int(model.get_max_seq_length() or tokenizer.model_max_length),
        "dimension": int(model.get_embedding_dimension() or 0),
        "pad_id": tokenizer.pad_token_id,
        "pad_token": tokenizer.pad_token,
    }
    (folder / "encoder.json").write_text(json.dumps(about), encoding="utf-8")


def _is_mean(model: SentenceTransformer, example: dict[str, Any]) -> bool:
    """Whether the vectors are the means of the tokens' states, with nothing applied after that."""
    import torch

    with torch.inference_mode():
        features: dict[str, Any] = model.eval()(dict(example))
    vectors, states = features["sentence_embedding"], features.get("token_embeddings")
    if states is None or states.shape[-1] != vectors.shape[-1]:
        return False
    sums = (states * features["attention_mask"].unsqueeze(-1)).sum(dim=1)
    return bool(torch.nn.functional.cosine_similarity(sums, vectors).min() > _SAME_COSINE)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The exporter warns about itself, and about shapes that are right for all our inputs, which
    # `least_cosine` then verifies.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
