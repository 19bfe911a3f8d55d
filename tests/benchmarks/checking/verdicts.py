"""Yes or no: how often the entailment model says either, and is right.

python -m tests.benchmarks.checking.verdicts PAIRS [--model FOLDER]

PAIRS is the `pairs/held_back.jsonl` that `training.entailment prepare` wrote; its questions are our
own, on pages that were not trained on. Besides it are asked the handbook's questions whose answer
begins with yes or no, with the passage that answers them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qa.checking.entailment import PACKAGED, Entailment
from tests.benchmarks.handbook import HANDBOOK
from training.entailment.pairs import CONTRADICTED, SUPPORTED, read_pairs
from training.json_lines import read_lines

_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Asked:
    """A question, a text, and whether the text makes it yes, no, or neither."""

    question: str
    text: str
    right: str


def of_pairs(file: Path) -> list[Asked]:
    """Our own questions."""
    named = {SUPPORTED: "yes", CONTRADICTED: "no"}
    return [
        Asked(pair.statement, pair.passage, named.get(pair.label, ""))
        for pair in read_pairs(file)
        if pair.source == "verdict"
    ]


def of_handbook() -> list[Asked]:
    """The handbook's questions, with all that its answer must be taken from."""
    return [
        Asked(entry["question"], " ".join(one["quote"] for one in entry["gold"]), entry["direct"])
        for entry in read_lines(HANDBOOK / "questions.jsonl")
        if entry.get("direct")
    ]


def said(asked: Sequence[Asked], model: Entailment, name: str) -> Table:
    """How often yes and no are said, and rightly, from each certainty on."""
    judged = [(one.right, model.judge(one.text, one.question)) for one in asked]
    table = Table(
        "at least", "yes said", "right", "no said", "right", "of those with one", title=name
    )
    decided = sum(bool(right) for right, _ in judged)
    for least in _THRESHOLDS:
        yes = [right for right, verdict in judged if verdict.supported >= least]
        no = [right for right, verdict in judged if verdict.contradicted >= least]
        right = yes.count("yes") + no.count("no")
        table.add_row(
            f"{least}", str(len(yes)), str(yes.count("yes")), str(len(no)), str(no.count("no")),
            f"{right / decided:.3f}",
        )  # fmt: skip
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", type=Path, default=PACKAGED)
    arguments = parser.parse_args()
    model = Entailment(arguments.model)
    console = Console()
    console.print(said(of_pairs(arguments.pairs), model, "Our own questions, held back"))
    console.print(said(of_handbook(), model, "The handbook's"))


if __name__ == "__main__":
    main()
