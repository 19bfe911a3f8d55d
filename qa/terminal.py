"""What the command line prints: answers on standard output, remarks on standard error.

A person at a terminal gets colour, wrapped lines and text that appears as it
is written. A pipe gets the same words, a line for each paragraph, and nothing
that moves a cursor.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.text import Text

from qa.loading.blocks import CELL_SEPARATOR, clean, one_line

if TYPE_CHECKING:
    from qa.records import Answer, Hit, Progress
    from qa.streaming import AnswerStream

# Longer lines are hard to read, however wide the window is.
WIDEST = 100
# What is shown of a passage that is not quoted.
EXCERPT = 240
# How many of the closest passages a refusal names.
CLOSEST = 3

_MARKER = re.compile(r"\[\d+\]")
_LIST_ITEM = re.compile(r"\s*([-*•·–]|\d{1,3}[.)])\s")


class Terminal:
    """The two streams of one run of a command."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = _console(sys.stdout if out is None else out)
        self.err = _console(sys.stderr if err is None else err)
        self.live = self.out.file.isatty() and not self.out.is_dumb_terminal

    @property
    def width(self) -> int | None:
        """The cells that a line may take; None where lines are not broken."""
        return min(self.out.width, WIDEST) if self.out.file.isatty() else None

    def json(self, value: Mapping[str, Any]) -> None:
        """One JSON object on a line of its own."""
        ascii_only = not (self.out.encoding or "").startswith("utf")
        self.out.file.write(json.dumps(value, ensure_ascii=ascii_only) + "\n")
        self.out.file.flush()

    def say(self, text: str | Text = "", indent: int = 0, *, cut: bool = False) -> None:
        """Text on standard output, wrapped (or cut) where someone reads it."""
        if cut and self.width is not None:
            line = _safe(text)
            line.truncate(self.out.width, overflow="ellipsis")
            self.out.print(line, soft_wrap=True)
            return
        for line in self._fold(text, indent):
            self.out.print(line, soft_wrap=True)

    def note(self, text: str, style: str = "dim") -> None:
        """A remark on standard error."""
        self.err.print(Text(clean(text), style=style), soft_wrap=True)

    def error(self, text: str) -> None:
        """What went wrong, on standard error."""
        self.err.print(Text("Error: ", style="bold red") + Text(clean(text)), soft_wrap=True)

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A sign of life on standard error while something is got ready."""
        if self.err.file.isatty():
            with self.err.status(Text(text, style="dim"), spinner_style="dim"):
                yield
        else:
            yield

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[Progress], None]]:
        """A bar that follows a sync; a line for each stage where standard error is a file."""
        if not self.err.file.isatty():
            yield _Stages(self)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[source]}"),
        )
        with Bar(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("Looking", total=None, source="")

            def show(progress: Progress) -> None:
                # Escaped: a file may be called "[bold]".
                source = one_line(clean(progress.source))[-60:].replace("[", r"\[")
                bar.update(
                    task,
                    description=_STAGES[progress.stage],
                    completed=progress.done,
                    total=progress.total or None,
                    source=source,
                )

            yield show

    def stream(self, pieces: AnswerStream) -> Answer:
        """Show an answer while it is being written, and give it back; it is not left standing."""
        with contextlib.closing(pieces):
            if not self.live:
                for _ in pieces:
                    pass
                return pieces.answer
            from rich.live import Live
            from rich.spinner import Spinner

            text = ""
            spinner = Spinner("dots", style="dim")
            with Live(spinner, console=self.out, transient=True, refresh_per_second=12) as live:
                for piece in pieces:
                    text += piece
                    # Taller than the window, it could not be taken back.
                    lines = list(self._fold(reflow(text)))[-max(1, self.out.height - 2) :]
                    live.update(Text("\n").join(lines))
            return pieces.answer

    def answer(self, answer: Answer, *, brief: bool = False) -> None:
        """The answer and its footnotes; `brief` cuts long quotes."""
        if not answer.found:
            self._refusal(answer)
            return
        self.say(_emphasised(answer))
        if answer.unsupported:
            self.say()
            sentences = count(len(answer.unsupported), "sentence")
            note = f"{sentences} of the chat model without support in the documents."
            self.say(Text(note, style="yellow"))
        for citation in answer.citations:
            self.say()
            quote = excerpt(citation.quote) if brief else reflow(citation.quote)
            self._footnote(citation.marker, _place(citation), f"“{quote}”")

    def sources(self, answer: Answer) -> None:
        """Every quote of an answer, or every passage that came close, in full."""
        if answer.citations:
            for citation in answer.citations:
                self._footnote(citation.marker, _place(citation), f"“{reflow(citation.quote)}”")
                self.say()
            return
        for number, hit in enumerate(answer.hits, 1):
            self._footnote(f"{number}.", _place(hit.passage), reflow(hit.passage.text))
            self.say()
        if not answer.hits:
            self.say("The last answer has no sources.")

    def hits(self, hits: Sequence[Hit], question: str) -> None:
        """What a search found, best first."""
        for number, hit in enumerate(hits, 1):
            if number > 1:
                self.say()
            words = excerpt(hit.passage.text, question=question)
            self._footnote(f"{number}.", _place(hit.passage), words, hit.score)
        if not hits:
            self.say(Text("Nothing in the index comes close.", style="yellow"))

    def _refusal(self, answer: Answer) -> None:
        self.say(Text(reflow(answer.text), style="yellow"))
        if answer.hits:
            self.say()
            self.say(Text("Closest passages", style="bold"))
        for hit in answer.hits[:CLOSEST]:
            words = excerpt(hit.passage.text, EXCERPT // 2, answer.asked)
            self._footnote("·", _place(hit.passage), words)

    def _footnote(self, label: str, place: Text, words: str, score: float | None = None) -> None:
        if score is not None:
            place.append(f"  {score:.2f}", style="dim")
        indent = len(label) + 1
        for number, line in enumerate(self._fold(place, indent)):
            if number == 0:
                line = Text.assemble((f"{label} ", "cyan"), line[indent:])
            self.out.print(line, soft_wrap=True)
        self.say(Text(words, style="dim italic"), indent)

    def _fold(self, text: str | Text, indent: int = 0) -> Iterator[Text]:
        whole = _safe(text)
        if self.width is None:
            lines = whole.split("\n", allow_blank=True)
        else:
            lines = whole.wrap(self.out, max(20, self.width - indent), overflow="fold")
        for line in lines:
            line.rstrip()
            yield Text.assemble(" " * indent if line else "", line)


class _Stages:
    """Progress as lines: one when a stage begins, no more."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._said: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        if progress.stage in self._said or progress.stage == "embedding":
            return
        self._said.add(progress.stage)
        files = f" {count(progress.total, 'file')}" if progress.total else ""
        self._terminal.note(f"{_STAGES[progress.stage]}{files}…")


