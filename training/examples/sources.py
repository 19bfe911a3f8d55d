"""Question-answering sets on disk -> examples: a question, a passage, the spans that answer it.

A set is a folder with `corpus.jsonl` and `queries.jsonl`. Beside this program are our own additions
to some sets: questions on their passages (`near_misses.jsonl`), and changes of a few words that
make their questions unanswerable (`contrasts.jsonl`). Training and held-back examples are split by
article, because questions on one article give away each other's answers.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.text.sentences import Range, sentences, trim
from qa.text.terms import stems
from training.json_lines import read_lines

OWN_QUESTIONS = Path(__file__).with_name("near_misses.jsonl")
CONTRASTS = Path(__file__).with_name("contrasts.jsonl")
Kind = Literal["given", "retrieved", "cut", "altered"]
"""The origin of an example's passage or question; only `given` ones may be answered."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; `spans` are the answers in it, one for each annotator, or none.

    `pair` is the name of the pair that it belongs to, if any: an answered question and one that
    the same passage does not answer.
    """

    id: str
    source: str
    passage_id: str
    question: str
    passage: str
    spans: tuple[Range, ...]
    kind: Kind = "given"
    pair: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers as text."""
        return tuple(self.passage[start:end] for start, end in self.spans)

    @property
    def article(self) -> str:
        """The article of the passage."""
        return self.passage_id.split("#")[0]


@dataclass(frozen=True, slots=True)
class Source:
    """A source of examples, which of them are kept, and how many more are made from each."""

    name: str
    folders: tuple[str, ...]
    longest: int = 20  # words of an answer; longer ones are summaries or whole sentences
    per_passage: int = 1000  # examples of one passage that are kept
    retrieved: float = 0.0  # how many wrong passages from the search are added
    cut: float = 0.0  # … the passage without the sentences that answer
    altered: float = 0.0  # … the question, changed so that the passage no longer answers it
    repeat: int = 1  # how often an epoch repeats its unchanged answered examples
    repeat_unanswered: int = 1  # … its examples that people made to be unanswerable
    paired: bool = False  # people's unanswerable questions come with an answered one each
    split: bool = False  # part of its articles is held back
    own: Path | None = None  # the file of its questions, which are on passages of these folders
    contrasts: Path | None = None  # the file of changes to these folders' questions

    @property
    def ours(self) -> bool:
        """Whether we made its unanswerable questions."""
        return self.own is not None or self.contrasts is not None


# Questions on reviews and comments are often answered in others as well, and policies get the same
# few questions, so that a retrieved passage may well answer: few or none are added.
SOURCES = (
    Source(
        "squad", ("dev/squad1-dev", "dev/squad2-dev"),
        retrieved=1.0, cut=0.4, altered=0.25, paired=True, split=True,
    ),
    Source("squad2", ("train/squad2-train-part",), retrieved=0.4, paired=True),
    Source(
        "amazon", ("train/squadshifts/amazon_reviews",), retrieved=0.25, cut=0.25, altered=0.1
    ),
    Source("reddit", ("train/squadshifts/reddit",), retrieved=0.25, cut=0.25, altered=0.1),
    Source("fairytaleqa", ("train/fairytaleqa",), retrieved=0.5, cut=0.25, altered=0.1),
    Source("qamr", ("train/qamr",), per_passage=12, retrieved=0.3, altered=0.1),
    Source("policyqa", ("train/policyqa",), per_passage=3),
    Source(
        "own",
        (
            "dev/squad1-dev", "dev/multihop/hotpotqa100", "dev/mtrag/human_subset",
            "train/policyqa", "train/qamr",
        ),
        own=OWN_QUESTIONS,
    ),
    Source(
        "contrasts",
        (
            "dev/squad1-dev", "dev/squad2-dev", "train/squadshifts/amazon_reviews",
            "train/squadshifts/reddit",
        ),
        contrasts=CONTRASTS,
    ),
)  # fmt: skip


def read_source(bench: Path, source: Source) -> list[Example]:
    """The examples of a source, filtered, in the order of its files.

    Raises:
        SystemExit: a set is missing.
    """
    found: dict[str, Example] = {}
    for folder in source.folders:
        if source.own is not None:
            of_set = own_questions(source.own, bench, folder, source.name)
        else:
            of_set = read_set(bench / folder, source.name)
        if source.contrasts is not None:
            of_set = with_contrasts(of_set, source.contrasts)
        for example in of_set:
            found.setdefault(example.id, example)
    kept = [example for example in found.values() if _short_enough(example, source.longest)]
    return list(_few_of_each(kept, source.per_passage))


def read_set(folder: Path, name: str) -> Iterator[Example]:
    """The examples of a folder whose answers are in their passage word for word.

    Raises:
        SystemExit: there is no set in the folder.
    """
    if not (folder / "queries.jsonl").is_file():
        raise SystemExit(
            f"{folder} holds no queries.jsonl. Give the folder of the sets with --bench."
        )
    texts = _texts(folder)
    for query in read_lines(folder / "queries.jsonl"):
        example = _example(query, texts, name)
        if example is not None:
            yield example


