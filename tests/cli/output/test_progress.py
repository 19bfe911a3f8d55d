from __future__ import annotations

import io
import re
import time

import pytest

from qa.cli.output.progress import Pace, lines, shown
from qa.cli.output.terminal import Terminal
from qa.records import Progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True

    def words(self) -> str:
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.getvalue())


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    return Screen()


def test_a_bar_shows_files_passages_a_second_and_the_file(screen: Screen) -> None:
    with shown(Terminal(screen, screen)) as progress:
        progress(Progress("comparing", 0, 5, "one.txt"))
        progress(Progress("embedding", 2, 5, "two.txt", 60, 0.4))
        time.sleep(0.3)
    assert "2 of 5 files" in screen.words()
    assert re.search(r"\d passages/s", screen.words())
    assert "two.txt" in screen.words()
    assert screen.getvalue().endswith("\x1b[2K")  # and disappears


def test_a_bar_moves_while_there_is_no_news(screen: Screen) -> None:
    with shown(Terminal(screen, screen)) as progress:
        progress(Progress("reading", 2, 5, "two.txt", 60, 0.4))
        time.sleep(0.2)
        before = len(screen.getvalue())
        time.sleep(1)
        frames = screen.getvalue()[before:].split("\r")
    assert len(set(frames)) > 3


def test_a_pipe_gets_a_line_at_the_beginning_and_then_regularly() -> None:
    pipe = io.StringIO()
    with lines(Terminal(pipe, pipe), seconds=0.5) as progress:
        progress(Progress("waiting", 0, 0))
        for number in range(5):
            progress(Progress("comparing", number, 5, f"{number}.txt"))
        for number in range(5):
            progress(Progress("reading", number, 5, f"{number}.txt", 40 * number, number / 5))
        time.sleep(1.3)
    waiting, reading, *regular = pipe.getvalue().splitlines()
    assert "Another sync is writing" in waiting
    assert reading == "Reading 5 files…"
    assert len(regular) == 2
    assert all(re.fullmatch(r"Reading: 4 of 5 files, [\d.,]+ passages/s", one) for one in regular)


def test_a_short_sync_leaves_one_line_in_a_pipe() -> None:
    pipe = io.StringIO()
    with shown(Terminal(pipe, pipe)) as progress:
        progress(Progress("comparing", 0, 2, "a.txt"))
        progress(Progress("reading", 0, 1, "a.txt"))
        progress(Progress("embedding", 1, 1, "a.txt", 1, 1))
    assert pipe.getvalue() == "Reading 1 file…\n"


def test_the_time_left_follows_from_the_share_that_is_done() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert pace.words() == []
    pace.take(Progress("comparing", 10, 4000))
    assert pace.words() == ["10 of 4,000 files"]
    pace.take(Progress("reading", 0, 4000))
    now = 2
    pace.take(Progress("embedding", 10, 4000, "", 64, 0.02))
    assert pace.words() == ["10 of 4,000 files", "32 passages/s"]  # too early
    now = 100
    pace.take(Progress("embedding", 1000, 4000, "", 4800, 0.25))
    assert pace.words() == ["1,000 of 4,000 files", "48 passages/s", "5 min left"]
    now = 390
    pace.take(Progress("embedding", 3900, 4000, "", 900, 0.975))
    assert pace.words()[1:] == ["2.3 passages/s", "10 s left"]
    now = 4000
    pace.take(Progress("embedding", 3900, 4000, "", 900, 0.25))
    assert pace.words()[2] == "3 h 20 min left"


def test_pages_of_the_web_are_counted_as_pages() -> None:
    pace = Pace()
    pace.take(Progress("fetching", 3, 12, "https://x.example/handbook/"))
    assert pace.words() == ["3 of 12 pages"]
