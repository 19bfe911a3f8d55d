"""The sets -> what is trained on and what is held back, on disk, tokenised."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer
from tqdm import tqdm  # type: ignore[import-untyped]

from qa.models.embedders import Embedder, open_embedder
from training.examples.alterations import altered_question, cropped, without_answer
from training.examples.negatives import PassageSearch, retrieved
from training.examples.pairs import mixed, paired
from training.examples.sources import (
    SOURCES,
    Example,
    Source,
    chance,
    held_back_articles,
    order,
    passages,
    read_examples,
    read_source,
)
from training.json_lines import write_lines
from training.reader.batches import Windows, tokenised

# More examples of one source than anyone has.
_ALL = 10**9


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is prepared, and how."""

    bench: Path
    embedder: str  # finds the hard negatives, together with keywords; empty: keywords alone
    held_back: float = 0.3  # the share of articles
    max_tokens: int = 256
    stride: int = 64
    most: int = _ALL  # examples of a source that nobody wrote unanswerable questions for
    own: float = 1.0  # the share of our own questions
    whole: float = 0.5  # the share of passages that are trained on uncut
    words: tuple[int, int] = (25, 100)  # of the others
    pairs: float = 0.55  # the share of words that are of pairs; 0: all that is made


def prepare(settings: Preparation, tokenizer: Tokenizer, folder: Path) -> dict[str, object]:
    """Write `train` and `held_back` into a folder; what they hold, by source and kind."""
    embedder = open_embedder(settings.embedder) if settings.embedder else None
    train: list[Example] = []
    held_back: list[Example] = []
    held: frozenset[str] = frozenset()
    for source in SOURCES:
        examples = _kept(source, read_source(settings.bench, source), settings)
        if source.split:
            held |= held_back_articles(examples, settings.held_back)
        texts = passages(settings.bench, source)
        # Of other sources' questions on articles that are held back, none is trained on.
        inside = [example for example in examples if source.split and example.article in held]
        outside = [example for example in examples if example.article not in held]
        of_train = {id: text for id, text in texts.items() if id.split("#")[0] not in held}
        of_held = {id: text for id, text in texts.items() if id.split("#")[0] in held}
        train.extend(
            cropped(example, settings.whole, settings.words)
            for example in enlarged(source, outside, of_train, embedder)
        )
        if inside:
            search = PassageSearch(of_held, embedder)
            held_back.extend([*inside, *retrieved(inside, of_held, search, 1.0)])
    if settings.pairs:
        train = mixed(train, settings.pairs)
    folder.mkdir(parents=True, exist_ok=True)
    about: dict[str, object] = {
        "settings": {name: str(value) for name, value in asdict(settings).items()},
        "held_back_articles": sorted({example.article for example in held_back}),
    }
    for name, part in (("train", train), ("held_back", held_back)):
        about[name] = _write(folder, name, part, tokenizer, settings)
    (folder / "prepared.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    return about


def enlarged(
    source: Source, examples: Sequence[Example], texts: dict[str, str], embedder: Embedder | None
) -> list[Example]:
    """The examples, repeated as the source says, with all that is made of them."""
    # Each copy has an id of its own, and so is cropped elsewhere.
    if source.paired:
        made = list(paired(examples, source.repeat_unanswered))
    else:
        made = [
            replace(example, id=f"{example.id}#{copy}")
            for example in examples
            for copy in range(source.repeat if example.spans else source.repeat_unanswered)
        ]
    if source.retrieved:
        made.extend(retrieved(examples, texts, PassageSearch(texts, embedder), source.retrieved))
    nearby: dict[str, list[str]] = defaultdict(list)
    for id, text in texts.items():
        nearby[id.split("#")[0]].append(text)
    for example in tqdm(examples, desc=f"{source.name}: changed"):
        if example.spans and chance(f"{example.id} cut") < source.cut:
            made.extend(_one(without_answer(example)))
        others = nearby[example.article] if source.split else ()
        for copy in range(_times(source.altered, f"{example.id} altered") if example.spans else 0):
            made.extend(_one(altered_question(example, others, copy)))
    return made


def load(folder: Path, name: str) -> tuple[list[Example], Windows]:
    """The `train` or the `held_back` part of a prepared folder.

    Raises:
        SystemExit: nothing was prepared there.
    """
    if not (folder / f"{name}.npz").is_file():
        raise SystemExit(f"{folder} holds no {name}.npz. Run: python -m training prepare")
    return read_examples(folder / f"{name}.jsonl"), Windows.load(folder / f"{name}.npz")


def _write(
    folder: Path, name: str, examples: list[Example], tokenizer: Tokenizer, settings: Preparation
) -> dict[str, object]:
    examples, windows = tokenised(examples, tokenizer, settings.max_tokens, settings.stride)
    write_lines(folder / f"{name}.jsonl", examples)
    windows.save(folder / f"{name}.npz")
    return {
        "examples": _counted(examples),
        "windows": len(windows),
        "tokens": len(windows.tokens),
    }


def _kept(source: Source, examples: list[Example], settings: Preparation) -> list[Example]:
    if source.own is not None:
        return _some(examples, round(settings.own * len(examples)))
    people_refuse = source.paired or source.contrasts is not None
    return examples if people_refuse else _some(examples, settings.most)


def _some(examples: list[Example], most: int) -> list[Example]:
    if len(examples) <= most:
        return examples
    return sorted(examples, key=lambda example: order(example.id))[:most]


def _counted(examples: Iterable[Example]) -> dict[str, int]:
    names = Counter(
        f"{e.source}, {e.kind if e.kind != 'given' or e.spans else 'given, unanswered'}"
        for e in examples
    )
    return dict(sorted(names.items()))


def _times(share: float, name: str) -> int:
    """A whole number that is `share` on average."""
    return int(share) + (chance(name) < share % 1)


def _one(example: Example | None) -> list[Example]:
    return [] if example is None else [example]
