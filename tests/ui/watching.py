"""What a page requested and complained about while a test used it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page


@dataclass
class Watch:
    """Every request of a context's pages, their frames included, and every error."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def over(cls, context: BrowserContext) -> Watch:
        """Watch a context from now on."""
        watch = cls()
        context.on("request", lambda request: watch.requests.append(request.url))
        context.on("console", watch._heard)
        context.on("page", watch._opened)
        return watch

    def elsewhere(self, *origins: str) -> list[str]:
        """The requests to anything else."""
        own = ("data:", *(f"{scheme}{origin}/" for origin in origins for scheme in ("", "blob:")))
        return [url for url in self.requests if not url.startswith(own)]

    def _heard(self, message: ConsoleMessage) -> None:
        # A frame of another site may not take the cursor; Chromium reports that as an error.
        if message.type == "error" and "autofocusing" not in message.text:
            self.errors.append(message.text)

    def _opened(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
