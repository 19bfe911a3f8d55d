"""What a person at a terminal sees, and what a pipe gets."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from qa.records import Answer, Citation, Hit, Passage, Progress
from qa.streaming import AnswerStream
from qa.terminal import Terminal, excerpt, reflow

WIDTH = 60
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?[349][0-7][;m]")


class Screen(io.TextIOWrapper):
    """A terminal that remembers all that was written to it."""

    def __init__(self) -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, encoding="utf-8", write_through=True)

    def getvalue(self) -> str:
        return self.written.getvalue().decode()

    def isatty(self) -> bool:
        return True

    @property
    def words(self) -> str:
        return ESCAPE.sub("", self.getvalue())


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(WIDTH))


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def pipe() -> io.StringIO:
    return io.StringIO()


QUOTE = (
    "Bangkok and Hanoi are being considered for a second summit; both cities were put\n"
    "forward earlier in the month, and neither has been agreed to."
)
PASSAGE = Passage(
    id="p:1",
    document_id="p",
    source="news/brief.pdf",
    title="What is known so far",
    start=0,
    end=len(QUOTE),
    text=QUOTE,
    heading="What is known so far > Places",
    page=3,
)
FOUND = Answer(
    question="Where?",
    text=f"{' '.join(QUOTE.split())} [1]",
    found=True,
    short="Bangkok and Hanoi",
    citations=(
        Citation(
            number=1,
            source=PASSAGE.source,
            title=PASSAGE.title,
            start=0,
            end=len(QUOTE),
            quote=QUOTE,
            passage_id=PASSAGE.id,
            page=3,
            heading=PASSAGE.heading,
        ),
    ),
    hits=(Hit(PASSAGE, 0.9),),
)
REFUSED = Answer(
    question="Why?",
    text="The documents do not say.",
    found=False,
    reason="not said",
    hits=tuple(Hit(replace(PASSAGE, title=f"Paper {number}"), 0.2) for number in range(6)),
)


def test_an_answer_is_wrapped_to_the_window_with_its_phrase_in_bold(screen: Screen) -> None:
    Terminal(screen, screen).answer(FOUND)
    assert "\x1b[1mBangkok and Hanoi\x1b[0m" in screen.getvalue()
    lines = screen.words.splitlines()
    assert len(lines) > 6
    assert max(map(len, lines)) <= WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_a_very_wide_window_does_not_make_very_long_lines(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    Terminal(screen, screen).answer(FOUND)
    assert 60 < max(map(len, screen.words.splitlines())) <= 100


def test_a_footnote_says_title_heading_page_and_source_and_then_the_quote(
    pipe: io.StringIO,
) -> None:
    Terminal(pipe, pipe).answer(FOUND)
    answer, blank, head, quote = pipe.getvalue().splitlines()
    assert answer == FOUND.text
    assert blank == ""
    assert head == "[1] What is known so far · Places · p. 3 · news/brief.pdf"
    assert quote == f"    “{' '.join(QUOTE.split())}”"


@pytest.mark.parametrize("variable", ["", "FORCE_COLOR"])
def test_a_pipe_gets_no_escape_codes_whatever_the_environment_says(
    pipe: io.StringIO, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    terminal = Terminal(pipe, pipe)
    terminal.answer(FOUND)
    terminal.answer(REFUSED)
    terminal.error("Something is missing.")
    with terminal.waiting("A moment"), terminal.progress() as progress:
        progress(Progress("reading", 0, 3, "a.txt"))
    assert "\x1b" not in pipe.getvalue()


def test_no_color_takes_away_the_colour_and_nothing_else(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    Terminal(screen, screen).answer(FOUND)
    assert COLOUR.search(screen.getvalue())
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Screen()
    Terminal(plain, plain).answer(FOUND)
    assert not COLOUR.search(plain.getvalue())
    assert plain.words == screen.words


def test_a_refusal_looks_different_and_names_three_close_passages(screen: Screen) -> None:
    Terminal(screen, screen).answer(REFUSED)
    assert COLOUR.search(screen.getvalue().splitlines()[0])
    assert "Closest passages" in screen.words
    assert re.findall(r"Paper \d", screen.words) == ["Paper 0", "Paper 1", "Paper 2"]


def test_sources_are_shown_in_full_where_a_brief_answer_cuts_them(pipe: io.StringIO) -> None:
    long = " ".join(f"word{number}" for number in range(200))
    answer = replace(FOUND, citations=(replace(FOUND.citations[0], quote=long),))
    terminal = Terminal(pipe, pipe)
    terminal.answer(answer, brief=True)
    assert "word20" in pipe.getvalue()
    assert "word199" not in pipe.getvalue()
    terminal.sources(answer)
    assert long in pipe.getvalue()


def test_the_sources_of_a_refusal_are_its_passages(pipe: io.StringIO) -> None:
    Terminal(pipe, pipe).sources(REFUSED)
    assert pipe.getvalue().count(" ".join(QUOTE.split())) == len(REFUSED.hits)


def test_sentences_without_support_are_told(pipe: io.StringIO) -> None:
    Terminal(pipe, pipe).answer(replace(FOUND, unsupported=("It was sunny.",)))
    assert "1 sentence of the chat model without support" in pipe.getvalue()


@pytest.mark.parametrize("where", ["title", "source", "quote", "heading"])
def test_control_characters_of_a_document_do_not_reach_the_terminal(
    pipe: io.StringIO, where: str
) -> None:
    hostile = "calm\x1b]0;owned\x07\x9b31m\x08"
    changes: dict[str, Any] = {where: hostile}
    citation = replace(FOUND.citations[0], **changes)
    terminal = Terminal(pipe, pipe)
    terminal.answer(replace(FOUND, text=f"{hostile} [1]", citations=(citation,)))
    terminal.note(hostile)
    terminal.error(hostile)
    assert "calm" in pipe.getvalue()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", pipe.getvalue())


def test_square_brackets_are_text_and_not_markup(screen: Screen) -> None:
    terminal = Terminal(screen, screen)
    terminal.say("[bold]kept[/bold] :smile:")
    with terminal.progress() as progress:
        progress(Progress("reading", 1, 2, "notes/[red]draft.txt"))
    assert "[bold]kept[/bold] :smile:" in screen.words
    assert "notes/[red]draft.txt" in screen.words


def test_paragraphs_are_joined_and_rows_and_items_are_not() -> None:
    text = (
        "A sentence that was\nbroken by hand.\n\nName | Price\nBittern 2 | 100\n\n"
        "- one\n- two,\nand more\n"
    )
    assert reflow(text) == (
        "A sentence that was broken by hand.\n\nName | Price\nBittern 2 | 100\n\n"
        "- one\n- two, and more"
    )


def test_an_excerpt_shows_what_the_question_is_about() -> None:
    text = "Hotels are booked early. Trains are first class from four hours on. Taxis are rare."
    assert excerpt(text, 30) == "Hotels are booked early …"
    assert excerpt(text, 60, "first class on trains?").startswith("… Trains are first class")
    assert excerpt(text, 200, "unrelated words") == text


def test_json_is_one_line_that_any_encoding_can_carry() -> None:
    value = {"text": "Zürich – 東京\nnext"}
    for encoding in ("utf-8", "ascii"):
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
        Terminal(out, out).json(value)
        lines = raw.getvalue().decode(encoding).splitlines()
        assert [json.loads(line) for line in lines] == [value]


def test_a_stream_is_shown_while_it_is_written_and_then_taken_back(screen: Screen) -> None:
    def pieces() -> Generator[str, None, Answer]:
        yield "Bangkok and "
        deadline = time.monotonic() + 20
        while "Bangkok and" not in screen.getvalue():
            assert time.monotonic() < deadline, "the first piece was never shown"
            time.sleep(0.01)
        yield "Hanoi [1]"
        return FOUND

    terminal = Terminal(screen, screen)
    assert terminal.stream(AnswerStream(pieces())) is FOUND
    assert screen.getvalue().endswith("\x1b[2K")  # erased, to make room for the whole answer


def test_a_stream_into_a_pipe_writes_nothing_of_its_own(pipe: io.StringIO) -> None:
    def pieces() -> Generator[str, None, Answer]:
        yield "Bangkok"
        return FOUND

    assert Terminal(pipe, pipe).stream(AnswerStream(pieces())) is FOUND
    assert pipe.getvalue() == ""


def test_progress_in_a_pipe_is_a_line_a_stage(pipe: io.StringIO) -> None:
    with Terminal(pipe, pipe).progress() as progress:
        progress(Progress("waiting", 0, 0))
        for number in range(5):
            progress(Progress("reading", number, 5, f"{number}.txt"))
            progress(Progress("embedding", number, 5, f"{number}.txt"))
    waiting, reading = pipe.getvalue().splitlines()
    assert "Another sync is writing" in waiting
    assert reading == "Reading 5 files…"


def test_progress_at_a_terminal_is_a_bar_that_goes_away(screen: Screen) -> None:
    with Terminal(screen, screen).progress() as progress:
        progress(Progress("reading", 2, 5, "two.txt"))
    assert "2/5" in screen.words
    assert "two.txt" in screen.words
    assert screen.getvalue().endswith("\x1b[2K")
