from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.evaluation.sets import every, read_set

SEEDS = Path(__file__).parents[1] / "seeds" / "questions.jsonl"
BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench" / "dev"


def written(path: Path, *lines: Any) -> Path:
    """A file of lines: JSON of what is given, or the bytes themselves."""
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    )
    return path


def test_a_file_of_your_own_questions(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mine.jsonl",
        {"question": " Who? ", "answer": "Ada", "source": "a.md"},
        {"question": "Where?", "answers": ["York", " "], "source": ["a.md", "b.md"]},
        {"question": "How many?", "answer": 28},
        {"question": "Where to look?", "source": "c.md", "anything": "else"},
        {"question": "Never said?", "answers": [], "answerable": False},
        {"question": "Nor this?", "answer": None, "answerable": False, "source": None},
        b"",
    )
    found = read_set(path)
    assert found.name == "mine.jsonl"
    assert found.problems == []
    who, where, many, look, never, nor = found.questions
    assert (who.question, who.answers, who.sources) == ("Who?", ("Ada",), {"a.md": 1})
    assert (where.answers, where.sources) == (("York",), {"a.md": 1, "b.md": 1})
    assert many.answers == ("28",)
    assert (look.answers, look.answerable) == ((), True)
    assert not never.answerable
    assert not nor.answerable


def test_a_question_to_be_refused_has_no_expected_answer(tmp_path: Path) -> None:
    line = {"question": "Q?", "answer": "I do not know.", "source": "a", "answerable": False}
    (one,) = read_set(written(tmp_path / "a.jsonl", line)).questions
    assert (one.answers, one.sources, one.answerable) == ((), {}, False)


