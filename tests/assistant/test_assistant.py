from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.answering import Choice
from qa.answering.quoting import QuotingAnswerer
from qa.reading.by_words import QuotingReader
from qa.records import Draft, Hit, Span

GOLD = Path(__file__).parents[1] / "seeds"
QUESTION = "Where might the second summit be held?"


def gold(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLD / name).read_text(encoding="utf-8").splitlines()]


def assert_checked(assistant: qa.Assistant, answer: qa.Answer) -> None:
    """Every promise about citations, for one answer."""
    for number, citation in enumerate(answer.citations, start=1):
        document = assistant.document(citation.source)
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
        assert citation.number == number
        assert citation.marker in answer.text
        assert citation.page == document.page_at(citation.start)
    assert answer.found == bool(answer.citations)
    told = [number for statement in answer.statements for number in statement.citations]
    assert sorted(set(told)) == ([c.number for c in answer.citations] if answer.statements else [])
    for statement in answer.statements:
        assert statement.text in answer.text
        assert statement.citations


def test_the_first_question_of_the_readme(assistant: qa.Assistant) -> None:
    answer = assistant.ask(QUESTION)
    assert answer.found
    assert answer.short == "Bangkok and Hanoi"
    assert "Bangkok and Hanoi" in answer.citations[0].quote
    assert answer.citations[0].source == "seeds/second-summit-brief.md"
    assert answer.hits[0].passage.source == "seeds/second-summit-brief.md"
    assert_checked(assistant, answer)


def test_every_citation_of_every_question_is_exact(assistant: qa.Assistant) -> None:
    for question in gold("questions.jsonl"):
        assert_checked(assistant, assistant.ask(question["question"]))


def test_the_samples_are_answered_from_the_right_document(assistant: qa.Assistant) -> None:
    questions = [q for q in gold("questions.jsonl") if q["answerable"]]
    answers = [assistant.ask(q["question"]) for q in questions]
    first = [
        answer.hits[0].passage.source in (q["source"], *q.get("also", ()))
        for q, answer in zip(questions, answers, strict=True)
    ]
    said = [
        answer.found and any(right in answer.text for right in q["answers"])
        for q, answer in zip(questions, answers, strict=True)
    ]
    assert sum(first) >= 0.9 * len(first)
    assert sum(said) >= 0.65 * len(said)


def test_questions_about_other_matters_are_refused(assistant: qa.Assistant) -> None:
    for question in (q for q in gold("questions.jsonl") if q["id"].startswith("far")):
        answer = assistant.ask(question["question"])
        assert not answer.found, question["question"]
        assert answer.citations == ()
        assert answer.short is None
        assert answer.hits
        assert "do not say" in answer.text


def test_follow_ups_are_understood(assistant: qa.Assistant) -> None:
    follow_ups = right = 0
    for conversation in gold("conversations.jsonl"):
        history: list[qa.Turn] = []
        for turn in conversation["turns"]:
            answer = assistant.ask(turn["question"], history=history)
            if history:
                follow_ups += 1
                right += answer.hits[0].passage.source == turn["source"]
            history.append(qa.Turn(turn["question"], answer.text))
    assert right >= 0.9 * follow_ups


def test_when_did_he_last_visit(assistant: qa.Assistant) -> None:
    history = [qa.Turn("Who is Kim Yong Chol?", assistant.ask("Who is Kim Yong Chol?").text)]
    answer = assistant.ask("And when did he last visit?", history=history)
    assert "June" in answer.text
    assert answer.question == "And when did he last visit?"
    assert "Kim Yong Chol" in answer.asked


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("?!", "empty"),
        ("Hello!", "greeting"),
        ("thank you", "greeting"),
        ("Thanks a lot!", "greeting"),
        ("Okay, great!", "greeting"),
        ("Thanks, that helps!", "greeting"),
        ("Thank you so much", "greeting"),
        ("why " * 2500, "too long"),
    ],
)
def test_input_that_is_not_a_question_gets_a_sensible_reply(
    assistant: qa.Assistant, question: str, reason: str
) -> None:
    answer = assistant.ask(question)
    assert (answer.found, answer.reason, answer.citations) == (False, reason, ())
    assert answer.text


@pytest.mark.parametrize(
    "question", ["💥", "\x00who", "SELECT * FROM passages; --", "{{7*7}}", "日本語"]
)
def test_odd_questions_are_answered_or_refused(assistant: qa.Assistant, question: str) -> None:
    assert_checked(assistant, assistant.ask(question))