def own_questions(file: Path, bench: Path, folder: str, name: str) -> Iterator[Example]:
    """The questions in a file on passages of one set, answered or not.

    A line is a passage: its `set` and id, and `questions`, each with its answer or "" for none.

    Raises:
        SystemExit: the set is missing.
    """
    texts = _texts(bench / folder)
    for entry in read_lines(file):
        passage = texts.get(entry["passage"])
        if entry["set"] != folder or passage is None:
            continue
        for number, (question, answer) in enumerate(entry["questions"]):
            spans = (_place(passage, question, answer),) if answer else ()
            yield Example(
                f"{folder}/{entry['passage']}/own-{number}",
                name, entry["passage"], question, passage, spans,
            )  # fmt: skip


def with_contrasts(examples: Iterable[Example], file: Path) -> Iterator[Example]:
    """The changed ones of some examples, each followed by its changed versions.

    A line has a question's `id` and its `changes`: the position of the first word to be removed, of
    the first one to stay, and the new words. The passage answers none of the changed questions
    (contrast sets: Gardner et al. 2020, arXiv:2004.02709).
    """
    changes = {entry["id"]: entry["changes"] for entry in read_lines(file)}
    for example in examples:
        if example.id not in changes:
            continue
        yield example
        words = example.question.split()
        for number, (first, end, instead) in enumerate(changes[example.id]):
            question = " ".join([*words[:first], *instead.split(), *words[end:]])
            yield replace(example, id=f"{example.id}/{number}", question=question, spans=())


def _place(passage: str, question: str, answer: str) -> Range:
    """The place of an answer; among several, the one whose sentence is most like the question.

    Raises:
        ValueError: it is not in the passage.
    """
    literal = re.escape(answer)
    # Not "20" in "2017", unless it only occurs within words.
    places = [match.span() for match in re.finditer(rf"(?<!\w){literal}(?!\w)", passage)]
    places = places or [match.span() for match in re.finditer(literal, passage)]
    if not places:
        raise ValueError(f"{answer!r} stands nowhere in: {passage}")
    asked = set(stems(question))

    def shared(place: Range) -> int:
        around = (text for text in sentences(passage) if text[0] <= place[0] < text[1])
        return max(
            (len(asked.intersection(stems(passage[slice(*one)]))) for one in around), default=0
        )

    return max(places, key=shared)


def passages(bench: Path, source: Source) -> dict[str, str]:
    """The passages of a source by id."""
    texts: dict[str, str] = {}
    for folder in source.folders:
        texts = {**_texts(bench / folder), **texts}
    return texts


def held_back_articles(examples: Iterable[Example], share: float) -> frozenset[str]:
    """The articles that are held back from training, the same in every run.

    The share is taken from the articles with unanswered questions and from the others, so that both
    sides have both.
    """
    answered: dict[str, bool] = {}
    for example in examples:
        answered[example.article] = answered.get(example.article, True) and bool(example.spans)
    held: set[str] = set()
    for wanted in (True, False):
        alike = sorted((name for name in answered if answered[name] is wanted), key=order)
        held.update(alike[: math.ceil(share * len(alike))])
    return frozenset(held)


def order(name: str) -> str:
    """A key that shuffles names the same way in every run and on every machine."""
    return hashlib.sha256(name.encode()).hexdigest()


def chance(name: str) -> float:
    """A number in 0..1 that depends on a name only."""
    return int(order(name)[:12], 16) / 16**12


def read_examples(file: Path) -> list[Example]:
    """Read examples that `write_lines` wrote."""
    return [
        Example(**{**entry, "spans": tuple((start, end) for start, end in entry["spans"])})
        for entry in read_lines(file)
    ]


def _example(query: Mapping[str, Any], texts: Mapping[str, str], name: str) -> Example | None:
    if not query["doc_ids"] or query["doc_ids"][0] not in texts:
        return None
    passage_id = query["doc_ids"][0]
    passage = texts[passage_id]
    starts: Sequence[int | None] = query.get("answer_starts") or ()
    pairs = zip(query["answers"], starts, strict=False)
    spans = [trim(passage, start, start + len(a)) for a, start in pairs if start is not None]
    spans = _agreed([(start, end) for start, end in spans if end > start])
    if bool(spans) != query["answerable"]:
        return None
    question = " ".join(query["question"].split())
    return Example(query["id"], name, passage_id, question, passage, tuple(spans))


def _agreed(spans: list[Range]) -> list[Range]:
    # Of three or more annotators, one who disagrees with all others is left out.
    if len(spans) < 3:
        return spans
    return [
        span
        for at, span in enumerate(spans)
        if any(
            span[0] < other[1] and other[0] < span[1]
            for index, other in enumerate(spans)
            if index != at
        )
    ]


def _short_enough(example: Example, longest: int) -> bool:
    lengths = [len(answer.split()) for answer in example.answers]
    return not lengths or min(lengths) <= longest


def _texts(folder: Path) -> dict[str, str]:
    if not (folder / "corpus.jsonl").is_file():
        raise SystemExit(
            f"{folder} holds no corpus.jsonl. Give the folder of the sets with --bench."
        )
    return {entry["id"]: entry["text"] for entry in read_lines(folder / "corpus.jsonl")}


def _few_of_each(examples: Sequence[Example], most: int) -> Iterator[Example]:
    by_passage: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_passage[example.passage_id].append(example)
    for same in by_passage.values():
        yield from sorted(same, key=lambda example: order(example.id))[:most]
