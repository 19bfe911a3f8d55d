"""Any argument of a caller is understood, or refused with what was expected."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

import qa
from qa.assistant.history import turns_of

QUESTION = "What is the codeword of the day?"
WRONG: list[Any] = [
    None, 3, -1, 0, 10**30, 2.5, float("nan"), True, "", " ", "\ud800", "a\0b", b"text", object(),
    int, [], {}, [None], [3], [""], ["\ud800"], [b"x"], ("a",), ("a", "b", "c"), {"a": 1},
    {1: 2}, {"year": {}}, {"year": object()}, {"question": None}, {"question": 3, "answer": []},
    [{"question": "Who?"}], [{"role": "nobody", "content": "x"}], [{"role": "user"}],
    [{"role": "user", "content": 3}], [("user", 3)], [("a", None)], [qa.Turn("x")], [Path("x")],
    Path("no/such/place"), "no/such/place", "~nobody/x", [qa.Document("text", "")],
    [qa.Document(None, "x")], [qa.Document("text", 3)], [qa.Document("x", "y", pages=3)],  # type: ignore[arg-type]
    [qa.Document("x", "y", pages=(9, 1))], [qa.Document("x", "y", headings=("a",))],  # type: ignore[arg-type]
    [qa.Document("x", "y", blocks=(qa.Block("list", 0, 2),))],
    [qa.Document("x", "y", metadata=3)], [qa.Document("x", "y", metadata={"a": None})],  # type: ignore[arg-type, dict-item]
    [qa.Document("x", "\ud800")], [qa.Document("x", "y", title="\ud800")],
    [qa.Document("x", "y", id="\ud800")], qa.Document("x", "y"), iter(()),
]  # fmt: skip


@pytest.fixture(scope="module")
def memo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    assistant = qa.Assistant(index=tmp_path_factory.mktemp("misuse") / "index")
    assistant.add([qa.Document("The codeword of the day is heliotrope.", "memo")])
    yield assistant
    assistant.close()


# Every argument of every public method.
ARGUMENTS = [
    (name, argument)
    for name, method in inspect.getmembers(qa.Assistant, inspect.isfunction)
    if not name.startswith("_")
    for argument in inspect.signature(method).parameters
    if argument not in ("self", "fields")
]
PARTS = (
    "index chat_model settings reader answerer retrieval limit threshold embedder nonsense".split()
)


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_a_wrong_argument_is_refused_with_what_was_expected(
    memo: qa.Assistant, name: str, argument: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # nothing to sync here
    usual: dict[str, Any] = {
        "answer": qa.Answer(QUESTION, "No.", found=False),
        "question": QUESTION,
        "source": "memo",
        "page": 1,
        "start": 0,
        "end": 4,
        "documents": [qa.Document("The codeword of the day is heliotrope.", "memo")],
        "index": tmp_path / "other",
        "file": tmp_path / "backup.tar.gz",
        "viewer": qa.Viewer("ada"),
        "patterns": ["none/"],
        **({"groups": ["people"]} if name == "permit" else {}),
    }
    taken = inspect.signature(getattr(qa.Assistant, name)).parameters
    for value in WRONG:
        if (name, argument) in (("sync", "rebuild"), ("backup", "force"), ("permit", "dry_run")):
            continue  # whatever is true
        if (name, argument) == ("backup", "progress") and value is int:
            continue  # it can be called
        with contextlib.suppress(qa.QAError):
            given = {key: kept for key, kept in usual.items() if key in taken}
            if name == "forget" and argument != "source":
                continue
            called = getattr(memo, name)(**{**given, argument: value})
            if inspect.isawaitable(called):
                asyncio.run(_awaited(called))
            elif isinstance(called, qa.AnswerStream):
                list(called)


async def _awaited(called: Any) -> Any:
    return await called


@pytest.mark.parametrize("argument", PARTS)
def test_a_wrong_argument_of_the_assistant_is_refused(argument: str) -> None:
    for value in WRONG:
        if argument == "index" and isinstance(value, str | Path) and str(value).strip():
            continue  # a valid place, if a strange one
        with contextlib.suppress(qa.QAError):
            wrong: dict[str, Any] = {argument: value}
            qa.Assistant(**wrong).close()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: a.ask(None), "A question is a string, not None"),
        (lambda a: a.ask(3), "not int 3"),
        (lambda a: a.search(QUESTION, limit=0), "limit must be a whole number from 1"),
        (lambda a: a.search(QUESTION, limit=-2), "not int -2"),
        (lambda a: a.add("text"), r"add takes a list of qa\.Document"),
        (lambda a: a.add([Path("x.md")]), "Files and folders are added by sync"),
        (lambda a: a.sync([]), "empty list"),
        (lambda a: a.sync(""), "A folder to sync is a string or a path"),
        (lambda a: a.sync("nowhere"), "There is no folder or file nowhere"),
        (lambda a: a.ask(QUESTION, where=3), "where must be a mapping"),
        (lambda a: a.ask(QUESTION, folder=3), "folder must be the name"),
        (lambda a: a.ask(QUESTION, folder="memos"), r"no folder 'memos'.* memo\b"),
        (lambda a: a.ask(QUESTION, also=3), "also is a list of assistants"),
        (lambda a: a.ask(QUESTION, also=["x"]), "also is a list of assistants"),
        (lambda a: a.ask(QUESTION, history="x"), "history takes"),
        (lambda a: a.as_retriever(k="many"), "retriever's k"),
        (lambda a: a.as_retriever(nonsense=1), "retriever's nonsense"),
        (lambda a: a.as_retriever(k=0), "retriever's k"),
        (lambda a: a.as_retriever(k=True), "retriever's k"),
        (lambda a: a.as_retriever(k=None), "retriever's k"),
        (lambda a: a.as_retriever(assistant=3), "retriever's assistant"),
        (lambda a: a.as_retriever(folder=3), "retriever's folder"),
        (lambda a: a.as_retriever(where=3), "retriever's where"),
        (lambda a: a.as_retriever(where={1: 2}), "retriever's where"),
        (lambda a: a.as_retriever().invoke(QUESTION, k=0), "limit must be"),
        (lambda a: a.as_retriever().invoke(QUESTION, folder=0), "folder must be the name"),
        (lambda a: a.as_retriever().invoke(QUESTION, where=0), "where must be a mapping"),
        (lambda a: a.as_retriever().invoke(None), "A question is a string"),
        (lambda a: a.as_runnable().invoke({"input": QUESTION}), "mapping with question"),
        (lambda a: a.as_runnable().invoke(3), "mapping with question"),
        (lambda a: a.as_runnable().invoke(None), "mapping with question"),
        (lambda a: a.as_runnable().invoke({"question": None}), "A question is a string"),
        (lambda a: a.as_runnable().invoke({"question": QUESTION, "history": 3}), "history takes"),
        (lambda a: a.as_runnable().invoke({"question": QUESTION, "also": 3}), "list of assistants"),
        (lambda a: a.with_index(3), "The index is a string or a path, not int 3"),
        (lambda a: qa.Assistant(settings="x"), "settings is a qa.Settings"),  # type: ignore[arg-type]
        (lambda a: qa.Assistant(settings=a.settings, limit=3), "stands alone"),
        (lambda a: qa.Assistant(reader=3), "reader needs a method read"),  # type: ignore[arg-type]
    ],
)
def test_the_message_says_what_was_expected(
    memo: qa.Assistant, call: Callable[[qa.Assistant], object], said: str
) -> None:
    with pytest.raises(qa.QAError, match=said):
        call(memo)


ASKED = [qa.Turn("How long is the Heron?", "9 m"), qa.Turn("And the Plover?", "")]


@pytest.mark.parametrize(
    "history",
    [
        ASKED,
        [{"question": "How long is the Heron?", "answer": "9 m"}, {"question": "And the Plover?"}],
        [("How long is the Heron?", "9 m"), ("And the Plover?", None)],
        [("user", "How long is the Heron?"), ("assistant", "9 m"), ("user", "And the Plover?")],
        [["human", "How long is the Heron?"], ["ai", "9 m"], ["human", "And the Plover?"]],
        [
            {"role": "system", "content": "Be kind."},
            {"role": "assistant", "content": "What may I look for?"},
            {"role": "user", "content": [{"type": "text", "text": "How long is the Heron?"}]},
            {"role": "assistant", "content": "9 m"},
            {"role": "user", "content": "And the Plover?"},
        ],
        [
            SystemMessage("Be kind."),
            HumanMessage("How long is the Heron?"),
            ToolMessage("7", tool_call_id="1"),
            AIMessage("9 m"),
            ChatMessage(content="And the Plover?", role="user"),
        ],
        [
            qa.Answer("How long is the Heron?", "9 m", found=True),
            HumanMessage("And the Plover?"),
        ],
    ],
)
def test_a_history_is_understood_in_all_its_usual_forms(history: list[Any]) -> None:
    assert turns_of(history) == ASKED
    assert turns_of(iter(history)) == ASKED


def test_an_answer_in_two_messages_is_one() -> None:
    said: list[BaseMessage] = [HumanMessage("Who?"), AIMessage("Kim."), AIMessage("And Lee.")]
    assert turns_of(said) == [qa.Turn("Who?", "Kim.\nAnd Lee.")]
    assert turns_of(None) == turns_of([]) == []


def test_a_runnable_takes_messages_as_its_history(assistant: qa.Assistant) -> None:
    history = [HumanMessage("Who is Kim Yong Chol?"), AIMessage("The lead negotiator.")]
    asked = {"question": "And when did he last visit?", "history": history}
    assert "June" in assistant.as_runnable().invoke(asked).text


def test_half_a_character_in_a_question_is_ignored(memo: qa.Assistant) -> None:
    answer = memo.ask(f"\udc80{QUESTION}", history=[("Wh\ud800o?", "\udfff")])
    assert answer.question == QUESTION
    assert answer.found


def test_an_assistant_is_closed_at_the_end_of_a_block(tmp_path: Path) -> None:
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.add([qa.Document("The codeword of the day is heliotrope.", "memo")])
        stream = assistant.stream(QUESTION)
        other = assistant.with_index(tmp_path / "other")
    assistant.close()  # a second time does no harm

    for call in (
        lambda: assistant.ask(QUESTION),
        lambda: assistant.search(QUESTION),
        lambda: list(stream),
        lambda: assistant.add([]),
        lambda: assistant.sync(tmp_path),
        lambda: assistant.forget("memo"),
        lambda: assistant.document("memo"),
        assistant.status,
        assistant.examples,
        lambda: assistant.with_index(tmp_path),
        assistant.__enter__,
        lambda: other.ask(QUESTION, also=[assistant]),
    ):
        with pytest.raises(qa.QAError, match="was closed"):
            call()
    assert other.status().sources == []  # it shares the models, not the index
    other.close()


async def test_an_assistant_is_closed_at_the_end_of_an_asynchronous_block(tmp_path: Path) -> None:
    async with qa.Assistant(index=tmp_path / "index") as assistant:
        assert not (await assistant.aask(QUESTION)).found
    with pytest.raises(qa.QAError, match="was closed"):
        await assistant.aask(QUESTION)
