"""The options for mounting a page, and the settings needed before Gradio is imported."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.brand.brand import PLAIN, Brand

if TYPE_CHECKING:
    from qa import Assistant
    from ui.page.texts import Texts

_SVG = "image/svg+xml"
STATIC = Path(__file__).parents[1] / "static"
# All imports of the page's own modules, so that a browser requests them at once, not in turn.
MODULES = sorted(
    file.relative_to(STATIC).as_posix()
    for file in STATIC.rglob("*.js")
    if file.name not in ("early.js", "embed.js", "admin.js")
)


def icon(brand: Brand, up: str = "") -> str:
    """The tag for the picture of a page; `up` leads from it to the server's first page."""
    logo = brand.logo
    name, kind = ("brand/logo", logo.media_type) if logo else ("static/chat/icon.svg", _SVG)
    return f'<link rel="icon" href="{up}{name}" type="{kind}">'


def look(
    texts: Texts, brand: Brand = PLAIN, *, megabytes: float = 100, comments: bool = False
) -> dict[str, Any]:
    """The options for mounting a page: our own scripts and styles, and no links elsewhere.

    `megabytes` is the largest size of a dropped file; the page's scripts refuse larger ones at
    once. With `comments`, they ask whoever rates an answer for one.
    """
    import gradio as gr

    fonts = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")
    mono = ("ui-monospace", "Consolas", "monospace")
    # "<" could end the element; none of our strings needs one.
    strings = json.dumps(texts.to_dict(), ensure_ascii=False).replace("<", "\\u003c")
    return {
        "theme": gr.themes.Base(font=fonts, font_mono=mono),
        "head": (
            '<script src="../static/chat/early.js"></script>'
            f'<script type="application/json" id="footnote-texts">{strings}</script>'
            f'<meta name="footnote-megabytes" content="{megabytes:g}">'
            + ('<meta name="footnote-comments">' if comments else "")
            + f"{icon(brand, '../')}"
            '<link rel="stylesheet" href="../static/fonts/fonts.css">'
            '<link rel="stylesheet" href="../static/chat/page.css">'
            '<link rel="stylesheet" href="../static/source/panel.css">'
            + ('<link rel="stylesheet" href="../brand/chat.css">' if brand.is_drawn else "")
            + "".join(f'<link rel="modulepreload" href="../static/{name}">' for name in MODULES)
            + '<script type="module" src="../static/chat/page.js"></script>'
            '<script type="module" src="../static/source/panel.js"></script>'
            '<script type="module" src="../static/embed/frame.js"></script>'
        ),
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": False,
        "app_kwargs": {"docs_url": None, "redoc_url": None, "openapi_url": None},
        "show_error": False,
    }


def keep_to_ourselves(assistant: Assistant) -> None:
    """Stop Gradio and the hub's client from sending requests; they read this on import."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if not assistant.settings.embedder.startswith("huggingface:"):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
