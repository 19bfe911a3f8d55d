"""Many people at a server: who is answered, who comes back later, and what is kept of it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import qa
from tests.indexing.mirroring import write
from tests.ui.serving import served
from ui import background

LEAVE = "How many days of annual leave are there?"
BONUS = "How high is the bonus?"
WAITING = 3


@dataclass
class Office:
    """A server, its folder, and an Assistant of another process than the server's."""

    url: str
    folder: Path
    owner: qa.Assistant

    def ask(self, question: str, name: str = "ada", groups: str = "") -> dict[str, Any]:
        sent, sender = {"question": question}, who(name, groups)
        reply = httpx.post(f"{self.url}/api/ask", json=sent, headers=sender, timeout=60)
        answer: dict[str, Any] = reply.raise_for_status().json()
        return answer


def who(name: str, groups: str = "") -> dict[str, str]:
    return {
        "X-Forwarded-User": name,
        "X-Forwarded-Groups": groups,
        "Sec-Fetch-Site": "same-origin",
    }


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("office")
    folder = place / "papers"
    write(folder / "leave.md", "# Leave\n\nThere are 27 days of annual leave.")
    write(folder / "board.md", "# How high the bonus is\n\nThe bonus is 900 crowns.")
    write(folder / "staff.md", "# Staff\n\nThe bonus is 50 crowns.")
    write(folder / ".qa-access.toml", '[read]\n"board.md" = ["board"]\n')
    way = ("--sign-in", "proxy", "--trusted-proxy", "127.0.0.1")
    with qa.Assistant(place / "index") as owner:
        owner.sync([folder])
        with served(
            place / "index",
            *way,
            QA_MAX_WAITING_QUESTIONS=str(WAITING),
            QA_ANSWER_CACHE_MEGABYTES="32",
            QA_METRICS_NETWORKS="127.0.0.1",
        ) as url:
            office = Office(url.rstrip("/"), folder, owner)
            office.ask("Where is the office?")  # which opens the models
            yield office


def in_line(office: Office) -> int:
    """How many questions the server says are answered or wait."""
    lines = httpx.get(f"{office.url}/metrics", headers=who("ada")).text.splitlines()
    return int(float(next(s.split()[1] for s in lines if s.startswith("footnote_questions_in_l"))))


def test_a_crowd_is_answered_or_told_to_come_back_and_the_server_stays_well(
    office: Office,
) -> None:
    async def crowd() -> tuple[list[httpx.Response], list[httpx.Response]]:
        async with httpx.AsyncClient(base_url=office.url, timeout=60, headers=who("ada")) as client:

            async def looked() -> list[httpx.Response]:
                return [await client.get("/healthz") for _ in range(10)]

            asked = [
                client.post(
                    "/api/ask",
                    json={"question": f"Who pays for bonus {number}?"},
                    headers=who(f"person {number}"),
                )
                for number in range(30)
            ]
            return await asyncio.gather(looked(), asyncio.gather(*asked))

    health, replies = asyncio.run(crowd())
    assert {one.status_code for one in health} == {200}
    assert {one.status_code for one in replies} == {200, 503}
    assert sum(one.status_code == 200 for one in replies) > WAITING
    for one in replies:
        if one.status_code == 503:
            assert int(one.headers["retry-after"]) > 0
            assert "Ask again" in one.json()["error"]
        else:
            assert one.json()["question"].startswith("Who pays")
    assert in_line(office) == 0
    assert office.ask("Who pays now?")["asked"]


def test_one_person_s_questions_leave_room_for_others(office: Office) -> None:
    async def crowd() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=office.url, timeout=60) as client:
            asked = [
                client.post(
                    "/api/ask",
                    json={"question": f"Who pays for bonus {number}?"},
                    headers=who("ada" if number < 30 else "bob"),
                )
                for number in range(31)
            ]
            return await asyncio.gather(*asked)

    *hers, his = asyncio.run(crowd())
    assert his.status_code == 200
    assert {one.status_code for one in hers} == {200, 429}
    refused = next(one for one in hers if one.status_code == 429)
    assert int(refused.headers["retry-after"]) > 0
    assert "of your questions" in refused.json()["error"]


def test_those_who_leave_while_they_wait_take_nobody_s_place(office: Office) -> None:
    parts = urlsplit(office.url)

    async def leave(number: int) -> None:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        body = f'{{"question": "Who leaves {number} times?"}}'.encode()
        lines = [f"{name}: {value}" for name, value in who(f"person {number}").items()]
        head = ("POST /api/ask HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *lines)
        writer.write("\r\n".join((*head, "", "")).encode() + body)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.close()

    async def many() -> None:
        await asyncio.gather(*map(leave, range(20)))

    asyncio.run(many())
    end = time.monotonic() + 20
    while in_line(office) and time.monotonic() < end:
        time.sleep(0.1)
    assert in_line(office) == 0
    assert office.ask("Who stays?")["asked"]


def test_an_answer_is_kept_for_those_who_see_the_same_until_the_documents_change(
    office: Office,
) -> None:
    first, again = office.ask(LEAVE), office.ask(LEAVE, "bob")
    assert first.pop("seconds")["read"] > 0
    assert again.pop("seconds")["read"] == 0, "it is the one that was kept"
    assert again == first
    write(office.folder / "leave.md", "# Leave\n\nThere are 31 days of annual leave.")
    office.owner.sync([office.folder])
    changed = office.ask(LEAVE)
    assert changed.pop("seconds")["read"] > 0
    assert "31" in changed["text"]
    assert "27 days" not in str(changed)
    office.owner.forget("papers/leave.md")
    assert "31 days" not in str(office.ask(LEAVE))


def test_nobody_gets_an_answer_that_was_kept_for_other_groups(office: Office) -> None:
    for _ in range(2):
        assert "900" in office.ask(BONUS, "ada", "board")["text"]
        for name, groups in (("bob", ""), ("eve", "sales")):
            answer = office.ask(BONUS, name, groups)
            assert "50" in answer["text"]
            assert "900 crowns" not in str(answer)
    assert office.ask(BONUS, "ada", "board, sales")["seconds"]["read"] == 0


def test_what_is_forgotten_elsewhere_leaves_the_memory_of_a_server_that_nobody_asks(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "CATCH_UP_SECONDS", 0.05)
    stop = threading.Event()
    with qa.Assistant(office.owner.settings.index, answer_cache_megabytes=32) as serving:
        serving.keep_answers()
        serving.ask(BONUS)
        assert serving._kept is not None
        assert serving._kept.size > 0
        thread = threading.Thread(target=background.catching_up, args=(serving, stop))
        thread.start()
        try:
            office.owner.forget("papers/staff.md")
            end = time.monotonic() + 20
            while serving._kept.size and time.monotonic() < end:
                gc.collect()
                time.sleep(0.05)
            assert serving._kept.size == 0
        finally:
            stop.set()
            thread.join()
