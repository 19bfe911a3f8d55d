"""How often answers are right, how often they are refused, and how reliable their scores are.

python -m tests.benchmarks.answers xquad/en
python -m tests.benchmarks.answers nq-open-oracle selqa squad2-dev --sample 600

What `qa eval` measures, but over one index of all the sets, so that each is searched for among the
documents of the others. With `--held-back`, the `prepared.json` of the training program, only
questions about articles that the reader was not trained on are asked.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import qa
from qa.cli.output.evaluation_tables import counting, print_evaluation
from qa.cli.output.terminal import Terminal
from qa.evaluation.sets import every
from tests.benchmarks.sets import BenchmarkSet, indexed


def expected(benchmark: BenchmarkSet, questions: Iterable[dict[str, Any]]) -> list[qa.Expected]:
    """Questions of a set, with the sources as the shared index names them."""
    return [
        qa.Expected(
            id=question["id"],
            question=question["question"],
            answers=question["answers"] if question["answerable"] else (),
            sources=benchmark.relevance.get(question["id"], {}),
            answerable=question["answerable"],
        )
        for question in questions
    ]


def main() -> None:
    """Print the figures of each set, over one index of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sample", type=int, help="questions a set, evenly spread; else all")
    parser.add_argument("--held-back", type=Path, help="ask only of articles not trained on")
    parser.add_argument("--json", type=Path, help="keep the figures in this folder, for qa eval")
    arguments = parser.parse_args()
    held_back = None
    if arguments.held_back:
        held_back = set(json.loads(arguments.held_back.read_text())["held_back_articles"])
    sets = [BenchmarkSet(name) for name in arguments.sets]
    assistant = indexed("-".join(arguments.sets).replace("/", "-"), sets)
    terminal = Terminal()
    inexact: list[str] = []
    for benchmark in sets:
        fair = benchmark.questions if held_back is None else benchmark.untrained(held_back)
        questions = every(expected(benchmark, fair), arguments.sample)
        with counting(terminal, "Asking", len(questions), "question") as advance:
            evaluation = qa.evaluate(
                assistant, questions, name=benchmark.name, progress=lambda *_: advance()
            )
        print_evaluation(terminal, evaluation)
        if arguments.json:
            file = arguments.json / f"{benchmark.name.replace('/', '-')}.json"
            file.write_text(json.dumps(evaluation.to_dict(), ensure_ascii=False))
        inexact += evaluation.inexact
    assistant.close()
    if inexact:
        raise SystemExit(f"Citations that are not exact: {inexact}")


if __name__ == "__main__":
    main()
