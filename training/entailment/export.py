"""A trained entailment model -> ONNX, computed with in 8 bits and compared with torch."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qa.checking.entailment import ABOUT_FILE, FORMAT, MODEL_FILE, Entailment
from qa.models.cross_encoder import TOKENIZER_FILE
from training.entailment.fit import Values, probabilities, scores
from training.entailment.pairs import Pair, tokenised
from training.reader.export import shrink, write_onnx
from training.reader.model import ReaderModel, open_tokenizer


def export(
    model: ReaderModel, folder: Path, out: Path, held_back: Sequence[Pair], max_tokens: int
) -> dict[str, Any]:
    """Write the model, its tokenizer and `entailment.json`; its size, differences and scores."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(folder)
    shutil.copyfile(folder / TOKENIZER_FILE, out / TOKENIZER_FILE)
    expected = probabilities(model, tokenised(held_back, tokenizer, max_tokens))
    with tempfile.TemporaryDirectory() as draft:
        full = Path(draft) / MODEL_FILE
        write_onnx(model.eval(), tokenizer, full)
        shrink(full, out / MODEL_FILE, model)
    about: dict[str, Any] = {
        "name": "minilm-l6-entailment",
        "format": FORMAT,
        "sha256": hashlib.sha256((out / MODEL_FILE).read_bytes()).hexdigest(),
        "max_tokens": max_tokens,
    }
    _write(out, about)
    said = judged(Entailment(out), held_back)
    about["scores"] = {
        "megabytes": round((out / MODEL_FILE).stat().st_size / 1e6, 2),
        "same_label": round(float((said.argmax(1) == expected.argmax(1)).mean()), 4),
        "32 bits": scores(held_back, expected),
        "8 bits": scores(held_back, said),
    }
    _write(out, about)
    return about


def judged(model: Entailment, pairs: Sequence[Pair]) -> Values:
    """What an exported model says of each pair, shape (pairs, labels)."""
    verdicts = [model.judge(pair.passage, pair.statement) for pair in pairs]
    return np.array([(v.supported, v.contradicted, v.not_said) for v in verdicts], dtype=np.float32)


def _write(out: Path, about: dict[str, Any]) -> None:
    (out / ABOUT_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
