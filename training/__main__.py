"""`python -m training prepare|fit|score|export --out FOLDER`."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from qa.places import PACKAGED_EMBEDDER
from training.json_lines import show
from training.processes import start_again_with_memory_kept


def main() -> None:
    """Read the command line and do what it says."""
    options = _parser().parse_args()
    start_again_with_memory_kept("training")
    import torch

    torch.set_num_threads(options.threads)
    {"prepare": _prepare, "fit": _fit, "score": _score, "export": _export}[options.command](options)


def _prepare(options: argparse.Namespace) -> None:
    from training.reader.model import encoder_folder, open_tokenizer
    from training.reader.preparing import Preparation, prepare

    settings = Preparation(
        options.bench, "" if options.keywords_only else options.embedder, options.held_back,
        options.max_tokens, options.stride, options.most, options.own, pairs=options.pairs,
    )  # fmt: skip
    tokenizer = open_tokenizer(encoder_folder(options.encoder))
    show(prepare(settings, tokenizer, options.out / "prepared"))


def _fit(options: argparse.Namespace) -> None:
    from training.reader.exported import weights_of
    from training.reader.fit import Fit, Pace, Recipe, fit, reader_scores
    from training.reader.model import ReaderShape, encoder_folder, new_reader, open_tokenizer
    from training.reader.preparing import load

    _, windows = load(options.out / "prepared", "train")
    held_back = load(options.out / "prepared", "held_back")
    encoder = encoder_folder(options.encoder)
    given: dict[str, Any] = {
        field.name: getattr(options, field.name)
        for field in fields(Recipe)
        if getattr(options, field.name) is not None
    }
    pace = Pace(
        score_every=options.score_every, keep_minutes=options.keep_minutes,
        minutes=options.minutes,
    )  # fmt: skip
    recipe = Recipe(**given)
    reader = new_reader(encoder, ReaderShape(options.layers), recipe.seed)
    if options.start is not None:
        reader.load_state_dict(weights_of(options.start))
    run = Fit(reader, windows, recipe)
    scored = reader_scores(held_back, options.score_most, bf16=recipe.bf16)
    ended = fit(run, scored, open_tokenizer(encoder), options.out / "run", pace)
    print(f"{'Done' if ended else 'Stopped'} at step {run.step} of {run.steps}.")


def _score(options: argparse.Namespace) -> None:
    from training.reader.model import open_reader
    from training.reader.preparing import load
    from training.reader.reading import held_back_scores, predict, with_torch

    examples, windows = load(options.out / "prepared", "held_back")
    predictions = predict(examples, windows, with_torch(open_reader(options.out / "run")))
    scores, against_retrieved = held_back_scores(examples, predictions)
    show({**scores.as_dict(), "auroc_retrieved": round(against_retrieved, 4)})


def _export(options: argparse.Namespace) -> None:
    from training.reader.export import export
    from training.reader.exported import average
    from training.reader.model import open_reader
    from training.reader.preparing import load
    from training.reader.reading import subset

    folder = options.out / "run"
    model = open_reader(folder)
    if options.average_with:
        model.load_state_dict(average([folder, *options.average_with]))
    examples, windows = load(options.out / "prepared", "held_back")
    prepared = json.loads((options.out / "prepared" / "prepared.json").read_text(encoding="utf-8"))
    settings = {"name": options.name, "max_tokens": int(prepared["settings"]["max_tokens"])}
    chosen = subset(windows, examples, options.most)
    show(export(model, folder, options.out / "export", chosen, settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, add in (("prepare", _add_prepare), ("fit", _add_fit), ("score", None),
                      ("export", _add_export)):  # fmt: skip
        verb = verbs.add_parser(name)
        verb.add_argument("--out", type=Path, required=True, help="the folder of it all")
        verb.add_argument("--threads", type=int, default=2)
        if add is not None:
            add(verb)
    return parser


def _add_prepare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--bench", type=Path, required=True, help="the folder of the sets")
    verb.add_argument("--encoder", default="", help="a folder; the packaged MiniLM-L6 if empty")
    verb.add_argument("--embedder", default=PACKAGED_EMBEDDER, help="finds the hard negatives")
    verb.add_argument("--keywords-only", action="store_true", help="… no: keywords alone do")
    verb.add_argument("--held-back", type=float, default=0.3, help="the share of articles")
    verb.add_argument("--max-tokens", type=int, default=256)
    verb.add_argument("--stride", type=int, default=64)
    verb.add_argument("--most", type=int, default=10**9, help="examples of an answered source")
    verb.add_argument("--own", type=float, default=1.0, help="the share of our own questions")
    verb.add_argument("--pairs", type=float, default=0.55, help="the share of words; 0: no limit")


def _add_fit(verb: argparse.ArgumentParser) -> None:
    from training.reader.fit import Recipe

    verb.add_argument("--encoder", default="", help="a folder; the packaged MiniLM-L6 if empty")
    verb.add_argument("--start", type=Path, help="a reader to go on from, trained or exported")
    verb.add_argument("--layers", type=int, default=4, help="the last ones, whose states are mixed")
    verb.add_argument("--score-every", type=int, default=1000, help="steps")
    verb.add_argument("--score-most", type=int, default=800, help="examples, before the end")
    verb.add_argument("--keep-minutes", type=float, default=5.0, help="between checkpoints")
    verb.add_argument("--minutes", type=float, default=0.0, help="stop then; run again to go on")
    for field in fields(Recipe):
        flag = f"--{field.name}"
        if field.type == "bool":
            verb.add_argument(flag, action=argparse.BooleanOptionalAction)
        else:
            verb.add_argument(flag.replace("_", "-"), type=int if field.type == "int" else float)


def _add_export(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--name", default="minilm-l6-reader", help="what it is called")
    verb.add_argument("--most", type=int, default=2000, help="examples to compare on")
    verb.add_argument("--average-with", type=Path, nargs="*", default=[], help="other runs")


if __name__ == "__main__":
    main()