@pytest.mark.parametrize(
    "history",
    [
        [{"question": "Who is Ada?", "answer": "The head."}, {"question": "Since when?"}],
        [
            {"role": "user", "text": "Who is Ada?"},
            {"role": "assistant", "content": "The head."},
            {"role": "user", "text": "Since when?"},
        ],
    ],
)
def test_a_history_is_read_as_turns(tmp_path: Path, history: Any) -> None:
    line = {"question": "And before?", "answer": "Bo", "history": history}
    (one,) = read_set(written(tmp_path / "a.jsonl", line)).questions
    assert one.history == (qa.Turn("Who is Ada?", "The head."), qa.Turn("Since when?"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{not json", "not JSON"),
        (b'{"question": "\xff\xfe"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (["Who?"], "one JSON object"),
        ({"answer": "Ada"}, "question"),
        ({"question": "  ", "answer": "Ada"}, "question"),
        ({"question": "Who?", "answer": {"a": 1}}, "answer"),
        ({"question": "Who?"}, '"answerable": false'),
        ({"question": "Who?", "answers": [], "anwser": "Ada"}, '"answerable": false'),
        ({"question": "Who?", "answer": "Ada", "history": "none"}, "history"),
        ({"question": "Who?", "answer": "Ada", "answerable": "perhaps"}, "answerable"),
        ({"question": "Who?", "answer": "Ada", "id": "one"}, "'one' above already"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_kept(tmp_path: Path, line: Any, said: str) -> None:
    good = {"question": "Where?", "answer": "York", "id": "one"}
    path = written(tmp_path / "mine.jsonl", good, b"", line, {"question": "Why?", "answer": "So."})
    found = read_set(path)
    assert [one.question for one in found.questions] == ["Where?", "Why?"]
    (problem,) = found.problems
    assert f"{path}, line 3: " in problem
    assert said in problem


def test_the_same_words_may_be_asked_twice(tmp_path: Path) -> None:
    line = {"question": "And when?", "answer": "June"}
    ids = [one.id for one in read_set(written(tmp_path / "a.jsonl", line, line)).questions]
    assert ids == ["And when?", "And when? (2)"]


def test_anything_else_than_a_set_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(qa.EvaluationError, match=r"nowhere\.jsonl cannot be read"):
        read_set(tmp_path / "nowhere.jsonl")
    with pytest.raises(qa.EvaluationError, match=r"empty\.jsonl holds no question.*reads"):
        read_set(written(tmp_path / "empty.jsonl"))
    with pytest.raises(qa.EvaluationError, match=r"bad\.jsonl holds no question.*line 1: not JSON"):
        read_set(written(tmp_path / "bad.jsonl", b"{"))
    with pytest.raises(qa.EvaluationError, match=r"corpus\.jsonl is missing"):
        read_set(tmp_path)


def folder(path: Path, corpus: list[Any], queries: list[Any], relevance: str) -> Path:
    path.mkdir()
    written(path / "corpus.jsonl", *corpus)
    written(path / "queries.jsonl", *queries)
    (path / "qrels.tsv").write_text(relevance, encoding="utf-8")
    return path


CORPUS = [
    {"id": "1", "title": "Pears", "text": "Pears are green."},
    {"id": "2", "title": "Only a title", "text": ""},
    {"id": "3", "title": " ", "text": ""},
]
QUERIES = [{"id": "q1", "question": "What are pears?", "answers": ["green"], "answerable": True}]


def test_a_folder_brings_its_own_documents_and_grades(tmp_path: Path) -> None:
    grades = "query-id\tcorpus-id\tscore\nq1\t1\t2\nq1\t2\t0\nq1\t3\t1\r\n"
    found = read_set(folder(tmp_path / "pears", CORPUS, QUERIES, grades))
    assert found.name == "pears"
    documents = list(found.documents())
    assert [(one.source, one.text) for one in documents] == [
        ("pears/1", "Pears are green."),
        ("pears/2", "Only a title"),
    ]
    (one,) = found.questions
    assert one.id == "q1"
    assert one.sources == {"pears/1": 2, "pears/3": 1}


def test_a_collection_of_beir_is_read_unchanged(tmp_path: Path) -> None:
    corpus = [{"_id": "d1", "title": "Pears", "text": "Pears are green.", "metadata": {}}]
    queries = [
        {"_id": "q1", "text": "What are pears?", "metadata": {}},
        {"_id": "q2", "text": "Of another part of the collection?"},
    ]
    place = folder(tmp_path / "beir", corpus, queries, "")
    (place / "qrels.tsv").unlink()
    (place / "qrels").mkdir()
    judged = "\ufeffquery-id\tcorpus-id\tscore\nq1\td1\t1\n"
    (place / "qrels" / "test.tsv").write_text(judged, encoding="utf-8")
    found = read_set(place)
    assert [(one.id, one.question, one.sources) for one in found.questions] == [
        ("q1", "What are pears?", {"beir/d1": 1})
    ]
    assert [one.text for one in found.documents()] == ["Pears are green."]
    assert (found.unjudged, found.problems) == (1, [])


@pytest.mark.parametrize("score", ["inf", "nan", "0.5", "much"])
def test_a_grade_is_a_whole_number(tmp_path: Path, score: str) -> None:
    with pytest.raises(qa.EvaluationError, match=r"qrels\.tsv, line 1: .*whole number"):
        read_set(folder(tmp_path / "pears", CORPUS, QUERIES, f"q1\t1\t{score}"))


def test_a_folder_with_a_bad_corpus_or_bad_grades_is_an_error(tmp_path: Path) -> None:
    twice = read_set(folder(tmp_path / "twice", [*CORPUS, CORPUS[0]], QUERIES, "q1\t1\t1"))
    with pytest.raises(qa.EvaluationError, match=r"corpus\.jsonl, line 4: .*'1' above"):
        list(twice.documents())
    nameless = read_set(folder(tmp_path / "nameless", [{"text": "x"}], QUERIES, "q1\t1\t1"))
    with pytest.raises(qa.EvaluationError, match=r"corpus\.jsonl, line 1: id"):
        list(nameless.documents())
    with pytest.raises(qa.EvaluationError, match=r"qrels\.tsv, line 2: .*tabs"):
        read_set(folder(tmp_path / "spaces", CORPUS, QUERIES, "q1\t1\t1\nq1 2 1\n"))


def test_all_questions_about_the_samples_can_be_used() -> None:
    found = read_set(SEEDS)
    assert found.problems == []
    assert len(found.questions) == 66
    assert sum(not one.answerable for one in found.questions) == 22


@pytest.mark.shared
@pytest.mark.skipif(not BENCH.is_dir(), reason="the public sets are not beside the checkout")
@pytest.mark.parametrize("name", ["xquad/en", "squad2-dev", "mtrag/human_subset", "ir/cacm"])
def test_all_public_sets_can_be_used(name: str) -> None:
    found = read_set(BENCH / name)
    assert found.problems == []
    sources = {one.source for one in found.documents()}
    named = {source for one in found.questions for source in one.sources}
    assert named <= sources
    assert any(one.history for one in found.questions) == (name == "mtrag/human_subset")


def test_a_sample_is_evenly_spread_and_the_same_each_time() -> None:
    assert every(range(10), 5) == [0, 2, 4, 6, 8]
    assert every(range(10), 3) == [0, 3, 6]
    assert every(range(3), 9) == range(3)
    assert every(range(3), None) == range(3)
    assert len(every(range(1000), 7)) == 7
