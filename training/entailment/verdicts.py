"""Yes-or-no questions that we wrote, each with the words that decide it -> pairs.

A line of a file in `verdicts/` is a `question`, the `page` that it is about, the words of it that
decide (`holds`), and the `verdict`. The page is a path in `train/pages`, the id of a passage of
PolicyQA or of SQuAD 2, or a name of its own; then the passage is there, too, as `title` and `text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import EmptyFileError
from qa.loading import read
from training.entailment.pairs import CONTRADICTED, NOT_SAID, SUPPORTED, Pair
from training.examples import Example, chance
from training.examples.alterations import cropped
from training.json_lines import read_lines
from training.ranking.pages import PageUnit, units_of

VERDICTS = Path(__file__).with_name("verdicts")

_LABELS = {"yes": SUPPORTED, "no": CONTRADICTED, "not said": NOT_SAID}
_SETS = ("train/policyqa", "train/squad2-train-part")
_STRETCH = (20, 90)  # words of a passage
_WHOLE = 0.2
_TITLED = 0.7  # the share of passages that stand below their title and headings
_FEWEST = 15  # words, if the page has so many around what decides


@dataclass(frozen=True, slots=True)
class _Decided:
    """A text with what stands above it, and the range in it that decides."""

    above: str
    text: str
    place: tuple[int, int]


def verdicts(bench: Path, held_back: float, copies: int) -> tuple[list[Pair], list[Pair]]:
    """The questions with a stretch of their page around what decides; held back by page.

    Copies differ in the stretch. A question is left out if its words cannot be found on the page as
    Footnote reads it.
    """
    passages = {
        entry["id"]: entry for name in _SETS for entry in read_lines(bench / name / "corpus.jsonl")
    }
    pages: dict[str, list[PageUnit]] = {}
    train: list[Pair] = []
    held: list[Pair] = []
    for file in sorted(VERDICTS.glob("*.jsonl")):
        for number, entry in enumerate(read_lines(file)):
            page = entry["page"]
            if "text" in entry or page in passages:
                decided = _in_passage(entry if "text" in entry else passages[page], entry["holds"])
            else:
                if page not in pages:
                    pages[page] = list(units_of(bench / "train" / "pages" / page, page))
                decided = _on_page(pages[page], entry["holds"])
            if decided is None:
                continue
            last = chance(f"{page} verdicts") < held_back
            part, most = (held, 1) if last else (train, copies)
            part += [
                _pair(f"{file.stem}/{number}/{copy}", entry, decided) for copy in range(most)
            ]
    return train, held


def _pair(id: str, entry: Mapping[str, Any], decided: _Decided) -> Pair:
    example = Example(id, "verdict", id, entry["question"], decided.text, (decided.place,))
    passage = cropped(example, _WHOLE, _STRETCH).passage
    if decided.above and chance(f"{id} titled") < _TITLED:
        passage = f"{decided.above}\n{passage}"
    return Pair(id, "verdict", passage, entry["question"], _LABELS[entry["verdict"]])


def _in_passage(passage: Mapping[str, Any], holds: str) -> _Decided | None:
    start = passage["text"].find(holds)
    if start < 0:
        return None
    title = passage.get("title", "")
    # Passages of SQuAD 2's part that are known by their words alone have no title.
    above = "" if title == "squad" else title
    return _Decided(above, passage["text"], (start, start + len(holds)))


def _on_page(units: list[PageUnit], holds: str) -> _Decided | None:
    """The smallest unit that holds some words of the page, if it is not too short."""
    try:
        said = " ".join(read(holds.encode(), "holds.md").text.split())
    except EmptyFileError:
        return None
    for fewest in (_FEWEST, 0):
        holding = sorted(
            (one for one in units if one.words >= fewest and said in " ".join(one.text.split())),
            key=lambda one: one.words,
        )
        if holding:
            text = " ".join(holding[0].text.split())
            above = "\n".join((holding[0].title, *holding[0].headings))
            start = text.find(said)
            return _Decided(above, text, (start, start + len(said)))
    return None
