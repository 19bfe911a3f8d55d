"""REST below `/api/v1`: questions, searches, documents, opinions and the state of the index.

Its description is at `/api/v1/openapi.json`. Answers, passages and documents are the same objects
as everywhere else (`qa.schemas`), errors are problem details (RFC 9457).
"""

from __future__ import annotations

from contextlib import aclosing
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from qa import __version__
from qa.api.admin import routes as admin
from qa.api.events import EVENTS, event, streaming
from qa.api.permitting import account_of, permitted
from qa.api.problems import PROBLEM, Problem
from qa.api.replies import tell_errors, told
from qa.api.rest.feedback import keep
from qa.api.rest.requests import Judged, Question, Searched
from qa.api.seeing import opened, seen
from qa.api.stretches import stretch
from qa.errors import IndexUnavailableError
from qa.records import Answer
from qa.schemas import AnswerJSON, FoundJSON, HeldJSON, SourcesJSON, StretchJSON

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from qa.api.admin.office import Office
    from qa.api.service import Service

MOST_SOURCES = 1000
WEBP = "image/webp"
Source = Annotated[str, Query(max_length=4_000, description="As citations name it.")]
Offset = Annotated[int, Query(ge=0, le=2**53)]
DESCRIPTION = """Answers from documents, with a checked footnote on everything.

Offsets count characters of a document's text, as Python strings do: the `quote` of a citation is
`text[start:end]` of its `source`."""


class Width(IntEnum):
    """The widths of pictures of pages, in pixels."""

    TINY = 600
    SMALL = 900
    USUAL = 1200
    LARGE = 1800
    HUGE = 2400


class Placed(BaseModel):
    """A place in a request that does not fit."""

    loc: list[str | int]
    msg: str
    type: str


