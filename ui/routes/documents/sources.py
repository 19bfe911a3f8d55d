"""The documents behind the footnotes: their text as it was read, and their files."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from qa import UnknownSourceError, web_address
from qa.api import opened
from ui.routes.errors import told
from ui.routes.finding import HEADERS, REFUSED, Attached, Holders, gone, unless_known

if TYPE_CHECKING:
    from qa import Assistant

# What a browser shows by itself without running any of it; the rest is downloaded.
SHOWN = {".pdf": "application/pdf", ".txt": "text/plain", ".text": "text/plain",
         ".md": "text/plain", ".markdown": "text/plain"}  # fmt: skip
DOWNLOADED = "application/octet-stream"
# Enough of a text file to tell its encoding.
LOOKED_AT = 65_536


def routes(assistant: Assistant, attachments: Attached | None) -> APIRouter:
    """`GET /api/source` and `GET /api/original`; unknown sources are 404 with `error`."""
    router = APIRouter()
    holders = Holders(assistant, attachments)

    @router.get("/api/source", response_model=None)
    def source_text(request: Request, source: str, conversation: str = "") -> Response:
        try:
            holder, document = holders.of(request, source, conversation)
        except UnknownSourceError as error:
            return told(error, headers=REFUSED)
        asked = urlencode({"source": source, "conversation": conversation})
        there = holder.original(source) is not None
        addresses = {
            "original": web_address(source) or (f"original?{asked}" if there else None),
            "page": f"page?{asked}" if there and document.pages else None,
            "marks": f"marks?{asked}" if there and document.pages else None,
        }
        opened(holder, source)
        links = tuple(holder.links(source)) if document.links else ()
        shown = replace(document, links=links).to_dict()
        body = json.dumps({**shown, **addresses}, ensure_ascii=False).encode()
        return unless_known(request, body, "application/json")

    @router.get("/api/original", response_model=None)
    def original(request: Request, source: str, conversation: str = "") -> Response:
        try:
            holder, _ = holders.of(request, source, conversation)
        except UnknownSourceError as error:
            return told(error, headers=REFUSED)
        file = holder.original(source)
        if file is None:
            return gone(source)
        opened(holder, source, "file")
        kind = SHOWN.get(file.suffix.lower(), DOWNLOADED)
        return FileResponse(
            file,
            media_type=f"{kind}; charset={_encoding(file)}" if kind == "text/plain" else kind,
            headers={**HEADERS, "Content-Security-Policy": "sandbox"},
            filename=file.name,
            content_disposition_type="attachment" if kind == DOWNLOADED else "inline",
        )

    return router


def _encoding(file: Path) -> str:
    with file.open("rb") as stream:
        start = stream.read(LOOKED_AT)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"
