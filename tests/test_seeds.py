from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from qa.records import Document

PROJECT = Path(__file__).resolve().parents[1]
SEEDS = PROJECT / "seeds"
GOLD = PROJECT / "tests" / "seeds"
SHARED = PROJECT / ".." / "shared" / "seeds"
NAMES = sorted(path.name for path in SEEDS.iterdir())
MADE = (
    "travel-and-expenses.pdf",
    "cal-7-safety-data-sheet.pdf",
    "bittern-product-sheet.docx",
    "leave-policy.docx",
)


def rows(name: str) -> list[dict[str, Any]]:
    lines = (GOLD / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


QUESTIONS = rows("questions.jsonl")
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
CONVERSATIONS = rows("conversations.jsonl")
TURNS = [turn for conversation in CONVERSATIONS for turn in conversation["turns"]]


@cache
def loaded(source: str) -> Document:
    from qa.loading.workers.pool import load

    return load(PROJECT / source, source)


def folded(text: str) -> str:
    """The text with all white space as single spaces, as a line may end inside a phrase."""
    return " ".join(text.split())


def states(source: str, phrase: str) -> bool:
    """Whether the phrase is in the document as whole words."""
    pattern = rf"(?<!\w){re.escape(phrase)}(?!\w)"
    return re.search(pattern, folded(loaded(source).text)) is not None


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("fpdf", reason="fpdf2 writes the PDF samples; it is in the dev group")
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, str(GOLD / "make_seeds.py"), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return folder


def other_versions() -> list[str]:
    """The packages whose installed version did not make the committed files."""
    script = (GOLD / "make_seeds.py").read_text(encoding="utf-8")
    line = re.search(r"^MADE_WITH = (\{.*\})$", script, re.MULTILINE)
    assert line is not None
    wanted: dict[str, str] = json.loads(line[1])
    return [f"{name} {version(name)}" for name in wanted if version(name) != wanted[name]]


@pytest.mark.parametrize("name", MADE)
def test_making_the_samples_again_gives_the_same_bytes(made: Path, name: str) -> None:
    try:
        others = other_versions()
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing.name} is not installed")
    if others:
        pytest.skip(f"the committed files were made with other versions than {', '.join(others)}")
    assert (made / name).read_bytes() == (SEEDS / name).read_bytes()


@pytest.mark.parametrize("name", MADE)
def test_the_committed_samples_say_what_their_sources_say(made: Path, name: str) -> None:
    from qa.loading.workers.pool import load

    again = load(made / name, name)
    assert folded(again.text) == folded(loaded(f"seeds/{name}").text)
    assert [heading.text for heading in again.headings] == [
        heading.text for heading in loaded(f"seeds/{name}").headings
    ]


@pytest.mark.parametrize("name", MADE)
def test_every_word_of_a_source_is_in_its_document(name: str) -> None:
    source = (GOLD / name).with_suffix(".md").read_text(encoding="utf-8").split("---\n", 2)[2]
    source = re.sub(r"^\| -.*$", "", source, flags=re.MULTILINE)  # the rule below a table's head
    wanted = Counter(re.findall(r"\w+", source))
    missing = wanted - Counter(re.findall(r"\w+", loaded(f"seeds/{name}").text))
    assert not missing


def test_there_are_two_samples_of_every_format() -> None:
    suffixes = Counter(Path(name).suffix for name in NAMES)
    assert set(suffixes) == {".txt", ".md", ".html", ".pdf", ".docx"}
    assert min(suffixes.values()) >= 2
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_short_and_has_a_title(name: str) -> None:
    document = loaded(f"seeds/{name}")
    assert (SEEDS / name).stat().st_size < 100_000
    assert 200 <= len(document.text.split()) <= 900
    assert document.title


def test_the_travel_policy_needs_its_page_numbers() -> None:
    document = loaded("seeds/travel-and-expenses.pdf")
    phrases = ("Your line manager can approve", "All other capital cities", "Enter your claim")
    assert [document.page_at(document.text.index(phrase)) for phrase in phrases] == [1, 2, 3]


def test_the_text_around_the_faq_is_left_out() -> None:
    page = (SEEDS / "employee-faq.html").read_text(encoding="utf-8")
    text = loaded("seeds/employee-faq.html").text
    for boilerplate in ("uses cookies", "Search The Weir", "Summer party", "Imprint"):
        assert boilerplate in page
        assert boilerplate not in text
    assert "I have lost my badge" in text


def test_the_one_disagreement_is_the_number_of_leave_days() -> None:
    assert states("seeds/employee-faq.html", "25 days of annual leave")
    assert states("seeds/leave-policy.docx", "28 days of paid annual leave")


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_document_states_every_accepted_answer(question: dict[str, Any]) -> None:
    sources = [question["source"], *question.get("also", [])]
    assert question["answers"]
    for answer in question["answers"]:
        assert any(states(source, answer) for source in sources), answer
    for source in sources:
        assert any(states(source, answer) for answer in question["answers"]), source


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn["question"])
def test_the_document_states_the_answer_to_every_turn(turn: dict[str, Any]) -> None:
    assert turn["answers"]
    assert all(states(turn["source"], answer) for answer in turn["answers"])


def test_a_third_of_the_questions_cannot_be_answered() -> None:
    others = [question for question in QUESTIONS if not question["answerable"]]
    assert 0.3 < len(others) / len(QUESTIONS) < 0.4
    assert all(not question["answers"] and question["source"] is None for question in others)


def test_questions_and_conversations_have_ids_and_cover_every_sample() -> None:
    identifiers = [question["id"] for question in QUESTIONS]
    assert len(set(identifiers)) == len(identifiers)
    texts = [question["question"] for question in QUESTIONS]
    assert len(set(texts)) == len(texts)
    assert {question["source"] for question in ANSWERABLE} == {f"seeds/{name}" for name in NAMES}
    assert len(CONVERSATIONS) == 8
    assert all(len(conversation["turns"]) in (2, 3) for conversation in CONVERSATIONS)


def runs_of_words(text: str, length: int = 8) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return zip(*(words[start:] for start in range(length)), strict=False)


def test_a_copied_run_of_words_is_noticed() -> None:
    ours = "He said: one two three, four five\nsix seven eight. The end."
    assert set(runs_of_words(ours)) & set(runs_of_words("One two three four five six seven eight"))
    assert not set(runs_of_words(ours)) & set(runs_of_words("one two three four five six seven"))


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_no_sample_copies_the_material_beside_the_checkout(name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/seeds beside the checkout")
    ours = set(runs_of_words(loaded(f"seeds/{name}").text))
    for path in sorted(SHARED.glob("*.txt")):
        copied = ours & set(runs_of_words(path.read_text(encoding="utf-8")))
        assert not copied, path.name
