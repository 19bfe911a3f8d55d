"""The loop: AdamW with warmup and linear decay, averaged weights, checkpoints to go on from.

The model learns where an answer is, whether there is one, and which of two questions a passage
answers (see `training/examples/pairs.py`).

All randomness depends on the seed and the step, or on a generator whose state is saved, so that an
interrupted run continues as if nothing had happened.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional
from tqdm import tqdm  # type: ignore[import-untyped]

from training.examples import Example
from training.reader.batches import Batch, Windows, batches_of, read
from training.reader.model import ReaderModel, save_reader
from training.reader.reading import held_back_scores, predict, subset, with_torch

CHECKPOINT_FILE, LOG_FILE = "checkpoint.pt", "log.jsonl"

Scored = Callable[[ReaderModel, bool], Mapping[str, float]]
"""A model, and whether it is the last time -> its scores by name."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. What affects the outcome is saved in the checkpoint and must not change."""

    steps: int = 0  # 0: as many as the epochs take
    epochs: float = 1.0
    tokens: int = 2048  # of a batch, padding included
    rate: float = 2e-4
    head_rate: float = 1e-3
    warmup: float = 0.05  # the share of the steps
    decay: float = 0.01
    clip: float = 1.0
    smoothing: float = 0.1
    answer_weight: float = 1.0  # of the loss of the answer head
    pair_weight: float = 0.5  # of the loss of pairs, for each head that tells them apart
    margin: float = 1.0  # of logits, between the two of a pair
    keep_weight: float = 0.0  # of how far the places drift from those told at the start
    average: float = 0.999
    bf16: bool = False  # pays only where the processor has instructions for it
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """When to score, to save and to stop; this does not affect the steps."""

    score_every: int = 1000  # steps
    log_every: int = 20
    keep_minutes: float = 5.0
    minutes: float = 0.0  # stop after this many, to go on later; 0: at the end


