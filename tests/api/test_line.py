"""Questions that wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from starlette.requests import Request

from qa import (
    Answer,
    AnswerStream,
    BusyError,
    QAError,
    Settings,
    TimeLimitError,
    TooManyRequestsError,
    Viewer,
)
from qa.api import Line, account_of, at_once, fair_share
from tests.cli.forked import Command

# A server of three cores that ends as soon as it can be asked.
STARTED = """
import gc, os, sys
os.cpu_count = lambda: 3
import qa
from ui.page.examples import Examples
from ui.page.layout import build_app
from ui.page.texts import ENGLISH
from ui.server import serve
from ui.uploads import Attachments

with qa.Assistant(sys.argv[1]) as assistant:
    page = build_app(assistant, Attachments(assistant), ENGLISH, Examples(assistant))
    limits = [one.concurrency_limit for one in page.fns.values()
              if one.concurrency_id == "questions"]
    def ready(url):
        print(gc.get_freeze_count(), sys.getswitchinterval(), *limits, flush=True)
        os._exit(0)
    serve(assistant, port=0, ready=ready)
"""


async def stays() -> bool:
    return False


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.let_go.wait(20)
        return "done"


async def true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_limited_number_are_answered_and_wait_and_the_others_come_back_later() -> None:
    line, first, second = Line(1, 1, 20), Held(), Held()
    answers = [asyncio.create_task(line.answered(work, stays)) for work in (first, second)]
    await true(first.begun.is_set)
    with pytest.raises(BusyError, match="Ask again"):
        await line.answered(Held(), stays)
    assert not second.begun.is_set()
    first.let_go.set()
    second.let_go.set()
    assert await asyncio.gather(*answers) == ["done", "done"]
    assert await line.answered(lambda: 7, stays) == 7


async def test_nobody_has_more_than_a_quarter_of_the_places() -> None:
    line, held = Line(1, 7, 20), Held()
    theirs = [asyncio.create_task(line.answered(held, stays, "ada")) for _ in range(2)]
    await true(lambda: line.inside == 2)
    with pytest.raises(TooManyRequestsError, match="of your questions"):
        await line.answered(held, stays, "ada")
    with pytest.raises(TooManyRequestsError):
        await anext(line.streamed(Worded().begin, stays, "ada"))
    others = [
        asyncio.create_task(line.answered(held, stays, whose)) for whose in ("bob", "", "", "")
    ]
    await true(lambda: line.inside == 6)
    held.let_go.set()
    assert set(await asyncio.gather(*theirs, *others)) == {"done"}
    assert await line.answered(lambda: 7, stays, "ada") == 7
    assert not line._of, "nothing is kept of those who have left"


@pytest.mark.parametrize(("places", "at_once", "share"), [(72, 8, 18), (5, 2, 2), (2, 2, 2)])
def test_a_share_keeps_all_cores_busy(places: int, at_once: int, share: int) -> None:
    assert fair_share(places, at_once) == share


@pytest.mark.parametrize(
    ("path", "name", "address", "whose"),
    [
        ("/en/gradio_api/queue/join", "ada", "10.0.0.1", "person ada"),
        ("/api/v1/ask", "ada", "10.0.0.1", "program ada"),
        ("/mcp", "ada", "127.0.0.1", "program ada"),
        ("/api/ask", "", "10.0.0.1", "address 10.0.0.1"),
        ("/api/ask", "", "2001:db8:1:2::1", "address 2001:db8:1:2::/64"),
        ("/api/ask", "", "127.0.0.1", ""),
        ("/api/ask", "", "::1", ""),
    ],
)
def test_a_share_is_a_person_s_a_program_s_or_an_address_s_but_this_machine_s(
    path: str, name: str, address: str, whose: str
) -> None:
    state = {"viewer": Viewer(name)} if name else {}
    scope = {"type": "http", "path": path, "headers": [], "client": (address, 1), "state": state}
    assert account_of(Request({**scope, "server": ("127.0.0.1", 80), "query_string": b""})) == whose


async def test_a_question_that_takes_too_long_keeps_its_place_until_it_has_ended() -> None:
    line, work = Line(1, 0, 0.05), Held()
    with pytest.raises(TimeLimitError, match=r"after 0\.05 seconds"):
        await line.answered(work, stays)
    with pytest.raises(BusyError):
        await line.answered(lambda: 7, stays)
    work.let_go.set()
    await true(lambda: line._inside == 0)
    assert await line.answered(lambda: 7, stays) == 7


async def test_a_question_whose_asker_is_gone_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.api.line.LOOK_SECONDS", 0.01)
    line, running, left = Line(1, 1, 20), Held(), Held()

    async def gone() -> bool:
        return True

    answer = asyncio.create_task(line.answered(running, stays))
    await true(running.begun.is_set)
    with pytest.raises(TimeLimitError):
        await line.answered(left, gone)
    running.let_go.set()
    assert await answer == "done"
    await true(lambda: line._inside == 0)
    assert not left.begun.is_set()


async def test_an_error_is_reported_and_frees_its_place() -> None:
    line = Line(1, 0, 20)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await line.answered(lambda: 1 // 0, stays)


class Worded:
    """A stream whose pieces come when they are let go."""

    def __init__(self) -> None:
        self.held, self.given, self.closed = Held(), 0, False

    def begin(self) -> AnswerStream:
        return AnswerStream(self._pieces())

    def _pieces(self) -> Generator[str, None, Answer]:
        try:
            for piece in ("One ", "after ", "another."):
                self.given += 1
                yield piece
                self.held()
            return Answer("How?", "One after another.", True)
        finally:
            self.closed = True


async def test_an_answer_comes_in_pieces_while_it_is_worded() -> None:
    line, worded = Line(1, 0, 20), Worded()
    pieces = line.streamed(worded.begin, stays)
    assert await anext(pieces) == "One "
    with pytest.raises(BusyError):  # it has the only place
        await line.answered(lambda: 7, stays)
    worded.held.let_go.set()
    *rest, answer = [piece async for piece in pieces]
    assert rest == ["after ", "another."]
    assert isinstance(answer, Answer)
    assert await line.answered(lambda: 7, stays) == 7


async def test_an_answer_that_nobody_listens_to_any_more_is_not_worded_to_its_end() -> None:
    line, worded = Line(1, 0, 20), Worded()
    pieces = line.streamed(worded.begin, stays)
    await anext(pieces)
    await pieces.aclose()
    worded.held.let_go.set()
    await true(lambda: worded.closed)
    assert worded.given == 2, "the second was on its way"


async def test_an_error_while_wording_comes_after_the_pieces_before_it() -> None:
    def failing() -> Generator[str, None, Answer]:
        yield "One "
        raise QAError("The model has gone.")

    pieces = Line(1, 0, 20).streamed(lambda: AnswerStream(failing()), stays)
    assert await anext(pieces) == "One "
    with pytest.raises(QAError, match="has gone"):
        await anext(pieces)


def test_no_more_questions_are_answered_at_once_than_the_machine_can_handle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is answered holds up those who only want to know whether the server is well."""
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert at_once(Settings(chat_model=None)) == 3
    assert at_once(Settings(chat_model="openai:my-model")) == 8


def test_a_server_keeps_to_that_and_looks_for_garbage_only_among_what_came_after_its_start(
    served_index: Path,
) -> None:
    with Command(served_index, code=STARTED) as child:
        said, problem = child.communicate(timeout=120)
        assert child.wait() == 0, problem
    frozen, seconds, *limits = said.split()
    assert int(frozen) > 100_000
    assert float(seconds) < 0.001
    assert set(limits) == {"3"}
