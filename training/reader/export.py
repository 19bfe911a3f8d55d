"""A trained reader -> ONNX, in full and computed with in 8 bits, each compared with torch.

What is written is what `qa.reading.span_model` opens; it needs onnxruntime and tokenizers, and
no torch.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer

from qa.reading.span_model import ABOUT_FILE, FORMAT, MODEL_FILE
from training.examples import Example
from training.reader.batches import Batch, Windows
from training.reader.model import TOKENIZER_FILE, ReaderModel, open_tokenizer
from training.reader.reading import Logits, Reads, held_back_scores, predict, with_torch
from training.reader.scores import Prediction

if TYPE_CHECKING:
    from onnx import ModelProto

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "allowed")
OUTPUTS = ("start", "end", "answer")
_LEAST_SHRUNK = 1024  # values of a matrix
_PLACES = "/places/MatMul"
_SAMPLE = (
    ("Who found it?", "The comet was found by Caroline Herschel in 1786."),
    ("When?", "It was seen again the year after."),
)


def export(
    model: ReaderModel, folder: Path, out: Path, held_back: tuple[Sequence[Example], Windows],
    settings: dict[str, object],
) -> dict[str, Any]:  # fmt: skip
    """Write the reader with its tokenizer and `reader.json`; its size, differences and scores."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(folder)
    shutil.copyfile(folder / TOKENIZER_FILE, out / TOKENIZER_FILE)
    examples, windows = held_back
    expected = predict(examples, windows, with_torch(model))
    with tempfile.TemporaryDirectory() as draft:
        full = Path(draft) / MODEL_FILE
        write_onnx(model.eval(), tokenizer, full)
        compared = {"32 bits": _compared(full, held_back, expected)}
        shrink(full, out / MODEL_FILE, model)
    compared["8 bits"] = _compared(out / MODEL_FILE, held_back, expected)
    digest = hashlib.sha256((out / MODEL_FILE).read_bytes()).hexdigest()
    about = {"format": FORMAT, "sha256": digest, **settings, "scores": compared}
    (out / ABOUT_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return about


def _compared(
    file: Path, held_back: tuple[Sequence[Example], Windows], expected: Sequence[Prediction]
) -> dict[str, Any]:
    examples, windows = held_back
    said = predict(examples, windows, with_onnx(file), alone=True)
    same = [one.text == other.text for one, other in zip(said, expected, strict=True)]
    apart = [abs(a.answerable - b.answerable) for a, b in zip(said, expected, strict=True)]
    scores, against_retrieved = held_back_scores(examples, said)
    return {
        "megabytes": round(file.stat().st_size / 1e6, 2),
        "same_text": round(float(np.mean(same)), 4),
        "largest_difference": round(float(np.max(apart)), 4),
        **scores.as_dict(),
        "auroc_retrieved": round(against_retrieved, 4),
    }


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
        # The form of attention that is recognised, so that it can be joined.
        model.encoder.set_attn_implementation("eager")
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


def shrink(full: Path, small: Path, model: ReaderModel) -> None:
    """Join what is computed together, and compute the encoder's products in 8 bits.

    Weights have 7 bits and a scale a column: on processors whose 8-bit products are summed in
    16 bits, 8 would overflow. The product that gives the places stays in full precision, and so
    do all sums. Tables of words and the other matrices are kept in 8 bits, and turned back when
    the file is opened.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model

    config = model.encoder.config
    joined = optimize_model(
        str(full), model_type="bert", num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size, opt_level=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as draft:
        whole, part = Path(draft) / "joined.onnx", Path(draft) / "part.onnx"
        joined.save_model_to_file(str(whole))
        quantize_dynamic(
            whole, part, op_types_to_quantize=["MatMul", "Attention"],
            nodes_to_exclude=[_PLACES], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={
                "MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT
            },
        )  # fmt: skip
        graph = onnx.load(str(part))
    _keep_in_8_bits(graph)
    onnx.save(graph, str(small))


def _keep_in_8_bits(graph: ModelProto) -> None:
    """Keep what is left of matrices in 8 bits with a scale a row or column, and turn it back."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], []
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim != 2 or values.dtype != np.float32 or values.size < _LEAST_SHRUNK:
            weights.append(tensor)
            continue
        # A word has a row of the table, an output a column of a matrix.
        scale = np.abs(values).max(axis=int(values.shape[0] > values.shape[1] * 8), keepdims=True)
        scale = np.maximum(scale, 1e-12) / 127
        name = tensor.name
        weights += [
            numpy_helper.from_array(np.round(values / scale).astype(np.int8), f"{name}_8"),
            numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"),
        ]
        nodes += [
            helper.make_node("Cast", [f"{name}_8"], [f"{name}_32"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_32", f"{name}_scale"], [name]),
        ]
    nodes.extend(graph.graph.node)
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(weights)
    graph.graph.node.extend(nodes)