class ProblemJSON(BaseModel):
    """Problem details (RFC 9457): `kind` names our error, `errors` are places in the request."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    kind: str | None = None
    errors: list[Placed] | None = None


_MEANINGS = {
    400: "The request is not JSON in UTF-8.",
    401: "A key is needed, and there is none, or it is unknown or has expired.",
    403: "The request comes from a page of another site, or this is not for the caller.",
    404: "There is no such source, folder, opinion or address.",
    413: "The request is too large.",
    415: "The file is of another kind.",
    422: "Something in the request does not fit; `errors` says where.",
    429: "The caller has had their share for now; `Retry-After` says when there is more.",
    502: "The chat model failed.",
    503: "The index or a model is not available, or too many questions are waiting.",
    507: "There is no room for it.",
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {PROBLEM: {"schema": schema}},
        }
        for status in (*statuses, 401, 403, 422, 503)
    }


def application(service: Service, office: Office) -> FastAPI:
    """The routes, to be mounted at `/api/v1`."""
    app = FastAPI(
        title="Footnote",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        root_path_in_servers=False,
        servers=[{"url": "/api/v1"}],
    )
    tell_errors(app)
    _questions(app, service)
    _documents(app, service)
    _opinions(app, service)
    app.include_router(admin.routes(office, service.keys, _errors))
    _describe(app, service)
    return app


def _questions(app: FastAPI, service: Service) -> None:
    assistant, line = service.assistant, service.line
    asking = {
        200: {
            "description": "The answer, or events: `piece` with `text`, then `answer` with all of "
            "it, or `error` with a problem.",
            "content": {EVENTS: {}},
        },
        **_errors(400, 404, 413, 429, 502),
    }

    allowed = [Depends(permitted(service.keys, "ask"))]

    @app.post("/ask", response_model=AnswerJSON, responses=asking, dependencies=allowed)
    async def ask(asked: Question, request: Request) -> Response:
        """Answer a question from the documents."""
        given, reader = asked.arguments(), seen(assistant, request)
        gone, whose = request.is_disconnected, account_of(request)
        if asked.stream or EVENTS in request.headers.get("accept", ""):
            pieces = line.streamed(lambda: reader.stream(**given), gone, whose)
            return await streaming(_events(pieces), _failed)
        # Written where it is made, so that the thread that takes requests is free for others.
        return await line.answered(lambda: JSONResponse(reader.ask(**given).to_dict()), gone, whose)

    searching = _errors(400, 404, 413, 429)

    @app.post("/search", response_model=FoundJSON, responses=searching, dependencies=allowed)
    async def search(asked: Searched, request: Request) -> Response:
        """List the passages closest to a question, best first."""
        given, reader = asked.model_dump(), seen(assistant, request)

        def found() -> Response:
            passages = [hit.to_dict() for hit in reader.search(**given)]
            return JSONResponse({"question": asked.question, "passages": passages})

        return await line.answered(found, request.is_disconnected, account_of(request))


def _documents(app: FastAPI, service: Service) -> None:
    assistant = service.assistant

    reading = [Depends(permitted(service.keys, "read"))]
    looking = [Depends(permitted(service.keys, "status"))]

    @app.get("/sources", response_model=SourcesJSON, responses=_errors(), dependencies=reading)
    def sources(
        request: Request,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_SOURCES)] = 100,
    ) -> Response:
        """List the documents by name, a page at a time."""
        held = seen(assistant, request).status().sources
        end = offset + limit
        page = {
            "total": len(held),
            "offset": offset,
            "next": end if end < len(held) else None,
            "sources": held[offset:end],
        }
        return JSONResponse(SourcesJSON.shown(page))

    @app.get("/source", response_model=StretchJSON, responses=_errors(404), dependencies=reading)
    def source(
        request: Request, source: Source, start: Offset = 0, end: Offset | None = None
    ) -> Response:
        """Give the text of a document, or the stretch between two offsets.

        A reply has at most 200,000 characters; its `end` says where to go on.
        """
        reader = seen(assistant, request)
        read = stretch(reader.document(source), start, end)
        opened(reader, source)
        return JSONResponse(read)

    picture = {200: {"description": "The page.", "content": {WEBP: {}}}, **_errors(404, 415)}

    @app.get("/page", response_class=Response, responses=picture, dependencies=reading)
    def page(
        request: Request,
        source: Source,
        page: Annotated[int, Query(ge=1, le=2**31)] = 1,
        width: Width = Width.USUAL,
    ) -> Response:
        """Draw a page of a PDF or an image as it looks."""
        reader = seen(assistant, request)
        picture = reader.page(source, page, int(width))
        opened(reader, source, "page", page)
        return Response(picture, media_type=WEBP)

    @app.get("/status", response_model=HeldJSON, responses=_errors(), dependencies=looking)
    def status(request: Request) -> Response:
        """Say what the index holds, and when that last changed."""
        return JSONResponse(HeldJSON.shown(seen(assistant, request).status()))


def _opinions(app: FastAPI, service: Service) -> None:
    @app.post(
        "/feedback",
        status_code=204,
        response_class=Response,
        responses=_errors(400, 413, 429, 507),
        dependencies=[Depends(permitted(service.keys, "feedback"))],
    )
    def feedback(judged: Judged, request: Request) -> Response:
        """Store an opinion of an answer; what its citations no longer say is not stored."""
        try:
            reader, whose = seen(service.assistant, request), account_of(request)
            keep(judged, service.verdicts, reader, service.pace, whose)
        except IndexUnavailableError as error:  # no room, or no permission to write
            return told(Problem(507, str(error), type(error).__name__), request.url.path)
        return Response(status_code=204)


async def _events(pieces: AsyncGenerator[str | Answer, None]) -> AsyncGenerator[str, None]:
    async with aclosing(pieces):
        async for one in pieces:
            if isinstance(one, Answer):
                yield event(one.to_dict(), "answer")
            else:
                yield event({"text": one}, "piece")


def _failed(problem: Problem) -> str:
    return event(problem.details(), "error")


def _describe(app: FastAPI, service: Service) -> None:
    """Add to FastAPI's description the form of errors, and keys where they are needed."""
    made = app.openapi

    def described() -> dict[str, Any]:
        description = made()
        schemas = description["components"]["schemas"]
        schemas["Problem"] = ProblemJSON.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas.update(schemas["Problem"].pop("$defs", {}))
        description.pop("security", None)
        if service.keys.asked:
            schemes = {"key": {"type": "http", "scheme": "bearer"}}
            description["components"]["securitySchemes"] = schemes
            description["security"] = [{"key": []}]
        return description

    app.openapi = described  # type: ignore[method-assign]
