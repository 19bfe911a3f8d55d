from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests

import qa
from qa.runnables import FootnoteRetriever

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


def test_a_document_says_where_it_stands(assistant: qa.Assistant) -> None:
    best = assistant.as_retriever(k=3).invoke(QUESTION)[0]
    assert isinstance(best, Document)
    text = assistant.document(best.metadata["source"]).text
    assert text[best.metadata["start"] : best.metadata["end"]] == best.page_content
    assert best.metadata["source"] == "seeds/second-summit-brief.md"


def test_the_retriever_filters(assistant: qa.Assistant) -> None:
    retriever = assistant.as_retriever(folder="seeds/it-help.md")
    found = retriever.invoke("How do I reset my password?")
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