class Fit:
    """A run, at some step."""

    def __init__(self, model: ReaderModel, windows: Windows, recipe: Recipe) -> None:
        self.model, self.recipe, self.step = model, recipe, 0
        self.windows = windows
        # Only where it is compared with: it is as large as the model.
        self.before = (
            copy.deepcopy(model).eval().requires_grad_(False) if recipe.keep_weight else None
        )
        per_epoch = len(batches_of(windows, recipe.tokens, recipe.seed))
        self.steps = recipe.steps or max(1, round(per_epoch * recipe.epochs))
        self.optimizer = torch.optim.AdamW(_groups(model, recipe), fused=True)
        self.averaged = {name: p.detach().clone() for name, p in model.trained()}
        # The same start, dropout included, in every run.
        torch.manual_seed(recipe.seed)

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """The remaining batches, epoch after epoch, each in its own order."""
        passed, epoch = 0, 0
        while self.step < self.steps:
            batches = batches_of(self.windows, self.recipe.tokens, self.recipe.seed + epoch)
            yield from batches[max(0, self.step - passed) :]
            passed += len(batches)
            epoch += 1

    def advance(self, chosen: NDArray[np.int64]) -> float:
        """One step; its loss."""
        self.model.train()
        scale = _schedule(self.step, self.steps, self.recipe.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * scale
        loss = self.loss(self.batch(chosen))
        loss.backward()  # type: ignore[no-untyped-call]
        trained = [parameter for _, parameter in self.model.trained()]
        torch.nn.utils.clip_grad_norm_(trained, self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)
        self.step += 1
        # At first, the average follows closely, so that it does not remember the untrained heads.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            averages = list(self.averaged.values())
            torch._foreach_lerp_(averages, [p.detach() for p in trained], 1 - keep)
        return float(loss.detach())

    def batch(self, chosen: NDArray[np.int64]) -> Batch:
        """The chosen windows as a batch."""
        return read(self.windows, chosen, self.recipe.smoothing)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bf16):
            start, end, answer = self.model(batch.ids, batch.mask, batch.types, batch.allowed)
        places = (
            functional.cross_entropy(start, batch.start) + functional.cross_entropy(end, batch.end)
        ) / 2
        there = functional.binary_cross_entropy_with_logits(answer, batch.answered)
        apart = pair_loss(batch, (answer, above_none(start, end)), self.recipe.margin)
        loss = places + self.recipe.answer_weight * there + self.recipe.pair_weight * apart
        if self.before is not None:
            drift = self.drift(self.before, batch, (start, end))
            loss = loss + self.recipe.keep_weight * drift
        return loss

    def drift(
        self, before: ReaderModel, batch: Batch, places: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """How far the places are from those that the model told at the start.

        The mean Kullback-Leibler divergence (Li, Hoiem: Learning without Forgetting, ECCV 2016).
        """
        with (
            torch.no_grad(),
            torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bf16),
        ):
            told = before(batch.ids, batch.mask, batch.types, batch.allowed)
        apart = [
            functional.kl_div(
                torch.log_softmax(now, 1),
                torch.log_softmax(then, 1),
                reduction="batchmean",
                log_target=True,
            )
            for now, then in zip(places, told, strict=False)
        ]
        return torch.stack(apart).mean()

    def keep(self, file: Path) -> None:
        """Write everything that `resume` needs; the file is replaced as a whole."""
        draft = file.with_suffix(".draft")
        state = {
            "recipe": asdict(self.recipe),
            "windows": len(self.windows),
            "step": self.step,
            "weights": dict(self.model.trained()),
            "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(),
            "chance": torch.get_rng_state(),
        }
        torch.save(state, draft)
        draft.replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            SystemExit: it was made with another recipe or other examples.
        """
        state: dict[str, Any] = torch.load(file, weights_only=True)
        here = asdict(self.recipe), len(self.windows)
        if (state["recipe"], state["windows"]) != here:
            raise SystemExit(
                f"{file} was made with another recipe or other examples. Give the same options, "
                "or another folder with --out."
            )
        self.step = state["step"]
        self.model.load_state_dict(state["weights"], strict=False)
        self.averaged = state["averaged"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["chance"])

    def use_average(self) -> dict[str, torch.Tensor]:
        """Put the averaged weights in place; the weights that they replace."""
        own = {name: p.detach().clone() for name, p in self.model.trained()}
        self.model.load_state_dict(self.averaged, strict=False)
        return own


def above_none(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
    """The margin of the best place in each window over no answer, as `predict` weighs them."""
    best = start[:, 1:].max(1).values + end[:, 1:].max(1).values
    return (best - start[:, 0] - end[:, 0]) / 2


def pair_loss(batch: Batch, opinions: Sequence[torch.Tensor], margin: float) -> torch.Tensor:
    """The loss if the answered question of a pair is not above the other by a margin.

    It is summed over `opinions`, each with a logit for each window; 0 without pairs.
    """
    answered = batch.answered.bool()
    same = (batch.pair.unsqueeze(1) == batch.pair) & (batch.pair >= 0)
    right, wrong = (same & answered.unsqueeze(1) & ~answered).nonzero(as_tuple=True)
    if not len(right):
        return torch.zeros(())
    gaps = torch.stack([logits[right] - logits[wrong] for logits in opinions])
    return functional.softplus(margin - gaps).sum(0).mean()


def fit(run: Fit, scored: Scored, tokenizer: Tokenizer, folder: Path, pace: Pace) -> bool:
    """Train to the end or until time is up; whether the end was reached.

    `folder` gets a checkpoint, a log and, after each scoring, the model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT_FILE
    if checkpoint.is_file():
        run.resume(checkpoint)
    began = kept = time.monotonic()
    losses: list[float] = []
    windows_read = 0
    with tqdm(total=run.steps, initial=run.step, desc="fit") as progress:
        for chosen in run.batches():
            losses.append(run.advance(chosen))
            windows_read += len(chosen)
            progress.update()
            now = time.monotonic()
            last = run.step == run.steps
            over = bool(pace.minutes) and now - began > 60 * pace.minutes
            if run.step % pace.log_every == 0 or last:
                rate = windows_read / max(now - began, 1e-9)
                progress.set_postfix(loss=f"{np.mean(losses):.3f}", windows_s=f"{rate:.1f}")
                _log(folder, step=run.step, loss=float(np.mean(losses)), windows_per_second=rate)
                losses.clear()
            if last or (pace.score_every and run.step % pace.score_every == 0):
                _score(run, scored, tokenizer, folder, whole=last)
            if last or over or now - kept > 60 * pace.keep_minutes:
                run.keep(checkpoint)
                kept = time.monotonic()
            if last or over:
                break
    return run.step >= run.steps


def reader_scores(held_back: tuple[Sequence[Example], Windows], most: int, *, bf16: bool) -> Scored:
    """Scores a reader on held-back examples, on a limited number of them before the end."""
    quick = subset(held_back[1], held_back[0], most)

    def scored(model: ReaderModel, whole: bool) -> Mapping[str, float]:
        examples, windows = held_back if whole else quick
        if not examples:
            return {}
        predictions = predict(examples, windows, with_torch(model, bf16), quiet=True)
        scores, against_retrieved = held_back_scores(examples, predictions)
        return {**scores.as_dict(), "auroc_retrieved": round(against_retrieved, 4)}

    return scored


def _score(run: Fit, scored: Scored, tokenizer: Tokenizer, folder: Path, *, whole: bool) -> None:
    own = run.use_average()
    _log(folder, step=run.step, whole=whole, **scored(run.model.eval(), whole))
    save_reader(run.model, run.averaged, tokenizer, folder)
    run.model.load_state_dict(own, strict=False)


def _groups(model: ReaderModel, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameters by learning rate and weight decay, which norms and biases do not have."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.trained():
        key = name.startswith("encoder."), parameter.ndim > 1
        groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "rate": recipe.rate if encoder else recipe.head_rate,
            "weight_decay": recipe.decay if matrix else 0.0,
        }
        for (encoder, matrix), parameters in groups.items()
    ]


def _schedule(step: int, steps: int, warmup: float) -> float:
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def _log(folder: Path, **entry: object) -> None:
    with (folder / LOG_FILE).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"time": round(time.time()), **entry}) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
