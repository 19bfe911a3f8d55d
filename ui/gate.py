"""What stands in front of everything that is served: who may ask, and what a page may do.

Each request passes here. One that another site's page sends in its visitor's
name, or that comes by a name which is not ours, goes no further. Each reply
gets headers that hold the browser to asking nobody but us, and Gradio's page
is made to fit them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qa import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Headers = list[tuple[bytes, bytes]]

READING_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
)
# What Gradio's page asks of its server. The rest of Gradio (a description of its interface, files
# of this machine, other sites' pages, figures of its use) is of no use to us.
GRADIO_PATHS = re.compile(
    r"(assets|static)/.+|theme\.css|config|"
    r"gradio_api/(queue/(join|data)|upload|upload_progress|cancel|reset|heartbeat/\w+|"
    r"app_id|startup-events)"
)
YEAR = b"public, max-age=31536000, immutable"
# Parts of Gradio's page that lead elsewhere, fetch what we do not use, or talk to any page around.
_UNWANTED = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*'
    r'|<link rel="manifest"[^>]*>\s*'
    r"|<script[^>]*>(?:(?!</script>).)*?iframeResizer\.contentWindow(?:(?!</script>).)*</script>"
    r"|window\.parent\?\.postMessage\((?:(?!\);).)*\);",
    re.S,
)
_SCRIPT = re.compile(r"<script(?=[\s>])")
_LANGUAGE = re.compile(r'(<html[^>]*?\slang=")[^"]*"')


@dataclass(frozen=True, slots=True)
class Page:
    """What is put into Gradio's page: its language, and tags for its head."""

    language: str
    head: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the page may stand, by which names it is asked for, and what is put into it.

    `hosts` None: any name will do. `pages` are the folders at which Gradio's pages are, as "/en/".
    """

    embed_origins: tuple[str, ...] = ()
    hosts: frozenset[str] | None = None
    pages: Mapping[str, Page] = field(default_factory=dict)

    def policy(self, nonce: str | None = None) -> bytes:
        """The Content-Security-Policy; whoever knows the nonce may run a script in the page."""
        scripts = f"script-src 'self' 'nonce-{nonce}'" if nonce else "script-src 'self'"
        ancestors = " ".join(("'self'", *self.embed_origins))
        return (
            f"default-src 'self'; {scripts}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; connect-src 'self'; font-src 'self' data:; "
            f"media-src 'self' blob:; frame-src 'self'; frame-ancestors {ancestors}; "
            "form-action 'self'; object-src 'none'; base-uri 'self'"
        ).encode()


class Gate:
    """The middleware."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = Reply(send, self.rules, scope)
        if refused := self._refused(scope):
            await _refuse(*refused, reply.send)
            return
        if reply.page:
            # The page is changed on its way out, so it must come as text.
            kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, reply.send)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        name = _name(host)
        if self.rules.hosts is not None and name not in self.rules.hosts:
            return 421, (
                f"This server does not go by the name {name or host!r}. If it should, "
                "start it with --allow-host and that name."
            )
        if scope["method"] not in READING_METHODS and _comes_from_elsewhere(headers):
            return 403, "Asked by a page of another site."
        if not self._known(scope["path"]):
            return 404, "There is nothing here."
        return None

    def _known(self, path: str) -> bool:
        for folder in self.rules.pages:
            if path.startswith(folder):
                rest = path[len(folder) :]
                return not rest or GRADIO_PATHS.fullmatch(rest) is not None
        return True


class Reply:
    """One reply on its way out; a page is held back until it is whole."""

    def __init__(self, send: Send, rules: Rules, scope: Scope) -> None:
        self._send = send
        self.rules = rules
        self.path: str = scope["path"]
        self.page = rules.pages.get(self.path)
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass a message of the application on."""
        if message["type"] == "http.response.start":
            headers: Headers = list(message["headers"])
            if self.page and _find(headers, b"content-type").startswith(b"text/html"):
                self._start = message
                return
            added = self._added(headers, there=message["status"] < 400)
            await self._send({**message, "headers": [*headers, *added]})
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page()
        else:
            await self._send(message)

    async def _send_page(self) -> None:
        assert self._start is not None
        assert self.page is not None
        nonce = secrets.token_urlsafe(16)
        body = fitted(self._body.decode(), self.page, self.rules.embed_origins, nonce).encode()
        headers: Headers = [
            pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        headers += self._added(headers, nonce)
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _added(self, headers: Headers, nonce: str | None = None, *, there: bool = True) -> Headers:
        sharing = b"cross-origin" if self.path == "/embed.js" else b"same-origin"
        ours = (
            *HEADERS,
            (b"content-security-policy", self.rules.policy(nonce)),
            (b"cache-control", self._keeping() if there else b"no-store"),
            (b"cross-origin-resource-policy", sharing),
        )
        # A document that is shown as it is has stricter rules of its own.
        return [(name, value) for name, value in ours if not _find(headers, name)]

    def _keeping(self) -> bytes:
        # Gradio's assets have their content's hash in their names.
        if any(self.path.startswith(f"{folder}assets/") for folder in self.rules.pages):
            return YEAR
        return b"no-store" if self.path.startswith("/api/") else b"no-cache"


def fitted(html: str, page: Page, embed_origins: Iterable[str], nonce: str) -> str:
    """Gradio's page with our head, in its language, with the nonce on each of its scripts."""
    origins = escape(" ".join(embed_origins))
    head = f'<meta name="footnote-origins" content="{origins}">{page.head}'
    html = _LANGUAGE.sub(rf'\g<1>{page.language}"', _UNWANTED.sub("", html), count=1)
    html = html.replace("</head>", f"{head}</head>", 1)
    return _SCRIPT.sub(f'<script nonce="{nonce}"', html)


def origin(text: str) -> str:
    """An origin as browsers write it.

    Raises:
        SettingsError: it is none, or says more than scheme, host and port.
    """
    problem = SettingsError(
        f"{text!r} is no origin. Give scheme and host, and the port if it is not the usual one, "
        "without a path: https://portal.example or http://localhost:8080."
    )
    try:
        parts = urlsplit(text.strip().removesuffix("/"))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in ("http", "https") or not host or text.strip().endswith("//"):
        raise problem
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise problem
    try:
        shown = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except UnicodeError:
        raise problem from None
    if not re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", shown):
        raise problem
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, usual) else "")


def _name(host: str) -> str | None:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _comes_from_elsewhere(headers: Mapping[bytes, str]) -> bool:
    # No page can set this one, and it stays true behind a proxy that changes the Host.
    if site := headers.get(b"sec-fetch-site"):
        return site not in ("same-origin", "none")
    sender = headers.get(b"origin")
    return sender is not None and urlsplit(sender).netloc != headers.get(b"host")


async def _refuse(status: int, reason: str, send: Send) -> None:
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _find(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")
