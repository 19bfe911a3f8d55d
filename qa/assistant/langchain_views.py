"""The Assistant as LangChain sees it: a retriever, a runnable that answers, an agent's tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.access import Viewer
from qa.assistant.arguments import MOST_HITS
from qa.errors import ArgumentError, described
from qa.records import Answer, Hit, Turn

_TAKEN = frozenset(("question", "history", "folder", "where", "also", "viewer"))


@runtime_checkable
class Askable(Protocol):
    """What the views need of an Assistant."""

    def search(
        self,
        question: str,
        *,
        limit: int | None = None,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
    ) -> list[Hit]:
        """The passages most likely to answer, best first."""
        ...

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
    ) -> Answer:
        """The answer, each statement with the passage that it rests on."""
        ...

    async def aask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
    ) -> Answer:
        """`ask`, without blocking the event loop."""
        ...


class FootnoteRetriever(BaseRetriever):
    """Returns the passages most likely to answer, as LangChain documents, best first.

    `page_content` is the passage; the metadata give its place (`source`, `title`, `page`,
    `heading`, `start`, `end`), how sure the recognition of a scan is of it (`recognised`), and its
    `score`, in addition to the document's own.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    assistant: Askable
    k: int = Field(10, ge=1, le=MOST_HITS, strict=True)
    folder: str | None = None
    where: dict[str, Any] | None = None
    viewer: Viewer | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002
        k: int | None = None,
        folder: str | None = None,
        where: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
    ) -> list[Document]:
        hits = self.assistant.search(
            query,
            limit=self.k if k is None else k,
            # An empty one counts as none, and does not cancel the retriever's own.
            folder=self.folder if folder in (None, "") else folder,
            where=self.where if where in (None, {}) else where,
            viewer=self.viewer if viewer is None else viewer,
        )
        return [to_document(hit) for hit in hits]


def retriever(assistant: Askable, fields: Mapping[str, Any]) -> FootnoteRetriever:
    """A retriever with these fields.

    Raises:
        ArgumentError: a field is unknown, or its value does not fit.
    """
    try:
        return FootnoteRetriever(**{"assistant": assistant, **fields})
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise ArgumentError(f"The retriever's {name}: {problem['msg']}.") from error


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
            "recognised": passage.recognised,
            "heading": passage.heading,
            "start": passage.start,
            "end": passage.end,
            "score": hit.score,
        },
    )


def answering(assistant: Askable) -> Runnable[Any, Answer]:
    """A runnable from a question to an Answer.

    It takes the question as a string, or a mapping with `question` and
    optionally `history`, `folder`, `where`, `also` and `viewer`, as `Assistant.ask` does.
    """

    def answer(question: object) -> Answer:
        return assistant.ask(**_arguments(question))

    async def aanswer(question: object) -> Answer:
        return await assistant.aask(**_arguments(question))

    return RunnableLambda(answer, afunc=aanswer, name="footnote")


class ToolQuestion(BaseModel):
    """What an agent asks."""

    question: str = Field(description="A complete question that can be understood by itself.")


def tool(assistant: Askable, name: str, description: str, folder: str | None) -> BaseTool:
    """A tool that answers from the documents, or from those of a folder.

    An agent's model gets the answer with its footnotes; the message's `artifact` is the Answer.

    Raises:
        ArgumentError: the name or the description is no string, or there is none.
    """
    for what, value in (("name", name), ("description", description)):
        if not isinstance(value, str) or not value.strip():
            raise ArgumentError(f"The {what} of a tool is a string, not {described(value)}.")

    def ask(question: str) -> tuple[str, Answer]:
        answer = assistant.ask(question, folder=folder)
        return answer.with_footnotes, answer

    async def aask(question: str) -> tuple[str, Answer]:
        answer = await assistant.aask(question, folder=folder)
        return answer.with_footnotes, answer

    return StructuredTool.from_function(
        ask,
        aask,
        name=name,
        description=description,
        args_schema=ToolQuestion,
        response_format="content_and_artifact",
    )


def _arguments(asked: object) -> dict[str, Any]:
    if isinstance(asked, str):
        return {"question": asked}
    if not isinstance(asked, Mapping) or "question" not in asked or not _TAKEN.issuperset(asked):
        raise ArgumentError(
            "Give the question as a string, or a mapping with question and, if they are wanted, "
            f"{', '.join(sorted(_TAKEN - {'question'}))}; not {described(asked)}."
        )
    return dict(asked)
