"""An evaluation as a picture: how reliable its scores are, and how long answers take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import EvaluationError, extra, need
from qa.evaluation.scoring import BINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qa.evaluation.evaluation import Evaluation

# Colours for colour-blind people, too: Okabe and Ito, "Color Universal Design" (2008).
COLOURS = ("#0072B2", "#D55E00")
_GREY = "#767676"
_BARS = 40


def need_matplotlib() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        ModelUnavailableError: the package for it is missing.
    """
    need("Drawing", "matplotlib", "matplotlib", extra("eval"))


def draw(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw one evaluation, or two in the same picture; the suffix gives the format.

    Raises:
        EvaluationError: the file cannot be written.
        ModelUnavailableError: the package that draws is missing.
    """
    need_matplotlib()
    # Without pyplot, nothing is kept between pictures, and no window system is needed.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.8), layout="constrained")
    reliability, latency = figure.subplots(1, 2)
    _draw_reliability(reliability, evaluations)
    _draw_latency(latency, evaluations)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}.") from error


def _draw_reliability(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1, label="as sure as right")
    for evaluation, colour in zip(evaluations, COLOURS, strict=False):
        bins = evaluation.bins
        error = evaluation.figures.get("calibration", {}).get("expected_error")
        told = "no answer to judge" if error is None else f"expected calibration error {error:.3f}"
        axes.plot(
            [one.score for one in bins],
            [one.right for one in bins],
            color=colour,
            marker="o",
            label=f"{evaluation.name}: {told}",
        )
        for one in bins:
            axes.annotate(
                f"{one.count:,}",
                (one.score, one.right),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colour,
            )
    axes.set(
        title="Share of right answers, by score",
        xlabel="score of the answer (mean of each bin, with its number of answers)",
        ylabel="share that is right",
        xlim=(0, 1),
        ylim=(0, 1.08),
        xticks=np.linspace(0, 1, BINS + 1),
    )
    _finish(axes)


def _draw_latency(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    times = [evaluation.columns["milliseconds"] for evaluation in evaluations]
    # A few very slow answers would squeeze all others into one bar.
    longest = max(float(np.percentile(one, 99)) for one in times) * 1.05
    for one, evaluation, colour in zip(times, evaluations, COLOURS, strict=False):
        p50, p95 = (float(np.percentile(one, percent)) for percent in (50, 95))
        axes.hist(
            np.minimum(one, longest),
            bins=_BARS,
            range=(0, longest),
            color=colour,
            alpha=0.55,
            label=f"{evaluation.name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms",
        )
        axes.axvline(p50, color=colour, linewidth=1.2)
        axes.axvline(p95, color=colour, linewidth=1.2, linestyle=":")
    axes.set(
        title="How long an answer takes",
        xlabel="milliseconds (lines: p50, dotted p95; the longest are in the last bar)",
        ylabel="answers",
        xlim=(0, longest),
    )
    _finish(axes)


def _finish(axes: Axes) -> None:
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.13))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
