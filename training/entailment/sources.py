"""The sets on disk -> pairs: people's claims, questions made into statements, sentences changed.

What is held back is so by what it is about: claims that share a sentence of evidence, and the
articles that the reader has not seen.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from qa.questions import candidates, kind_of
from qa.text.sentences import Range, sentences
from qa.text.terms import stems
from training.entailment.pairs import CONTRADICTED, NOT_SAID, SUPPORTED, UNSUPPORTED, Pair
from training.entailment.statements import Verbs, statement, whether
from training.examples import Example, chance, held_back_articles, order, read_set
from training.examples.alterations import altered_question, cropped, without_answer
from training.json_lines import read_lines

_MOST_WORDS = 70  # of FEVER's evidence: what other annotators chose is left out
_STRETCH = (20, 70)  # words of a passage
_WHOLE = 0.1
_MARKED = 0.7  # the share of questions that end with a question mark
_TITLED = 0.5  # the share of passages that stand below their title, as in use
_WORDS_OF_STATEMENT = range(4, 41)
_BRACKETS = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "``": '"',
    "''": '"',
    "--": "–",
}
_AFTER_SPACE = re.compile(r" (?=[,.;:?!)\]%]|'s\b|n't\b)|(?<=[(\[]) ")
_IS = r"is|are|was|were|can|could|has|have|had|should|would|will|may|must|shall|do|does|did"
_VERB = re.compile(rf"\b(?:{_IS})\b(?! not\b)")
_NOT = re.compile(rf"(?<=\b)({_IS})(?: not\b|n['’]t\b)|\bcannot\b")


def fever(bench: Path, held_back: float) -> tuple[list[Pair], list[Pair]]:
    """FEVER's claims with their evidence, and some with that of another claim like it."""
    claims = [
        claim
        for name in ("validation", "test")
        for claim in read_lines(bench / "train" / "fever" / f"{name}.jsonl")
        if claim["evidence"]
    ]
    matters = _matters([claim["evidence"] for claim in claims])
    given = [
        Pair(
            f"fever/{at}", "fever", _shortened(claim["evidence"], claim["claim"]), claim["claim"],
            SUPPORTED if claim["label"] == "SUPPORTS" else CONTRADICTED,
        )
        for at, claim in enumerate(claims)
    ]  # fmt: skip
    near = _Nearby([pair.passage for pair in given], matters)
    train: list[Pair] = []
    held: list[Pair] = []
    for at, pair in enumerate(given):
        part = held if chance(f"fever {matters[at]}") < held_back else train
        part.append(pair)
        other = near.most_like(pair.statement, matters[at])
        if chance(f"{pair.id} other") < 0.2 and other is not None:
            part.append(
                replace(pair, id=f"{pair.id}/other", passage=given[other].passage, label=NOT_SAID)
            )
    return train, held


def wice(bench: Path) -> tuple[list[Pair], list[Pair]]:
    """WiCE's claims with the sentences that support them, wholly or partly, or are most like them.

    Its development part is held back, but for what is about an article of the other.
    """
    parts: list[list[Pair]] = []
    seen: set[str] = set()
    for name in ("test", "dev"):
        pairs = []
        for claim in read_lines(bench / "train" / "wice" / f"claim-{name}.jsonl"):
            if claim["meta"]["claim_title"] in seen and name == "dev":
                continue
            texts = claim["evidence"]
            sets = claim["supporting_sentences"]
            if sets:
                chosen = min(sets, key=lambda one: (len(one), one))
            else:
                chosen = _most_like(texts, claim["claim"], 3)
            passage = " ".join(texts[at] for at in sorted(chosen))
            label = SUPPORTED if claim["label"] == "supported" else UNSUPPORTED
            pairs.append(
                Pair(f"wice/{claim['meta']['id']}", "wice", passage, claim["claim"], label)
            )
        seen.update(
            c["meta"]["claim_title"]
            for c in read_lines(bench / "train" / "wice" / "claim-test.jsonl")
        )
        parts.append(pairs)
    return parts[0], parts[1]


def asked(pairs: Iterable[Pair], verbs: Verbs, share: float) -> Iterator[Pair]:
    """A share of the statements that are supported or contradicted, as questions: yes, or no."""
    for pair in pairs:
        if pair.label == UNSUPPORTED or chance(f"{pair.id} asked") >= share:
            continue
        question = whether(pair.statement, verbs)
        if question is not None:
            question = question if chance(f"{pair.id} marked") < _MARKED else question.rstrip("?")
            yield replace(pair, id=f"{pair.id}/asked", source="asked", statement=question)