def test_an_empty_index_says_so(tmp_path: Path) -> None:
    assistant = qa.Assistant(index=tmp_path)
    assert assistant.search(QUESTION) == []
    answer = assistant.ask(QUESTION)
    assert (answer.found, answer.reason) == (False, "no documents")
    assert "qa sync" in answer.text


def test_the_pieces_of_a_stream_make_the_text(assistant: qa.Assistant) -> None:
    for question in (QUESTION, "What is the capital of France?", ""):
        stream = assistant.stream(question)
        with pytest.raises(qa.QAError, match="read the stream"):
            _ = stream.answer
        assert "".join(stream) == stream.answer.text


def test_asking_streaming_and_awaiting_give_the_same(assistant: qa.Assistant) -> None:
    async def awaited() -> tuple[qa.Answer, qa.Answer]:
        stream = assistant.stream(QUESTION)
        pieces = [piece async for piece in stream]
        assert "".join(pieces) == stream.answer.text
        return stream.answer, await assistant.aask(QUESTION)

    told = [assistant.ask(QUESTION), *asyncio.run(awaited())]
    assert len({(answer.text, answer.citations, answer.score) for answer in told}) == 1


def test_many_callers_share_one_assistant(assistant: qa.Assistant) -> None:
    questions = [q["question"] for q in gold("questions.jsonl")[:12]]
    alone = [assistant.ask(question).text for question in questions]
    barrier = threading.Barrier(6)

    def all_of_them(_: int) -> list[str]:
        barrier.wait()
        return [assistant.ask(question).text for question in questions]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(all_of_them, range(6))) == [alone] * 6


def test_a_stream_can_be_closed_early(assistant: qa.Assistant) -> None:
    stream = assistant.stream(QUESTION)
    next(stream)
    stream.close()
    assert assistant.ask(QUESTION).found


def test_a_stream_can_be_closed_while_a_piece_is_waited_for(assistant: qa.Assistant) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[bool] = []

    def worded() -> Generator[str, None, qa.Answer]:
        try:
            begun.set()
            go_on.wait(10)
            yield "Bangkok"
            yield "and Hanoi"
        finally:
            ended.append(True)
        return assistant.ask(QUESTION)

    stream = qa.AnswerStream(worded())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, stream)
        assert begun.wait(10)
        stream.close()
        go_on.set()
        assert waiting.result(10) == "Bangkok"
    assert ended == [True]
    assert list(stream) == []


def test_the_answer_as_json(assistant: qa.Assistant) -> None:
    told = json.loads(json.dumps(assistant.ask(QUESTION).to_dict()))
    assert told["citations"][0]["quote"] in assistant.document(told["citations"][0]["source"]).text
    assert told["statements"]
    assert all(statement["text"] in told["text"] for statement in told["statements"])
    assert told["outcome"] in ("answered", "unsure")
    assert {"retrieve", "read", "answer", "total"} <= told["seconds"].keys()
    assert told["passages"][0]["text"]


