"""People who ask a server questions at the same time, each with a connection of their own."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import httpx

# Seconds: longer than a server lets a question wait.
PATIENCE = 200.0
# Seconds from one look to the next at how late this process is.
LOOK_SECONDS = 0.05
# Where a share of the questions is repeated, it is so many different ones that everybody asks.
USUAL = 20


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many people; each asks `every` so many seconds, or again at once if that is 0."""

    people: int
    every: float

    def __str__(self) -> str:
        who = "one person" if self.people == 1 else f"{self.people} people"
        return f"{who}, " + (f"every {self.every:g} s" if self.every else "without a pause")


@dataclass(slots=True)
class Heard:
    """What a crowd heard: seconds by kind of reply, and how many came while it was asking."""

    answers: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    """Seconds that this process itself was late, each time that it wanted to go on."""
    cited: int = 0
    rate: float = 0.0
    """Answers a second."""
    repeated: float = 0.0
    """The share of the questions that had been asked before."""


class Questions:
    """Questions of a set, in a random order that is the same each time.

    A `share` of them are among the few that everybody asks; the others have not been asked before,
    until there are no more and the first of them come again.
    """

    def __init__(self, texts: Sequence[str], share: float, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        shuffled = self._chance.sample(list(dict.fromkeys(texts)), k=len(set(texts)))
        self._usual = shuffled[:USUAL]
        self._others = itertools.cycle(shuffled[USUAL:] or shuffled)
        self._share = share
        self._asked: Counter[str] = Counter()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        usual = self._chance.random() < self._share
        text = self._chance.choice(self._usual) if usual else next(self._others)
        self._asked[text] += 1
        return text

    def begin(self) -> None:
        """Count what is asked from now on."""
        self._asked.clear()

    @property
    def repeated(self) -> float:
        """The share of what was asked since then that had been asked before since then."""
        asked = self._asked.total()
        return 1 - len(self._asked) / asked if asked else 0.0


async def asked_by(
    crowd: Crowd, urls: Sequence[str], questions: Questions, seconds: float
) -> Heard:
    """What a crowd hears that asks for so many seconds; what was asked by then is waited for.

    Of several servers, each person asks one, as behind a proxy that shares people out. They begin
    one after the other, in the time from one question to the next. Whoever is told to come back
    later (503) does so after the time that the server names, or up to twice that, as people are not
    all as quick.
    """
    heard = Heard()
    begin = time.monotonic()
    end = begin + seconds
    in_time = 0
    questions.begin()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:

        async def person(number: int) -> None:
            nonlocal in_time
            url = urls[number % len(urls)]
            due = begin + number * (crowd.every or min(5.0, seconds / 4)) / crowd.people
            while due < end:
                await asyncio.sleep(due - time.monotonic())
                pause = await _ask(client, url, next(questions), heard)
                in_time += pause is None and time.monotonic() < end
                later = (pause or 0.0) * random.uniform(1, 2)
                due = max(due + crowd.every, time.monotonic() + later)

        lagging = asyncio.create_task(_lagging(heard))
        await asyncio.gather(*map(person, range(crowd.people)))
        lagging.cancel()
    heard.rate = in_time / seconds
    heard.repeated = questions.repeated
    return heard


async def _lagging(heard: Heard) -> None:
    while True:
        due = time.monotonic() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        heard.late.append(time.monotonic() - due)


async def _ask(client: httpx.AsyncClient, url: str, question: str, heard: Heard) -> float | None:
    """Seconds to wait before the next question; None after an answer."""
    started = time.monotonic()
    try:
        reply = await client.post(f"{url}/api/v1/ask", json={"question": question})
    except httpx.HTTPError as error:
        heard.errors[type(error).__name__] += 1
        return 1.0
    took = time.monotonic() - started
    if reply.status_code == 200:
        heard.answers.append(took)
        heard.cited += bool(reply.json()["citations"])
        return None
    again = reply.headers.get("retry-after")
    if reply.status_code == 503 and again is not None:
        heard.refusals.append(took)
        return float(again)
    heard.errors[str(reply.status_code)] += 1
    return 1.0
