"""The use of an index in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from qa.cli.output.terminal import EXCERPT, count
from qa.records import headings_below
from qa.text.cleaning import clean, one_line
from qa.text.excerpts import excerpt

if TYPE_CHECKING:
    from qa.cli.output.terminal import Terminal
    from qa.records import Day, Hit, Insights, OpenTopic

# In a terminal, longer lists are cut; JSON has more of them.
SHOWN = 10
_BAR = 30
_NO_AUDIT = (
    "Questions are not counted: the audit is off. To switch it on, set audit = true in "
    "footnote.toml (or QA_AUDIT=true) for the server."
)
_NO_QUESTIONS = (
    "What was asked is not kept. To keep it, set audit_questions = true (or "
    "QA_AUDIT_QUESTIONS=true); the page then says so to those who ask."
)
_NO_TEXTS = (
    "Of votes, question, answer and comment are not kept. To keep them, set feedback_texts = true "
    "(or QA_FEEDBACK_TEXTS=true); the page then says so to those who ask."
)


def print_insights(terminal: Terminal, found: Insights) -> None:
    """Days, outcomes, documents, seconds and open questions."""
    total = found.total
    terminal.say(Text(f"{found.since} to {found.until}, days in UTC", style="bold"))
    terminal.say()
    if found.audit or total.questions:
        terminal.say(f"{count(total.questions, 'question')}: {_shares(total)}.")
    terminal.say(f"Opinions: {total.up:,} up, {total.down:,} down.")
    terminal.say()
    _days(terminal, [day for day in found.days if day.questions or day.up or day.down])
    _table(
        terminal,
        "Most used documents",
        (f"{one.cited:6,} cited {one.opened:6,} opened  {one.source}" for one in found.used),
    )
    _table(
        terminal,
        "Seconds by stage (half of the questions; 95 of 100)",
        (f"{one.half:8.3f} {one.most:8.3f}  {one.stage}" for one in found.stages),
    )
    if found.topics:
        terminal.say(Text("Not answered, or voted down", style="bold"))
        terminal.say()
        for topic in found.topics:
            _topic(terminal, topic)
    if found.left_out:
        terminal.say(f"… and {count(found.left_out, 'earlier question')}.")
    if not found.audit:
        terminal.note(_NO_AUDIT)
    elif not found.questions_kept:
        terminal.note(_NO_QUESTIONS)
    if not found.feedback_texts:
        terminal.note(_NO_TEXTS)


def _shares(total: Day) -> str:
    numbers = {
        "answered": total.answered,
        "unsure": total.unsure,
        "not said": total.not_said,
        "failed or stopped": total.failed,
    }
    whole = total.questions or 1
    return ", ".join(
        f"{number:,} {what} ({number / whole:.0%})" for what, number in numbers.items()
    )


def _days(terminal: Terminal, days: Sequence[Day]) -> None:
    if not days:
        return
    most = max(day.questions for day in days) or 1
    terminal.say(Text("Questions by day", style="bold"))
    for day in days:
        bar = "█" * round(_BAR * day.questions / most)
        opinions = f"  {day.up:,} up, {day.down:,} down" if day.up or day.down else ""
        line = Text.assemble((day.date, "dim"), f" {day.questions:6,} ", (bar, "cyan"), opinions)
        terminal.say(line)
    terminal.say()


def _table(terminal: Terminal, title: str, lines: Iterable[str]) -> None:
    shown = [_on_one_line(line) for line in lines][:SHOWN]
    if not shown:
        return
    terminal.say(Text(title, style="bold"))
    for line in shown:
        terminal.say(line, indent=2, cut=True)
    terminal.say()


def _on_one_line(line: str) -> str:
    """A line without what would break or change it; its spaces stay."""
    return clean(line).replace("\n", " ")


def _topic(terminal: Terminal, topic: OpenTopic) -> None:
    numbers = [
        f"{number:,} {what}"
        for number, what in ((topic.not_said, "not said"), (topic.down, "down"))
        if number
    ]
    terminal.say(Text(", ".join(numbers), style="yellow"))
    for one in topic.questions[:SHOWN]:
        times = one.not_said + one.down
        often = f" ({times:,} times)" if times > 1 else ""
        terminal.say(f"{excerpt(one_line(clean(one.question)), EXCERPT)}{often}", indent=2)
    if len(topic.questions) > SHOWN:
        terminal.say(f"… and {len(topic.questions) - SHOWN:,} more", indent=2)
    if topic.closest:
        terminal.say(Text("closest:", style="dim"), indent=2)
    for hit in topic.closest:
        terminal.say(_place(hit), indent=4, cut=True)
    terminal.say()


def _place(hit: Hit) -> Text:
    passage = hit.passage
    place = Text.assemble((one_line(clean(passage.source)), "bold"))
    for part in map(one_line, map(clean, headings_below(passage))):
        place.append(f" · {part}", style="dim")
    return place