class LastWords(QuotingReader):
    """A reader of the test, to replace the built-in one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ends: set[str] = set()

    def read(self, question: str, hits: Sequence[Hit], rarity: Any) -> list[Span]:
        self.asked.append(question)
        self.ends = {hit.passage.text.rstrip()[-6:] for hit in hits}
        spans = []
        for hit in hits:
            end = hit.passage.start + len(hit.passage.text.rstrip())
            spans.append(Span(hit, end - 20, end, 0.9, (end - 6, end)))
        return spans


class Bracketed(QuotingAnswerer):
    """An answerer of the test: the built-in answer, after a word of its own."""

    name = "bracketed"

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        yield "So: "
        draft = yield from super().stream(question, hits, spans, choices)
        return replace(draft, text=f"So: {draft.text}")


def test_reader_and_answerer_can_be_replaced(sample_index: Path) -> None:
    reader = LastWords()
    assistant = qa.Assistant(index=sample_index, reader=reader, answerer=Bracketed(0.0))
    stream = assistant.stream(QUESTION)
    assert "".join(stream) == stream.answer.text
    answer = stream.answer
    assert reader.asked == [QUESTION]
    assert answer.answerer == "bracketed"
    assert answer.text.startswith("So: ")
    assert_checked(assistant, answer)
    # The reader's phrase is the short answer if it is in the part that is said.
    assert answer.short is None or answer.short in reader.ends
    assistant.close()


def test_the_phrase_of_a_replaced_reader_is_the_short_answer(tmp_path: Path) -> None:
    reader = LastWords()
    assistant = qa.Assistant(index=tmp_path, reader=reader, answerer=QuotingAnswerer(0.0))
    text = "The codeword of the day is told to everyone as heliotrope"
    assistant.add([qa.Document(text=text, source="memo")])
    answer = assistant.ask("What is the codeword of the day?")
    assert answer.short == "otrope"
    assert answer.citations[0].quote == text
    assistant.close()


def test_add_and_forget(tmp_path: Path) -> None:
    assistant = qa.Assistant(index=tmp_path)
    assistant.add([qa.Document(text="Pears are ripe in September.", source="fruit")])
    assistant.add([qa.Document(text="The codeword of the day is heliotrope.", source="memo")])
    assert assistant.ask("What is the codeword of the day?").found
    assistant.add([qa.Document(text="The codeword of the day is marjoram.", source="memo")])
    answer = assistant.ask("What is the codeword of the day?")
    assert "marjoram" in answer.text
    assert [source.source for source in assistant.status().sources] == ["fruit", "memo"]
    forgotten = assistant.forget("memo")
    assert (forgotten.sources, forgotten.passages, forgotten.left) == (("memo",), 1, 0)
    assert [hit.passage.source for hit in assistant.search("codeword")] == ["fruit"]
    with pytest.raises(qa.UnknownSourceError, match="memo"):
        assistant.document("memo")
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"heliotrope" not in content, file
            assert b"marjoram" not in content, file


def test_bad_arguments_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(qa.SettingsError, match="no_such_setting"):
        qa.Assistant(index=tmp_path, no_such_setting=1)
    with pytest.raises(qa.SettingsError, match="no/such/folder"):
        qa.Assistant(index=tmp_path).sync(["no/such/folder"])


ARTICLE = Path(__file__).resolve().parents[2] / ".." / "shared" / "seeds"


@pytest.fixture(scope="module")
def reporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    if not ARTICLE.is_dir():
        pytest.skip("the article of ../shared/seeds is not beside this checkout")
    assistant = qa.Assistant(index=tmp_path_factory.mktemp("article"))
    assistant.sync([ARTICLE])
    yield assistant
    assistant.close()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Where might the second summit be held?", ["Bangkok", "Hanoi"]),
        ("Who is Pyongyang's lead negotiator?", ["Kim Yong Chol"]),
        ("When did Kim Yong Chol last come to the United States?", ["June"]),
        ("What did he deliver in the Oval Office?", ["letter from Kim Jong Un"]),
        ("Who is Harry Kazianis?", ["director of defense studies"]),
        pytest.param(
            "Where did the first summit take place?",
            ["Singapore"],
            marks=pytest.mark.xfail(
                strict=True, reason="what got the first summit back on track is taken for a place"
            ),
        ),
        ("What did North Korea demand for concessions?", ["corresponding measures"]),
        ("Which nuclear site was partly destroyed?", ["Punggye-ri"]),
    ],
)
def test_the_article_answers(reporter: qa.Assistant, question: str, answers: list[str]) -> None:
    answer = reporter.ask(question)
    assert answer.found
    for right in answers:
        assert right in answer.text
        assert right in answer.citations[0].quote
    assert_checked(reporter, answer)


@pytest.mark.shared
@pytest.mark.parametrize(
    "question",
    [
        "How much did the trip cost?",
        "What is the capital of France?",
        "Who won the 2018 World Cup?",
    ],
)
def test_the_article_does_not_say(reporter: qa.Assistant, question: str) -> None:
    answer = reporter.ask(question)
    assert not answer.found
    assert answer.hits


class Inventor:
    """An answerer that claims what no passage says, as a weak chat model does."""

    name = "inventor"

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        yield from ()
        return Draft(text="", found=False, reason="not said", unsupported=("It is in Paris.",))


def test_a_quote_replaces_what_a_model_makes_up(sample_index: Path) -> None:
    assistant = qa.Assistant(index=sample_index, answerer=Inventor())
    stream = assistant.stream(QUESTION)
    assert "".join(stream) == stream.answer.text
    assert stream.answer.answerer == "quotes"
    assert stream.answer.unsupported == ("It is in Paris.",)
    assert "Paris" not in stream.answer.text
    assert_checked(assistant, stream.answer)
