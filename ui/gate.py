"""The gate in front of everything that is served: who may ask, and what a page may do.

Each request passes through here. One that another site's page sends in its visitor's name, or that
uses a host name that is not ours, is refused. Each reply gets headers that make the browser send
requests only to us, and Gradio's page is changed to comply with them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from qa import SettingsError, Viewer
from qa.api import Problem, written

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
# The routes that Gradio's page needs. Its other routes (a description of its interface, files of
# this machine and of visitors, other sites' pages, usage figures) are of no use to us.
GRADIO_PATHS = re.compile(
    r"(assets|static)/.+|theme\.css|config|"
    r"gradio_api/(queue/(join|data)|cancel|reset|app_id|startup-events)"
)
# The headers in which proxies describe whose request they forward.
FORWARDED = re.compile(rb"x-forwarded-|forwarded$|x-real-ip$")
RETRY_SECONDS = b"5"
# What is answered below these paths is kept by nobody.
PROGRAMS = ("/api/", "/v1/", "/mcp")
YEAR = b"public, max-age=31536000, immutable"
# Parts of Gradio's page that lead elsewhere, fetch what we do not use, or talk to any parent page.
_UNWANTED = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^<>]*+>\s*+'
    r'|<link rel="manifest"[^<>]*+>\s*+'
    r"|window\.parent\?\.postMessage\((?:[^()]++|\([^()]*+\))*+\);"
)
_SCRIPT_ELEMENT = re.compile(r"<script(?=[\s>])[^<>]*+>(?:[^<]++|<(?!/?script[\s>]))*+</script>")
_RESIZER = "iframeResizer.contentWindow"
_SCRIPT = re.compile(r"<script(?=[\s>])")
_LANGUAGE = re.compile(r'(<html(?=\s)[^<>]*?\slang=")[^"<>]*+"')


@dataclass(frozen=True, slots=True)
class Fitting:
    """The additions to Gradio's page: its language, tags for its head, the owner's page's name."""

    language: str
    head: str
    admin_title: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The host names of the server; with `addresses`, also any address of a machine.

    Another site can point its own name to this machine, and its pages could then send requests as
    if they were ours; it cannot do so with an address.
    """

    known: frozenset[str]
    addresses: bool = False

    def __contains__(self, name: str | None) -> bool:
        return name is not None and (
            name in self.known or (self.addresses and _address(name) is not None)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """Which sites may embed the page, its host names, and the additions to it.

    If `hosts` is None, any name is accepted. Forwarding headers, and those in `by_proxies`, are
    only believed from `proxies`. `pages` are the folders of Gradio's pages, such as "/en/".
    With `signing_out`, the page offers it; to those whom `is_admin` knows, it offers the owner's.
    """

    embed_origins: tuple[str, ...] = ()
    hosts: Names | None = None
    pages: Mapping[str, Fitting] = field(default_factory=dict)
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    by_proxies: frozenset[bytes] = frozenset()
    signing_out: bool = False
    is_admin: Callable[[HTTPConnection], bool] | None = None

    def policy(self, nonce: str | None = None) -> bytes:
        """The Content-Security-Policy; a script with the nonce may run in the page."""
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
        if scope["type"] == "websocket":  # nothing here uses WebSockets
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        by_proxy = self._is_by_proxy(scope)
        believed = scope if by_proxy else self._disbelieved(scope)
        forwarded = len(believed["headers"]) < len(scope["headers"])
        # Where the door says who asks.
        state = {**scope.get("state", {}), "forwarded": forwarded, "by_proxy": by_proxy}
        scope = {**believed, "state": state}
        reply = Reply(send, self.rules, scope)
        if refused := self._refused(scope):
            await _refuse(Problem(*refused), reply.path, reply.send)
            return
        if reply.page:
            # The page is changed on its way out, so it must not be compressed.
            kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, reply.send)

    def _is_by_proxy(self, scope: Scope) -> bool:
        """Whether one of our proxies sent the request."""
        sender = _address((scope.get("client") or ("",))[0])
        return sender is not None and any(sender in proxies for proxies in self.rules.proxies)

    def _disbelieved(self, scope: Scope) -> Scope:
        """The request without the headers of a proxy."""
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if not FORWARDED.match(name) and name not in self.rules.by_proxies
        ]
        return {**scope, "headers": kept}

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        if sum(name == b"host" for name, _ in scope["headers"]) > 1:
            return 400, "The request has two Host headers."
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        name = _name(host)
        if self.rules.hosts is not None and name not in self.rules.hosts:
            return 421, (
                f"This server does not answer to the name {name or host!r}. If it should, "
                "start it with --allow-host and that name."
            )
        if scope["method"] not in READING_METHODS and _comes_from_elsewhere(headers):
            return 403, "This request comes from a page of another site."
        return None


class Needed:
    """The middleware that closes what pages do not need of Gradio; `pages` as in `Rules`.

    It stands behind the door, which tells strangers nothing about what is there.
    """

    def __init__(self, app: ASGIApp, pages: Iterable[str]) -> None:
        self.app = app
        self.pages = tuple(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and not self._known(scope["path"]):
            await _refuse(Problem(404, "There is nothing here."), scope["path"], send)
        else:
            await self.app(scope, receive, send)

    def _known(self, path: str) -> bool:
        for folder in self.pages:
            if path.startswith(folder):
                rest = path[len(folder) :]
                return not rest or GRADIO_PATHS.fullmatch(rest) is not None
        return True


class Reply:
    """A reply on its way out; a page is held back until it is complete."""

    def __init__(self, send: Send, rules: Rules, scope: Scope) -> None:
        self._send = send
        self.rules = rules
        self.path: str = scope["path"]
        self._scope = scope
        self.page = rules.pages.get(self.path)
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Forward a message of the application."""
        if message["type"] == "http.response.start":
            headers: Headers = list(message["headers"])
            is_html = _find(headers, b"content-type").startswith(b"text/html")
            if self.page and is_html and message["status"] < 400:
                self._start = message
                return
            added = self._added(headers, status=message["status"])
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
        body = fitted(self._body.decode(), self.page, self._told(), nonce).encode()
        headers: Headers = [
            pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        headers += self._added(headers, nonce)
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _told(self) -> dict[str, str]:
        """Values for the page's scripts, by the names of the tags."""
        told = {"footnote-origins": " ".join(self.rules.embed_origins)}
        if self._viewer.name:
            told["footnote-viewer"] = self._viewer.name
            if self.rules.signing_out:
                told["footnote-sign-out"] = "yes"
        is_admin = self.rules.is_admin
        if self.page and is_admin and is_admin(HTTPConnection(self._scope)):
            told["footnote-admin"] = self.page.admin_title
        return told

    @property
    def _viewer(self) -> Viewer:
        return self._scope["state"].get("viewer") or Viewer()

    def _added(self, headers: Headers, nonce: str | None = None, *, status: int = 200) -> Headers:
        sharing = b"cross-origin" if self.path == "/embed.js" else b"same-origin"
        ours = (
            *HEADERS,
            (b"content-security-policy", self.rules.policy(nonce)),
            (b"cache-control", self._keeping() if status < 400 else b"no-store"),
            (b"cross-origin-resource-policy", sharing),
            *(((b"retry-after", RETRY_SECONDS),) if status == 503 else ()),
        )
        # A document's own file has a stricter policy.
        return [(name, value) for name, value in ours if not _find(headers, name)]

    def _keeping(self) -> bytes:
        # The names of Gradio's assets contain a hash of their content.
        if any(self.path.startswith(f"{folder}assets/") for folder in self.rules.pages):
            return YEAR
        # A page that names its reader is not shown to the next one.
        personal = self.page is not None and self._viewer.name
        return b"no-store" if personal or self.path.startswith(PROGRAMS) else b"no-cache"


def fitted(html: str, page: Fitting, told: Mapping[str, str], nonce: str) -> str:
    """Gradio's page with our head, in its language, with the nonce on each of its scripts.

    `told` are tags for its head, by their names.
    """
    tags = (f'<meta name="{name}" content="{escape(value)}">' for name, value in told.items())
    head = f"{''.join(tags)}{page.head}"
    html = _SCRIPT_ELEMENT.sub(lambda script: "" if _RESIZER in script[0] else script[0], html)
    html = _LANGUAGE.sub(rf'\g<1>{page.language}"', _UNWANTED.sub("", html), count=1)
    html = html.replace("</head>", f"{head}</head>", 1)
    return _SCRIPT.sub(f'<script nonce="{nonce}"', html)


def origin(text: str) -> str:
    """An origin as browsers write it.

    Raises:
        SettingsError: it is not one, or has more than scheme, host and port.
    """
    problem = SettingsError(
        f"{text!r} is not an origin. Give scheme and host, and the port if it is not the usual "
        "one, without a path: https://portal.example or http://localhost:8080."
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


def network(text: str) -> IPv4Network | IPv6Network:
    """The addresses of proxies: a single one, or a network.

    Raises:
        SettingsError: it is neither of them.
    """
    try:
        return ip_network(text.strip().strip("[]"))
    except ValueError:
        raise SettingsError(
            f"{text!r} is not the address of a proxy. Give one, or a network: 10.0.0.7 or "
            "10.0.0.0/24."
        ) from None


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _name(host: str) -> str | None:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _comes_from_elsewhere(headers: Mapping[bytes, str]) -> bool:
    # No page can set this header, and it is right even behind a proxy that changes the Host.
    if site := headers.get(b"sec-fetch-site"):
        return site not in ("same-origin", "none")
    sender = headers.get(b"origin")
    return sender is not None and urlsplit(sender).netloc != headers.get(b"host")


async def _refuse(problem: Problem, path: str, send: Send) -> None:
    said, kind = written(problem, path)
    body = json.dumps(said).encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _find(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")