def verbs_of(bench: Path) -> Verbs:
    """What the passages of SQuAD 2 use as verbs."""
    return Verbs.of(
        entry["text"]
        for entry in read_lines(bench / "train" / "squad2-train-part" / "corpus.jsonl")
    )


def squad(bench: Path, held_back: float, most: float) -> tuple[list[Pair], list[Pair]]:
    """Questions made into statements by their answers, and by others that would do.

    `most` is the share of the questions that are used; the articles held back are the reader's.
    """
    train = list(read_set(bench / "train" / "squad2-train-part", "squad"))
    held = list(read_set(bench / "dev" / "squad2-dev", "squad"))
    articles = held_back_articles(held, held_back)
    titles = _titles(bench / "train" / "squad2-train-part") | _titles(bench / "dev" / "squad2-dev")
    verbs = verbs_of(bench)
    return (
        list(_stated([one for one in train if chance(f"{one.id} kept") < most], titles, verbs)),
        list(_stated([one for one in held if one.article in articles], titles, verbs)),
    )


def changed_sentences(bench: Path, share: float) -> tuple[list[Pair], list[Pair]]:
    """Sentences of passages as they are, with "not" put in or taken out, or a word changed."""
    train: list[Pair] = []
    held: list[Pair] = []
    texts = {
        f"{folder}/{entry['id']}": entry["text"]
        for folder in ("train/policyqa", "train/squad2-train-part")
        for entry in read_lines(bench / folder / "corpus.jsonl")
    }
    for id, text in texts.items():
        for number, (start, end) in enumerate(sentences(text)):
            name = f"{id}/{number}"
            said = text[start:end]
            denies = _NOT.search(said) is not None
            drawn = chance(f"{name} sentence")
            if len(said.split()) not in _WORDS_OF_STATEMENT or drawn >= share * (
                4 if denies else 1
            ):
                continue
            part = held if chance(f"{id} held") < 0.08 else train
            part.extend(_changed(name, text, (start, end)))
    return train, held


def _changed(name: str, text: str, place: Range) -> Iterator[Pair]:
    said = text[slice(*place)]
    example = Example(name, "sentence", name, said, text, (place,))
    passage = cropped(example, _WHOLE, _STRETCH).passage
    pair = Pair(name, "sentence", passage, said, SUPPORTED)
    if (turned := denied(said)) is not None and chance(f"{name} denied") < 0.5:
        if chance(f"{name} turned") < 0.5:
            # The passage says no, and the statement what it said before.
            yield replace(pair, passage=passage.replace(said, turned), statement=turned)
            yield replace(
                pair, id=f"{name}/denied", passage=passage.replace(said, turned), label=CONTRADICTED
            )
            return
        yield replace(pair, id=f"{name}/denied", statement=turned, label=CONTRADICTED)
    elif (altered := altered_question(replace(example, spans=()), [text])) is not None:
        yield replace(pair, id=f"{name}/altered", statement=altered.question, label=UNSUPPORTED)
    yield pair


def denied(said: str) -> str | None:
    """The opposite of a sentence: "not" put in, or taken out; None if no verb takes it."""
    found = _NOT.search(said)
    if found:
        return said[: found.start()] + (found[1] or "can") + said[found.end() :]
    found = _VERB.search(said)
    if found is None:
        return None
    return f"{said[: found.end()]} not{said[found.end() :]}"


def _stated(examples: Sequence[Example], titles: dict[str, str], verbs: Verbs) -> Iterator[Pair]:
    for example in examples:
        if not example.spans:
            yield from _wrong(example, titles, verbs)
            continue
        start, end = example.spans[0]
        passage = example.passage
        said = statement(
            example.question, passage[start:end], passage[max(0, start - 20) : start], verbs
        )
        if said is None or len(said.split()) not in _WORDS_OF_STATEMENT:
            continue
        short = cropped(example, _WHOLE, _STRETCH)
        pair = Pair(f"squad/{example.id}", "squad", _titled(short, titles), said, SUPPORTED)
        yield pair
        drawn = chance(f"{example.id} wrong")
        if drawn < 0.6:
            yield from _wrong(example, titles, verbs)
        elif drawn < 0.85 and (cut := without_answer(example)) is not None:
            cut = cropped(cut, _WHOLE, _STRETCH)
            yield replace(pair, id=f"{pair.id}/cut", passage=_titled(cut, titles), label=NOT_SAID)
        elif (turned := denied(said)) is not None:
            yield replace(pair, id=f"{pair.id}/denied", statement=turned, label=CONTRADICTED)


