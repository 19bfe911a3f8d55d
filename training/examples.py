"""Question-answering sets on disk -> examples: a question, a passage, the spans that answer it.

A set is a folder of `corpus.jsonl` and `queries.jsonl`. Beside this program is what we wrote for
some sets: questions of our own on their passages (`near_misses.jsonl`), and changes of a few words
that make their questions unanswerable (`contrasts.jsonl`). What is trained on and what is held
back is split by article, because questions on one article give away each other's answers.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.sentences import Range, sentences, trim
from qa.terms import stems

OWN_QUESTIONS = Path(__file__).with_name("near_misses.jsonl")
CONTRASTS = Path(__file__).with_name("contrasts.jsonl")
Kind = Literal["given", "retrieved", "cut", "altered"]
"""Where an example's passage or question comes from; all but `given` are not answered."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; `spans` are the answers in it, one an annotator, none if none."""

    id: str
    source: str
    passage_id: str
    question: str
    passage: str
    spans: tuple[Range, ...]
    kind: Kind = "given"

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers as text."""
        return tuple(self.passage[start:end] for start, end in self.spans)

    @property
    def article(self) -> str:
        """What the passage is part of."""
        return self.passage_id.split("#")[0]


@dataclass(frozen=True, slots=True)
class Source:
    """One source of examples, what is kept of it, and how many more are made of each example."""

    name: str
    folders: tuple[str, ...]
    longest: int = 20  # words of an answer; longer ones are summaries or whole sentences
    per_passage: int = 1000  # examples of one passage that are kept
    retrieved: float = 0.0  # times that a passage is added that retrieval brings and is wrong
    cut: float = 0.0  # … the passage without the sentences that answer
    altered: float = 0.0  # … the question, changed so that the passage no longer answers it
    repeat: int = 1  # times that an epoch goes over its answered examples as they are
    repeat_unanswered: int = 1  # … over those that people made to be unanswerable
    split: bool = False  # part of its articles is held back
    own: Path | None = None  # the file of its questions, which are on passages of these folders
    contrasts: Path | None = None  # the file of changes to these folders' questions

    @property
    def ours(self) -> bool:
        """Whether we made its unanswerable questions."""
        return self.own is not None or self.contrasts is not None


# Reviews and comments are asked about what many others say as well, and policies are asked
# the same few questions, so that a retrieved passage may well answer: few or none are added.
SOURCES = (
    Source(
        "squad", ("dev/squad1-dev", "dev/squad2-dev"),
        retrieved=1.0, cut=0.4, altered=0.25, repeat=1, repeat_unanswered=3, split=True,
    ),
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
        SystemExit: a set is not there.
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
    """The examples of one folder whose answers stand in their passage word for word.

    Raises:
        SystemExit: there is no set in the folder.
    """
    if not (folder / "queries.jsonl").is_file():
        raise SystemExit(
            f"{folder} holds no queries.jsonl. Give the folder of the sets with --bench."
        )
    texts = _texts(folder)
    for query in _lines(folder / "queries.jsonl"):
        example = _example(query, texts, name)
        if example is not None:
            yield example


def own_questions(file: Path, bench: Path, folder: str, name: str) -> Iterator[Example]:
    """The questions of a file that are on passages of one set, answered or not.

    A line is a passage: its `set` and id, and `questions`, each with its answer or "" for none.

    Raises:
        SystemExit: the set is not there.
    """
    texts = _texts(bench / folder)
    for entry in _lines(file):
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
    """Of some examples those that were changed, each followed by what became of it.

    A line is a question's `id` and its `changes`, each the place of the first word that goes, of
    the first that stays, and the words that come instead; none of the changed questions is
    answered by the passage (contrast sets: Gardner et al. 2020, arXiv:2004.02709).
    """
    changes = {entry["id"]: entry["changes"] for entry in _lines(file)}
    for example in examples:
        if example.id not in changes:
            continue
        yield example
        words = example.question.split()
        for number, (first, end, instead) in enumerate(changes[example.id]):
            question = " ".join([*words[:first], *instead.split(), *words[end:]])
            yield replace(example, id=f"{example.id}/{number}", question=question, spans=())


def _place(passage: str, question: str, answer: str) -> Range:
    """Where an answer stands; of several places the one whose sentence is most like the question.

    Raises:
        ValueError: it stands nowhere.
    """
    literal = re.escape(answer)
    # Rather than "20" in "2017", unless it only stands within a word.
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
    """The articles that are not trained on: the same ones in every run.

    The share is taken of the articles with unanswered questions and of the others alike, so
    that both sides hold both.
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
    """A number in 0..1 that belongs to a name."""
    return int(order(name)[:12], 16) / 16**12


def write_examples(file: Path, examples: Iterable[Example]) -> None:
    """Keep examples, one JSON object a line."""
    with file.open("w", encoding="utf-8") as stream:
        for example in examples:
            stream.write(json.dumps(asdict(example), ensure_ascii=False) + "\n")


def read_examples(file: Path) -> list[Example]:
    """What `write_examples` kept."""
    return [
        Example(**{**entry, "spans": tuple((start, end) for start, end in entry["spans"])})
        for entry in _lines(file)
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
    # Of three annotators or more, one who points at something else than all others is left out.
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
    return {entry["id"]: entry["text"] for entry in _lines(folder / "corpus.jsonl")}


def _few_of_each(examples: Sequence[Example], most: int) -> Iterator[Example]:
    by_passage: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_passage[example.passage_id].append(example)
    for same in by_passage.values():
        yield from sorted(same, key=lambda example: order(example.id))[:most]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)
