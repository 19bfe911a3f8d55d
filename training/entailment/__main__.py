"""`python -m training.entailment prepare|fit|score|export --out FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.json_lines import show, write_lines
from training.processes import start_again_with_memory_kept

_TRAIN, _HELD_BACK = (Path("pairs", f"{name}.jsonl") for name in ("train", "held_back"))


def main() -> None:
    """Read the command line and do what it says."""
    options = _parser().parse_args()
    start_again_with_memory_kept("training.entailment")
    import torch

    torch.set_num_threads(options.threads)
    {"prepare": _prepare, "fit": _fit, "score": _score, "export": _export}[options.command](options)


def _prepare(options: argparse.Namespace) -> None:
    from training.entailment.pairs import counted
    from training.entailment.sources import (
        asked,
        changed_sentences,
        fever,
        squad,
        verbs_of,
        wice,
    )
    from training.entailment.verdicts import verdicts

    parts = (
        fever(options.bench, options.held_back),
        wice(options.bench),
        squad(options.bench, options.held_back_articles, options.questions),
        changed_sentences(options.bench, options.sentences),
        verdicts(options.bench, options.held_back, options.copies),
    )
    verbs = verbs_of(options.bench)
    (options.out / _TRAIN).parent.mkdir(parents=True, exist_ok=True)
    about: dict[str, object] = {}
    for file, part in ((_TRAIN, 0), (_HELD_BACK, 1)):
        pairs = [pair for both in parts for pair in both[part]]
        pairs += asked(pairs, verbs, options.asked)
        write_lines(options.out / file, pairs)
        about[file.stem] = counted(pairs)
    show(about)


def _fit(options: argparse.Namespace) -> None:
    from training.entailment.fit import EntailmentFit, new_model, probabilities, scores
    from training.entailment.pairs import labels_of, read_pairs, tokenised
    from training.reader.fit import Pace, Recipe, fit
    from training.reader.model import encoder_folder, open_tokenizer

    encoder = encoder_folder("")
    tokenizer = open_tokenizer(encoder)
    train = read_pairs(options.out / _TRAIN)
    recipe = Recipe(
        steps=options.steps, epochs=options.epochs, tokens=options.tokens, rate=options.rate,
        head_rate=options.head_rate, warmup=options.warmup, average=options.average,
        seed=options.seed, bf16=options.bf16,
    )  # fmt: skip
    model = new_model(encoder, options.start, recipe.seed)
    for layer in model.encoder.encoder.layer[: options.frozen]:
        layer.requires_grad_(False)
    if options.frozen:
        model.encoder.embeddings.requires_grad_(False)
    windows = tokenised(train, tokenizer, options.max_tokens)
    run = EntailmentFit(model, windows, labels_of(train), recipe)
    held = read_pairs(options.out / _HELD_BACK)
    quick = held[:: max(1, len(held) // options.score_most)]
    parts = {
        whole: (pairs, tokenised(pairs, tokenizer, options.max_tokens))
        for whole, pairs in ((True, held), (False, quick))
    }
    ended = fit(
        run,
        lambda reader, whole: scores(
            parts[whole][0], probabilities(reader, parts[whole][1], bf16=recipe.bf16)
        ),
        tokenizer, options.out / options.run,
        Pace(score_every=options.score_every, minutes=options.minutes, keep_minutes=2),
    )  # fmt: skip
    print(f"{'Done' if ended else 'Stopped'} at step {run.step} of {run.steps}.")


def _score(options: argparse.Namespace) -> None:
    from training.entailment.fit import probabilities, scores
    from training.entailment.pairs import read_pairs, tokenised
    from training.reader.model import open_reader, open_tokenizer

    folder = options.out / options.run
    held = read_pairs(options.out / _HELD_BACK)
    windows = tokenised(held, open_tokenizer(folder), options.max_tokens)
    show(scores(held, probabilities(open_reader(folder), windows)))


def _export(options: argparse.Namespace) -> None:
    from training.entailment.export import export
    from training.entailment.pairs import read_pairs
    from training.reader.exported import average
    from training.reader.model import open_reader

    folder = options.out / options.run
    model = open_reader(folder)
    if options.average_with:
        model.load_state_dict(average([folder, *options.average_with]))
    held = read_pairs(options.out / _HELD_BACK)
    held = held[:: max(1, len(held) // options.score_most)]
    show(export(model, folder, options.out / "export", held, options.max_tokens))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.entailment", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, add in (
        ("prepare", _add_prepare), ("fit", _add_fit), ("score", None), ("export", _add_export)
    ):  # fmt: skip
        verb = verbs.add_parser(name)
        verb.add_argument("--out", type=Path, required=True, help="the folder of it all")
        verb.add_argument("--run", default="run", help="the run's folder in it")
        verb.add_argument("--threads", type=int, default=2)
        verb.add_argument("--max-tokens", type=int, default=256)
        if add is not None:
            add(verb)
    return parser


def _add_prepare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--bench", type=Path, required=True, help="the folder of the sets")
    verb.add_argument("--held-back", type=float, default=0.12, help="the share of FEVER's matters")
    verb.add_argument("--held-back-articles", type=float, default=0.22, help="as the reader's")
    verb.add_argument("--questions", type=float, default=0.35, help="the share that is used")
    verb.add_argument("--asked", type=float, default=0.25, help="the share asked as questions")
    verb.add_argument("--sentences", type=float, default=0.06, help="the share that is used")
    verb.add_argument("--copies", type=int, default=3, help="of our own questions")


def _add_fit(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--start", type=Path, nargs="*", default=[], help="the mean of these models")
    verb.add_argument("--steps", type=int, default=0, help="0: as many as the epochs take")
    verb.add_argument("--epochs", type=float, default=1.0)
    verb.add_argument("--tokens", type=int, default=1024, help="of a batch")
    verb.add_argument("--rate", type=float, default=1.5e-4)
    verb.add_argument("--head-rate", type=float, default=5e-4)
    verb.add_argument("--warmup", type=float, default=0.05)
    verb.add_argument("--frozen", type=int, default=2, help="the lowest layers, kept as they are")
    verb.add_argument("--average", type=float, default=0.998)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--bf16", action="store_true")
    verb.add_argument("--score-every", type=int, default=300, help="steps")
    verb.add_argument("--score-most", type=int, default=600, help="pairs")
    verb.add_argument("--minutes", type=float, default=0.0, help="stop then; run again to go on")


def _add_export(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--average-with", type=Path, nargs="*", default=[])
    verb.add_argument("--score-most", type=int, default=10**9, help="pairs")


if __name__ == "__main__":
    main()
