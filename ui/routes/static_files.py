"""Files that do not change while we run: read and compressed once, then answered from memory.

Gradio's page is some sixty small files. Opening and compressing each of them anew for every
visitor took most of the time until the page could be used.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

# Python's own list, which is the same on every machine, and not that of the system.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("text/javascript", ".js")
_TYPES.add_type("font/woff2", ".woff2")

# Below it, compressing gains nothing.
_LEAST = 500
_COMPRESSED = frozenset(
    ("text/html", "text/css", "text/javascript", "application/json", "image/svg+xml")
)
# In the order of our liking.
_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: bytes(brotli.compress(content, quality=9)),
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is sent: its content, and what its headers say of it."""

    content: bytes
    headers: dict[str, str]


class Assets:
    """An ASGI application that answers with the files of a folder, those under it included."""

    def __init__(self, folder: Path) -> None:
        # Only what is here now can be asked for, so that no path leads out of the folder.
        self._files = {
            file.relative_to(folder).as_posix(): file
            for file in folder.rglob("*")
            if file.is_file()
        }
        self._kept = cache(self._keep)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            await self._reply(scope)(scope, receive, send)

    def _reply(self, scope: Scope) -> Response:
        from starlette.datastructures import Headers
        from starlette.responses import Response

        name = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        if name not in self._files:
            return Response(status_code=404)
        if scope["method"] not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"allow": "GET, HEAD"})
        asked = Headers(scope=scope)
        kept = self._kept(name, _encoding(asked.get("accept-encoding", "")))
        # A proxy that compresses anew marks the tag as a weak one.
        known = [
            tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")
        ]
        if kept.headers["etag"] in known:
            return Response(status_code=304, headers=kept.headers)
        return Response(kept.content, headers=kept.headers)

    def _keep(self, name: str, encoding: str) -> Kept:
        content = self._files[name].read_bytes()
        kind = _TYPES.guess_type(name)[0] or "application/octet-stream"
        headers = {"content-type": kind, "vary": "accept-encoding"}
        if encoding and kind in _COMPRESSED and len(content) >= _LEAST:
            content = _ENCODINGS[encoding](content)
            headers["content-encoding"] = encoding
        headers["etag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return Kept(content, headers)


def _encoding(accepted: str) -> str:
    """What to compress with; nothing if the browser takes none of it."""
    names = {
        part.split(";")[0].strip().lower()
        for part in accepted.split(",")
        if not part.replace(" ", "").lower().endswith(";q=0")
    }
    return next((name for name in _ENCODINGS if name in names), "")
