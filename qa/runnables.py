"""The Assistant as LangChain sees it: a retriever, and a runnable that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import ConfigDict

from qa.assistant import Assistant
from qa.records import Answer, Hit, Turn


class FootnoteRetriever(BaseRetriever):
    """Brings the passages most likely to answer, as LangChain documents, best first.

    `page_content` is the passage; the metadata tell where it stands
    (`source`, `title`, `page`, `heading`, `start`, `end`) and its `score`,
    beside the document's own.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    k: int = 10
    folder: str | None = None
    where: dict[str, Any] | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002
        k: int | None = None,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> list[Document]:
        hits = self.assistant.search(
            query,
            limit=k or self.k,
            folder=folder or self.folder,
            where=where or self.where,
        )
        return [to_document(hit) for hit in hits]


def to_document(hit: Hit) -> Document:
    """A hit as a LangChain document."""
    passage = hit.passage
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            **passage.metadata,
            "source": passage.source,
            "title": passage.title,
            "page": passage.page,
            "heading": passage.heading,
            "start": passage.start,
            "end": passage.end,
            "score": hit.score,
        },
    )


def answering(assistant: Assistant) -> Runnable[Any, Answer]:
    """A runnable from a question to an Answer.

    It takes the question as a string, or a mapping with `question` and
    optionally `history` (turns, or (question, answer) pairs), `folder` and
    `where`.
    """

    def answer(question: str | Mapping[str, Any]) -> Answer:
        return assistant.ask(**_arguments(question))

    async def aanswer(question: str | Mapping[str, Any]) -> Answer:
        return await assistant.aask(**_arguments(question))

    return RunnableLambda(answer, afunc=aanswer, name="footnote")


def _arguments(question: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(question, str):
        return {"question": question}
    return {**question, "history": _turns(question.get("history", ()))}


def _turns(history: Sequence[Any]) -> list[Turn]:
    return [turn if isinstance(turn, Turn) else Turn(*turn) for turn in history]
