"""Who holds a document: a conversation with files of its own, or the index of everybody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from fastapi.responses import Response

from qa import UnknownSourceError
from qa.api import name_of, seen
from ui.routes.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import Request

    from qa import Assistant, Document

# Browsers ask again each time, and a few bytes tell them that nothing has changed.
CACHING = "private, no-cache"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": CACHING,
}
REFUSED = {**HEADERS, "Cache-Control": "no-store"}


class Attached(Protocol):
    """What keeps the files of single conversations."""

    def assistant(self, conversation: str, viewer: str = "") -> Assistant | None:
        """What answers from the own files of a viewer's conversation, where it has some."""


class Holders:
    """The assistant of everybody, as one of them may see it, and those of conversations."""

    def __init__(self, assistant: Assistant, attachments: Attached | None) -> None:
        self._assistant = assistant
        self._attachments = attachments

    def of(self, request: Request, source: str, conversation: str) -> tuple[Assistant, Document]:
        """The assistant whose index has a source, as one conversation may see it, and the document.

        Raises:
            UnknownSourceError: none has it.
        """
        for holder in self._of(request, conversation):
            try:
                return holder, holder.document(source)
            except UnknownSourceError as error:
                unknown = error
        raise unknown

    def _of(self, request: Request, conversation: str) -> Iterator[Assistant]:
        if self._attachments is not None and _is_id(conversation):
            private = self._attachments.assistant(conversation, name_of(request))
            if private is not None:
                yield seen(private, request)
        yield seen(self._assistant, request)


def unless_known(request: Request, body: bytes, kind: str) -> Response:
    """A reply with this body; a few bytes if the browser has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def gone(source: str) -> Response:
    """The reply where a document is left of a file that is not."""
    return told(f"The file of {source} is not there any more. Its text still is.", 404, REFUSED)


def _is_id(conversation: str) -> bool:
    return len(conversation) == 32 and all(digit in "0123456789abcdef" for digit in conversation)
