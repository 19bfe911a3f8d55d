"""Which statements the passages beside them support: by rules, and with the entailment model.

python -m tests.benchmarks.checking.entailment PAIRS [--written FOLDER] [--rules] [--model FOLDER]

PAIRS is the `pairs/held_back.jsonl` that `training.entailment prepare` wrote. Besides it are read
the sentences of MTRAG's answers, written by people, with the passages of their question and with
those of another one; SciFact's claims; and, with `--written`, the sentences that
`tests.benchmarks.checking.written` kept. A table says how many of each are accepted; `--rules`
leaves out one group of rules after another, with paired bootstraps of what that costs.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from qa.checking import Evidence, support
from qa.checking.entailment import PACKAGED, Entailment
from qa.records import Hit, Passage
from qa.text.sentences import LIST_MARK, sentences
from tests.benchmarks.checking.written import VERDICTS, Sentence
from tests.benchmarks.sets import BENCH
from training.entailment.pairs import LABELS, SUPPORTED, read_pairs

_LEAST_WORDS = 5
_RESAMPLES = 2000

Accepts = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A statement, the texts beside it, and whether they support it."""

    name: str
    statement: str
    texts: tuple[str, ...]
    supported: bool
    question: str = ""

    def hits(self) -> list[Hit]:
        """The texts as a search would bring them."""
        return [
            Hit(
                Passage(
                    id=f"passage-{n}",
                    document_id=f"document-{n}",
                    source=f"{n}.md",
                    title="",
                    heading="",
                    start=0,
                    end=len(text),
                    text=text,
                ),
                score=1 - n / 100,
            )
            for n, text in enumerate(self.texts)
        ]


def of_pairs(file: Path) -> Iterator[Case]:
    """The pairs that were held back from training."""
    for pair in read_pairs(file):
        name = f"{pair.source}, {LABELS[pair.label]}"
        if pair.source in ("asked", "verdict"):
            continue  # questions, no statements
        yield Case(name, pair.statement, (pair.passage,), pair.label == SUPPORTED)


def of_answers() -> Iterator[Case]:
    """Sentences of answers that people wrote, with their passages and with another question's."""
    folder = BENCH / "mtrag" / "human_subset"
    texts = {entry["id"]: entry["text"] for entry in _lines(folder / "corpus.jsonl")}
    answered = [
        (query, tuple(texts[id] for id in query["doc_ids"] if id in texts))
        for query in _lines(folder / "queries.jsonl")
        if query["answerable"] and query["answers"] and _faithful(query)
    ]
    dice = random.Random(3)
    for query, own in answered:
        others = dice.choice(
            [there for _, there in answered if there and not set(there) & set(own)]
        )
        answer = query["answers"][0]
        for start, end in sentences(answer):
            said = LIST_MARK.sub("", answer[start:end])
            if len(said.split()) >= _LEAST_WORDS and own:
                yield Case("people's answers, own passages", said, own, True)
                yield Case("people's answers, another's", said, others, False)


def of_scifact() -> Iterator[Case]:
    """SciFact's claims with the abstracts they cite."""
    folder = BENCH / "scifact"
    texts = {entry["id"]: entry["text"] for entry in _lines(folder / "corpus.jsonl")}
    for claim in _lines(folder / "queries.jsonl"):
        label = claim["answers"][0]
        held = tuple(texts[id] for id in claim["doc_ids"] if id in texts)
        yield Case(f"scifact, {label.lower()}", claim["question"], held, label == "SUPPORT")


def of_written(folder: Path) -> Iterator[Case]:
    """Sentences that chat models wrote, by the verdict of somebody who read the passages."""
    verdicts = dict(line.split("\t") for line in VERDICTS.read_text(encoding="utf-8").splitlines())
    for file in sorted(folder.glob("*.jsonl")):
        for entry in _lines(file):
            for one in entry["sentences"]:
                verdict = verdicts.get(Sentence(one["text"], one["shown"]).key(entry["question"]))
                if verdict:
                    yield Case(
                        f"written, {verdict}", one["text"], tuple(entry["passages"]),
                        verdict == "supported", entry["question"],
                    )  # fmt: skip


