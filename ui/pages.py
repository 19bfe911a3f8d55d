"""The pages that Gradio makes, one per language, as parts of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi.middleware.cors import CORSMiddleware
from gradio.route_utils import BUILD_PATH_LIB

from ui.gate import Fitting
from ui.page.forgetful import Listening, made_forgetful
from ui.page.layout import build_app
from ui.page.looks import look
from ui.page.texts import TEXTS
from ui.page.visiting import Visiting
from ui.routes.static_files import Assets

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa import Assistant
    from ui.brand.brand import Brand
    from ui.page.examples import Examples
    from ui.uploads import Attachments


def mount_pages(
    server: FastAPI,
    assistant: Assistant,
    attachments: Attachments,
    examples: Examples,
    brand: Brand,
) -> dict[str, Fitting]:
    """Mount the pages at `/en/` and so on; the gate's additions to each, by that path."""
    gradio_assets = Assets(Path(BUILD_PATH_LIB))
    settings = assistant.settings
    fitting = {}
    sessions = {}
    for name in brand.languages:
        texts = TEXTS[name].named(brand.name)
        page = build_app(assistant, attachments, texts, examples, brand)
        looks = look(
            texts,
            brand,
            megabytes=settings.max_file_megabytes,
            comments=settings.feedback_texts,
        )
        # Gradio would only add the head when its scripts run; in the page itself it works at once.
        fitting[f"/{name}/"] = Fitting(name, looks.pop("head"), texts.admin_title)
        server.mount(f"/{name}/assets", gradio_assets)  # before Gradio's own, which is slower
        gr.mount_gradio_app(server, page, path=f"/{name}", **looks)
        sessions[f"/{name}"] = made_forgetful(server.routes[-1], page)
    server.add_middleware(CORSMiddleware, allow_origins=[])  # Gradio's own lets anyone in
    server.add_middleware(Listening, pages=sessions)
    server.add_middleware(Visiting)
    return fitting
