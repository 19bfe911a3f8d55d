from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelUnavailableError
from qa.models.cross_encoder import TOKENIZER_FILE, Tokens
from qa.reading.span_model import ABOUT_FILE, MODEL_FILE, PACKAGED, SpanModel

COMET = "The comet was found by Caroline Herschel in August 1786. It is seen every few years."


@pytest.fixture(scope="module")
def model() -> SpanModel:
    return SpanModel(PACKAGED)


def best(model: SpanModel, question: str, text: str) -> tuple[str, float]:
    reading = model.read(question, [model.tokens(text)])[0]
    span = reading.best(0, len(text))
    assert span is not None
    return text[span[0] : span[1]], span[2]


def test_the_tokens_of_a_text_cover_its_words() -> None:
    tokens = SpanModel(PACKAGED).tokens("Größe: 12 km²")
    assert len(tokens.ids) == len(tokens.offsets)
    assert tokens.offsets[0, 0] == 0
    assert tokens.offsets[-1, 1] == len("Größe: 12 km²")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who found the comet?", "Caroline Herschel"),
        ("When was the comet found?", "August 1786"),
    ],
)
def test_the_model_finds_the_phrase_that_was_asked_for(
    model: SpanModel, question: str, answer: str
) -> None:
    said, margin = best(model, question, COMET)
    assert answer in said
    assert margin > 0


def test_a_text_without_the_answer_gets_a_lower_score(model: SpanModel) -> None:
    question = "Who found the comet?"
    other = "The refectory opens at noon. Soup and bread are sold until two."
    readings = model.read(question, [model.tokens(COMET), model.tokens(other)])
    assert readings[0].answer > 0 > readings[1].answer


def test_texts_read_together_give_the_same_as_alone(model: SpanModel) -> None:
    texts = [model.tokens(COMET), model.tokens("Found by nobody."), model.tokens(COMET * 6)]
    together = model.read("Who found the comet?", texts)
    for text, reading in zip(texts, together, strict=True):
        alone = model.read("Who found the comet?", [text])[0]
        np.testing.assert_allclose(reading.start, alone.start, atol=1e-3)
        np.testing.assert_allclose(reading.end, alone.end, atol=1e-3)
        assert reading.answer == pytest.approx(alone.answer, abs=1e-3)


def test_a_span_is_looked_for_only_between_two_places(model: SpanModel) -> None:
    reading = model.read("Who found the comet?", [model.tokens(COMET)])[0]
    second = COMET.index("It is")
    span = reading.best(second, len(COMET))
    assert span is not None
    assert second <= span[0] < span[1] <= len(COMET)
    assert reading.best(3, 4) is None


def test_parts_of_a_text_keep_their_offsets(model: SpanModel) -> None:
    tokens = model.tokens(COMET)
    at = int(np.searchsorted(tokens.offsets[:, 0], COMET.index("It is")))
    part = tokens.between(at, len(tokens.ids))
    reading = model.read("How often is it seen?", [part])[0]
    span = reading.best(0, len(COMET))
    assert span is not None
    assert "every few years" in COMET[span[0] : span[1]]


def test_no_texts_give_no_readings(model: SpanModel) -> None:
    assert model.read("Who?", []) == []
    empty = model.read("Who?", [Tokens((), np.zeros((0, 2), dtype=np.int64))])[0]
    assert empty.best(0, 10) is None


def test_a_question_of_any_length_is_read(model: SpanModel) -> None:
    said, _ = best(model, "Who found the comet? " * 80, COMET)
    assert said


def test_threads_share_one_model() -> None:
    model = SpanModel(PACKAGED)
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda: said.append(best(model, "Who found the comet?", COMET)[0]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert len(set(said)) == 1


def test_a_folder_without_a_reader_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=str(tmp_path)):
        SpanModel(tmp_path)


def test_a_reader_of_another_format_is_refused(tmp_path: Path) -> None:
    about = json.loads((PACKAGED / ABOUT_FILE).read_text(encoding="utf-8"))
    (tmp_path / ABOUT_FILE).write_text(json.dumps({**about, "format": 99}), encoding="utf-8")
    with pytest.raises(ModelUnavailableError, match="format 99"):
        SpanModel(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name in (ABOUT_FILE, TOKENIZER_FILE):
        shutil.copyfile(PACKAGED / name, tmp_path / name)
    (tmp_path / MODEL_FILE).write_bytes((PACKAGED / MODEL_FILE).read_bytes()[:-100])
    model = SpanModel(tmp_path)
    with pytest.raises(ModelUnavailableError, match=MODEL_FILE):
        model.tokens("anything")


def test_the_packaged_reader_is_small() -> None:
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) < 30_000_000
