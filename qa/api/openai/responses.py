"""`POST /v1/responses`: https://platform.openai.com/docs/api-reference/responses/create."""

from __future__ import annotations

import itertools
import secrets
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from qa.api.events import event, streaming
from qa.api.openai.conversation import (
    MOST_MESSAGES,
    Format,
    Message,
    Wanted,
    file_citations,
    question_of,
    url_citations,
)
from qa.api.permitting import account_of, permitted
from qa.api.seeing import seen
from qa.errors import ArgumentError
from qa.records import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from qa.api.problems import Problem
    from qa.api.service import Service


class Form(BaseModel):
    """How the text of an answer should be."""

    format: Format | None = None


class Conversation(Wanted):
    """A question, or a conversation that ends with one."""

    input: str | Annotated[list[dict[str, Any]], Field(max_length=MOST_MESSAGES)]
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    background: bool | None = False
    text: Form | None = None

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            ArgumentError: it refers to what only a server that keeps conversations knows, or
            wants JSON or a call of a tool.
        """
        super().check()
        if self.previous_response_id or self.conversation or self.background:
            raise ArgumentError(
                "This server keeps no conversations. Send the earlier messages in input, and "
                "leave out previous_response_id, conversation and background."
            )
        wanted = self.text.format if self.text else None
        if wanted is not None and wanted.type != "text":
            raise ArgumentError(f"An answer is text, not {wanted.type!r}. Leave out text.format.")

    def messages(self) -> list[Message]:
        """The messages; other items (of tools, of reasoning) are left out.

        Raises:
            ArgumentError: one is malformed.
        """
        if isinstance(self.input, str):
            return [Message(role="user", content=self.input)]
        items = [item for item in self.input if item.get("type", "message") == "message"]
        try:
            return [Message.model_validate(item) for item in items]
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(map(str, problem["loc"]))
            raise ArgumentError(f"A message of input, {place}: {problem['msg']}.") from error


def add_responses(app: FastAPI, service: Service) -> None:
    """The route."""
    assistant, line = service.assistant, service.line

    @app.post("/responses", dependencies=[Depends(permitted(service.keys, "ask"))])
    async def respond(asked: Conversation, request: Request) -> Response:
        asked.check()
        reader = seen(assistant, request)
        gone, whose = request.is_disconnected, account_of(request)
        given = {**question_of(asked.messages()), "folder": asked.folder}
        writing = Writing(asked.model)

        async def cited(answer: Answer) -> list[dict[str, Any]]:
            linked = await run_in_threadpool(url_citations, answer, reader, request)
            return [*linked, *file_citations(answer)]

        if asked.stream:
            pieces = line.streamed(lambda: reader.stream(**given), gone, whose)
            return await streaming(writing.events(pieces, cited), writing.failed)
        answer = await line.answered(lambda: reader.ask(**given), gone, whose)
        message = writing.message(answer.with_closest, await cited(answer))
        return JSONResponse(writing.response("completed", [message], answer))


class Writing:
    """One response while it is written."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._id = f"resp_{secrets.token_hex(16)}"
        self._message_id = f"msg_{secrets.token_hex(16)}"
        self._made = int(time.time())
        self._numbers = itertools.count()

    def response(
        self, status: str, output: list[dict[str, Any]], answer: Answer | None = None, **more: Any
    ) -> dict[str, Any]:
        """The response as it is now; with the answer, all of our citations are in it."""
        whole = {"footnote": answer.to_dict()} if answer is not None else {}
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._made,
            "status": status,
            "model": self._model,
            "output": output,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            **more,
            **whole,
        }

    def message(
        self, text: str | None, cited: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """The message; without text it has only begun."""
        content = [] if text is None else [self._part(text, cited)]
        return {
            "id": self._message_id,
            "type": "message",
            "role": "assistant",
            "status": "in_progress" if text is None else "completed",
            "content": content,
        }

    async def events(
        self,
        pieces: AsyncGenerator[str | Answer, None],
        cite: Callable[[Answer], Awaitable[list[dict[str, Any]]]],
    ) -> AsyncGenerator[str, None]:
        """The response as events, in the order in which OpenAI's come."""
        begun = False
        async with aclosing(pieces):
            async for one in pieces:
                if not begun:
                    for first in self._begun():
                        yield first
                    begun = True
                if isinstance(one, Answer):
                    if closest := one.with_closest.removeprefix(one.text):
                        yield self._in_text("output_text.delta", delta=closest, logprobs=[])
                    cited = await cite(one)
                    for last in self._ended(one, cited):
                        yield last
                else:
                    yield self._in_text("output_text.delta", delta=one, logprobs=[])

    def failed(self, problem: Problem) -> str:
        """The last event of a response that is not completed."""
        told = problem.to_openai()["error"]
        error = {"code": told["code"] or "server_error", "message": told["message"]}
        return self._event("failed", response=self.response("failed", [], None, error=error))

    def _begun(self) -> list[str]:
        nothing = self.response("in_progress", [])
        return [
            self._event("created", response=nothing),
            self._event("in_progress", response=nothing),
            self._event("output_item.added", output_index=0, item=self.message(None)),
            self._in_text("content_part.added", part=self._part("")),
        ]

    def _ended(self, answer: Answer, cited: list[dict[str, Any]]) -> list[str]:
        text = answer.with_closest
        message = self.message(text, cited)
        return [
            *(
                self._in_text("output_text.annotation.added", annotation_index=at, annotation=one)
                for at, one in enumerate(cited)
            ),
            self._in_text("output_text.done", text=text, logprobs=[]),
            self._in_text("content_part.done", part=message["content"][0]),
            self._event("output_item.done", output_index=0, item=message),
            self._event("completed", response=self.response("completed", [message], answer)),
        ]

    def _part(self, text: str, cited: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        return {"type": "output_text", "text": text, "annotations": cited or [], "logprobs": []}

    def _in_text(self, name: str, **fields: Any) -> str:
        place = {"item_id": self._message_id, "output_index": 0, "content_index": 0}
        return self._event(name, **place, **fields)

    def _event(self, name: str, **fields: Any) -> str:
        kind = f"response.{name}"
        return event({"type": kind, "sequence_number": next(self._numbers), **fields}, kind)
