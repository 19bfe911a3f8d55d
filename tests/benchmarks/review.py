"""What a review finds in real pages, as a person judged it; and what each of its rules earns.

python -m tests.benchmarks.review [FOLDER...] [--first 100] [--list] [--rules]

Without folders, `dev/handbook/docs` and `train/pages` are reviewed. `data/review_verdicts.tsv` has
what a person said of each finding: its id, its kind, and `right` or `wrong`. With `--list`, those
without a verdict are printed to be judged. With `--rules`, one rule after another is left out, in
the planted handbook of the tests and in the first folder, and only contradictions are counted.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

import qa
from qa.review import reviewing
from tests.benchmarks.sets import BENCH
from tests.indexing.mirroring import write
from tests.review.handbook import CONTRADICTIONS, pages

VERDICTS = Path(__file__).parent / "data" / "review_verdicts.tsv"
FOLDERS = (BENCH / "handbook" / "docs", BENCH.parent / "train" / "pages")
INDEXES = Path(tempfile.gettempdir()) / "footnote-benchmarks" / "review"

# Each rule, and what stands in its place if it is left out.
RULES: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    "a word on each side": {"qa.review.contradictions._two_sided": lambda one, other: False},
    "titles, headings and folders": {"qa.review.contradictions._apart": lambda *_: False},
    "names and limits": {"qa.checking.cases.Cases.differ_from": lambda self, other: False},
    "sentences that hold in general": {"qa.review.contradictions._says": lambda _: True},
    "numbers that name something": {
        "qa.review.contradictions._names_something": lambda statement, figure: False
    },
    "the entailment model": {
        "qa.review.contradictions.LEAST_CONTRADICTED": 0.0,
        "qa.review.contradictions.LEAST_DENIED": 0.0,
    },
    "0.4 alike": {
        "qa.review.contradictions.LEAST_ALIKE": 0.4,
        "qa.review.contradictions.LEAST_ALIKE_DENIED": 0.4,
    },
    "0.8 alike": {
        "qa.review.contradictions.LEAST_ALIKE": 0.8,
        "qa.review.contradictions.LEAST_ALIKE_DENIED": 0.8,
    },
}


def verdicts() -> dict[str, bool]:
    """What a person said of each finding."""
    lines = VERDICTS.read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0]: line.split("\t")[2] == "right" for line in lines}


def synced(folder: Path) -> qa.Assistant:
    """An index of a folder, kept for the next run."""
    assistant = qa.Assistant(index=INDEXES / f"{folder.parent.name}-{folder.name}")
    assistant.sync([folder])
    return assistant


def judged(console: Console, folder: Path, first: int, *, listing: bool) -> None:
    """A table of the first findings by kind: how many a person found right."""
    assistant, known = synced(folder), verdicts()
    findings = assistant.review().findings
    table = Table("kind", "found", f"of the first {first}", "right", "wrong", "not judged")
    for kind, found in Counter(one.kind for one in findings).items():
        shown = [one.id for one in findings[:first] if one.kind == kind]
        said = Counter(known.get(id) for id in shown)
        cells = (len(shown), said[True], said[False], said[None])
        table.add_row(kind, str(found), *map(str, cells))
    console.print(str(folder), table)
    for one in findings[:first] if listing else ():
        if one.id not in known:
            console.print(one.id, one.kind, one.score, one.target, one.meant)
            for citation in one.citations:
                console.print(f"   {citation.source} | {citation.heading}: {citation.quote}")


def contradicting(assistant: qa.Assistant, name: str) -> set[frozenset[str]]:
    """The quotes of the contradictions that are found without a rule."""
    with ExitStack() as stack:
        # Nothing is judged anew unless the rules have another number.
        stack.enter_context(patch.object(reviewing, "RULES", f"without {name}"))
        for target, value in RULES[name].items():
            stack.enter_context(patch(target, value))
        return {
            frozenset(citation.quote for citation in one.citations)
            for one in assistant.review().findings
            if one.kind == "contradiction"
        }


def rules(console: Console, folder: Path) -> None:
    """A table of what each rule earns."""
    real, planted = synced(folder), INDEXES / "planted"
    for name, text in pages().items():
        write(planted / "docs" / name, text)
    small = qa.Assistant(index=planted / "index")
    small.sync([planted / "docs"])
    wanted = {frozenset(pair) for pair in CONTRADICTIONS.values()}
    table = Table("left out", f"planted, of {len(wanted)}", "near misses", folder.parent.name)
    for name in RULES:
        found = contradicting(small, name)
        there = contradicting(real, name)
        table.add_row(name, *(str(len(some)) for some in (found & wanted, found - wanted, there)))
    console.print(table)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rules", action="store_true")
    given = parser.parse_args()
    console = Console()
    if given.rules:
        rules(console, given.folders[0])
        return
    for folder in given.folders:
        judged(console, folder, given.first, listing=given.list)


if __name__ == "__main__":
    main()
