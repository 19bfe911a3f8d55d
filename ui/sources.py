"""The documents behind the footnotes: their text as it was read, and their files."""

from __future__ import annotations

import codecs
import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from qa import UnknownSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fastapi import APIRouter, Request, Response

    from qa import Assistant, Document, Status

# What a browser shows by itself without running any of it; the rest is downloaded.
SHOWN = {".pdf": "application/pdf", ".txt": "text/plain", ".text": "text/plain",
         ".md": "text/plain", ".markdown": "text/plain"}  # fmt: skip
DOWNLOADED = "application/octet-stream"
# Browsers ask again each time, and are told in a few bytes that nothing has changed.
CACHING = "private, no-cache"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": CACHING,
}
# Enough of a text file to tell its encoding.
LOOKED_AT = 65_536


class Attached(Protocol):
    """Whoever keeps the files of single conversations."""

    def assistant(self, conversation: str) -> Assistant | None:
        """What answers from a conversation's own files, where it has some."""


def routes(assistant: Assistant, attachments: Attached | None) -> APIRouter:
    """`GET /api/source` and `GET /api/original`; unknown sources are 404 with `error`."""
    from fastapi import APIRouter, Request
    from fastapi.responses import FileResponse, JSONResponse, Response

    router = APIRouter()

    def found(source: str, conversation: str) -> tuple[Assistant, Document]:
        for holder in _holders(assistant, attachments, conversation):
            try:
                return holder, holder.document(source)
            except UnknownSourceError as error:
                unknown = error
        raise unknown

    def source_text(request: Request, source: str, conversation: str = "") -> Response:
        try:
            holder, document = found(source, conversation)
        except UnknownSourceError as error:
            return _refused(str(error))
        original = None
        if original_file(source, holder.status()) is not None:
            original = f"original?{urlencode({'source': source, 'conversation': conversation})}"
        body = json.dumps({**_shown(document), "original": original}, ensure_ascii=False).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {**HEADERS, "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def original(source: str, conversation: str = "") -> Response:
        try:
            holder, _ = found(source, conversation)
        except UnknownSourceError as error:
            return _refused(str(error))
        file = original_file(source, holder.status())
        if file is None:
            return _refused(f"The file of {source} is not there any more. Its text still is.")
        kind = SHOWN.get(file.suffix.lower(), DOWNLOADED)
        return FileResponse(
            file,
            media_type=f"{kind}; charset={_encoding(file)}" if kind == "text/plain" else kind,
            headers={**HEADERS, "Content-Security-Policy": "sandbox"},
            filename=file.name,
            content_disposition_type="attachment" if kind == DOWNLOADED else "inline",
        )

    def _refused(message: str) -> Response:
        return JSONResponse({"error": message}, 404, {**HEADERS, "Cache-Control": "no-store"})

    # These names mean nothing to whoever resolves postponed annotations.
    source_text.__annotations__.update({"request": Request, "return": Response})
    original.__annotations__["return"] = Response
    router.get("/api/source", response_model=None)(source_text)
    router.get("/api/original", response_model=None)(original)
    return router


def original_file(source: str, status: Status) -> Path | None:
    """The file that a source was read from, where it still is below a folder of the index.

    Nothing outside such a folder is ever given, whatever the source is called
    and wherever links in the folder lead.
    """
    for name, folder in _names(status).items():
        if source == name:
            inside: tuple[str, ...] = ()
        elif source.startswith(f"{name}/"):
            inside = PurePosixPath(source[len(name) + 1 :]).parts
        else:
            continue
        return _below(folder, inside)
    return None


def _holders(
    assistant: Assistant, attachments: Attached | None, conversation: str
) -> Iterator[Assistant]:
    if attachments is not None and _is_id(conversation):
        private = attachments.assistant(conversation)
        if private is not None:
            yield private
    yield assistant


def _is_id(conversation: str) -> bool:
    return len(conversation) == 32 and all(digit in "0123456789abcdef" for digit in conversation)


def _names(status: Status) -> Mapping[str, Path]:
    """What the sources of each folder begin with: as many ends of its path as they have."""
    known = {source.source for source in status.sources}
    names: dict[str, Path] = {}
    for folder in map(Path, status.folders):
        for depth in range(len(folder.parts), 0, -1):
            name = "/".join(folder.parts[-depth:]).replace("//", "/")
            if name in known or any(source.startswith(f"{name}/") for source in known):
                names.setdefault(name, folder)
                break
    return names


def _below(folder: Path, inside: Sequence[str]) -> Path | None:
    if any(part in ("", ".", "..", "/") or "\0" in part for part in inside):
        return None
    try:
        root = folder.resolve(strict=True)
        file = root.joinpath(*inside).resolve(strict=True)
    except OSError:
        return None
    return file if file.is_relative_to(root) and file.is_file() else None


def _shown(document: Document) -> dict[str, Any]:
    return {
        "source": document.source,
        "title": document.title,
        "text": document.text,
        "pages": list(document.pages),
        "headings": [
            {"start": heading.start, "level": heading.level, "text": heading.text}
            for heading in document.headings
        ],
    }


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
