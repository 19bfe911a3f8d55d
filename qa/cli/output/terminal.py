"""The output of the command line: answers on standard output, remarks on standard error.

A person at a terminal gets colour, wrapped lines and text that appears as it is written. A pipe
gets the same words, with each paragraph on one line, and nothing that moves a cursor.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from qa.cli.output.answer_text import AnswerText, reflow
from qa.records import CLOSEST, headings_below, in_file, words_above
from qa.text.cleaning import clean, harmless, one_line
from qa.text.excerpts import excerpt
from qa.text.markup.shapes import repeated

if TYPE_CHECKING:
    from qa.answering import AnswerStream
    from qa.records import Answer, Hit

# Longer lines are hard to read, however wide the window is.
WIDEST = 100
# The characters shown of a passage that is not quoted.
EXCERPT = 240
UNSURE = "This may not answer your question."


class Terminal:
    """The two streams of one run of a command."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = _console(sys.stdout if out is None else out)
        self.err = _console(sys.stderr if err is None else err)
        self.live = self.out.file.isatty() and not self.out.is_dumb_terminal

    @property
    def width(self) -> int | None:
        """The width of a line in cells; None if lines are not broken."""
        return min(self.out.width, WIDEST) if self.out.file.isatty() else None

    def json(self, value: Mapping[str, Any]) -> None:
        """One JSON object on a line of its own."""
        ascii_only = not (self.out.encoding or "").startswith("utf")
        line = json.dumps(value, ensure_ascii=ascii_only)
        self.out.file.write(harmless(line, _escaped) + "\n")
        self.out.file.flush()

    def say(self, text: str | Text = "", indent: int = 0, *, cut: bool = False) -> None:
        """Text on standard output, wrapped (or cut) if a person reads it."""
        if cut and self.width is not None:
            line = text.copy() if isinstance(text, Text) else Text(text)
            line.truncate(self.out.width, overflow="ellipsis")
            self.out.print(line, soft_wrap=True)
            return
        for line in self._fold(text, indent):
            self.out.print(line, soft_wrap=True)

    def note(self, text: str, style: str = "dim") -> None:
        """A remark on standard error."""
        self.err.print(Text(text, style=style), soft_wrap=True)

    def error(self, text: str) -> None:
        """An error message on standard error."""
        self.err.print(Text("Error: ", style="bold red") + Text(text), soft_wrap=True)

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A sign of life on standard error while something is prepared."""
        if self.err.file.isatty():
            with self.err.status(Text(text, style="dim"), spinner_style="dim"):
                yield
        else:
            yield

    def stream(self, pieces: AnswerStream) -> Answer:
        """Show an answer while it is being written, then remove it again and return it."""
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
                    # Text taller than the window could not be removed.
                    lines = self._answer_lines(text)[-max(1, self.out.height - 2) :]
                    live.update(Text("\n").join(lines))
            return pieces.answer

    def answer(self, answer: Answer, *, brief: bool = False) -> None:
        """The answer and its footnotes; `brief` cuts long quotes.

        Quotes that the answer already contains word for word are not repeated below it.
        """
        if answer.failure:
            self.say(Text(f"{answer.failure} This is what the documents say.", style="yellow"))
            self.say()
        if not answer.found:
            self._refusal(answer)
            return
        if answer.outcome == "unsure":
            self.say(Text(UNSURE, style="yellow"))
            self.say()
        for line in self._answer_lines(answer.text, answer.short or ""):
            self.out.print(line, soft_wrap=True)
        if answer.unsupported:
            self.say()
            sentences = count(len(answer.unsupported), "sentence")
            note = f"{sentences} of the chat model without support in the documents."
            self.say(Text(note, style="yellow"))
        self._footnotes(answer, brief)
        if answer.sections:
            self.say()
            self.say(Text("Other sections on this", style="bold"))
        for section in answer.sections:
            self._footnote("·", _place(section), "")

    def _footnotes(self, answer: Answer, brief: bool) -> None:
        """One line for consecutive citations of one place; those with a quote stand apart."""
        quoting = False
        for (_, quoted), group in itertools.groupby(
            answer.citations,
            lambda one: (_place(one, ()), "" if repeated(one.quote, answer.text) else one.quote),
        ):
            cited = list(group)
            place = _place(cited[0], cited)
            quote = excerpt(quoted, EXCERPT) if brief else reflow(quoted)
            numbers = [citation.number for citation in cited]
            if numbers[0] == 1 or quoting or quote:
                self.say()
            self._footnote(_labels(numbers), place, f"“{quote}”" if quote else "")
            quoting = bool(quote)

    def related(self, questions: Sequence[str]) -> None:
        """Questions that the documents answer too, with the numbers by which they can be asked."""
        if questions:
            self.say(Text("The documents also answer", style="bold"))
        for number, question in enumerate(questions, 1):
            label = f"{number}."
            self.say(Text.assemble((f"{label} ", "cyan"), one_line(question)))

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
        """The results of a search, best first."""
        for number, hit in enumerate(hits, 1):
            if number > 1:
                self.say()
            words = excerpt(hit.passage.text, EXCERPT, question, words_above(hit.passage))
            self._footnote(f"{number}.", _place(hit.passage), words, hit.score)
        if not hits:
            self.say(Text("Nothing in the index comes close.", style="yellow"))

    def _refusal(self, answer: Answer) -> None:
        self.say(Text(reflow(answer.text), style="yellow"))
        if answer.hits:
            self.say()
            self.say(Text("Closest passages", style="bold"))
        for hit in answer.hits[:CLOSEST]:
            words = excerpt(hit.passage.text, EXCERPT // 2, answer.asked, words_above(hit.passage))
            self._footnote("·", _place(hit.passage), words)

    def _footnote(self, label: str, place: Text, words: str, score: float | None = None) -> None:
        if score is not None:
            place.append(f"  {score:.2f}", style="dim")
        indent = len(label) + 1
        for number, line in enumerate(self._fold(place, indent)):
            if number == 0:
                line = Text.assemble((f"{label} ", "cyan"), line[indent:])
            self.out.print(line, soft_wrap=True)
        if words:
            self.say(Text(words, style="dim italic"), indent)

    def _answer_lines(self, text: str, short: str = "") -> list[Text]:
        """An answer's text within the width; a pipe gets its Markdown."""
        if self.width is None:
            return [Text(line) for line in clean(text).strip().split("\n")]
        return AnswerText(self.out, self.width, reflow(short)).lines(text)

    def _fold(self, text: str | Text, indent: int = 0) -> Iterator[Text]:
        whole = text if isinstance(text, Text) else Text(text)
        if self.width is None:
            lines = whole.split("\n", allow_blank=True)
        else:
            lines = whole.wrap(self.out, max(20, self.width - indent), overflow="fold")
        for line in lines:
            line.rstrip()
            yield Text.assemble(" " * indent if line else "", line)


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 file, 2 files."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _labels(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"[{first}]" if first == last else f"[{first}–{last}]"


def _place(passage: Any, cited: Sequence[Any] | None = None) -> Text:
    """The place of a passage or a citation: title · heading · page · source.

    The rows of a sheet are those of all that is `cited` there.
    """
    title = one_line(clean(passage.title))
    headings = [one_line(clean(heading)) for heading in headings_below(passage)]
    parts = [" > ".join(headings), one_line(clean(in_file(passage, cited, "p.")))]
    source = one_line(clean(passage.source))
    place = Text.assemble((title or source, "bold"))
    for part in [*parts, source if title else ""]:
        if part:
            place.append(f" · {part}", style="dim")
    return place


class _Console(Console):
    """A console for untrusted text; everything that is shown passes through it."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The pieces of output; only rich's own may command the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def _console(file: TextIO) -> Console:
    # Only a terminal is treated as one, whatever the environment says; rich handles NO_COLOR.
    return _Console(
        file=file, force_terminal=file.isatty(), markup=False, highlight=False, emoji=False
    )
