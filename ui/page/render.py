"""An exchange as the HTML that the page shows; nothing in it but our own tags and plain text.

The page's conversation is Markdown that contains sanitised HTML. Everything that can be pressed is
a link within the page, such as `#cite-2-1` for the first footnote of the third answer.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from qa import excerpt, hard_to_read, headings_below, repeated, rows_of, words_above
from ui.page.said import Said, leading, paragraphs, plain
from ui.page.texts import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa import CitationJSON
    from qa.api import Cited
    from ui.brand.brand import Contact
    from ui.page.conversations import Exchange
    from ui.page.texts import Texts

# The characters shown of a passage that only came close.
EXCERPT = 160
# As people write links; in answers their addresses are in angle brackets.
_LINK = re.compile(r"\]\(((?:https?://|mailto:)[^\s()<>]+)\)")


def question(exchange: Exchange, number: int) -> str:
    """The question; `number` counts the exchanges of the conversation from 0."""
    return f'<div class="asked exchange-{number}">{paragraphs(exchange.question)}</div>'


def message(exchange: Exchange, number: int, texts: Texts, contact: Contact | None = None) -> str:
    """All of an answer: its text, then its footnotes or the passages that came closest.

    Where the documents do not surely answer, it ends with the contact.
    """
    done = f"done exchange-{number}"
    if exchange.problem is not None:
        return f'<div class="problem {done}">{paragraphs(exchange.problem)}</div>'
    if exchange.stopped:
        note = f'<p class="aside">{plain(texts.stopped)}</p>'
        return f'<div class="answer {done}">{Said(exchange.text).html()}{note}</div>'
    if not exchange.found:
        said = paragraphs(_refused(exchange, texts))
        if exchange.attached is not None:
            said += f'<p class="aside files">{plain(texts.attached_refused)}</p>'
        if exchange.failure:
            said += f'<p class="aside failed">{plain(texts.model_failed)}</p>'
        closest = _closest(exchange, number, texts)
        more = f"{_related(exchange, texts)}{_ask(exchange, texts, contact)}"
        return f'<div class="refusal {done}">{said}{closest}{more}</div>'
    notes = _footnotes(exchange, number, texts)
    said = f"{_first(exchange, texts)}{_said(exchange, number, texts)}"
    more = f"{_sections(exchange, number, texts)}{_related(exchange, texts)}"
    if exchange.unsure:
        more += contact_line(contact, texts)
    return f'<div class="answer {done}">{said}{notes}{more}</div>'


def partial(text: str, texts: Texts) -> str:
    """An answer that is still being written; its markers are not checked yet."""
    if not text.strip():
        return f'<div class="answer waiting"><p>{plain(texts.looking)}</p></div>'
    return f'<div class="answer growing">{Said(text).html()}</div>'


def contact_line(contact: Contact | None, texts: Texts) -> str:
    """Whom else to ask, with the way to them; nothing if there is nobody."""
    if contact is None:
        return ""
    before, _, after = texts.brand_contact.partition("{contact}")
    link = leading(plain(contact.name), contact.link)
    return f'<p class="aside contact">{plain(before)} {link}{plain(after)}</p>'


def welcome(text: str) -> str:
    """The owner's words for an empty conversation: paragraphs, lists and links."""
    return Said(_LINK.sub(r"](<\1>)", text), lead=leading).html()


def place(cited: CitationJSON, texts: Texts) -> str:
    """Title, heading, page and source, as plain text."""
    where = _where(cited, texts, [cited])
    return " · ".join(filter(None, [*where, cited.source if cited.title else ""]))


def _where(cited: CitationJSON, texts: Texts, group: Sequence[CitationJSON] = ()) -> list[str]:
    """The title with the headings below it, and the place; the source if there is no title.

    The rows of a sheet are those of the whole group.
    """
    heads = " › ".join([cited.title or cited.source, *headings_below(cited)])
    return [heads, ", ".join(_in_file(cited, texts, group))]


def _in_file(cited: CitationJSON, texts: Texts, group: Sequence[CitationJSON]) -> Iterator[str]:
    """Page, slide, or sheet and rows; and how well it was read from a scan."""
    if cited.page:
        yield f"{texts.page} {cited.page}"
    if cited.slide:
        yield texts.slide.format(number=cited.slide)
    if cited.sheet:
        yield texts.sheet.format(name=cited.sheet)
    if rows := rows_of(group):
        yield (texts.row if rows.isdecimal() else texts.rows).format(rows=rows)
    if (sure := cited.recognised) is not None:
        told = texts.scan_unsure if hard_to_read(sure) else texts.scan
        yield told.format(percent=round(100 * sure))


def _first(exchange: Exchange, texts: Texts) -> str:
    """The remarks above the answer."""
    told = {"answered": texts.attached_answered, "not said": texts.attached_not_said}
    said = [("files", told.get(exchange.attached or "", ""))]
    if exchange.disagreement:
        said.append(("differ", _announced(exchange)[0]))
    if exchange.failure:
        said.append(("failed", texts.model_failed))
    if exchange.unsure:
        said.append(("unsure", texts.unsure))
    return "".join(f'<p class="aside {name}">{plain(text)}</p>' for name, text in said if text)


