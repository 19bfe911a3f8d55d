"""The view of findings: what reviews of the documents found, with the quotes of both sides."""

from __future__ import annotations

from collections.abc import Iterator
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
    aside = ""
    if review.aside:
        words = texts.admin_aside.format(number=len(review.aside))
        aside = f'<p class="note">{shown(words)}</p>'
    body = "".join(_kinds(review, texts)) or f"<p>{shown(texts.admin_no_findings)}</p>"
    return f"""<section aria-labelledby="of-review">
<h2 id="of-review">{shown(texts.admin_findings)}</h2>
{press("review", texts.admin_review_start, texts)}
<div data-part="review">{review_html(state, texts)}</div>
<p class="note">{shown(compared)}</p>{aside}
</section>
{body}"""


def _kinds(review: Review, texts: Texts) -> Iterator[str]:
    for kind in KINDS:
        found = [one for one in review.findings if one.kind == kind]
        if not found:
            continue
        name = kind.replace(" ", "_")
        title = getattr(texts, f"admin_{name}")
        rest = len(found) - MOST
        more = f"<p>{shown(texts.rest.format(number=rest))}</p>" if rest > 0 else ""
        shown_ones = "".join(_finding(one, texts) for one in found[:MOST])
        yield (
            f'<section aria-labelledby="of-{name}"><h2 id="of-{name}">{shown(title)} '
            f"<span>{len(found):,}</span></h2>{shown_ones}{more}</section>"
        )


def _finding(one: ReviewFinding, texts: Texts) -> str:
    sides = "".join(
        _side(citation, date, texts, newer=citation.number == one.newer)
        for citation, date in zip(one.citations, one.dates, strict=True)
    )
    target = texts.admin_leads_to.format(target=one.target) if one.target else ""
    meant = texts.admin_meant.format(source=one.meant) if one.meant else ""
    ends = "".join(f"<p>{shown(words)}</p>" for words in (target, meant) if words)
    return f'<article class="finding"><p class="note">{one.id}</p>{sides}{ends}</article>'


def _side(citation: Citation, date: str, texts: Texts, *, newer: bool) -> str:
    at = place(CitationJSON.model_validate(citation), texts)
    parts = [at, date, texts.admin_newer if newer else ""]
    where = shown(" · ".join(filter(None, parts)))
    quote = quoted(citation.quote)
    return f"<figure><figcaption>{where}</figcaption><blockquote>{quote}</blockquote></figure>"
