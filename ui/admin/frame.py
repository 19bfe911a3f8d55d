"""The frame of the owner's page: its head, its views, and the parts that change by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.admin.tables import shown, table, time
from ui.page.looks import icon

if TYPE_CHECKING:
    from qa.api import Alert, EndedSync, WorkState
    from ui.brand.brand import Brand
    from ui.page.texts import Texts

# Nobody may show it in a frame, where a press could be meant for something else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VIEWS = ("documents", "questions", "findings")


def framed(view: str, body: str, texts: Texts, brand: Brand) -> str:
    """The whole page with one view."""
    names = {name: getattr(texts, f"admin_{name}") for name in VIEWS}
    links = "".join(
        f'<a href="admin?view={name}&amp;lang={texts.language}"'
        f"{current('page', name == view)}>{shown(words)}</a>"
        for name, words in names.items()
    )
    drawn = '<link rel="stylesheet" href="brand/pages.css">\n' if brand.is_drawn else ""
    title = f"{names[view]} · {texts.admin_title} · {texts.title}"
    return f"""<!doctype html>
<html lang="{texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{shown(title)}</title>
{icon(brand)}
<link rel="stylesheet" href="static/fonts/fonts.css">
<link rel="stylesheet" href="static/admin/admin.css">
{drawn}<script type="module" src="static/admin/admin.js"></script>
</head>
<body>
<header>
<h1>{shown(texts.title)} <span>{shown(texts.admin_title)}</span></h1>
<nav aria-label="{shown(texts.admin_views)}">{links}
<a href="{texts.language}/">{shown(texts.admin_chat)}</a></nav>
</header>
<main>
<section aria-labelledby="of-alerts">
<h2 id="of-alerts">{shown(texts.admin_alerts)}</h2>
<div data-part="alerts" role="status"></div>
</section>
{body}
</main>
</body>
</html>
"""


def current(kind: str, is_current: bool) -> str:
    """What marks the link to what is shown."""
    return f' aria-current="{kind}"' if is_current else ""


def alerts_html(alerts: Sequence[Alert], texts: Texts) -> str:
    """What is wrong with the server."""
    if not alerts:
        return f'<p class="good">{shown(texts.admin_no_alerts)}</p>'
    lines = (
        f"<li>{shown(getattr(texts, f'admin_alert_{one.check}', one.check))}"
        + (f" {shown(one.error)}" if one.error else "")
        + "</li>"
        for one in alerts
    )
    return f'<ul class="problem">{"".join(lines)}</ul>'


def sync_html(state: WorkState, syncs: Sequence[EndedSync], texts: Texts) -> str:
    """How far the sync is, and how the last ones ended."""
    if not syncs and not state.running and not state.error:
        return f"<p>{shown(texts.admin_sync_never)}</p>"
    heads = (
        *(texts.admin_ended, texts.admin_added, texts.admin_changed, texts.admin_removed),
        *(texts.admin_skipped, texts.admin_error),
    )
    rows = [
        (time(one.time), *_numbers(one), f'<span class="problem">{shown(one.error)}</span>')
        for one in syncs
    ]
    # Where nothing is mirrored yet, a failure is of no place, and so not in the list.
    listed = bool(syncs) and syncs[0].time >= (state.started or "")
    begun = _running(state, texts) if listed else _begun(state, texts)
    return begun + table(heads, rows, texts.admin_syncs, kind="syncs")


def review_html(state: WorkState, texts: Texts) -> str:
    """How far the review is, or why it failed."""
    return _begun(state, texts)


def press(where: str, words: str, texts: Texts) -> str:
    """A button that begins something."""
    return (
        f'<form method="post" action="admin/{where}?lang={texts.language}">'
        f"<button>{shown(words)}</button></form>"
    )


def _numbers(one: EndedSync) -> tuple[str, ...]:
    numbers = (one.added, one.changed + one.renamed, one.removed, one.skipped)
    if one.error and not any(numbers):
        return ("", "", "", "")
    return tuple(f"{number:,}" for number in numbers)


def _begun(state: WorkState, texts: Texts) -> str:
    failed = shown(texts.admin_stopped.format(error=state.error)) if state.error else ""
    return _running(state, texts) or (f'<p class="problem">{failed}</p>' if failed else "")


def _running(state: WorkState, texts: Texts) -> str:
    if not state.running:
        return ""
    words = shown(texts.admin_running.format(done=state.done, total=state.total))
    bar = f'<progress aria-label="{words}" max="1" value="{state.share:.3f}"></progress>'
    return f"<p>{words}</p>{bar}"
