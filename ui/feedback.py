"""What readers thought of answers: one line of JSON each, in a file that stays on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

from ui.exchanges import ConversationId

if TYPE_CHECKING:
    from fastapi import APIRouter

FILE = "feedback.jsonl"
# Nobody writes so much by hand; it keeps a program from filling the disk.
LARGEST_FILE = 50_000_000


class Verdict(BaseModel):
    """One reader's word on one answer."""

    conversation: ConversationId
    question: Annotated[str, Field(max_length=10_000)]
    answer: Annotated[str, Field(max_length=50_000)]
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=5_000)] = ""


def routes(folder: Path) -> APIRouter:
    """`POST /api/feedback`, kept in `feedback.jsonl` of this folder."""
    from fastapi import APIRouter, Response
    from fastapi.responses import JSONResponse

    router = APIRouter()
    writing = Lock()
    file = folder / FILE

    def refused(why: str) -> Response:
        return JSONResponse({"error": why}, status_code=507)

    def keep(verdict: Verdict) -> Response:
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **verdict.model_dump()}
        try:
            with writing:
                folder.mkdir(parents=True, exist_ok=True)
                if file.exists() and file.stat().st_size > LARGEST_FILE:
                    return refused(f"{FILE} is full; move it away.")
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            return refused(f"{FILE} cannot be written: {error.strerror}.")
        return Response(status_code=204)

    # `Verdict` is this module's, but annotations here are looked up where the route is made.
    keep.__annotations__.update(verdict=Verdict, **{"return": Response})
    router.post("/api/feedback", status_code=204, response_model=None)(keep)
    return router
