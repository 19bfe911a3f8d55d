"""`qa eval`, as people and scripts use it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from qa.assistant import Assistant
from qa.cli.app import app
from qa.records import Answer
from tests.evaluation.changing import Rewriting

SEEDS = Path(__file__).parents[1] / "seeds" / "questions.jsonl"
FRUIT = {
    "pears": "Pears are green and ripen in September.",
    "plums": "Plums are blue and ripen in August.",
    "leeks": "Leeks grow in a trench of forty centimetres.",
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "QA_INDEX", "QA_CHAT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # no footnote.toml of the checkout


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Six questions about the samples and six that they do not answer."""
    return some_questions(tmp_path / "questions.jsonl", 6)


def some_questions(path: Path, number: int) -> Path:
    lines = SEEDS.read_text(encoding="utf-8").splitlines()
    chosen = [line for line in lines if '"answerable": true' in line][:number]
    chosen += [line for line in lines if '"answerable": false' in line][-number:]
    path.write_text("\n".join(chosen), encoding="utf-8")
    return path


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    """A folder with documents and questions of its own."""
    folder = tmp_path / "fruit"
    folder.mkdir()
    corpus = [{"id": id, "title": id.title(), "text": text} for id, text in FRUIT.items()]
    queries = [
        {"id": "1", "question": "When do pears ripen?", "answers": ["September"]},
        {"id": "2", "question": "What colour are plums?", "answers": ["blue"]},
        {"id": "3", "question": "How deep is a trench for leeks?", "answers": ["forty"]},
    ]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    grades = "".join(f"{n}\t{id}\t1\n" for n, id in enumerate(FRUIT, 1))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{grades}", encoding="utf-8")
    return folder


def evaluate(*arguments: object) -> Result:
    """Run `qa eval` in this process."""
    return CliRunner().invoke(app, ["eval", *(str(argument) for argument in arguments)])


def figure(result: Result, label: str) -> list[str]:
    """The cells of a row of the table."""
    (row,) = re.findall(rf"^ *{re.escape(label)}  +(.+)$", result.stdout, re.MULTILINE)
    return re.split(r"  +", row.strip())


# What is shown


def test_a_table_with_all_groups_and_the_reliability(sample_index: Path, samples: Path) -> None:
    result = evaluate(samples, "--index", sample_index)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("questions.jsonl · 12 questions, 6 of them to be refused")
    groups = re.findall(r"^([A-Z][a-z]+) *$", result.stdout, re.MULTILINE)
    assert groups == ["Retrieval", "Answers", "Citations", "Refusals", "Calibration", "Latency"]
    assert figure(result, "quotes exact to the letter")[0] == "1.000"
    value, over = figure(result, "nDCG@10")
    assert 0.5 < float(value) <= 1
    assert over == "6"
    assert float(figure(result, "p95, ms")[0]) > 0
    assert "answers given" in result.stdout
    assert result.stderr == "Asking 12 questions…\n"


def test_standard_output_is_json_alone(sample_index: Path, samples: Path) -> None:
    found = json.loads(evaluate(samples, "--json", "--index", sample_index).stdout)
    assert (found["set"], found["questions"], found["answerable"]) == ("questions.jsonl", 12, 6)
    assert len(found["outcomes"]) == 12
    assert found["measures"]["citations"]["exactness"] == 1
    assert 0 <= found["measures"]["calibration"]["expected_error"] <= 1
    assert sum(one["count"] for one in found["reliability"]) > 0
    assert found["inexact"] == []
    assert found["settings"]["index"] == str(sample_index)


