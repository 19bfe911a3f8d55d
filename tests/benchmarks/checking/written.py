"""Sentences that chat models write, before and after they are checked, beside a reader's verdict.

python -m tests.benchmarks.checking.written ask llamacpp:/path/to/model.gguf … --out FOLDER
python -m tests.benchmarks.checking.written count FOLDER

`ask` puts 100 questions of SQuAD 2, half of them made to be unanswerable, to each chat model and
keeps every sentence it wrote, with the passages that it was shown. `count` compares what was
shown to the user with `written_verdicts.tsv`, where somebody who read the passages says of
each sentence whether they support it; it names a sentence by a digest, since the texts are not
ours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

import qa
from tests.benchmarks.sets import BenchmarkSet

VERDICTS = Path(__file__).with_name("written_verdicts.tsv")
KINDS = ("supported", "partly", "not")
_MARKED = re.compile(r"(.+?)\s*((?:\[\d+\])+)", re.DOTALL)
# Passages that a model is shown: fewer than by default, so that each can be read by the judge.
_PASSAGES = 4


@dataclass(frozen=True)
class Sentence:
    """A sentence that a chat model wrote: whether it was shown, and the quotes below it."""

    text: str
    shown: bool
    quotes: tuple[str, ...] = ()

    def key(self, question: str) -> str:
        """Its name among the verdicts."""
        return hashlib.sha256(f"{question}\n{self.text}".encode()).hexdigest()[:16]


def chosen(questions: int) -> list[dict[str, Any]]:
    """Equally many answerable and unanswerable questions, the same in every run."""
    asked = BenchmarkSet("squad2-dev").questions
    dice = random.Random(7)
    found: list[dict[str, Any]] = []
    for answerable in (True, False):
        alike = [one for one in asked if one["answerable"] is answerable]
        found.extend(dice.sample(alike, questions // 2))
    return found


def sentences_of(answer: qa.Answer) -> Iterator[Sentence]:
    """All that the chat model wrote, except refusals."""
    if answer.answerer != "quotes":
        by_number = {citation.number: citation.quote for citation in answer.citations}
        for match in _MARKED.finditer(answer.text):
            numbers = map(int, re.findall(r"\d+", match[2]))
            yield Sentence(match[1].strip(), True, tuple(by_number[n] for n in numbers))
    for text in answer.unsupported:
        yield Sentence(text, False)


def ask(model: str, questions: int, out: Path) -> None:
    """Ask a chat model the questions and keep what it wrote; a stopped run goes on where it was."""
    file = out / f"{Path(model.partition(':')[2]).stem}.jsonl"
    out.mkdir(parents=True, exist_ok=True)
    done = {entry["id"] for entry in _lines(file)}
    assistant = BenchmarkSet("squad2-dev").assistant(
        chat_model=model, limit=_PASSAGES, threshold=0.0
    )
    with file.open("a", encoding="utf-8") as kept:
        for question in track(chosen(questions), description=file.stem):
            if question["id"] in done:
                continue
            answer = assistant.ask(question["question"])
            entry = {
                "id": question["id"],
                "question": question["question"],
                "answerable": question["answerable"],
                "passages": [hit.passage.text for hit in answer.hits],
                "sentences": [asdict(one) for one in sentences_of(answer)],
            }
            kept.write(json.dumps(entry, ensure_ascii=False) + "\n")
            kept.flush()


def count(folder: Path) -> None:
    """The sentences of each model by verdict: written, shown, and left out."""
    if not VERDICTS.is_file():
        raise SystemExit(
            f"{VERDICTS} is not there: judge the sentences of {folder} first, a line for each of "
            "its key, a tab and the verdict."
        )
    verdicts = dict(line.split("\t") for line in VERDICTS.read_text(encoding="utf-8").splitlines())
    table = Table("model", "", *KINDS, "no verdict", "unsupported")
    for file in sorted(folder.glob("*.jsonl")):
        written: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for entry in _lines(file):
            for one in entry["sentences"]:
                key = Sentence(one["text"], one["shown"]).key(entry["question"])
                written[one["shown"]][verdicts.get(key, "no verdict")] += 1
        for label, counts in (
            ("written", written[True] + written[False]),
            ("shown", written[True]),
            ("left out", written[False]),
        ):
            judged = sum(counts[kind] for kind in KINDS)
            share = f"{counts['not'] / judged:.3f}" if judged else ""
            row = [str(counts[kind]) for kind in (*KINDS, "no verdict")]
            table.add_row(file.stem, label, *row, share)
    Console().print(table)


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    asking = verbs.add_parser("ask")
    asking.add_argument("models", nargs="+", help="as the setting chat_model has them")
    asking.add_argument("--questions", type=int, default=100)
    asking.add_argument("--out", type=Path, required=True)
    counting = verbs.add_parser("count")
    counting.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.verb == "count":
        count(options.folder)
        return
    for model in options.models:
        ask(model, options.questions, options.out)


if __name__ == "__main__":
    main()
