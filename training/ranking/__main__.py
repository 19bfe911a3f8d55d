"""`python -m training.ranking prepare|fit|score --out FOLDER`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qa.places import PACKAGED_EMBEDDER
from training.json_lines import show, write_lines
from training.processes import start_again_with_memory_kept
from training.ranking.groups import Group, labels_of, read_groups, tokenised
from training.ranking.pages import Asked, Pages, PageUnit
from training.ranking.scores import ranking, scores_of
from training.reader.batches import Windows

_TRAIN, _LABELS, _HELD_BACK = (
    Path("groups", name) for name in ("train.npz", "labels.npy", "held_back.jsonl")
)
_TOKENS = 4096  # of a batch that is only read


def main() -> None:
    """Read the command line and do what it says."""
    options = _parser().parse_args()
    start_again_with_memory_kept("training.ranking")
    import torch

    torch.set_num_threads(options.threads)
    {"prepare": _prepare, "fit": _fit, "score": _score}[options.command](options)


def _prepare(options: argparse.Namespace) -> None:
    import numpy as np

    from qa.models import open_embedder
    from training.examples import chance
    from training.ranking.own_questions import OWN_PAGES, own_questions, yes_or_no
    from training.ranking.pages import asked_of_pages, counted, groups_of, split, to_rank
    from training.ranking.sets import of_sets
    from training.reader.model import encoder_folder, open_tokenizer

    embedder = open_embedder(options.embedder) if options.embedder else None
    pages = Pages([options.bench / "train" / "pages", OWN_PAGES], embedder)
    made, made_held = split(list(asked_of_pages(pages, options.copies)), options.held_back)
    own, own_held = split([*own_questions(pages), *yes_or_no(pages)], options.held_back)
    made = [one for one in made if chance(f"{one.id} kept") < options.made]
    hard = _hardest(options, pages, own) if options.hardest_of else {}
    train = [*groups_of(pages, made), *groups_of(pages, own, options.own_copies, hard)]
    train += of_sets(options.bench, options.held_back_articles, options.sets)
    held = [*to_rank(pages, own_held), *to_rank(pages, made_held[:: options.held_back_every])]
    (options.out / _TRAIN).parent.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(encoder_folder(""))
    tokenised(train, tokenizer, options.max_tokens).save(options.out / _TRAIN)
    np.save(options.out / _LABELS, labels_of(train))
    write_lines(options.out / _HELD_BACK, held)
    show({"train": counted(train), "held back": counted(held)})


def _hardest(
    options: argparse.Namespace, pages: Pages, asked: Sequence[Asked]
) -> Mapping[str, Sequence[PageUnit]]:
    from training.examples import chance
    from training.ranking.hardest import hardest

    chosen = [one for one in asked if chance(f"{one.id} mined") < options.mined]
    return dict(hardest(pages, chosen, options.hardest_of))


def _fit(options: argparse.Namespace) -> None:
    import numpy as np

    from training.ranking.fit import JointFit, Ranked
    from training.reader.exported import average
    from training.reader.fit import Pace, Recipe, fit
    from training.reader.model import ReaderShape, encoder_folder, new_reader, open_tokenizer
    from training.reader.preparing import load

    if not (options.out / _TRAIN).is_file():
        raise SystemExit(f"There is no {options.out / _TRAIN}. Run: … prepare --out {options.out}")
    ranked = Ranked(
        Windows.load(options.out / _TRAIN),
        np.load(options.out / _LABELS),
        options.group_tokens,
        options.read_every,
    )
    _, passages = load(options.out / "prepared", "train")
    encoder = encoder_folder("")
    tokenizer = open_tokenizer(encoder)
    recipe = Recipe(
        steps=options.steps, tokens=options.tokens, rate=options.rate, head_rate=options.head_rate,
        seed=options.seed, answer_weight=options.answer_weight, average=options.average,
        bf16=options.bf16, keep_weight=options.keep_weight,
    )  # fmt: skip
    model = new_reader(encoder, ReaderShape(dropout=options.dropout), recipe.seed)
    if options.start:
        model.load_state_dict(average(options.start))
    for layer in model.encoder.encoder.layer[: options.frozen]:
        layer.requires_grad_(False)
    if options.frozen:
        model.encoder.embeddings.requires_grad_(False)
    run = JointFit(model, passages, ranked, recipe)
    held = _held_back(options, tokenizer)
    pace = Pace(score_every=options.score_every, minutes=options.minutes)
    ended = fit(
        run,
        lambda ranker, _: _scores(ranker, *held, bf16=recipe.bf16),
        tokenizer, options.out / options.run, pace,
    )  # fmt: skip
    print(f"{'Done' if ended else 'Stopped'} at step {run.step} of {run.steps}.")


def _score(options: argparse.Namespace) -> None:
    from training.reader.model import open_reader, open_tokenizer

    folder = options.out / options.run
    held = _held_back(options, open_tokenizer(folder))
    show(_scores(open_reader(folder), *held, bf16=False))


def _held_back(options: argparse.Namespace, tokenizer: Any) -> tuple[Sequence[Group], Windows]:
    groups = read_groups(options.out / _HELD_BACK)
    groups = groups[:: max(1, len(groups) // options.score_most)]
    return groups, tokenised(groups, tokenizer, options.max_tokens)


def _scores(
    model: Any, groups: Sequence[Group], windows: Windows, *, bf16: bool
) -> Mapping[str, float]:
    return ranking(groups, scores_of(model, windows, _TOKENS, bf16=bf16))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.ranking", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, add in (("prepare", _add_prepare), ("fit", _add_fit), ("score", None)):
        verb = verbs.add_parser(name)
        verb.add_argument("--out", type=Path, required=True, help="the folder of it all")
        verb.add_argument("--run", default="run", help="the run's folder in it")
        verb.add_argument("--threads", type=int, default=2)
        verb.add_argument("--max-tokens", type=int, default=256)
        verb.add_argument("--score-most", type=int, default=400, help="groups")
        if add is not None:
            add(verb)
    return parser


def _add_prepare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--bench", type=Path, required=True, help="the folder of the sets")
    verb.add_argument("--embedder", default=PACKAGED_EMBEDDER, help="brings texts; none if empty")
    verb.add_argument("--held-back", type=float, default=0.1, help="the share of pages")
    verb.add_argument("--held-back-every", type=int, default=2, help="one in so many is scored on")
    verb.add_argument("--held-back-articles", type=float, default=0.22, help="as the reader's")
    verb.add_argument("--sets", type=float, default=1.0, help="the share of the sets' questions")
    verb.add_argument("--copies", type=int, default=2, help="questions made of a heading")
    verb.add_argument("--made", type=float, default=1.0, help="the share of made questions")
    verb.add_argument("--own-copies", type=int, default=6, help="groups of a question of ours")
    verb.add_argument(
        "--hardest-of", type=Path, help="a reader; what it takes for answers wrongly is read, too"
    )
    verb.add_argument("--mined", type=float, default=1.0, help="the share of questions it is for")


def _add_fit(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--start", type=Path, nargs="*", help="go on from the mean of these readers")
    verb.add_argument("--steps", type=int, default=5000)
    verb.add_argument("--tokens", type=int, default=2048, help="of passages in a batch")
    verb.add_argument("--group-tokens", type=int, default=4600, help="of groups in a batch")
    verb.add_argument("--read-every", type=int, default=2, help="one step in so many is a reader's")
    verb.add_argument("--rate", type=float, default=2e-4)
    verb.add_argument("--head-rate", type=float, default=5e-4)
    verb.add_argument("--answer-weight", type=float, default=0.5, help="of the pointwise loss")
    verb.add_argument(
        "--keep-weight", type=float, default=0.0, help="of the drift of the reader's places"
    )
    verb.add_argument("--frozen", type=int, default=2, help="the lowest layers, kept as they are")
    verb.add_argument("--dropout", type=float, default=0.0)
    verb.add_argument("--average", type=float, default=0.998)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--bf16", action="store_true")
    verb.add_argument("--score-every", type=int, default=500, help="steps")
    verb.add_argument("--minutes", type=float, default=0.0, help="stop then; run again to go on")


if __name__ == "__main__":
    main()
