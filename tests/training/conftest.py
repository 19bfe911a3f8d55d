from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.reader.model import encoder_folder, open_tokenizer
from training.reader.preparing import Preparation, prepare

TOWNS = ("Aldby", "Birk", "Cowling", "Denby", "Eaves", "Filey", "Goole", "Hallam", "Irby", "Jarrow")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small sets of our own, in the form and under the names of the training sets."""
    folder = tmp_path_factory.mktemp("bench")
    for number, name in enumerate(
        (
            "dev/squad1-dev", "dev/squad2-dev", "train/squadshifts/amazon_reviews",
            "train/squadshifts/reddit", "train/fairytaleqa", "train/qamr", "train/policyqa",
            "train/squad2-train-part",
            "dev/multihop/hotpotqa100", "dev/mtrag/human_subset",
        )
    ):  # fmt: skip
        write_set(folder / name, number, unanswered="squad2" in name)
    return folder


@pytest.fixture(scope="session")
def prepared(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    tokenizer = open_tokenizer(encoder_folder(""))
    settings = Preparation(bench, embedder="", held_back=0.3, max_tokens=96, pairs=0.1)
    prepare(settings, tokenizer, folder)
    return folder


def write_set(folder: Path, number: int, *, unanswered: bool) -> None:
    folder.mkdir(parents=True)
    corpus, queries = [], []
    for at, town in enumerate(TOWNS):
        year = 1700 + 10 * at + number
        text = (
            f"The mill of {town} was built in {year}. It ground flour for the whole valley. "
            f"Mr Hopper of {town} sold it after the flood. The wheel is gone, but the largest "
            f"of the stones can be seen in the yard behind the church."
        )
        id = f"{town}_{number}#0"
        corpus.append({"id": id, "title": town, "text": text})
        asked = {
            f"When was the mill of {town} built?": str(year),
            f"Who sold the mill of {town}?": f"Mr Hopper of {town}",
        }
        for question, answer in asked.items():
            queries.append(
                {
                    "id": f"{id}-{answer}",
                    "question": question,
                    "answers": [answer],
                    "answer_starts": [text.index(answer)],
                    "doc_ids": [id],
                    "answerable": True,
                }
            )
        if unanswered:
            queries.append(
                {
                    "id": f"{id}-none",
                    "question": f"When was the mill of {town} burnt?",
                    "answers": [],
                    "answer_starts": [],
                    "doc_ids": [id],
                    "answerable": False,
                }
            )
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text(lines + "\n", encoding="utf-8")
