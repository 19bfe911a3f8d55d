"""From beginning to end, on a few questions: prepare, train, resume, export, read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qa.reading.span_model import MODEL_FILE, SpanModel
from training.reader.export import export
from training.reader.exported import exported_weights
from training.reader.fit import CHECKPOINT_FILE, Fit, Pace, Recipe, fit, reader_scores
from training.reader.model import (
    ReaderShape,
    encoder_folder,
    new_reader,
    open_reader,
    open_tokenizer,
)
from training.reader.preparing import load

RECIPE = Recipe(steps=4, tokens=600)


def run(prepared: Path, folder: Path, *, stop_after: int = 0) -> Fit:
    encoder = encoder_folder("")
    _, windows = load(prepared, "train")
    held_back = load(prepared, "held_back")
    started = Fit(new_reader(encoder, ReaderShape(), RECIPE.seed), windows, RECIPE)
    if stop_after:
        for chosen in started.batches():
            started.advance(chosen)
            if started.step == stop_after:
                break
        folder.mkdir(parents=True, exist_ok=True)
        started.keep(folder / CHECKPOINT_FILE)
    else:
        scored = reader_scores(held_back, 800, bf16=False)
        fit(started, scored, open_tokenizer(encoder), folder, Pace(score_every=0))
    return started


@pytest.fixture(scope="module")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fit, Path]:
    """A run from beginning to end, and its folder."""
    folder = tmp_path_factory.mktemp("trained")
    return run(prepared, folder), folder


@pytest.fixture(scope="module")
def exported(
    prepared: Path, trained: tuple[Fit, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """What is said of the exported reader of that run, and its folder."""
    _, folder = trained
    out = tmp_path_factory.mktemp("exported") / "out"
    settings: dict[str, object] = {"name": "a test", "max_tokens": 96}
    held_back = load(prepared, "held_back")
    return export(open_reader(folder), folder, out, held_back, settings), out


def test_held_back_articles_are_not_trained_on(prepared: Path) -> None:
    trained, _ = load(prepared, "train")
    held, _ = load(prepared, "held_back")
    held_articles = {one.article for one in held if one.kind == "given"}
    assert held_articles
    assert not held_articles & {one.article for one in trained if one.source == "squad"}
    kinds = {one.kind for one in trained}
    assert kinds == {"given", "retrieved", "cut", "altered"}


def test_the_tokens_of_a_span_have_its_characters(prepared: Path) -> None:
    examples, windows = load(prepared, "train")
    told = 0
    for window in range(len(windows)):
        example = examples[int(windows.example[window])]
        for first, last in windows.spans_of(window):
            start, end = windows.characters(window, first, last)
            assert example.passage[start:end] in example.answers
            told += 1
    assert told > 100


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_stopped(
    prepared: Path, trained: tuple[Fit, Path], tmp_path: Path
) -> None:
    whole, _ = trained
    run(prepared, tmp_path / "parts", stop_after=2)
    resumed = run(prepared, tmp_path / "parts")
    assert (whole.step, resumed.step) == (4, 4)
    for name, weights in whole.averaged.items():
        torch.testing.assert_close(resumed.averaged[name], weights, msg=name)


def test_a_checkpoint_of_another_recipe_is_refused(prepared: Path, tmp_path: Path) -> None:
    run(prepared, tmp_path, stop_after=1)
    _, windows = load(prepared, "train")
    other = Fit(new_reader(encoder_folder(""), ReaderShape(), 0), windows, Recipe(steps=9))
    with pytest.raises(SystemExit, match="another recipe"):
        other.resume(tmp_path / CHECKPOINT_FILE)


def test_an_exported_reader_reads_like_the_trained_one(
    trained: tuple[Fit, Path], exported: tuple[dict[str, Any], Path]
) -> None:
    _, folder = trained
    about, out = exported
    assert about["scores"]["32 bits"]["largest_difference"] < 0.001
    assert about["scores"]["8 bits"]["largest_difference"] < 0.05
    assert about["scores"]["8 bits"]["megabytes"] < 30
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if entry.get("whole")] == [4]
    reader = SpanModel(out)
    reading = reader.read("When was it built?", [reader.tokens("It was built in 1790.")])[0]
    assert np.isfinite([*reading.start, *reading.end, reading.nothing, reading.answer]).all()


def test_training_can_go_on_from_an_exported_reader(
    trained: tuple[Fit, Path], exported: tuple[dict[str, Any], Path]
) -> None:
    model, out = open_reader(trained[1]), exported[1]
    again = new_reader(encoder_folder(""), ReaderShape(), seed=1)
    again.load_state_dict(exported_weights(out / MODEL_FILE))
    wanted, found = (one.state_dict() for one in (model, again))
    for state in (wanted, found):  # only the shares that they stand for are exported
        state["mix"] = torch.softmax(state["mix"], 0)
    for name, weights in wanted.items():
        apart = (found[name] - weights).abs().max()
        assert apart <= weights.abs().max() / 100 + 1e-5, name


def test_places_that_are_kept_cost_nothing_until_they_drift(prepared: Path) -> None:
    _, windows = load(prepared, "train")
    free, kept = (
        Fit(
            new_reader(encoder_folder(""), ReaderShape(dropout=0), 0),
            windows,
            Recipe(steps=4, tokens=600, keep_weight=weight),
        )
        for weight in (0.0, 1.0)
    )
    batch = kept.batch(next(kept.batches()))
    assert kept.loss(batch).item() == pytest.approx(free.loss(batch).item(), abs=1e-4)
    with torch.no_grad():
        for run_ in (free, kept):
            run_.model.places.weight.mul_(3)
    assert kept.loss(batch).item() > free.loss(batch).item() + 1e-3
