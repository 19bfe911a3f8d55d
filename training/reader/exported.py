"""A model on disk, trained or exported -> weights, so that training can go on from it.

The export keeps the names of biases and norms, and gives matrices new ones: which is which is
told by the name of the node that multiplies with it. Query, key and value are one matrix in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.reader.model import WEIGHTS_FILE

Values = NDArray[Any]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a model that was saved in training, or else exported."""
    file = folder / WEIGHTS_FILE
    if not file.is_file():
        (exported,) = folder.glob("*.onnx")
        return exported_weights(exported)
    saved: dict[str, torch.Tensor] = torch.load(file, weights_only=True)
    return saved


def average(folders: Sequence[Path]) -> dict[str, torch.Tensor]:
    """The mean of the weights of several readers of one shape."""
    states = [weights_of(folder) for folder in folders]
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0).to(value.dtype)
        for name, value in states[0].items()
    }


def exported_weights(file: Path) -> dict[str, torch.Tensor]:
    """The weights of an ONNX file, under the names that `ReaderModel` has for them."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    held = _restored({one.name: numpy_helper.to_array(one) for one in graph.initializer})
    named = {name: values for name, values in held.items() if name.endswith((".weight", ".bias"))}
    layer = 0
    for node in graph.node:
        factor = held.get(_plain(node.input[1])) if len(node.input) > 1 else None
        if node.op_type in ("MatMul", "MatMulInteger") and factor is not None:
            module = node.name.strip("/").split("/")[:-1]
            named[".".join([*module, "weight"])] = factor.T
        elif node.op_type == "QAttention" and factor is not None:
            named.update(_attention(layer, factor, held[node.input[2]]))
            layer += 1
    # A model without heads for start and end has no mixture.
    for name, mixed in held.items():
        if name.startswith("onnx::Split") and mixed.dtype == np.float32:
            named["mix"] = np.log(mixed)
    return {name: torch.from_numpy(np.array(values)) for name, values in named.items()}


def _attention(layer: int, weight: Values, bias: Values) -> dict[str, Values]:
    named: dict[str, Values] = {}
    parts = ("query", "key", "value")
    matrices, biases = np.split(weight, 3, axis=1), np.split(bias, 3)
    for part, matrix, constant in zip(parts, matrices, biases, strict=True):
        name = f"encoder.encoder.layer.{layer}.attention.self.{part}"
        named.update({f"{name}.weight": matrix.T, f"{name}.bias": constant})
    return named


def _restored(held: Mapping[str, Values]) -> dict[str, Values]:
    """All values in 32 bits; those kept in fewer times their scale."""
    whole: dict[str, Values] = {}
    for name, values in held.items():
        if name.endswith(("_8", "_quantized")):
            plain = _plain(name)
            whole[plain] = values.astype(np.float32) * held[f"{plain}_scale"]
        elif not name.endswith(("_scale", "_zero_point")):
            whole[name] = values
    return whole


def _plain(name: str) -> str:
    return name.removesuffix("_8").removesuffix("_quantized")
