"""A trained reader -> ONNX in full, half and 8-bit precision, each compared with torch.

What is written needs onnxruntime and tokenizers to read, and no torch.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from training.batches import Batch, Windows
from training.examples import Example
from training.model import TOKENIZER_FILE, ReaderModel, open_tokenizer
from training.reading import Logits, Reads, held_back_scores, predict, with_torch

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "allowed")
OUTPUTS = ("start", "end", "answer")
FULL, HALF, SMALL = "reader.onnx", "reader-fp16.onnx", "reader-int8.onnx"
_SAMPLE = (
    ("Who found it?", "The comet was found by Caroline Herschel in 1786."),
    ("When?", "It was seen again the year after."),
)


def export(
    model: ReaderModel, folder: Path, out: Path, held_back: tuple[Sequence[Example], Windows],
    settings: dict[str, object],
) -> dict[str, Any]:  # fmt: skip
    """Write all three with the tokenizer and `reader.json`; sizes, differences and scores."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(folder)
    write_onnx(model.eval(), tokenizer, out / FULL)
    _halve(out / FULL, out / HALF)
    _shrink(out / FULL, out / SMALL)
    shutil.copyfile(folder / TOKENIZER_FILE, out / TOKENIZER_FILE)
    examples, windows = held_back
    expected = predict(examples, windows, with_torch(model))
    files: dict[str, Any] = {}
    for name in (FULL, HALF, SMALL):
        said = predict(examples, windows, with_onnx(out / name))
        same = [one.text == other.text for one, other in zip(said, expected, strict=True)]
        apart = [abs(a.answerable - b.answerable) for a, b in zip(said, expected, strict=True)]
        scores, against_retrieved = held_back_scores(examples, said)
        files[name] = {
            "megabytes": round((out / name).stat().st_size / 1e6, 2),
            "same_text": round(float(np.mean(same)), 4),
            "largest_difference": round(float(np.max(apart)), 4),
            **scores.as_dict(),
            "auroc_retrieved": round(against_retrieved, 4),
        }
    about = {"inputs": INPUTS, "outputs": OUTPUTS, **settings, "files": files}
    (out / "reader.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    return about


def write_onnx(model: ReaderModel, tokenizer: Tokenizer, file: Path) -> None:
    """Export in full precision; windows and tokens of any number."""
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(list(_SAMPLE))
    tokenizer.no_padding()
    ids, mask, types = (
        torch.tensor([getattr(encoding, name) for encoding in encodings])
        for name in ("ids", "attention_mask", "type_ids")
    )
    axes = {name: {0: "windows", 1: "tokens"} for name in (*INPUTS, "start", "end")}
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter warns of itself, and of shapes that the comparison proves right.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, mask, types, types.bool()),
            str(file),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={**axes, "answer": {0: "windows"}},
            opset_version=17,
            dynamo=False,
        )


def with_onnx(file: Path) -> Reads:
    """How a file reads a batch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def reads(batch: Batch) -> Logits:
        tensors = (batch.ids, batch.mask, batch.types, batch.allowed)
        feed = {name: tensor.numpy() for name, tensor in zip(INPUTS, tensors, strict=True)}
        start, end, answer = session.run(None, feed)
        return start, end, answer

    return reads


def _halve(full: Path, half: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of weights too small for it, which become zero
        onnx.save(convert_float_to_float16(onnx.load(str(full)), keep_io_types=True), str(half))


def _shrink(full: Path, small: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Seven bits: without the newest instructions, sums of products of eight overflow.
    quantize_dynamic(
        full, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )  # fmt: skip
