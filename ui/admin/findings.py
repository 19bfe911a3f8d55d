"""The view of findings: what reviews of the documents found, with the quotes of both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa import CitationJSON
from ui.admin.frame import press, review_html
from ui.admin.tables import quoted, shown
from ui.page.render import place

if TYPE_CHECKING:
    from qa import Citation, Review, ReviewFinding
    from qa.api import WorkState
    from ui.page.texts import Texts

KINDS = ("contradiction", "replaced", "duplicate document", "duplicate passage", "dead link")
# Of each kind; `qa review --all` lists all.
MOST = 100


def html(review: Review, documents: int, state: WorkState, texts: Texts) -> str:
    """The view; `documents` is the number of all documents."""
    compared = texts.admin_reviewed.format(number=review.documents, total=documents)
    note = f'<p class="note">{shown(texts.admin_aside_note)}</p>' if review.findings else ""
    body = "".join(_kinds(review, texts)) or f"<p>{shown(texts.admin_no_findings)}</p>"
    return f"""<section aria-labelledby="of-review">
<h2 id="of-review">{shown(texts.admin_findings)}</h2>
{press("review", texts.admin_review_start, texts)}
<div data-part="review">{review_html(state, texts)}</div>
<p class="note">{shown(compared)}</p>{note}
{_aside(review, texts)}
</section>
{body}"""


def _kinds(review: Review, texts: Texts) -> Iterator[str]:
    for kind in KINDS:
        found = [one for one in review.findings if one.kind == kind]
        if not found:
            continue
        name = kind.replace(" ", "_")
        title = getattr(texts, f"admin_{name}")
        # Whoever sets one aside goes on with the next one.
        after = [*map(_at, found[1:]), f"of-{name}"]
        listed = (
            _finding(one, _press("set-aside", texts.admin_set_aside, one, next_one, texts), texts)
            for one, next_one in zip(found[:MOST], after[:MOST], strict=True)
        )
        yield (
            f'<section aria-labelledby="of-{name}"><h2 id="of-{name}">{shown(title)} '
            f"<span>{len(found):,}</span></h2>{''.join(listed)}{_rest(found, texts)}</section>"
        )


def _aside(review: Review, texts: Texts) -> str:
    """Those that were set aside, to be brought back."""
    if not review.aside:
        return ""
    words = texts.admin_aside.format(number=f"{len(review.aside):,}")
    listed = (
        _finding(one, _press("bring-back", texts.admin_bring_back, one, _at(one), texts), texts)
        for one in review.aside[:MOST]
    )
    return (
        f'<details id="aside"><summary>{shown(words)}</summary>{"".join(listed)}'
        f"{_rest(review.aside, texts)}</details>"
    )


def _rest(found: Sequence[ReviewFinding], texts: Texts) -> str:
    rest = len(found) - MOST
    return f"<p>{shown(texts.rest.format(number=f'{rest:,}'))}</p>" if rest > 0 else ""


def _at(one: ReviewFinding) -> str:
    return f"finding-{one.id}"


def _press(where: str, words: str, one: ReviewFinding, after: str, texts: Texts) -> str:
    """A button for a finding; `after` is the id of what is shown then."""
    return (
        f'<form method="post" action="admin/{where}?lang={texts.language}">'
        f'<input type="hidden" name="id" value="{one.id}">'
        f'<input type="hidden" name="after" value="{after}">'
        f'<button class="quiet" aria-describedby="said-{one.id}">{shown(words)}</button></form>'
    )


def _finding(one: ReviewFinding, button: str, texts: Texts) -> str:
    sides = "".join(
        _side(citation, date, texts, newer=citation.number == one.newer)
        for citation, date in zip(one.citations, one.dates, strict=True)
    )
    target = texts.admin_leads_to.format(target=one.target) if one.target else ""
    meant = texts.admin_meant.format(source=one.meant) if one.meant else ""
    ends = "".join(f"<p>{shown(words)}</p>" for words in (target, meant) if words)
    return (
        f'<article class="finding" id="{_at(one)}"><p class="note">{one.id}</p>'
        f'<div id="said-{one.id}">{sides}{ends}</div>{button}</article>'
    )


def _side(citation: Citation, date: str, texts: Texts, *, newer: bool) -> str:
    at = place(CitationJSON.model_validate(citation), texts)
    parts = [at, date, texts.admin_newer if newer else ""]
    where = shown(" · ".join(filter(None, parts)))
    quote = quoted(citation.quote)
    return f"<figure><figcaption>{where}</figcaption><blockquote>{quote}</blockquote></figure>"
