from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qa.checking.entailment import ABOUT_FILE, MODEL_FILE, PACKAGED, Entailment, packaged
from qa.errors import ModelUnavailableError
from qa.models.cross_encoder import TOKENIZER_FILE

RULES = (
    "Employees may work from home up to two days a week. Dogs are not allowed in the office. "
    "The canteen is closed in August."
)


@pytest.fixture(scope="module")
def model() -> Entailment:
    return packaged()


def test_the_model_is_opened_once_for_all() -> None:
    assert packaged() is packaged()


@pytest.mark.parametrize(
    ("supported", "other"),
    [
        ("Staff can work at home for two days each week.", "The office was built in 1950."),
        ("Dogs are not allowed in the office.", "Dogs are allowed in the office."),
        ("The canteen is closed in August.", "The canteen is never closed."),
    ],
)
def test_statements_of_a_passage_are_distinguished_from_others(
    model: Entailment, supported: str, other: str
) -> None:
    assert model.judge(RULES, supported).supported > 0.5
    assert model.judge(RULES, other).supported < 0.5


def test_the_three_shares_add_up_to_one(model: Entailment) -> None:
    verdict = model.judge(RULES, "Dogs are allowed in the office.")
    assert verdict.supported + verdict.contradicted + verdict.not_said == pytest.approx(1)


def test_texts_of_any_length_are_read(model: Entailment) -> None:
    assert 0 <= model.judge(RULES * 50, "Dogs are not allowed. " * 80).supported <= 1
    assert 0 <= model.judge("", "").supported <= 1


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=str(tmp_path)):
        Entailment(tmp_path)


def test_a_model_of_another_format_is_refused(tmp_path: Path) -> None:
    about = json.loads((PACKAGED / ABOUT_FILE).read_text(encoding="utf-8"))
    (tmp_path / ABOUT_FILE).write_text(json.dumps({**about, "format": 99}), encoding="utf-8")
    with pytest.raises(ModelUnavailableError, match="format 99"):
        Entailment(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name in (ABOUT_FILE, TOKENIZER_FILE):
        shutil.copyfile(PACKAGED / name, tmp_path / name)
    (tmp_path / MODEL_FILE).write_bytes((PACKAGED / MODEL_FILE).read_bytes()[:-100])
    with pytest.raises(ModelUnavailableError, match=MODEL_FILE):
        Entailment(tmp_path).judge("a", "b")


def test_the_packaged_model_is_small() -> None:
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) < 30_000_000
    assert (PACKAGED / MODEL_FILE).stat().st_size < 25_000_000
