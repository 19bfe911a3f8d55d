"""How often an answer has everything that a question about a handbook asks for, and not much more.

python -m tests.benchmarks.handbook
python -m tests.benchmarks.handbook tests/benchmarks/data/handbooks/kittiwake
python -m tests.benchmarks.handbook --answers /tmp/answers.jsonl --worst 20

Indexes the pages of a set (`docs/` and `questions.jsonl` in a folder), asks its questions, and
measures the answers as `qa eval` does: one is complete if every vital fact is in it, and concise if
it is at most three times as long as a good one, or sixty words. The answers can be saved and read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import qa
from qa.cli.output.evaluation_tables import counting, print_evaluation
from qa.cli.output.progress import shown
from qa.cli.output.terminal import Terminal
from qa.evaluation import read_set
from qa.evaluation.measures import Outcome
from qa.records import MARKER
from tests.benchmarks.sets import BENCH, CACHE

HANDBOOK = BENCH / "handbook"


def questions(folder: Path = HANDBOOK) -> list[qa.Expected]:
    """The questions of a set; it names sources within the folder that is indexed."""
    found = read_set(folder / "questions.jsonl").questions
    return [
        replace(one, sources={f"docs/{source}": grade for source, grade in one.sources.items()})
        for one in found
    ]


def answer(outcome: Outcome) -> dict[str, object]:
    """An answer as it is saved, without anything that differs from run to run."""
    return {
        "id": outcome.id,
        "found": outcome.found,
        "score": outcome.score,
        "text": MARKER.sub("", outcome.text),
    }


def worst(outcomes: Sequence[Outcome], most: int) -> None:
    """Print the answers that are furthest from what they should say."""

    def goodness(outcome: Outcome) -> float:
        if not outcome.answerable:
            return float(not outcome.found) * 3
        return (outcome.recall or 0) + (outcome.complete or 0) + (outcome.concise or 0)

    for outcome in sorted(outcomes, key=goodness)[:most]:
        print(f"{outcome.id} {outcome.kind}: {outcome.question}")
        text = " ".join(outcome.text.split())
        print(f"    recall {outcome.recall}, {outcome.words} words: {text}")


def main() -> None:
    """Print the figures, also of each kind of question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=HANDBOOK)
    parser.add_argument("--index", type=Path, help="where it is kept")
    parser.add_argument("--answers", type=Path, help="a file for the answers")
    parser.add_argument("--worst", type=int, default=0)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if not folder.is_dir():
        sys.exit(f"There is no set to ask: {folder.resolve()} is missing.")
    answers = arguments.answers or CACHE / f"{folder.name}-answers.jsonl"
    terminal = Terminal()
    with qa.Assistant(index=arguments.index or CACHE / folder.name) as assistant:
        with shown(terminal) as progress:
            assistant.sync([folder / "docs"], progress=progress)
        asked = questions(folder)
        with counting(terminal, "Asking", len(asked), "question") as advance:
            evaluation = qa.evaluate(
                assistant, asked, name=folder.name, progress=lambda _done, _total: advance()
            )
    with answers.open("w", encoding="utf-8") as file:
        for outcome in evaluation.outcomes:
            file.write(json.dumps(answer(outcome), ensure_ascii=False) + "\n")
    print_evaluation(terminal, evaluation)
    worst(evaluation.outcomes, arguments.worst)
    if evaluation.inexact:
        sys.exit(f"A citation is not exact: {evaluation.inexact[0]}")


if __name__ == "__main__":
    main()
