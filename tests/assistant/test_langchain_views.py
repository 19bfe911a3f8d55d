from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import RetrieversIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

import qa
from qa.assistant.langchain_views import FootnoteRetriever

QUESTION = "Where might the second summit be held?"


class TestRetriever(RetrieversIntegrationTests):
    """LangChain's own standard tests."""

    @pytest.fixture(autouse=True)
    def _assistant(self, assistant: qa.Assistant) -> None:
        self.assistant = assistant

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return FootnoteRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"assistant": self.assistant}

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


def test_a_document_has_its_source_and_offsets(assistant: qa.Assistant) -> None:
    best = assistant.as_retriever(k=3).invoke(QUESTION)[0]
    assert isinstance(best, Document)
    text = assistant.document(best.metadata["source"]).text
    assert text[best.metadata["start"] : best.metadata["end"]] == best.page_content
    assert best.metadata["source"] == "seeds/second-summit-brief.md"


def test_the_retriever_filters(assistant: qa.Assistant) -> None:
    retriever = assistant.as_retriever(folder="seeds/it-help.md")
    found = retriever.invoke("How do I reset my password?")
    assert {document.metadata["source"] for document in found} == {"seeds/it-help.md"}


def test_an_empty_filter_does_not_replace_the_filter_of_the_retriever(
    assistant: qa.Assistant,
) -> None:
    retriever = assistant.as_retriever(folder="seeds/it-help.md")
    found = retriever.invoke(QUESTION, folder="", where={})
    assert {document.metadata["source"] for document in found} == {"seeds/it-help.md"}


def test_the_runnable_answers(assistant: qa.Assistant) -> None:
    runnable = assistant.as_runnable()
    assert runnable.invoke(QUESTION).short == "Bangkok and Hanoi"
    assert asyncio.run(runnable.ainvoke({"question": QUESTION})).found
    answers = runnable.batch([QUESTION, "What is the capital of France?"])
    assert [answer.found for answer in answers] == [True, False]


def test_the_runnable_takes_a_history(assistant: qa.Assistant) -> None:
    asked = {
        "question": "And when did he last visit?",
        "history": [("Who is Kim Yong Chol?", "The lead negotiator.")],
    }
    assert "June" in assistant.as_runnable().invoke(asked).text


def test_the_runnable_is_a_step_of_a_chain(assistant: qa.Assistant) -> None:
    chain = assistant.as_runnable() | RunnableLambda(lambda answer: answer.citations[0].source)
    assert chain.invoke(QUESTION) == "seeds/second-summit-brief.md"


def test_an_agent_has_a_tool(assistant: qa.Assistant) -> None:
    tool = assistant.as_tool(folder="seeds")
    call = {"name": tool.name, "args": {"question": QUESTION}, "id": "1", "type": "tool_call"}
    for message in (tool.invoke(call), asyncio.run(tool.ainvoke(call))):
        answer = message.artifact
        assert isinstance(answer, qa.Answer)
        assert answer.short == "Bangkok and Hanoi"
        assert message.content == answer.with_footnotes
        assert f"[1] {answer.citations[0].place}: “{answer.citations[0].quote}”" in message.content
    assert list(tool.args) == ["question"]
    assert "documents" in tool.description


def test_a_tool_lists_the_passages_that_come_closest(assistant: qa.Assistant) -> None:
    call = {"args": {"question": "What is the capital of France?"}, "id": "1", "type": "tool_call"}
    message = assistant.as_tool("documents").invoke({"name": "documents", **call})
    assert message.content.startswith(f"{message.artifact.text}\n\n- ")
    assert message.content.count("\n- ") == 3


def test_a_tool_keeps_to_its_folder_and_its_name(assistant: qa.Assistant) -> None:
    tool = assistant.as_tool(
        "it_help", "Answers questions about computers.", folder="seeds/it-help.md"
    )
    call = {"name": "it_help", "args": {"question": QUESTION}, "id": "1", "type": "tool_call"}
    hits = tool.invoke(call).artifact.hits
    assert {hit.passage.source for hit in hits} == {"seeds/it-help.md"}
    assert (tool.name, tool.description) == ("it_help", "Answers questions about computers.")
    with pytest.raises(qa.ArgumentError, match="name of a tool"):
        assistant.as_tool("")


class TestTool(ToolsUnitTests):
    """LangChain's own standard tests."""

    @pytest.fixture(autouse=True)
    def _assistant(self, assistant: qa.Assistant) -> None:
        type(self).assistant = assistant

    assistant: qa.Assistant

    @property
    def tool_constructor(self) -> BaseTool:
        return self.assistant.as_tool()

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"question": QUESTION}
