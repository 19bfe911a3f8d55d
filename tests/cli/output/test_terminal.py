"""What a person at a terminal sees, and what a pipe gets."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qa.answering.stream import AnswerStream
from qa.cli.output.answer_text import AnswerText, reflow
from qa.cli.output.progress import shown
from qa.cli.output.reports import print_status, print_sync
from qa.cli.output.terminal import UNSURE, Terminal
from qa.records import (
    Answer,
    Citation,
    Hit,
    Passage,
    Progress,
    Skipped,
    Source,
    Status,
    SyncReport,
)

WIDTH = 60
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?[349][0-7][;m]")


class Screen(io.TextIOWrapper):
    """A terminal that records everything written to it."""

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
    assert len(lines) > 4
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
    answer = replace(FOUND, text="Bangkok, or Hanoi. [1]")
    Terminal(pipe, pipe).answer(answer)
    said, blank, head, quote = pipe.getvalue().splitlines()
    assert said == answer.text
    assert blank == ""
    assert head == "[1] What is known so far · Places · p. 3 · news/brief.pdf"
    assert quote == f"    “{' '.join(QUOTE.split())}”"


def test_a_quote_that_is_the_answer_is_not_repeated(pipe: io.StringIO) -> None:
    Terminal(pipe, pipe).answer(FOUND)
    assert pipe.getvalue().splitlines() == [
        FOUND.text,
        "",
        "[1] What is known so far · Places · p. 3 · news/brief.pdf",
    ]


def test_footnotes_to_the_same_place_are_one(pipe: io.StringIO) -> None:
    cited = tuple(
        replace(FOUND.citations[0], number=number, quote=word)
        for number, word in enumerate(("Bangkok", "Hanoi", "Oslo"), 1)
    )
    answer = replace(FOUND, text="- Bangkok\n- Hanoi [1][2]\n\nNorway. [3]", citations=cited)
    Terminal(pipe, pipe).answer(answer)
    place = "What is known so far · Places · p. 3 · news/brief.pdf"
    assert pipe.getvalue().splitlines()[-4:] == [f"[1–2] {place}", "", f"[3] {place}", "    “Oslo”"]


@pytest.mark.parametrize("sure", [True, False])
def test_an_unsure_answer_is_marked(pipe: io.StringIO, sure: bool) -> None:
    judged = Answer("Where?", FOUND.text, found=True, citations=FOUND.citations, sure=sure)
    Terminal(pipe, pipe).answer(judged)
    assert pipe.getvalue().startswith(UNSURE) == (not sure)


SHAPED = """Follow these steps, which take a while altogether: [1]

9. Open the *settings* and choose the second entry from the top of the list.
10. Do both:
   - restart, and wait until the light is green again before you go on to the next
   - sign in

```
sudo  install --all
```

11. Close it.

**Prices [now]**

| Item | Price of it | What else there is to know of each |
| --- | --- | --- |
| Bittern | 120 | A long remark that does not fit into its column at all |
| Oak\\|elm | 7 | None | [2]

