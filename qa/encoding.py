"""A fast copy of the sentence encoder: its weights in ONNX, run by onnxruntime.

Importing torch and sentence-transformers takes several seconds, encoding a
question a few milliseconds. So the first time that a model is loaded the slow
way, it is exported into a cache, and used from there ever after if, on a
sample, it gives the same vectors. A cache that is missing, stale or damaged
is made again; one that disagrees is not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

logger = logging.getLogger(__name__)

# Raised whenever what is exported changes, so that older caches are left alone.
FORMAT = 1
LEAST_COSINE = 0.9999
# Short batches of passages of one length: they stay in the processor's cache and need no padding.
# Measured on two cores, 4 gave 1.4 times the passages per second of 32.
BATCH = 4

# The model's inputs, and what the tokenizer calls them.
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
    """The encoder of one cache folder: `encoder.onnx`, `tokenizer.json`, `encoder.json`."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}, not {FORMAT}")
        for name, digest in about["digests"].items():
            if _digest(folder / name) != digest:
                raise ValueError(f"{name} is not what was written")
        self.max_tokens: int = about["max_tokens"]
        self.dimension: int = about["dimension"]
        self._inputs: list[str] = about["inputs"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.max_tokens)
        self._tokenizer.enable_padding(pad_id=about["pad_id"], pad_token=about["pad_token"])
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimension)."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        longest_first = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        for at in range(0, len(texts), BATCH):
            batch = longest_first[at : at + BATCH]
            vectors[batch] = self._run([texts[index] for index in batch])
        return vectors

    def _run(self, texts: list[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(texts)
        feed = {
            name: np.array([getattr(item, _FIELDS[name]) for item in encodings], dtype=np.int64)
            for name in self._inputs
        }
        vectors: Vectors = self._session.run(None, feed)[0]
        return vectors


def open_cached(folder: Path) -> OnnxEncoder | None:
    """The encoder of a cache folder; None if it is missing, stale, damaged or was refused."""
    if not (folder / "encoder.json").is_file() or refused(folder):
        return None
    try:
        return OnnxEncoder(folder)
    except Exception as error:  # whatever is wrong with a cache, the cure is to make it again
        logger.info("The encoder's cache %s is made again: %s", folder, error)
        shutil.rmtree(folder, ignore_errors=True)
        return None


def refused(folder: Path) -> bool:
    """Whether a copy was made before, by the same packages, and could not be used."""
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

    The folder appears whole or not at all, so that two processes may do it at once.
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
    except OSError as error:  # all works without it
        logger.info("No fast copy of this encoder: it cannot be kept (%s)", error)
        return None
    return open_cached(folder)


def _try(model: SentenceTransformer, folder: Path) -> str:
    """Export a model; why its copy is not to be used, or nothing."""
    try:
        _write(model, folder)
        cosine = least_cosine(model, OnnxEncoder(folder))
    except OSError:
        raise
    except Exception as error:  # an architecture that the exporter cannot follow
        return " ".join(str(error).split())[:200] or type(error).__name__
    return "" if cosine >= LEAST_COSINE else f"its vectors differ (cosine {cosine:.5f})"


def _put(draft: Path, folder: Path) -> None:
    try:
        draft.replace(folder)
    except OSError:
        if open_cached(folder) is None:  # not what another process was first to write
            shutil.rmtree(folder, ignore_errors=True)
            draft.replace(folder)


def _packages() -> str:
    names = ("torch", "onnx", "onnxruntime", "sentence-transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def least_cosine(model: SentenceTransformer, encoder: OnnxEncoder) -> float:
    """The smallest cosine, over a sample of texts, between the two encoders' vectors."""
    expected = model.encode(list(_SAMPLE), normalize_embeddings=True, show_progress_bar=False)
    return float((np.asarray(expected) * encoder.encode(_SAMPLE)).sum(axis=1).min())


def _write(model: SentenceTransformer, folder: Path) -> None:
    import torch

    tokenizer: Any = model.tokenizer
    example = dict(model.preprocess(["an example", "of two texts"]))
    inputs = [name for name in _FIELDS if name in example]

    class Pipeline(torch.nn.Module):
        """All the modules of the model, pooling and normalising included."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = dict(zip(inputs, tensors, strict=True))
            vectors: torch.Tensor = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1)

    with _quiet(), torch.inference_mode():
        torch.onnx.export(
            Pipeline().eval(),
            tuple(example[name] for name in inputs),
            str(folder / "encoder.onnx"),
            input_names=inputs,
            output_names=["vectors"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in inputs},
            dynamo=False,  # the newer exporter takes four times as long and needs onnxscript
        )
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "format": FORMAT,
        "digests": {name: _digest(folder / name) for name in ("encoder.onnx", "tokenizer.json")},
        "inputs": inputs,
        "max_tokens": int(model.get_max_seq_length() or tokenizer.model_max_length),
        "dimension": int(model.get_embedding_dimension() or 0),
        "pad_id": tokenizer.pad_token_id,
        "pad_token": tokenizer.pad_token,
    }
    (folder / "encoder.json").write_text(json.dumps(about), encoding="utf-8")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The exporter warns about itself and about shapes that are right for every input here,
    # which `least_cosine` then proves.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