def _said(exchange: Exchange, number: int, texts: Texts) -> str:
    known = {cited.number for cited in exchange.citations}

    def link(note: int) -> str:
        if note not in known:
            return ""
        return f'<a href="#cite-{number}-{note}" class="cite" target="_self">{note}</a>'

    def rest(left: int, note: int) -> str:
        words = plain(texts.rest.format(number=left))
        note = note or max(known, default=0)
        return f'<a href="#cite-{number}-{note}" class="more" target="_self">{words}</a>'

    # A model's text has no links: no document contains them.
    lead = leading if exchange.answerer == "quotes" else None
    text = _announced(exchange)[1] if exchange.disagreement else exchange.text
    return Said(text, short=exchange.short, link=link, rest=rest, lead=lead).html()


def _announced(exchange: Exchange) -> tuple[str, str]:
    """The first words of an answer from sources that disagree, and what these say."""
    first, gap, rest = exchange.text.partition("\n\n")
    return (first, rest) if gap and "[" not in first else ("", exchange.text)


def _refused(exchange: Exchange, texts: Texts) -> str:
    """Why there is no answer; with close passages below, it does not say that nothing is close."""
    close = exchange.reason == "nothing close" and exchange.passages
    return refusal("not said" if close else exchange.reason, texts)


def _ask(exchange: Exchange, texts: Texts, contact: Contact | None) -> str:
    """The contact, where a question was put to the documents, or to the assistant about itself."""
    own = exchange.reason in ("empty", "greeting", "too long", "changed")
    return "" if own else contact_line(contact, texts)


def _footnotes(exchange: Exchange, number: int, texts: Texts) -> str:
    """Consecutive footnotes of one place are merged; quotes in the answer are not repeated."""

    def shown() -> Iterator[str]:
        for (_, quote), group in groupby(
            exchange.citations,
            lambda one: (
                (one.source, *_where(one, texts)),
                "" if repeated(one.quote, exchange.text) else one.quote,
            ),
        ):
            yield _note(list(group), f"cite-{number}", quote, texts)

    return _list("footnotes", shown())


def _closest(exchange: Exchange, number: int, texts: Texts) -> str:
    better = ""
    if exchange.suggestion:
        better = (
            f'<p class="aside">{plain(texts.suggestion)} <a href="#ask" class="suggestion" '
            f'target="_self">{plain(exchange.suggestion)}</a></p>'
        )
    if not exchange.passages:
        return better
    shown = (
        _note(
            [cited], f"close-{number}", _excerpt(cited, exchange.asked or exchange.question), texts
        )
        for cited in exchange.passages
    )
    return f'{better}<p class="aside">{plain(texts.closest)}</p>{_list("footnotes close", shown)}'


def _sections(exchange: Exchange, number: int, texts: Texts) -> str:
    """Other sections to choose from, each of which opens at its heading."""
    items = "".join(
        f'<li><a href="#part-{number}-{cited.number}" class="section" target="_self" '
        f'title="{plain(cited.source)}">'
        f"{plain(' › '.join(headings_below(cited)) or cited.quote)}</a> "
        f'<span class="of">{plain(cited.title or cited.source)}</span></li>'
        for cited in exchange.sections
    )
    return _offered("sections", texts.sections, items) if items else ""


def _related(exchange: Exchange, texts: Texts) -> str:
    """Other questions that the documents answer, each a link to ask it."""
    shown = [one for one in exchange.related if one != exchange.suggestion]
    if not shown:
        return ""
    items = "".join(
        f'<li><a href="#ask" class="suggestion" target="_self">{plain(one)}</a></li>'
        for one in shown
    )
    return _offered("related", texts.related, items)


def _offered(name: str, label: str, items: str) -> str:
    """A line that introduces choices, and the choices."""
    return f'<div class="{name} offered"><p class="aside">{plain(label)}</p><ul>{items}</ul></div>'


def _note(cited: list[Cited], anchor: str, quote: str, texts: Texts) -> str:
    first, last = cited[0], cited[-1]
    numbers = f"{first.number}" if first is last else f"{first.number}–{last.number}"
    label = plain(" · ".join(filter(None, _where(first, texts, cited))))
    return (
        f'<p><a href="#{anchor}-{first.number}" class="footnote" target="_self" '
        f'title="{plain(first.source)}"><span class="number">{numbers}</span> {label}</a></p>'
        + (f"<blockquote>{paragraphs(quote)}</blockquote>" if quote else "")
    )


def _list(name: str, notes: Iterable[str]) -> str:
    return f'<div class="{name}">{"".join(notes)}</div>'


def _excerpt(cited: Cited, question: str) -> str:
    """An excerpt of a passage, without the title and headings that are already shown above it."""
    return excerpt(cited.quote, EXCERPT, question, words_above(cited))
