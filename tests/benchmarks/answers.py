"""How often answers are right, how often they are refused, and how far their score can be believed.

python -m tests.benchmarks.answers xquad/en
python -m tests.benchmarks.answers nq-open-oracle selqa squad2-dev --sample 600

What `qa eval` measures, but over one index of all the sets, so that each is looked for among the
documents of the others.
"""

from __future__ import annotations

import argparse

import qa
from qa.evaluation_report import counting, print_evaluation
from qa.evaluation_sets import every
from qa.terminal import Terminal
from tests.benchmarks.sets import BenchmarkSet, indexed


def expected(benchmark: BenchmarkSet) -> list[qa.Expected]:
    """The questions of a set, with the sources as the shared index names them."""
    return [
        qa.Expected(
            id=question["id"],
            question=question["question"],
            answers=question["answers"] if question["answerable"] else (),
            sources=benchmark.relevance.get(question["id"], {}),
            answerable=question["answerable"],
        )
        for question in benchmark.questions
    ]


def main() -> None:
    """Print the figures of each set, over one index of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sample", type=int, help="questions a set, evenly spread; else all")
    arguments = parser.parse_args()
    sets = [BenchmarkSet(name) for name in arguments.sets]
    assistant = indexed("-".join(arguments.sets).replace("/", "-"), sets)
    terminal = Terminal()
    inexact: list[str] = []
    for benchmark in sets:
        questions = every(expected(benchmark), arguments.sample)
        with counting(terminal, "Asking", len(questions), "question") as advance:
            evaluation = qa.evaluate(
                assistant, questions, name=benchmark.name, progress=lambda *_: advance()
            )
        print_evaluation(terminal, evaluation)
        inexact += evaluation.inexact
    assistant.close()
    if inexact:
        raise SystemExit(f"Citations that are not exact: {inexact}")


if __name__ == "__main__":
    main()