_STAGES = {
    "waiting": "Another sync is writing to this index: waiting for it",
    "reading": "Reading",
    "embedding": "Embedding",
}


def reflow(text: str) -> str:
    """The text with each paragraph on one line; rows of tables and items of lists keep theirs."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", clean(text).strip()):
        lines: list[str] = []
        for line in paragraph.split("\n"):
            row = CELL_SEPARATOR in line or "\t" in line
            apart = row or _LIST_ITEM.match(line) or not lines or CELL_SEPARATOR in lines[-1]
            if apart:
                lines.append(line.strip(" ") if not row else line)
            else:
                lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def excerpt(text: str, length: int = EXCERPT, question: str = "") -> str:
    """Some of a text on one line: its beginning, or what has most words of a question."""
    start = _closest_sentence(text, question) if question else 0
    line = one_line(clean(text[start:]))
    if len(line) > length:
        line = line[:length].rsplit(" ", 1)[0].rstrip(" ,;:.|") + " …"
    return f"… {line}" if start else line


def _closest_sentence(text: str, question: str) -> int:
    from qa.sentences import sentences
    from qa.terms import stems

    wanted = set(stems(question))
    counts = {start: len(wanted & set(stems(text[start:end]))) for start, end in sentences(text)}
    best = max(counts, key=counts.__getitem__, default=0)
    return best if counts.get(best) else 0


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 file, 2 files."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _safe(text: str | Text) -> Text:
    # A control character in a document or a file name must not reach a terminal; text that has
    # one loses its style with it.
    plain = text.plain if isinstance(text, Text) else text
    harmless = clean(plain)
    return text if isinstance(text, Text) and harmless == plain else Text(harmless)


def _emphasised(answer: Answer) -> Text:
    text = Text(reflow(answer.text))
    text.highlight_regex(_MARKER, "cyan")
    short = reflow(answer.short or "")
    at = text.plain.find(short) if short else -1
    if at >= 0:
        text.stylize("bold", at, at + len(short))
    return text


def _place(passage: Any) -> Text:
    """Where a passage or a citation stands: title · heading · page · source."""
    title = one_line(clean(passage.title))
    headings = [one_line(heading) for heading in clean(passage.heading).split(" > ")]
    if headings and headings[0] == title:
        del headings[0]
    parts = [" > ".join(headings), f"p. {passage.page}" if passage.page else ""]
    source = one_line(clean(passage.source))
    place = Text.assemble((title or source, "bold"))
    for part in [*parts, source if title else ""]:
        if part:
            place.append(f" · {part}", style="dim")
    return place


def _console(file: TextIO) -> Console:
    # Whatever the environment forces, only a terminal is treated as one; rich sees to NO_COLOR.
    return Console(
        file=file, force_terminal=file.isatty(), markup=False, highlight=False, emoji=False
    )
