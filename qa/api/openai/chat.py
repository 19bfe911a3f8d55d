"""`POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat/create."""

from __future__ import annotations

import secrets
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from qa.api.events import event, streaming
from qa.api.openai.conversation import (
    MOST_MESSAGES,
    Format,
    Message,
    Wanted,
    question_of,
    url_citations,
)
from qa.api.permitting import account_of, permitted
from qa.api.seeing import seen
from qa.errors import ArgumentError
from qa.records import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from qa.api.problems import Problem
    from qa.api.service import Service

DONE = "data: [DONE]\n\n"


class Conversation(Wanted):
    """A conversation that ends with a question."""

    messages: Annotated[list[Message], Field(max_length=MOST_MESSAGES)]
    n: int | None = 1
    response_format: Format | None = None

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            ArgumentError: several answers, JSON or a call of a tool are wanted.
        """
        super().check()
        if self.n not in (None, 1):
            raise ArgumentError("A question has one answer here: n must be 1.")
        if self.response_format is not None and self.response_format.type != "text":
            raise ArgumentError(
                f"An answer is text, not {self.response_format.type!r}. Leave out response_format."
            )


def add_chat(app: FastAPI, service: Service) -> None:
    """The route."""
    assistant, line = service.assistant, service.line

    @app.post("/chat/completions", dependencies=[Depends(permitted(service.keys, "ask"))])
    async def complete(asked: Conversation, request: Request) -> Response:
        asked.check()
        reader = seen(assistant, request)
        gone, whose = request.is_disconnected, account_of(request)
        given = {**question_of(asked.messages), "folder": asked.folder}
        about = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": asked.model,
        }

        async def cited(answer: Answer) -> list[dict[str, Any]]:
            flat = await run_in_threadpool(url_citations, answer, reader, request)
            return [{"type": one.pop("type"), "url_citation": one} for one in map(dict, flat)]

        if asked.stream:
            pieces = line.streamed(lambda: reader.stream(**given), gone, whose)
            return await streaming(_chunks(pieces, about, cited), _failed)
        answer = await line.answered(lambda: reader.ask(**given), gone, whose)
        message = {
            "role": "assistant",
            "content": answer.with_closest,
            "refusal": None,
            "annotations": await cited(answer),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        completion = {**about, "object": "chat.completion", "choices": [choice]}
        return JSONResponse({**completion, "footnote": answer.to_dict()})


async def _chunks(
    pieces: AsyncGenerator[str | Answer, None], about: dict[str, Any], cited: Any
) -> AsyncGenerator[str, None]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**about, "object": "chat.completion.chunk", "choices": [choice], **more})

    role: dict[str, Any] = {"role": "assistant"}
    async with aclosing(pieces):
        async for one in pieces:
            if isinstance(one, Answer):
                if closest := one.with_closest.removeprefix(one.text):
                    yield chunk({**role, "content": closest})
                    role = {}
                last = {**role, "annotations": await cited(one)}
                yield chunk(last, "stop", footnote=one.to_dict())
            else:
                yield chunk({**role, "content": one})
            role = {}
    yield DONE


def _failed(problem: Problem) -> str:
    return event(problem.to_openai())
