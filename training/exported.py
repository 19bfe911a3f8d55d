"""An exported reader -> the weights of a model, so that training can go on from what was shipped.

The export keeps the names of biases and norms and gives matrices new ones; which matrix belongs
where is told by the bias that is added to its product.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Values = NDArray[Any]


def exported_weights(file: Path) -> dict[str, torch.Tensor]:
    """The weights of a `reader.onnx`, under the names that `ReaderModel` has for them."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    matrices = _restored(held)
    named = {name: values for name, values in matrices.items() if not name.startswith("onnx::")}
    added = {
        factor: next((name for name in node.input if name.endswith(".bias")), None)
        for node in graph.node
        if node.op_type == "Add"
        for factor in node.input
    }
    for node in graph.node:
        weight = next((name for name in node.input if name.startswith("onnx::MatMul")), None)
        bias = added.get(node.output[0])
        if node.op_type == "MatMul" and weight is not None and bias is not None:
            named[bias.removesuffix("bias") + "weight"] = matrices[weight].T
    mixed = next(values for name, values in held.items() if name.startswith("onnx::Split"))
    if mixed.dtype == np.float32:
        named["mix"] = np.log(mixed)
    return {name: torch.from_numpy(np.array(values)) for name, values in named.items()}


def _restored(held: Mapping[str, Values]) -> dict[str, Values]:
    """All values in 32 bits; those kept in 8 times their scale."""
    whole: dict[str, Values] = {}
    for name, values in held.items():
        if name.endswith("_8"):
            plain = name.removesuffix("_8")
            whole[plain] = values.astype(np.float32) * held[f"{plain}_scale"]
        elif not name.endswith("_scale"):
            whole[name] = values
    return whole
