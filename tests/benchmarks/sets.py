"""The public sets that the benchmarks run on, read from the folder beside the checkout."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import qa

BENCH = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "dev"
CACHE = Path(tempfile.gettempdir()) / "footnote-benchmarks"


# Their articles are in training and development both, or we wrote questions about them.
_TRAINED_ON = ("squad", "xquad", "multihop/hotpotqa100", "mtrag")


def article(id: str) -> str:
    """The article of a passage."""
    return id.split("#")[0]


@dataclass(frozen=True)
class BenchmarkSet:
    """A corpus, its questions and which documents answer them."""

    name: str

    @property
    def folder(self) -> Path:
        """Its folder; the program ends with a message if it is missing."""
        folder = BENCH / self.name
        if not folder.is_dir():
            sys.exit(f"There is no set {self.name!r}: {folder.resolve()} is missing.")
        return folder

    @cached_property
    def documents(self) -> list[qa.Document]:
        """The corpus; a document without text is its title."""
        return [
            qa.Document(
                id=f"{self.name}/{row['id']}",
                source=f"{self.name}/{row['id']}",
                title=row.get("title") or "",
                text=row["text"] or row.get("title") or ".",
            )
            for row in _rows(self.folder / "corpus.jsonl")
        ]

    @cached_property
    def questions(self) -> list[dict[str, Any]]:
        """The questions of the file."""
        return list(_rows(self.folder / "queries.jsonl"))

    def untrained(self, held_back: Collection[str]) -> list[dict[str, Any]]:
        """The questions about articles that the packaged reader was not trained on.

        `held_back` are those articles; of sets that nothing was trained on, all are given.
        """
        if not self.name.startswith(_TRAINED_ON):
            return self.questions
        return [
            question
            for question in self.questions
            if all(article(id) in held_back for id in question["doc_ids"])
        ]

    @cached_property
    def relevance(self) -> dict[str, dict[str, int]]:
        """Question id -> source -> grade."""
        grades: dict[str, dict[str, int]] = {}
        lines = (self.folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
        for line in lines:
            question, document, grade = line.split("\t")
            grades.setdefault(question, {})[f"{self.name}/{document}"] = max(0, int(float(grade)))
        return grades

    def assistant(self, **settings: Any) -> qa.Assistant:
        """An Assistant on an index of this set alone, which is kept for the next run."""
        return indexed(self.name.replace("/", "-"), [self], **settings)


def indexed(name: str, sets: Sequence[BenchmarkSet], **settings: Any) -> qa.Assistant:
    """An Assistant on an index of several sets, which is kept for the next run."""
    assistant = qa.Assistant(index=CACHE / name, **settings)
    known = {source.source for source in assistant.status().sources}
    missing = [d for one in sets for d in one.documents if d.source not in known]
    if missing:
        report = assistant.add(missing)
        print(f"{name}: {report.passages} passages in {report.seconds:.0f} s", file=sys.stderr)
    return assistant


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, TOIS 20(4), 2002)."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:depth])
    return _gain([grades.get(source, 0) for source in ranked[:depth]]) / ideal if ideal else 0.0


def _gain(grades: Iterable[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