def accepted(cases: Sequence[Case], model: Entailment | None, label: str) -> Accepts:
    """Which of the statements are accepted."""
    found: list[bool] = []
    held: dict[tuple[str, tuple[str, ...]], Evidence] = {}
    for case in track(cases, description=label):
        # Many statements have the same texts, which are analysed once.
        key = case.question, case.texts
        if key not in held:
            held[key] = Evidence(case.question, case.hits(), model)
        found.append(held[key].support(case.statement) is not None)
    return np.array(found)


def shares(cases: Sequence[Case], columns: Mapping[str, Accepts]) -> Table:
    """The share of each kind of statement that is accepted, by column."""
    table = Table("", "statements", *columns)
    places: dict[str, list[int]] = defaultdict(list)
    for at, case in enumerate(cases):
        places[case.name].append(at)
    for name, held in places.items():
        table.add_row(name, str(len(held)), *(f"{c[held].mean():.3f}" for c in columns.values()))
    return table


GROUPS: dict[str, dict[str, Callable[..., bool]]] = {
    "denies": {"denies": lambda *_: False},
    "generalizes": {"generalizes": lambda *_: False},
    "singles out": {"singles_out": lambda *_: False},
    "reverses": {"reverses": lambda *_: False},
    "turns round": {"turns_round": lambda *_: False},
    "all of negation": dict.fromkeys(
        ("denies", "generalizes", "singles_out", "reverses", "turns_round"), lambda *_: False
    ),
    "counts otherwise": {"counts_otherwise": lambda *_: False},
    "rows": {"rows_fit": lambda *_: True},
    "another of that name": {"is_another": lambda *_: False},
    "numbers": {"number_fits": lambda *_: True},
    "measures": {"measures_fit": lambda *_: True, "measure_fits": lambda *_: True},
    "codes": {"code_fits": lambda *_: True},
}
"""Groups of rules, each with what takes the place of its functions."""


def without(group: Mapping[str, Callable[..., bool]]) -> ExitStack:
    """While it is open, the rules of a group do nothing."""
    stack = ExitStack()
    for name, instead in group.items():
        stack.enter_context(patch.object(support, name, instead))
    return stack


def ablation(cases: Sequence[Case], model: Entailment | None) -> Table:
    """What each group of rules is worth: accepted rightly and wrongly without it, and the
    difference of the share that is judged rightly, with the 95% interval of a paired bootstrap.
    """
    right = np.array([case.supported for case in cases])
    base = accepted(cases, model, "all rules")
    table = Table("without", "supported accepted", "others accepted", "judged rightly", "95%")
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(cases), (_RESAMPLES, len(cases)))
    for name, group in {"nothing": {}, **GROUPS}.items():
        with without(group):
            found = accepted(cases, model, name) if group else base
        gains = (found == right).astype(float) - (base == right)
        low, high = np.quantile(gains[drawn].mean(1), (0.025, 0.975))
        table.add_row(
            name, f"{found[right].mean():.3f}", f"{found[~right].mean():.3f}",
            f"{gains.mean():+.4f}", f"{low:+.4f} to {high:+.4f}",
        )  # fmt: skip
    return table


def _faithful(query: Mapping[str, Any]) -> bool:
    return any(
        one["model"] == "reference" and one["human_median"]["faithfulness"] >= 4
        for one in query["model_outputs"]
    )


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--written", type=Path, help="the folder of the benchmark `written`")
    parser.add_argument("--model", type=Path, default=PACKAGED)
    parser.add_argument("--rules", action="store_true", help="leave out one group after another")
    parser.add_argument("--only", default="", help="the sets whose names begin so")
    parser.add_argument("--every", type=int, default=1, help="take only every nth statement")
    options = parser.parse_args()
    cases = [*of_pairs(options.pairs), *of_answers(), *of_scifact()]
    cases += of_written(options.written) if options.written else ()
    cases = [case for case in cases if case.name.startswith(options.only)][:: options.every]
    model = Entailment(options.model)
    console = Console(width=140)
    if options.rules:
        for label, one in (("rules", None), ("with the model", model)):
            console.print(label, ablation(cases, one))
        return
    columns = {
        "rules": accepted(cases, None, "rules"),
        "with the model": accepted(cases, model, "with the model"),
    }
    console.print(shares(cases, columns))


if __name__ == "__main__":
    main()