def test_a_picture_can_be_looked_at(sample_index: Path, samples: Path, tmp_path: Path) -> None:
    picture = tmp_path / "reliability.png"
    result = evaluate(samples, "--limit", 4, "--plot", picture, "--index", sample_index)
    assert result.exit_code == 0, result.stderr
    assert str(picture) in result.stderr
    pixels = imread(picture)
    height, width, _ = pixels.shape
    assert width > height > 400
    left, right = pixels[:, : width // 2, :3], pixels[:, width // 2 :, :3]
    for half in (left, right):  # the blue of what was measured is in both
        assert ((half[..., 2] > half[..., 0] + 0.3) & (half[..., 2] > 0.6)).sum() > 100


def test_a_limit_takes_some_of_the_questions(sample_index: Path, samples: Path) -> None:
    arguments = (samples, "--limit", 4, "--json", "--index", sample_index)
    first, again = (json.loads(evaluate(*arguments).stdout) for _ in range(2))
    ids = [one["id"] for one in first["outcomes"]]
    lines = samples.read_text(encoding="utf-8").splitlines()
    assert ids == [json.loads(lines[number])["id"] for number in (0, 3, 6, 9)]
    assert ids == [one["id"] for one in again["outcomes"]]


# Documents of its own


def test_a_folder_is_indexed_separately_and_leaves_nothing(
    fruit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_INDEX", str(tmp_path / "mine"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    result = evaluate(fruit, "--json")
    assert result.exit_code == 0, result.stderr
    measures = json.loads(result.stdout)["measures"]
    assert measures["retrieval"]["first"] == 1
    assert measures["answers"]["text_holds"] == 1
    assert not (tmp_path / "mine").exists()
    assert not list((tmp_path / "temporary").glob("qa-eval-*"))


def test_an_index_that_is_named_is_kept_and_follows_the_set(fruit: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    evaluate(fruit, "--index", kept)
    corpus = fruit / "corpus.jsonl"
    corpus.write_text(corpus.read_text().replace("September", "October"))
    found = json.loads(evaluate(fruit, "--index", kept, "--json").stdout)
    assert found["outcomes"][0]["text"] == "Pears are green and ripen in October. [1]"
    lines = corpus.read_text().splitlines()
    corpus.write_text("\n".join(lines[:2]))
    refused = evaluate(fruit, "--index", kept)
    assert refused.exit_code == 1
    assert "fruit/leeks" in refused.stderr
    assert "folder of its own" in refused.stderr


def test_an_index_of_other_documents_is_left_alone(fruit: Path, sample_index: Path) -> None:
    result = evaluate(fruit, "--index", sample_index)
    assert result.exit_code == 1
    assert "holds other documents" in result.stderr
    assert result.stdout == ""


# Comparisons


def test_two_settings_side_by_side(sample_index: Path, tmp_path: Path) -> None:
    # Of six questions a side, no difference is more than noise.
    questions = some_questions(tmp_path / "questions.jsonl", 12)
    result = evaluate(
        questions, "--index", sample_index, "--set", "threshold=0", "--against", "threshold = 1"
    )
    assert result.exit_code == 0, result.stderr
    assert "against questions.jsonl, threshold = 1" in result.stdout
    cells = ["1.000", "0.000", "+1.000", "+1.000 … +1.000", "better"]
    assert figure(result, "answered") == cells
    assert figure(result, "recall")[-1] == "worse"
    assert max(map(len, result.stdout.splitlines()[:-4])) <= 80
    assert figure(result, "nDCG@10")[-1] == "same"


def test_a_saved_result_and_a_picture_of_both(
    sample_index: Path, samples: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before.json"
    before.write_text(evaluate(samples, "--json", "--index", sample_index).stdout)
    picture = tmp_path / "both.svg"
    result = evaluate(
        samples, "--index", sample_index, "--against", before, "--limit", 8, "--json",
        "--plot", picture,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    comparison = json.loads(result.stdout)
    assert comparison["against"]["questions"] == 8
    verdicts = {
        one["measure"]: one["verdict"]
        for one in comparison["differences"]
        if not one["measure"].startswith("latency")
    }
    assert set(verdicts.values()) == {"same"}
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


def test_settings_that_need_a_new_index_of_a_folder_get_one(fruit: Path) -> None:
    result = evaluate(fruit, "--against", "passage_tokens=64", "--json")
    assert result.exit_code == 0, result.stderr
    comparison = json.loads(result.stdout)
    settings = [comparison[one]["settings"] for one in ("evaluation", "against")]
    assert [one["passage_tokens"] for one in settings] == [200, 64]
    assert settings[0]["index"] != settings[1]["index"]


# What goes wrong


def test_a_bad_line_is_an_error_and_the_rest_is_measured(sample_index: Path, samples: Path) -> None:
    with samples.open("a", encoding="utf-8") as file:
        file.write('\n{"question": "Who?"\n{"question": "Why?"}\n')
    result = evaluate(samples, "--json", "--index", sample_index)
    assert result.exit_code == 1
    assert f"Error: {samples}, line 13: not JSON" in result.stderr
    assert f"Error: {samples}, line 14: neither" in result.stderr
    assert json.loads(result.stdout)["questions"] == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.jsonl",), "nowhere.jsonl cannot be read"),
        ((".",), "corpus.jsonl is missing"),
        (("questions.jsonl", "--set", "thresold=1"), "Did you mean 'threshold'?"),
        (("questions.jsonl", "--set", "threshold"), "NAME=VALUE"),
        (("questions.jsonl", "--set", "threshold=high"), "threshold = 'high'"),
        (("questions.jsonl", "--against", "before.json"), "before.json cannot be read"),
        (("questions.jsonl", "--against", "questions.jsonl"), "not a saved evaluation"),
        (("questions.jsonl", "--plot", "picture.doc"), ".png"),
        (("questions.jsonl", "--plot", "nowhere/picture.png"), "no folder"),
    ],
)
def test_wrong_use_is_reported_before_anything_is_asked(
    samples: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = evaluate(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert "Asking" not in result.stderr
    assert len(result.stderr.splitlines()) <= 2


def test_a_source_that_is_not_in_the_index_gets_a_warning(
    sample_index: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "Who approves leave?", "source": "handbook/gone.md"}')
    result = evaluate(path, "--index", sample_index)
    assert result.exit_code == 0
    assert "no source handbook/gone.md" in result.stderr
    assert figure(result, "recall@10") == ["0.000", "1"]


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("ir_measures", ()),
        ("matplotlib", ("--plot", "picture.png")),
        ("scipy", ("--against", "threshold=1")),
    ],
)
def test_a_missing_package_names_the_extra(
    samples: Path, monkeypatch: pytest.MonkeyPatch, package: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    result = evaluate(samples, *arguments)
    assert result.exit_code == 1
    assert 'pip install "footnote-qa[eval]"' in result.stderr


class Moved(Assistant):
    """An assistant whose documents change while it answers."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.answerer = Rewriting(self)


def test_a_quote_that_is_not_exact_fails_the_run(
    fruit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.assistant.Assistant", Moved)
    result = evaluate(fruit, "--limit", 1)
    assert result.exit_code == 1
    assert float(figure(result, "quotes exact to the letter")[0]) < 1
    assert "Error: The quote is not what the document says there: 1: [1] fruit/" in result.stderr


class Stopped(Assistant):
    """An assistant that is stopped with Ctrl-C after a few questions."""

    asked = 0

    def ask(self, *arguments: Any, **named: Any) -> Answer:
        self.asked += 1
        if self.asked > 3:  # once to get ready, twice to be measured
            raise KeyboardInterrupt
        return super().ask(*arguments, **named)


def test_figures_measured_before_an_interruption_are_shown(
    fruit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.assistant.Assistant", Stopped)
    result = evaluate(fruit)
    assert result.exit_code == 130
    assert "Stopped after 2 of 3 questions." in result.stderr
    assert result.stdout.startswith("fruit · 2 questions")
    assert figure(result, "nDCG@10")[1] == "2"
