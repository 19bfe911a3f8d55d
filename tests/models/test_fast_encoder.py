from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from qa.models import fast_encoder
from qa.models.embedders import LocalEmbedder, open_embedder
from qa.places import PACKAGED_EMBEDDER

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXTS = [
    "",
    "?",
    "Where might the second summit be held?",
    "Die Reisekosten werden innerhalb von dreißig Tagen erstattet.",
    "会议在曼谷或河内举行。 ภาษาไทย हिन्दी 🍐",
    "x9" * 300,
    "| a | b |\n| 1 | 2,400.50 |\n" * 20,
    "word " * 255,
    "word " * 5000,
    *(
        f"Sentence {number} of many, on pears and the price of them. " * number
        for number in range(1, 25)
    ),
]


def cosines(encoder: fast_encoder.OnnxEncoder, model: SentenceTransformer) -> Any:
    expected = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    return (np.asarray(expected) * encoder.encode(TEXTS)).sum(axis=1)


@pytest.fixture(scope="session")
def model(tiny_model: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(tiny_model), device="cpu", local_files_only=True)


@pytest.fixture
def cache(model: SentenceTransformer, tmp_path: Path) -> Path:
    """A folder with a good copy."""
    assert fast_encoder.export(model, tmp_path / "cache") is not None
    return tmp_path / "cache"


def test_the_packaged_model_is_copied_faithfully(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CACHE", str(tmp_path))
    embedder = open_embedder(PACKAGED_EMBEDDER)
    assert isinstance(embedder, LocalEmbedder)
    assert list(tmp_path.iterdir()) == []

    vectors = embedder.encode(TEXTS)

    assert embedder.fast
    original = open_embedder(PACKAGED_EMBEDDER, fast=False).encode(TEXTS)
    assert (vectors * original).sum(axis=1).min() >= 0.9999
    assert [folder.name for folder in tmp_path.iterdir()] == ["encoders"]
    (copy,) = (tmp_path / "encoders").iterdir()
    assert {"encoder.json", "encoder.onnx", "tokenizer.json"} == {f.name for f in copy.iterdir()}


def test_a_copy_gives_the_same_vectors(cache: Path, model: SentenceTransformer) -> None:
    encoder = fast_encoder.open_cached(cache)

    assert encoder is not None
    assert (encoder.max_tokens, encoder.dimension) == (256, 32)
    assert cosines(encoder, model).min() >= fast_encoder.LEAST_COSINE


def test_the_order_of_texts_and_the_other_texts_make_no_difference(cache: Path) -> None:
    encoder = fast_encoder.open_cached(cache)
    assert encoder is not None

    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    reversed_ = encoder.encode(TEXTS[::-1])[::-1]

    assert (together * alone).sum(axis=1).min() > 0.99999
    assert (together * reversed_).sum(axis=1).min() > 0.99999


@pytest.mark.parametrize(("said", "threads"), [("", 0), ("1", 1), ("4,2", 0)])
def test_it_has_as_many_threads_as_the_environment_allows(
    cache: Path, monkeypatch: pytest.MonkeyPatch, said: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)

    options = fast_encoder.OnnxEncoder(cache)._session.get_session_options()

    assert options.intra_op_num_threads == threads


def flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def edit(cache: Path, **values: object) -> None:
    about = json.loads((cache / "encoder.json").read_text())
    (cache / "encoder.json").write_text(json.dumps({**about, **values}))


def empty(cache: Path) -> None:
    for file in cache.iterdir():
        file.unlink()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a changed byte in the weights": lambda cache: flip(cache / "encoder.onnx"),
    "a changed byte in the tokens": lambda cache: flip(cache / "tokenizer.json"),
    "weights cut off": lambda cache: os.truncate(cache / "encoder.onnx", 1000),
    "no weights": lambda cache: (cache / "encoder.onnx").unlink(),
    "no tokens": lambda cache: (cache / "tokenizer.json").unlink(),
    "no description": lambda cache: (cache / "encoder.json").unlink(),
    "an empty description": lambda cache: (cache / "encoder.json").write_text(""),
    "a list for a description": lambda cache: (cache / "encoder.json").write_text("[]"),
    "an older format": lambda cache: edit(cache, format=0),
    "an empty folder": empty,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_stale_or_half_written_copy_is_made_again(
    cache: Path, tiny_model: Path, damage: str
) -> None:
    expected = LocalEmbedder("tiny", str(tiny_model), "tiny", cache=cache).encode(TEXTS)
    before = {file.name: file.read_bytes() for file in cache.iterdir()}
    DAMAGE[damage](cache)

    embedder = LocalEmbedder("tiny", str(tiny_model), "tiny", cache=cache)

    assert (embedder.encode(TEXTS) * expected).sum(axis=1).min() > 0.99999
    assert embedder.fast
    assert {file.name: file.read_bytes() for file in cache.iterdir()} == before


def test_an_encoder_that_disagrees_is_not_used_or_made_again(
    model: SentenceTransformer,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    class Fickle(torch.nn.Module):
        """Decides by the length of its input, which an exporter cannot see."""

        def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            vectors = features["sentence_embedding"]
            if len(features["input_ids"][0]) > 20:
                vectors = vectors.flip(1)
            return {**features, "sentence_embedding": vectors}

    class Odd(LocalEmbedder):
        def _load_model(self) -> SentenceTransformer:
            return SentenceTransformer(modules=[*model.children(), Fickle()], device="cpu")

    caplog.set_level(logging.INFO, "qa.models.fast_encoder")
    first = Odd("odd", str(tiny_model), "odd", cache=tmp_path / "cache")
    vectors = first.encode(TEXTS)

    expected = first._load_model().encode(TEXTS, normalize_embeddings=True)
    assert not first.fast
    assert (vectors * np.asarray(expected)).sum(axis=1).min() > 0.99999
    assert "its vectors differ (cosine" in caplog.text
    made = (tmp_path / "cache" / "encoder.json").stat().st_mtime_ns

    again = Odd("odd", str(tiny_model), "odd", cache=tmp_path / "cache")
    assert not again.fast
    assert (tmp_path / "cache" / "encoder.json").stat().st_mtime_ns == made

    monkeypatch.setattr(fast_encoder, "_packages", lambda: "newer ones")  # which may do better
    assert not fast_encoder.refused(tmp_path / "cache")


def test_a_cache_that_cannot_be_written_costs_only_speed(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    embedder = LocalEmbedder(
        "tiny", str(tiny_model), "tiny", cache=tmp_path / "file" / "encoders" / "tiny"
    )

    assert embedder.encode(["pear"]).shape == (1, 32)
    assert not embedder.fast


def test_a_good_copy_of_another_process_is_kept(model: SentenceTransformer, cache: Path) -> None:
    before = (cache / "encoder.onnx").stat().st_ino

    assert fast_encoder.export(model, cache) is not None

    assert (cache / "encoder.onnx").stat().st_ino == before
    assert sorted(path.name for path in cache.parent.iterdir()) == ["cache"]
