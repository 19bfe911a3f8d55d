"""The questions that we wrote on pages -> each with the smallest unit of its page that answers it.

A line of a file in `own/questions/` is a `question`, its `page` (a path in `train/pages`, or in
`own/pages/`), and what its answer `holds`, word for word; nothing, if the page seems to answer, but
does not. The yes-or-no questions of `training/entailment/verdicts/` that are on pages count, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.json_lines import read_lines
from training.ranking.pages import Asked, Pages, PageUnit, plain

OWN = Path(__file__).with_name("own")
OWN_PAGES = OWN / "pages"
QUESTIONS = OWN / "questions"
VERDICTS = Path(__file__).parents[1] / "entailment" / "verdicts"


def own_questions(pages: Pages, folder: Path = QUESTIONS) -> Iterator[Asked]:
    """The questions of a folder, those that no unit answers among them.

    Raises:
        SystemExit: a page is not there, or no unit of it holds what the answer must hold.
    """
    for file in sorted(folder.glob("*.jsonl")):
        for number, entry in enumerate(read_lines(file)):
            page, holds = entry["page"], entry["holds"]
            right = _smallest(pages.by_page.get(page, ()), holds) if holds else None
            if page not in pages.by_page or (holds and right is None):
                raise SystemExit(f"{file}:{number + 1}: no unit of {page} holds {holds}.")
            near = 0 if right is None else right.unit.start
            id = f"question/{file.stem}/{number}"
            held = tuple(plain(part) for part in holds)
            yield Asked(id, entry["question"], page, right, "question", near, held)


def yes_or_no(pages: Pages, folder: Path = VERDICTS) -> Iterator[Asked]:
    """The yes-or-no questions on pages; what does not decide is the unit nearest to the answer.

    Those whose words no unit holds are left out.
    """
    for file in sorted(folder.glob("*.jsonl")):
        for number, entry in enumerate(read_lines(file)):
            found = _decides(pages, entry)
            if found is not None:
                right = None if entry["verdict"] == "not said" else found
                id = f"verdict/{file.stem}/{number}"
                yield Asked(id, entry["question"], found.page, right, "question", found.unit.start)


def _decides(pages: Pages, entry: Mapping[str, Any]) -> PageUnit | None:
    return _smallest(pages.by_page.get(entry["page"], ()), [entry["holds"]])


def _smallest(units: Sequence[PageUnit], holds: Sequence[str]) -> PageUnit | None:
    holding = [one for one in units if all(plain(part) in plain(one.text) for part in holds)]
    return min(holding, key=lambda one: one.words, default=None)