def _wrong(example: Example, titles: dict[str, str], verbs: Verbs) -> Iterator[Pair]:
    """The question's statement with something of the kind asked for that does not answer it."""
    dice = random.Random(order(f"{example.id} wrong answer"))
    passage = example.passage
    right = {stem for answer in example.answers for stem in stems(answer)}
    asked = set(stems(example.question))
    found: list[tuple[int, Range]] = []
    for start, end in sentences(passage):
        shared = len(asked.intersection(stems(passage[start:end])))
        for first, last in candidates(
            kind_of(example.question), passage[start:end], example.question
        ):
            place = start + first, start + last
            if not right.intersection(stems(passage[slice(*place)])):
                found.append((shared, place))
    if not found:
        return
    most = max(shared for shared, _ in found)
    start, end = dice.choice([place for shared, place in found if shared == most])
    said = statement(
        example.question, passage[start:end], passage[max(0, start - 20) : start], verbs
    )
    if said is None or len(said.split()) not in _WORDS_OF_STATEMENT:
        return
    # The stretch around what answers, or around what does not.
    moved = not example.spans or dice.random() >= 0.5
    seen = replace(example, spans=((start, end),)) if moved else example
    around = cropped(seen, _WHOLE, _STRETCH)
    source = "squad wrong" if example.spans else "squad unanswerable"
    yield Pair(f"squad/{example.id}/wrong", source, _titled(around, titles), said, UNSUPPORTED)


def _titled(example: Example, titles: dict[str, str]) -> str:
    title = titles.get(example.passage_id, "")
    # Passages that are known by their words alone have no article.
    if title and title != "squad" and chance(f"{example.id} titled") < _TITLED:
        return f"{title}\n{example.passage}"
    return example.passage


def _titles(folder: Path) -> dict[str, str]:
    return {entry["id"]: entry.get("title", "") for entry in read_lines(folder / "corpus.jsonl")}


def _shortened(evidence: Sequence[str], claim: str) -> str:
    """The sentences most like the claim, in their order, up to a number of words."""
    kept: list[int] = []
    words = 0
    for at in _most_like(evidence, claim, len(evidence)):
        words += len(evidence[at].split())
        if kept and words > _MOST_WORDS:
            break
        kept.append(at)
    return " ".join(_plain(evidence[at]) for at in sorted(kept))


def _most_like(texts: Sequence[str], claim: str, most: int) -> list[int]:
    said = set(stems(claim))
    shared = [len(said.intersection(stems(text))) for text in texts]
    return sorted(range(len(texts)), key=lambda at: (-shared[at], at))[:most]


def _plain(text: str) -> str:
    """A text of the Penn Treebank's marks as people write it."""
    text = reduce(lambda said, mark: said.replace(*mark), _BRACKETS.items(), text)
    return _AFTER_SPACE.sub("", text)


def _matters(evidence: Sequence[Sequence[str]]) -> list[str]:
    """What each list of sentences is about: lists that share one are one matter."""
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            parent[text] = text = parent[parent[text]]
        return text

    for texts in evidence:
        for text in texts:
            parent[root(text)] = root(texts[0])
    return [root(texts[0]) for texts in evidence]


class _Nearby:
    """Passages by their rarest words, to find one like a claim that is about something else."""

    def __init__(self, passages: Sequence[str], matters: Sequence[str]) -> None:
        self._matters = matters
        self._holding: dict[str, list[int]] = defaultdict(list)
        for at, passage in enumerate(passages):
            for stem in set(stems(passage)):
                self._holding[stem].append(at)

    def most_like(self, claim: str, matter: str) -> int | None:
        """The place of the passage that shares most with a claim, rare words counting more."""
        scores: dict[int, float] = defaultdict(float)
        for stem in set(stems(claim)):
            holding = self._holding.get(stem, ())
            for at in holding if len(holding) < 2000 else ():
                if self._matters[at] != matter:
                    scores[at] += 1 / len(holding) ** 0.5
        return max(scores, key=lambda at: (scores[at], -at)) if scores else None
