"""The routes below `/api/v1/admin`: for the groups of the setting `admins`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from qa.api.admin.admitting import admit_admin, owned
from qa.api.permitting import admit
from qa.schemas import (
    InsightsJSON,
    PastSyncJSON,
    ReviewFindingJSON,
    ReviewJSON,
    Schema,
    Share,
    StatusJSON,
)

if TYPE_CHECKING:
    from qa.api.admin.office import Office
    from qa.api.keys import Keys

    Errors = Callable[..., dict[int | str, dict[str, Any]]]

Days = Annotated[int, Query(ge=1, le=3660, description="So many days, today included.")]


class AlertJSON(Schema):
    """A check that failed.

    `started`, `index`, `documents`, `models`, `disk`, `sync` or `chat_model`.
    """

    check: str
    error: str


class AlertsJSON(Schema):
    """What is wrong with the server."""

    alerts: tuple[AlertJSON, ...]


class WorkJSON(Schema):
    """Work that takes a while: `done` of `total` files or documents."""

    running: bool
    started: str | None
    ended: str | None
    stage: str
    done: int
    total: int
    share: Share
    error: str


class EndedSyncJSON(PastSyncJSON):
    """A sync that ended; with an `error`, it failed, or did not see all places."""

    seconds: Annotated[float, AfterValidator(lambda value: round(value, 3))]
    error: str


class SyncsJSON(Schema):
    """The sync that this server began last, and the last ones that ended, in whichever process.

    `watch` says whether changes in the folders are synced by themselves.
    """

    watch: bool
    work: WorkJSON
    syncs: tuple[EndedSyncJSON, ...]


class FindingsJSON(Schema):
    """What the last review found, and how far the present one is."""

    work: WorkJSON
    review: ReviewJSON


class ToJudge(BaseModel):
    """A finding, by its id."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(max_length=100)]


class VotedDownJSON(Schema):
    """An answer that was voted down; `in_set` says whether it was chosen for `qa eval`."""

    id: str
    time: str
    question: str
    answer: str
    comment: str
    sources: tuple[str, ...]
    in_set: bool


class DownRangeJSON(Schema):
    """A range of a document, its text, and how many answers that cite it were voted down."""

    source: str
    start: int
    end: int
    down: int
    text: str


class WordlessVotesJSON(Schema):
    """Votes down whose questions are not kept, and what the answers cited, the most frequent first.

    The setting `feedback_texts` keeps the questions of later ones.
    """

    number: int
    ranges: tuple[DownRangeJSON, ...]


class AllVotedDownJSON(Schema):
    """Answers that were voted down, the latest first, and the file of the set for `qa eval`."""

    set_file: str
    answers: tuple[VotedDownJSON, ...]
    without_words: WordlessVotesJSON


class ToAdd(BaseModel):
    """A question for the set, by the id of its opinion.

    `answer` is the right one, if that is known; without `answerable`, the documents have none.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(max_length=100)]
    answer: Annotated[str, Field(max_length=10_000)] = ""
    answerable: bool = True


class AddedJSON(Schema):
    """Whether it was added; it is not if the set has it already."""

    added: bool


def routes(office: Office, keys: Keys, errors: Errors) -> APIRouter:
    """The routes; `errors` describes their statuses."""
    settings = office.assistant.settings

    async def check(request: Request) -> None:
        admit(keys, request, "admin")
        admit_admin(settings, request)

    router = APIRouter(
        prefix="/admin", tags=["admin"], dependencies=[Depends(check)], responses=errors()
    )
    _documents(router, office)
    _syncs(router, office)
    _reviews(router, office, errors)
    _questions(router, office, errors)
    return router


def _documents(router: APIRouter, office: Office) -> None:
    @router.get("/documents", response_model=StatusJSON)
    def documents(compare: bool = False) -> Response:
        """List the documents, with warnings and readers; with `compare`, what has changed since."""
        return JSONResponse(StatusJSON.shown(office.assistant.status(compare=compare)))

    @router.get("/alerts", response_model=AlertsJSON)
    async def alerts() -> Response:
        """Say what is wrong with the server."""
        found = [AlertJSON.shown(one) for one in await office.alerts()]
        return JSONResponse({"alerts": found})


def _syncs(router: APIRouter, office: Office) -> None:
    @router.get("/sync", response_model=SyncsJSON)
    def syncs() -> Response:
        """Say how far a sync is, and how the last ones ended."""
        shown = {
            "watch": office.assistant.settings.watch,
            "work": WorkJSON.shown(office.sync.state),
            "syncs": [EndedSyncJSON.shown(one) for one in office.syncs],
        }
        return JSONResponse(shown)

    @router.post("/sync", response_model=WorkJSON, status_code=202)
    def start(request: Request) -> Response:
        """Begin to sync what the index mirrors, unless that is being done."""
        return JSONResponse(
            WorkJSON.shown(office.sync.start(owned(office.assistant, request))), 202
        )


def _reviews(router: APIRouter, office: Office, errors: Errors) -> None:
    @router.get("/review", response_model=FindingsJSON)
    def findings() -> Response:
        """List what reviews found in the documents that they have compared."""
        found = office.assistant.findings()
        shown = {"work": WorkJSON.shown(office.review.state), "review": found.to_dict()}
        return JSONResponse(shown)

    @router.post("/review", response_model=WorkJSON, status_code=202)
    def start(request: Request) -> Response:
        """Begin to compare the documents that are new, unless that is being done."""
        return JSONResponse(
            WorkJSON.shown(office.review.start(owned(office.assistant, request))), 202
        )

    judging: dict[str, Any] = {
        "response_model": ReviewFindingJSON,
        "responses": errors(400, 404, 413),
    }

    @router.post("/review/set-aside", **judging)
    def set_aside(request: Request, wanted: ToJudge) -> Response:
        """Leave a finding out from now on, until one of its texts changes."""
        found = owned(office.assistant, request).set_aside(wanted.id)
        return JSONResponse(ReviewFindingJSON.shown(found))

    @router.post("/review/bring-back", **judging)
    def bring_back(request: Request, wanted: ToJudge) -> Response:
        """Show a finding again that was set aside."""
        found = owned(office.assistant, request).bring_back(wanted.id)
        return JSONResponse(ReviewFindingJSON.shown(found))


def _questions(router: APIRouter, office: Office, errors: Errors) -> None:
    @router.get("/insights", response_model=InsightsJSON)
    def insights(days: Days = 30) -> Response:
        """Sum up what was asked, and what was not answered."""
        return JSONResponse(office.assistant.insights(days).to_dict())

    @router.get("/voted-down", response_model=AllVotedDownJSON)
    def voted_down() -> Response:
        """List answers that were voted down."""
        shown = [{**one.answer.to_dict(), "in_set": one.in_set} for one in office.voted_down()]
        body = {
            "set_file": str(office.verdicts.set_file),
            "answers": shown,
            "without_words": office.wordless_votes().to_dict(),
        }
        return JSONResponse(AllVotedDownJSON.shown(body))

    @router.post("/voted-down", response_model=AddedJSON, responses=errors(400, 404, 413))
    def add(wanted: ToAdd) -> Response:
        """Add the question of such an answer to the set for `qa eval`."""
        added = office.add_to_set(wanted.id, answer=wanted.answer, answerable=wanted.answerable)
        return JSONResponse({"added": added})
