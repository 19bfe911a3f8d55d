"""What both forms of OpenAI's interface share: conversations, models and annotations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from qa.api.permitting import permitted
from qa.errors import ArgumentError
from qa.records import MARKER
from qa.text.markup.links import web_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Match

    from qa.api.service import Service
    from qa.assistant import Assistant
    from qa.records import Answer, Citation

MODEL = "footnote"
"""The one model: this server's documents, and what answers from them."""

MOST_MESSAGES = 5_000
_TEXTS = frozenset(("text", "input_text", "output_text"))
# They do not answer, so the question may stand before them.
_INSTRUCTIONS = frozenset(("system", "developer"))
_LONGEST_NAME = 4_000
# So many characters of a quote are marked where a link leads; longer addresses are cut by some.
_MARKED = 300


class Part(BaseModel):
    """A part of a message; only text can be answered."""

    type: str = "text"
    text: str | None = None


class Message(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """Its text, without parts of other kinds."""
        if not isinstance(self.content, list):
            return self.content or ""
        return "\n".join(part.text for part in self.content if part.text and part.type in _TEXTS)

    def check(self) -> None:
        """Refuse a question with a picture, a file or a sound.

        Raises:
            ArgumentError: it has one.
        """
        parts = self.content if isinstance(self.content, list) else []
        if others := [part.type for part in parts if part.type not in _TEXTS]:
            raise ArgumentError(
                f"The question has a part of the type {others[0]!r}. Only text can be answered."
            )


class Format(BaseModel):
    """The form that an answer should have."""

    type: str = "text"


class Wanted(BaseModel):
    """What a request for an answer says; fields that are not here are ignored."""

    model: Annotated[str, Field(max_length=_LONGEST_NAME)] = MODEL
    stream: bool | None = False
    folder: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    tool_choice: str | dict[str, Any] | None = None

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            ArgumentError: a tool has to be called.
            HTTPException: there is no such model.
        """
        check_model(self.model)
        if self.tool_choice not in (None, "none", "auto"):
            raise ArgumentError('Footnote calls no tools. Leave out tool_choice, or say "auto".')


def question_of(messages: Sequence[Message]) -> dict[str, Any]:
    """The last message as the question and those before as the history of `Assistant.ask`.

    Instructions (`system`, `developer`) do not change what the documents say, and are left out.

    Raises:
        ArgumentError: there is no question at the end.
    """
    said = [message for message in messages if message.role not in _INSTRUCTIONS]
    if not said or said[-1].role != "user":
        raise ArgumentError("The last message must have the role user: it is the question.")
    said[-1].check()
    history = [(message.role, message.text()) for message in said[:-1]]
    return {"question": said[-1].text(), "history": history}


def check_model(name: str) -> None:
    """Refuse another model than ours.

    Raises:
        HTTPException: there is no such model.
    """
    if name != MODEL:
        raise HTTPException(404, f"There is no model {name!r}. There is one: {MODEL}.")


def add_models(app: FastAPI, service: Service, since: int) -> None:
    """The routes that list the models; `since` is when the server started."""
    allowed = [Depends(permitted(service.keys))]
    model = {"id": MODEL, "object": "model", "created": since, "owned_by": MODEL}

    @app.get("/models", dependencies=allowed)
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [model]}

    @app.get("/models/{name}", dependencies=allowed)
    async def one(name: str) -> dict[str, Any]:
        check_model(name)
        return model


def url_citations(answer: Answer, assistant: Assistant, request: Request) -> list[dict[str, Any]]:
    """A `url_citation` for every marker in the text: its range, and a link to the source."""
    links = {one.number: _link(one, assistant, str(request.base_url)) for one in answer.citations}
    return [
        {
            "type": "url_citation",
            "start_index": marker.start(1) - 1,
            "end_index": marker.end(1) + 1,
            "title": citation.title or citation.source,
            "url": links[citation.number],
        }
        for marker, citation in _cited(answer)
    ]


def file_citations(answer: Answer) -> list[dict[str, Any]]:
    """A `file_citation` for every marker of a document that is no page of the web.

    Its `file_id` is the source, which `/api/v1/source` takes.
    """
    return [
        {
            "type": "file_citation",
            "file_id": citation.source,
            "filename": PurePosixPath(citation.source).name or citation.source,
            "index": marker.start(1) - 1,
        }
        for marker, citation in _cited(answer)
        if not web_address(citation.source)
    ]


def _cited(answer: Answer) -> Iterator[tuple[Match[str], Citation]]:
    cited = {citation.number: citation for citation in answer.citations}
    for marker in MARKER.finditer(answer.text):
        citation = cited.get(int(marker[1]))
        if citation is not None:
            yield marker, citation


def _link(citation: Citation, assistant: Assistant, base: str) -> str:
    """Where people see the source: its address, its file if that is still there, or our page.

    The page gets the words to mark in the part of the address that browsers send to nobody.
    """
    if address := web_address(citation.source):
        return f"{address}#page={citation.page}" if citation.page else address
    if assistant.original(citation.source) is not None:
        page = f"#page={citation.page}" if citation.page else ""
        return f"{base}api/original?{urlencode({'source': citation.source})}{page}"
    place = {"source": citation.source, "start": citation.start}
    return f"{base}?{urlencode(place)}#quote={quote(citation.quote[:_MARKED], safe='')}"
