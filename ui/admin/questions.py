"""The view of questions: how many there were, what was not answered, what was voted down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa import headings_below
from ui.admin.charts import Series, share, stacked
from ui.admin.frame import current
from ui.admin.tables import quoted, shown, table, time

if TYPE_CHECKING:
    from qa import Hit, Insights, OpenTopic
    from qa.api import Chosen, WordlessVotes
    from ui.page.texts import Texts

# Of a group of questions, and of the answers that were voted down.
MOST_QUESTIONS, MOST_VOTED = 10, 100


def html(
    found: Insights,
    voted: Sequence[Chosen],
    wordless: WordlessVotes,
    set_file: str,
    periods: Sequence[int],
    period: int,
    texts: Texts,
) -> str:
    """The view of a period, which is one of the `periods`, in days."""
    return f"""<section aria-labelledby="of-days">
<h2 id="of-days">{shown(texts.admin_by_day)}</h2>
{_periods(periods, period, texts)}
<p class="note">{shown(texts.admin_from_to.format(since=found.since, until=found.until))}</p>
{_advice(found, texts)}{_days(found, texts)}
</section>
<section aria-labelledby="of-topics">
<h2 id="of-topics">{shown(texts.admin_topics)}</h2>
{_topics(found, texts)}
</section>
<section aria-labelledby="of-voted">
<h2 id="of-voted">{shown(texts.admin_voted)}</h2>
{_no_texts(found, texts)}{_voted(voted, wordless, set_file, texts)}
</section>
{_used(found, texts)}{_seconds(found, texts)}"""


def _periods(periods: Sequence[int], period: int, texts: Texts) -> str:
    links = "".join(
        f'<a href="admin?view=questions&amp;days={days}&amp;lang={texts.language}"'
        f"{current('true', days == period)}>"
        f"{shown(texts.admin_period_days.format(number=days))}</a>"
        for days in periods
    )
    return f'<nav class="periods" aria-label="{shown(texts.admin_period)}">{links}</nav>'


def _advice(found: Insights, texts: Texts) -> str:
    return "" if found.audit else f'<p class="advice">{shown(texts.admin_no_audit)}</p>'


def _no_texts(found: Insights, texts: Texts) -> str:
    return "" if found.feedback_texts else f'<p class="advice">{shown(texts.admin_no_texts)}</p>'


def _share(found: Insights, texts: Texts) -> str:
    total = found.total
    if not total.questions:
        return ""
    percent = f"{100 * total.answered / total.questions:.0f}"
    words = texts.admin_share.format(number=f"{total.questions:,}", percent=percent)
    return f"<p>{shown(words)}</p>"


def _days(found: Insights, texts: Texts) -> str:
    dates = [day.date for day in found.days]
    names = {
        "answered": texts.admin_answered,
        "unsure": texts.admin_unsure,
        "not_said": texts.admin_not_said,
        "failed": texts.admin_failed,
    }
    votes = {"up": texts.admin_up, "down": texts.admin_down}
    asked, given = (
        [Series(words, name, [getattr(day, name) for day in found.days]) for name, words in of]
        for of in (names.items(), votes.items())
    )
    every = {**names, **votes}
    total = found.total
    rows = [
        (day.date, *(f"{getattr(day, name):,}" for name in every))
        for day in reversed(found.days)
        if day.questions or day.up or day.down
    ]
    whole = (texts.admin_total, *(f"{getattr(total, name):,}" for name in every))
    numbers = table((texts.admin_day, *every.values()), [whole, *rows], texts.admin_by_day)
    return (
        f"{_share(found, texts)}{stacked(texts.admin_by_day, dates, asked)}"
        f"<h3>{shown(texts.admin_votes)}</h3>{stacked(texts.admin_votes, dates, given)}"
        f"<details><summary>{shown(texts.admin_table)}</summary>{numbers}</details>"
    )


def _topics(found: Insights, texts: Texts) -> str:
    if not found.questions_kept:
        advice = f'<p class="advice">{shown(texts.admin_no_questions)}</p>'
    else:
        advice = "" if found.topics else f"<p>{shown(texts.admin_no_topics)}</p>"
    left = ""
    if found.left_out:
        left = f"<p>{shown(texts.admin_earlier.format(number=found.left_out))}</p>"
    return advice + "".join(_topic(topic, texts) for topic in found.topics) + left


def _topic(topic: OpenTopic, texts: Texts) -> str:
    def line(question: str, times: int) -> str:
        often = f" <span>{shown(texts.admin_times.format(number=times))}</span>"
        return f"<li>{shown(question)}{often if times > 1 else ''}</li>"

    rest = len(topic.questions) - MOST_QUESTIONS
    lines = [line(one.question, one.not_said + one.down) for one in topic.questions]
    if rest > 0:
        lines[MOST_QUESTIONS:] = [f"<li>{shown(texts.rest.format(number=rest))}</li>"]
    listed = f"<ul>{''.join(lines)}</ul>" if len(lines) > 1 else ""
    words = texts.admin_topic.format(not_said=topic.not_said, down=topic.down)
    closest = "".join(_passage(hit, texts) for hit in topic.closest)
    near = f"<p>{shown(texts.closest)}</p><ul>{closest}</ul>" if closest else ""
    return (
        f'<article class="topic"><h3>{shown(topic.questions[0].question)}</h3>'
        f'<p class="note">{shown(words)}</p>{listed}'
        f'<div class="near">{near}</div></article>'
    )


def _passage(hit: Hit, texts: Texts) -> str:
    passage = hit.passage
    parts = [passage.title or passage.source, *headings_below(passage)]
    page = f", {texts.page} {passage.page}" if passage.page else ""
    where = f"{' › '.join(parts)}{page}"
    return f"<li>{shown(where)} <code>{shown(passage.source)}</code></li>"


def _voted(voted: Sequence[Chosen], wordless: WordlessVotes, set_file: str, texts: Texts) -> str:
    without = _without_words(wordless, texts)
    if not voted:
        return without or f"<p>{shown(texts.admin_no_voted)}</p>"
    note = shown(texts.admin_set_file.format(file=set_file))
    rest = len(voted) - MOST_VOTED
    more = f"<p>{shown(texts.admin_earlier.format(number=rest))}</p>" if rest > 0 else ""
    answers = "".join(_answers(voted[:MOST_VOTED], texts))
    return f'{without}<p class="note">{note}</p>{answers}{more}'


def _without_words(votes: WordlessVotes, texts: Texts) -> str:
    if not votes.number:
        return ""
    words = texts.admin_wordless.format(number=f"{votes.number:,}")
    rows = [
        (f"<code>{shown(one.source)}</code>", quoted(one.text), f"{one.down:,}")
        for one in votes.ranges
    ]
    heads = (texts.admin_document, texts.admin_passage, texts.admin_down)
    return f"<p>{shown(words)}</p>{table(heads, rows)}"


def _answers(voted: Sequence[Chosen], texts: Texts) -> Iterator[str]:
    for number, chosen in enumerate(voted):
        one = chosen.answer
        comment = ""
        if one.comment:
            comment = f"<p>{shown(texts.admin_comment)}: {shown(one.comment)}</p>"
        said = f"<blockquote>{quoted(one.answer)}</blockquote>" if one.answer else ""
        sources = ", ".join(f"<code>{shown(source)}</code>" for source in one.sources)
        yield (
            f'<article class="voted" id="voted-{one.id}"><h3>{shown(one.question)}</h3>{said}'
            f'{comment}<p class="note">{time(one.time)} {sources}</p>'
            f"{_choice(chosen, number, texts)}</article>"
        )


def _choice(chosen: Chosen, number: int, texts: Texts) -> str:
    if chosen.in_set:
        return f'<p class="good">{shown(texts.admin_in_set)}</p>'
    return (
        f'<form method="post" action="admin/set?lang={texts.language}">'
        f'<input type="hidden" name="id" value="{shown(chosen.answer.id)}">'
        f'<label for="right-{number}">{shown(texts.admin_right)}</label>'
        f'<input id="right-{number}" name="answer" maxlength="2000">'
        f"<button>{shown(texts.admin_to_set)}</button>"
        f'<button name="refuse" value="yes" class="quiet">{shown(texts.admin_to_set_refused)}'
        "</button></form>"
    )


def _used(found: Insights, texts: Texts) -> str:
    most = max((one.cited for one in found.used), default=0)
    rows = [
        (
            f"<code>{shown(one.source)}</code><br>{shown(one.title)}",
            f"{one.cited:,} {share(one.cited, most)}",
            f"{one.opened:,}",
        )
        for one in found.used
    ]
    heads = (texts.admin_document, texts.admin_cited, texts.admin_opened)
    return _section("of-used", texts.admin_used, table(heads, rows))


def _seconds(found: Insights, texts: Texts) -> str:
    most = max((one.half for one in found.stages), default=0)
    names = {
        "retrieve": texts.admin_stage_retrieve,
        "read": texts.admin_stage_read,
        "answer": texts.admin_stage_answer,
        "total": texts.admin_total,
    }
    rows = [
        (
            shown(names.get(one.stage, one.stage)),
            f"{one.half:.3f} {share(one.half, most)}",
            f"{one.most:.3f}",
        )
        for one in found.stages
    ]
    heads = (texts.admin_stage, texts.admin_half, texts.admin_most)
    return _section("of-seconds", texts.admin_seconds, table(heads, rows))


def _section(id: str, title: str, body: str) -> str:
    if not body:
        return ""
    return f'<section aria-labelledby="{id}"><h2 id="{id}">{shown(title)}</h2>{body}</section>'
