"""Many people at a server of one index: how long they wait, and whether it stays responsive.

python -m tests.benchmarks.load INDEX QUESTIONS --against QA_ANSWER_CACHE_MEGABYTES=32
python -m tests.benchmarks.load INDEX QUESTIONS --processes 2
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.benchmarks.load.people import Crowd, Heard, Questions, asked_by
from tests.benchmarks.load.watching import Seen, watched
from tests.ui.serving import start

ALONE, USUAL, MOST = Crowd(1, 0), Crowd(50, 10), Crowd(150, 0)
SOAKING = Crowd(50, 5)


class Served:
    """A server that runs in one process or several, and how long a person alone there waits."""

    def __init__(self, label: str, urls: Sequence[str], processes: Sequence[int]) -> None:
        self.label, self.urls, self.processes = label, urls, processes
        self.alone = 0.0


def main() -> None:
    """Ask one server, or two with different settings in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("questions", type=Path, help='lines of JSON, each with a "question"')
    parser.add_argument("--seconds", type=float, default=45, help="how long each crowd asks")
    parser.add_argument("--repeated", type=float, default=0, help="the share that others ask, too")
    parser.add_argument("--against", nargs="+", metavar="QA_…=…", help="settings of another server")
    parser.add_argument("--processes", type=int, help="against as many processes of the server")
    parser.add_argument("--soak", type=float, default=0, help="only this, for so many seconds")
    given = parser.parse_args()
    lines = given.questions.read_text(encoding="utf-8").splitlines()
    texts = [str(json.loads(line)["question"]) for line in lines]
    settings: dict[str, tuple[int, Mapping[str, str]]] = {"the server": (1, {})}
    if given.against:
        other = dict(one.split("=", 1) for one in given.against)
        settings[" ".join(given.against)] = 1, other
    if given.processes:
        settings[f"{given.processes} processes"] = given.processes, {}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_running(label, given.index, number, own))
            for label, (number, own) in settings.items()
        ]
        if given.soak:
            _soak(servers[0], Questions(texts, given.repeated), given.soak)
            return
        asked = [Questions(texts, given.repeated) for _ in servers]
        for crowd in (ALONE, USUAL, MOST):
            rates = []
            for server, questions in zip(servers, asked, strict=True):
                heard, seen = _met(server, crowd, questions, given.seconds)
                if crowd is ALONE:
                    server.alone = statistics.median(heard.answers)
                _print(server, crowd, heard, seen)
                rates.append((heard.rate, len(heard.answers) / max(seen.processor, 0.01)))
            if len(rates) > 1:
                by_time, by_processor = (a / max(b, 0.01) for a, b in zip(*rates, strict=True))
                print(f"  answers a second: {by_time:.2f} times those of the other")
                print(f"  answers a second of the processor: {by_processor:.2f} times\n")


def _met(server: Served, crowd: Crowd, questions: Questions, seconds: float) -> tuple[Heard, Seen]:
    with watched(server.urls[0], server.processes) as seen:
        heard = asyncio.run(asked_by(crowd, server.urls, questions, seconds))
    return heard, seen


def _soak(server: Served, questions: Questions, seconds: float) -> None:
    heard, seen = _met(server, SOAKING, questions, seconds)
    _print(server, SOAKING, heard, seen)
    tenths = [seen.memory[len(seen.memory) * at // 10] for at in range(10)]
    shown = " ".join(f"{one:.0f}" for one in [*tenths, seen.memory[-1]])
    print(f"  memory, MiB, from the beginning to the end: {shown}")


@contextmanager
def _running(label: str, index: Path, number: int, settings: Mapping[str, str]) -> Iterator[Served]:
    children, urls = zip(*(start(index, **settings) for _ in range(number)), strict=True)
    try:
        for url in urls:
            httpx.get(f"{url}/readyz", timeout=120)  # which loads the models
        yield Served(label, [url.rstrip("/") for url in urls], [one.pid for one in children])
    finally:
        for child in children:
            child.terminate()
            child.communicate(timeout=60)


def _print(server: Served, crowd: Crowd, heard: Heard, seen: Seen) -> None:
    print(f"{crowd} ({server.label}):")
    replies = len(heard.answers)
    print(
        f"  {replies} answers ({heard.cited} cited), {heard.rate:.1f} a second, "
        f"{_spread(heard.answers)}; {heard.repeated:.0%} of the questions repeated"
    )
    if server.alone and heard.answers:
        p50, p95 = (_share(heard.answers, share) / server.alone for share in (50, 95))
        print(f"  that is {p50:.1f} and {p95:.1f} times the p50 of one person")
    if heard.refusals:
        print(f"  {len(heard.refusals)} told to come back (503), {_spread(heard.refusals)}")
    print(f"  of all that, those who ask were late themselves: {_spread(heard.late)}")
    errors = ", ".join(f"{count} × {kind}" for kind, count in sorted(heard.errors.items()))
    print(f"  errors: {errors or 'none'}")
    failed = sum(one < 0 for one in seen.health)
    well = [one for one in seen.health if one >= 0]
    print(f"  /healthz: {_spread(well)}, {failed} failed")
    taken = 1000 * seen.processor / max(1, len(heard.answers))
    print(f"  memory: {max(seen.memory):.0f} MiB at most; processor: {taken:.0f} ms an answer")


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    p50, p95 = (1000 * _share(seconds, share) for share in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, at most {1000 * max(seconds):.0f} ms"


def _share(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
