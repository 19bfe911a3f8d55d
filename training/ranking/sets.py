"""Sets of questions -> groups: the answering paragraph or sentence, among others.

For an unanswerable question, no text is right.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from qa.text.sentences import sentences
from training.examples import (
    SOURCES,
    Example,
    Source,
    chance,
    held_back_articles,
    order,
    passages,
    read_source,
)
from training.examples.negatives import PassageSearch
from training.json_lines import read_lines
from training.ranking.groups import PART, RIGHT, WRONG, Candidate, Group, below

# The most groups of each source; more of those with people's unanswerable questions.
MOST: Mapping[str, int] = {
    "squad2": 6000, "squad": 2500, "own": 2500, "qamr": 1200, "fairytaleqa": 1200,
    "amazon": 800, "reddit": 800, "policyqa": 600,
}  # fmt: skip
_TEXTS = 8
# The number of texts from the same article or passage; the rest is from the search.
_NEAR = 4
# The share of groups of sentences; the others are of paragraphs.
_OF_SENTENCES = 0.5
_TITLED = 0.5  # the share of groups whose texts have their title above them


@dataclass(frozen=True, slots=True)
class _Articles:
    """The passages of a source with their articles, and a search over them."""

    texts: Mapping[str, str]
    titles: Mapping[str, str]
    by_article: Mapping[str, Sequence[str]]


def of_sets(bench: Path, held_back: float, share: float) -> Iterator[Group]:
    """A share of the groups of all sets, without the articles held back from training."""
    held: frozenset[str] = frozenset()
    for source in SOURCES:
        if source.name not in MOST:
            continue
        examples = read_source(bench, source)
        if source.split:
            held |= held_back_articles(examples, held_back)
        outside = [example for example in examples if example.article not in held]
        most = round(share * MOST[source.name])
        chosen = sorted(outside, key=lambda one: order(f"{one.id} ranked"))[:most]
        yield from _groups(bench, source, chosen, held)


def _groups(
    bench: Path, source: Source, examples: Sequence[Example], held: frozenset[str]
) -> Iterator[Group]:
    texts = {
        id: text for id, text in passages(bench, source).items() if id.split("#")[0] not in held
    }
    by_article: dict[str, list[str]] = defaultdict(list)
    for id in texts:
        by_article[id.split("#")[0]].append(id)
    articles = _Articles(texts, _titles(bench, source), by_article)
    brought = PassageSearch(texts, None).search([example.question for example in examples])
    for example, ids in tqdm(zip(examples, brought, strict=True), desc=source.name):
        group = _group(example, ids, articles)
        if group is not None:
            yield group


def _group(example: Example, brought: Sequence[str], articles: _Articles) -> Group | None:
    drawn = random.Random(order(f"{example.id} ranked"))
    near = [id for id in articles.by_article[example.article] if id != example.passage_id]
    drawn.shuffle(near)
    # A passage that contains the answer may be right; of others, nothing is known.
    others = [id for id in (*near[:_NEAR], *brought) if id != example.passage_id]
    others = [id for id in dict.fromkeys(others) if not _says(articles.texts[id], example)]
    titled = chance(f"{example.id} titled") < _TITLED
    if chance(f"{example.id} sentences") < _OF_SENTENCES:
        texts = [*_sentences_of(example), *_likely(example.question, others, articles)]
        title = articles.titles.get(example.passage_id, "")
        candidates = [
            Candidate(below(title if titled else "", (), text), label)
            for text, label in texts[:_TEXTS]
        ]
    else:
        told = [(example.passage_id, RIGHT if example.spans else WRONG)]
        told += [(id, WRONG) for id in others]
        candidates = [
            Candidate(
                below(articles.titles.get(id, "") if titled else "", (), articles.texts[id]),
                label,
            )
            for id, label in told[:_TEXTS]
        ]
    if len(candidates) < 2:
        return None
    return Group(example.id, example.source, example.question, tuple(candidates))


def _says(text: str, example: Example) -> bool:
    return any(answer in text for answer in example.answers)


def _sentences_of(example: Example) -> list[tuple[str, int]]:
    """The answering sentence, then others of its passage, and the passage as more than the answer.

    Sentences with the same words as the answer are left out.
    """
    passage = example.passage
    right: list[tuple[str, int]] = []
    wrong: list[tuple[str, int]] = []
    for start, end in sentences(passage):
        text = passage[start:end]
        if any(start <= first and last <= end for first, last in example.spans[:1]):
            right.append((text, RIGHT))
        elif not _says(text, example):
            wrong.append((text, WRONG))
    drawn = random.Random(order(f"{example.id} sentences"))
    drawn.shuffle(wrong)
    return [*right, *wrong[: _NEAR - 1], (passage, PART)] if right else wrong[:_NEAR]


def _likely(question: str, ids: Sequence[str], articles: _Articles) -> Iterator[tuple[str, int]]:
    """Of each passage the sentence that shares most letters' worth of words with the question."""
    asked = frozenset(question.lower().split())
    for id in ids:
        text = articles.texts[id]
        found = [text[start:end] for start, end in sentences(text)]
        yield max(found, key=lambda one: len(asked & frozenset(one.lower().split()))), WRONG


def _titles(bench: Path, source: Source) -> dict[str, str]:
    titles: dict[str, str] = {}
    for folder in source.folders:
        for entry in read_lines(bench / folder / "corpus.jsonl"):
            titles[entry["id"]] = (entry.get("title") or "").replace("_", " ")
    return titles