… and 3 more. [3]"""


def test_lists_are_indented_tables_are_in_columns_and_code_is_unchanged(screen: Screen) -> None:
    Terminal(screen, screen).answer(replace(FOUND, text=SHAPED, short="second entry"))
    assert "\x1b[1msecond entry\x1b[0m" in screen.getvalue()
    assert "\x1b[1mPrices [now]" in screen.getvalue()
    lines = screen.words.splitlines()
    assert max(map(len, lines)) <= WIDTH
    item = lines.index(" 9. Open the *settings* and choose the second entry from the")
    assert lines[item + 1].startswith("    top of the list.")
    nested = next(at for at, line in enumerate(lines) if line.startswith("    - restart"))
    assert lines[nested + 1].startswith("      ")
    assert "        sudo  install --all" in lines
    assert "11. Close it." in lines
    header = next(line for line in lines if line.startswith("Item"))
    oak = next(line for line in lines if line.startswith("Oak|elm"))
    assert oak.index("7") == header.index("Price")
    assert oak.index("None") == header.index("What")
    assert "**" not in screen.words
    assert "```" not in screen.words


def test_a_pipe_gets_the_markdown_of_an_answer(pipe: io.StringIO) -> None:
    Terminal(pipe, pipe).answer(replace(FOUND, text=SHAPED))
    assert pipe.getvalue().startswith(SHAPED)


@pytest.mark.parametrize(
    "shape", ["- {}", "1. {}", "```\n{}\n```", "**{}**", "| {} |\n| --- |\n| {} |"]
)
def test_no_form_of_control_characters_reaches_the_terminal(screen: Screen, shape: str) -> None:
    hostile = "calm\x1b]0;owned\x07\x9b31m\x08 [bold red]x[/]"
    Terminal(screen, screen).answer(replace(FOUND, text=shape.replace("{}", hostile)))
    assert "[bold red]x[/]" in screen.words
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", screen.words)


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
    with terminal.waiting("A moment"), shown(terminal) as progress:
        progress(Progress("reading", 0, 3, "a.txt"))
    assert "\x1b" not in pipe.getvalue()


def test_no_color_removes_only_the_colour(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_sources_shows_in_full_what_a_brief_answer_shortens(pipe: io.StringIO) -> None:
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


def test_sentences_without_support_are_reported(pipe: io.StringIO) -> None:
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


MISLEADING = "safe\u202egpj\u2066.\u200fexe\u061c\x9b31m\x1b]0;owned\x07\r\x85\u2028.md"
SPOKEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _progressed(terminal: Terminal) -> None:
    with shown(terminal) as progress, terminal.waiting(MISLEADING):
        progress(Progress("reading", 1, 2, MISLEADING))


def _streamed(terminal: Terminal) -> None:
    def pieces() -> Generator[str, None, Answer]:
        yield MISLEADING
        return replace(FOUND, text=MISLEADING)

    terminal.answer(terminal.stream(AnswerStream(pieces())))


def _tabulated(terminal: Terminal) -> None:
    table = Table(MISLEADING, title=MISLEADING)
    table.add_row(MISLEADING)
    terminal.out.print(table)


EVERYWHERE: dict[str, Any] = dict.fromkeys(("title", "heading", "source"), MISLEADING)
WAYS: dict[str, Callable[[Terminal], None]] = {
    "say": lambda terminal: terminal.say(MISLEADING),
    "styled": lambda terminal: terminal.say(Text.assemble(("> ", "bold"), MISLEADING), indent=2),
    "cut": lambda terminal: terminal.say(MISLEADING, cut=True),
    "note": lambda terminal: terminal.note(MISLEADING),
    "error": lambda terminal: terminal.error(MISLEADING),
    "hits": lambda terminal: terminal.hits(
        [Hit(replace(PASSAGE, text=MISLEADING, **EVERYWHERE), 0.5)], "safe"
    ),
    "sources": lambda terminal: terminal.sources(
        replace(FOUND, citations=(replace(FOUND.citations[0], quote=MISLEADING, **EVERYWHERE),))
    ),
    "sync": lambda terminal: print_sync(
        terminal,
        SyncReport(
            added=(MISLEADING,),
            renamed=((MISLEADING, MISLEADING),),
            skipped=(Skipped(MISLEADING, f"{MISLEADING} is empty."),),
        ),
    ),
    "status": lambda terminal: print_status(
        terminal,
        Status(
            MISLEADING, MISLEADING, [Source(MISLEADING, MISLEADING, "1", 1, 9, {})], 1, [], None
        ),
    ),
    "progress": _progressed,
    "stream": _streamed,
    "table": _tabulated,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at_terminal", [True, False])
def test_no_control_characters_get_through(
    screen: Screen, pipe: io.StringIO, way: str, at_terminal: bool
) -> None:
    stream = screen if at_terminal else pipe
    WAYS[way](Terminal(stream, stream))
    shown = ESCAPE.sub("", stream.getvalue())
    if at_terminal and way in ("progress", "stream"):  # removing text moves the cursor
        shown = shown.replace("\r", "")
    assert ("safegpj.exe" in shown) == (at_terminal or way != "progress")
    assert not SPOKEN.search(shown)


def test_json_has_the_same_text_in_harmless_characters(pipe: io.StringIO) -> None:
    Terminal(pipe, pipe).json({"source": f"{MISLEADING} 漢 \ud800"})
    assert not SPOKEN.search(pipe.getvalue())
    assert "漢" in pipe.getvalue()
    assert json.loads(pipe.getvalue()) == {"source": f"{MISLEADING} 漢 \ud800"}


def test_square_brackets_are_text_and_not_markup(screen: Screen) -> None:
    terminal = Terminal(screen, screen)
    terminal.say("[bold]kept[/bold] :smile:")
    with shown(terminal) as progress:
        progress(Progress("reading", 1, 2, "notes/[red]draft.txt"))
    assert "[bold]kept[/bold] :smile:" in screen.words
    assert "notes/[red]draft.txt" in screen.words


def test_lines_of_paragraphs_are_joined_and_rows_and_items_are_not() -> None:
    text = (
        "A sentence that was\nbroken by hand.\n\nName | Price\nBittern 2 | 100\n\n"
        "- one\n- two,\nand more\n"
    )
    assert reflow(text) == (
        "A sentence that was broken by hand.\n\nName | Price\nBittern 2 | 100\n\n"
        "- one\n- two, and more"
    )


def test_json_is_one_line_that_any_encoding_can_carry() -> None:
    value = {"text": "Zürich – 東京\nnext"}
    for encoding in ("utf-8", "ascii"):
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
        Terminal(out, out).json(value)
        lines = raw.getvalue().decode(encoding).splitlines()
        assert [json.loads(line) for line in lines] == [value]


def test_a_stream_is_shown_while_it_is_written_and_then_replaced(screen: Screen) -> None:
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


def test_a_stream_into_a_pipe_writes_nothing(pipe: io.StringIO) -> None:
    def pieces() -> Generator[str, None, Answer]:
        yield "Bangkok"
        return FOUND

    assert Terminal(pipe, pipe).stream(AnswerStream(pieces())) is FOUND
    assert pipe.getvalue() == ""


def test_a_link_is_its_words_and_can_be_followed_if_the_terminal_allows_it() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80)
    text = "See [the form](<https://a.example/f>), [home](<#source:a.md>), [x](<javascript:y>). [1]"
    (line,) = AnswerText(console, 80).lines(text)
    assert line.plain == "See the form, home, x. [1]"
    console.print(line)
    assert re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)", file.getvalue()) == ["https://a.example/f"]
