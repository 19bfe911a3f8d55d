"""People's unanswerable questions, each paired with an answered one on the same passage.

By itself, a question that was written to be unanswerable may be recognised by its style, or by the
topic of its passage. In one batch with a question that the same passage answers, only the
difference between the questions is left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.text.terms import stems
from training.examples.sources import SOURCES, Example, order


def paired(examples: Sequence[Example], copies: int = 1) -> Iterator[Example]:
    """Each unanswered example, followed by the most similar answered one of its passage.

    Examples without a partner are kept. Each copy of a pair is cropped differently.
    """
    answered: dict[str, list[tuple[Example, frozenset[str]]]] = defaultdict(list)
    for example in examples:
        if example.spans:
            answered[example.passage].append((example, frozenset(stems(example.question))))
    used: Counter[str] = Counter()
    for example in examples:
        others = answered[example.passage]
        if example.spans:
            continue
        if not others:
            yield from (replace(example, id=f"{example.id}#{copy}") for copy in range(copies))
            continue
        asked = frozenset(stems(example.question))
        partner, _ = max(others, key=lambda other: (_likeness(asked, other[1]), -used[other[0].id]))
        used[partner.id] += 1
        for copy in range(copies):
            pair = f"{example.id}#{copy}"
            yield replace(example, id=pair, pair=pair)
            yield replace(partner, id=f"{partner.id}/{pair}", pair=pair)
    yield from (example for example in examples if example.spans and not used[example.id])


def mixed(examples: Sequence[Example], share: float) -> list[Example]:
    """All pairs, as a share of the words, and as many other examples as there is room for.

    The rest is shared evenly by answered questions of the paired sets, passages from the search,
    and all others.
    """
    parts: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        parts[_part(example)].append(example)
    pairs = parts.pop("pairs", [])
    room = sum(map(_words, pairs)) * (1 - share) / share / 3
    kept = list(pairs)
    for part in parts.values():
        taken = 0
        for example in sorted(part, key=lambda one: order(f"{one.id} {one.kind} mixed")):
            if taken >= room:
                break
            taken += _words(example)
            kept.append(example)
    return kept


_PAIRED = frozenset(source.name for source in SOURCES if source.paired)


def _part(example: Example) -> str:
    if example.pair:
        return "pairs"
    if example.kind == "retrieved":
        return "retrieved"
    given = example.kind == "given" and example.source in _PAIRED and example.spans
    return "answered" if given else "else"


def _likeness(some: frozenset[str], others: frozenset[str]) -> float:
    return len(some & others) / max(1, len(some | others))


def _words(example: Example) -> int:
    return len(example.question.split()) + len(example.passage.split())
