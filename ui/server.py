"""The web server: a page for each language, the embed's script, and their routes."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import mimetypes
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from uvicorn.config import LOGGING_CONFIG
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from qa import AccessError, QAError, SettingsError
from qa.api import (
    Desk,
    Metrics,
    Office,
    Provider,
    Readiness,
    Service,
    Traced,
    Traces,
    is_admin,
    is_loopback,
    log,
    mount,
    tell_errors,
)
from ui.background import ENDING_SECONDS, catching_up, expiring, following, meanwhile
from ui.bodies import Bodies
from ui.brand.brand import Brand
from ui.connections import LONGEST_HEADER, affordable, protocol
from ui.gate import Gate, Names, Needed, Rules, network, origin
from ui.page.examples import Examples
from ui.page.looks import STATIC, keep_to_ourselves
from ui.requests import Handled, Requests
from ui.routes import (
    branding,
    entrance,
    export,
    feedback,
    questions,
)
from ui.routes import examples as examples_routes
from ui.routes.documents import pages, sources, uploading
from ui.routes.operating import admin, health, metrics
from ui.routes.static_files import Assets
from ui.sign_in import provider as at_provider
from ui.sign_in import routes as sign_in
from ui.sign_in.door import ByCookie, ByHeader, Door
from ui.sign_in.visits import not_admitted
from ui.uploads import Attachments

if TYPE_CHECKING:
    from qa import Assistant, Settings, SyncReport
    from ui.sign_in.door import Knows

logger = logging.getLogger(__name__)

# Routes that read their bodies themselves, piece by piece.
STREAMED = ("/api/uploads",)
# Seconds that the last traces have to be sent then.
TRACES_SECONDS = 3
# Python's own is ten times as long.
SWITCH_SECONDS = 0.0005
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def build_server(
    assistant: Assistant,
    attachments: Attachments,
    *,
    embed_origins: Iterable[str] = (),
    hosts: Names | None = None,
    trusted_proxies: Iterable[str] = (),
    examples: Examples | None = None,
    readiness: Readiness | None = None,
    brand: Brand | None = None,
) -> FastAPI:
    """The whole server, as one ASGI application.

    Pages of `embed_origins` may show ours in a frame. `hosts` are the host names of the server;
    None allows any. `trusted_proxies` are addresses and networks. `examples` are the questions that
    the pages offer, `readiness` tells whether it can answer. The assistant's settings say who may
    sign in, and how, and what `brand` the pages have if none is given.

    Raises:
        SettingsError: nobody could sign in, an origin or a proxy is none, or the brand cannot be
        shown.
    """
    # Some machines have another type for it, with which browsers refuse to run it.
    mimetypes.add_type("text/javascript", ".js")
    examples = examples or Examples(assistant)
    settings, service = assistant.settings, Service.of(assistant)
    figures = Metrics(assistant, service.line)
    assistant.listeners.add(figures.hear)
    readiness = readiness or Readiness(assistant)
    traces = Traces(settings, settings.trace_endpoint) if settings.trace_endpoint else None
    failed = [figures.sync_failed]
    if traces is not None:
        assistant.listeners.add(traces.hear)
        failed.append(traces.sync_failed)
    office = Office(assistant, service.verdicts, readiness, failed)
    holdings = questions.Holdings(lambda: attachments.activity.ended)
    origins = tuple(dict.fromkeys(map(origin, embed_origins)))
    proxies = tuple(map(network, trusted_proxies))
    knows = known_by(settings, map(str, proxies))
    server = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
    server.state.metrics = figures
    server.state.office = office
    server.state.traces = traces
    server.state.brand = brand = brand or Brand.of(settings)
    for router in (
        entrance.routes(brand),
        branding.routes(brand),
        questions.routes(assistant, attachments, service.line, holdings),
        health.routes(assistant, holdings, readiness),
        metrics.routes(figures, service.keys, settings.metrics_open_to),
        examples_routes.routes(assistant, examples),
        sources.routes(assistant, attachments),
        pages.routes(assistant, attachments),
        export.routes(),
        feedback.routes(service.verdicts, assistant, service.pace),
        admin.routes(office),
        uploading.routes(assistant, attachments, assistant.settings.upload_seconds),
    ):
        server.include_router(router)
    if isinstance(knows, ByCookie):
        server.include_router(_signing_in(knows.desk, origins, assistant))
    mount(server, service, office)
    server.mount("/static", Assets(STATIC))
    tell_errors(server)
    server.add_exception_handler(AccessError, not_admitted)
    keep_to_ourselves(assistant)
    from ui.pages import mount_pages  # brings Gradio, which reads that when it is imported

    fitting = mount_pages(server, assistant, attachments, examples, brand)
    server.add_middleware(Needed, pages=fitting)
    if knows:
        server.add_middleware(Door, knows=knows, keys=service.keys)
    rules = Rules(
        origins,
        hosts,
        fitting,
        proxies,
        knows.headers if isinstance(knows, ByHeader) else frozenset(),
        signing_out=isinstance(knows, ByCookie),
        is_admin=partial(is_admin, settings),
    )
    largest = int(settings.max_request_megabytes * 1_000_000)
    server.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(one) for one in proxies])
    server.add_middleware(Gate, rules=rules)
    server.add_middleware(GZipMiddleware, compresslevel=6)
    server.add_middleware(Bodies, largest=largest, exempt=STREAMED)
    if traces is not None:
        server.add_middleware(Traced, traces=traces)
    server.add_middleware(Requests, proxies=proxies, told=_told(figures, settings))
    return server


def _told(figures: Metrics, settings: Settings) -> Callable[[Handled], None]:
    def told(one: Handled) -> None:
        figures.handled(one.path, one.status)
        if settings.log_format:
            log("request", **{**asdict(one), "seconds": round(one.seconds, 4)})

    return told


def _signing_in(desk: Desk | Provider, origins: tuple[str, ...], assistant: Assistant) -> APIRouter:
    tell = assistant.listeners.tell
    if isinstance(desk, Provider):
        return at_provider.routes(desk, origins, assistant.settings.public_url, tell)
    return sign_in.routes(desk, origins, tell)


def known_by(settings: Settings, trusted_proxies: Iterable[str]) -> Knows | None:
    """How the server knows who asks; None if everyone is let in.

    Raises:
        SettingsError: nobody could sign in.
    """
    if settings.sign_in in ("password", "ldap"):
        return ByCookie(Desk.of(settings))
    if settings.sign_in == "oidc":
        return ByCookie(Provider(settings), at_provider.OPEN)
    if settings.sign_in != "proxy":
        return None
    if not list(trusted_proxies):
        raise SettingsError(
            'sign_in is "proxy", and no proxy is named. Name the address from which it sends '
            "requests: --trusted-proxy 10.0.0.7"
        )
    return ByHeader(settings.sign_in_header, settings.sign_in_groups_header)


def serve(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    embed_origins: Iterable[str] = (),
    allowed_hosts: Iterable[str] = (),
    trusted_proxies: Iterable[str] = (),
    keep_uploads: Path | None = None,
    watching: Callable[[SyncReport | QAError], None] | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` is called with the URL once questions can be asked.

    Pages of `embed_origins` may show the chat in a frame. The server answers to its own names and
    `allowed_hosts`; see `host_names`. `X-Forwarded-…` headers are believed from the addresses and
    networks in `trusted_proxies`. `keep_uploads` is a folder for files that are kept for everyone.
    With `watching`, the index follows its folders, and each report and error is handed to it.

    Raises:
        SettingsError: the address cannot be listened at, an origin, a proxy or a folder is none,
        the brand cannot be shown, the audit cannot be written, or other machines can reach the
        server and nobody said who may.
    """
    # Errors are reported before anything is opened.
    origins = [origin(one) for one in embed_origins]
    names = host_names(host, allowed_hosts)
    proxies = [str(network(one)) for one in trusted_proxies]
    brand = Brand.of(assistant.settings)
    if assistant.settings.sign_in is None and not is_loopback(host):
        raise SettingsError(
            f"Other machines can reach {host}, and nobody has to sign in. Have people sign in: "
            "--sign-in password, after `qa user add NAME`, or oidc, ldap or proxy. If everyone who "
            "can reach the server may read all of its documents but those that rules keep for "
            "groups, say so: --sign-in none"
        )
    if assistant.audit is not None:
        assistant.audit.check()
    if keep_uploads is not None and keep_uploads.exists() and not keep_uploads.is_dir():
        raise SettingsError(
            f"{keep_uploads} is not a folder. Name a folder, or a new one, to keep files in."
        )
    with _listening(host, port) as listener:
        attachments = Attachments(assistant, keep_uploads)
        examples = Examples(assistant)
        try:
            built = build_server(
                assistant,
                attachments,
                embed_origins=origins,
                hosts=names,
                trusted_proxies=proxies,
                examples=examples,
                brand=brand,
            )
            figures: Metrics = built.state.metrics
            office: Office = built.state.office
            server = uvicorn.Server(_configured(built, assistant.settings, figures))
            figures.count_connections(lambda: len(server.server_state.connections))
            assistant.keep_answers()
            _stay_prompt()
            shown = f"[{host}]" if ":" in host else host
            ready(f"http://{shown}:{listener.getsockname()[1]}")
            examples.begin()
            with (
                meanwhile("watching", following(assistant, watching, office)),
                meanwhile("expiring", partial(expiring, assistant, attachments)),
                meanwhile("catching up", partial(catching_up, assistant)),
                _clearing_up(),
            ):
                try:
                    server.run(sockets=[listener])
                finally:
                    office.end(ENDING_SECONDS)
                    if (traces := built.state.traces) is not None:
                        traces.close(TRACES_SECONDS)
        finally:
            examples.end(ENDING_SECONDS)
            attachments.close()


def _configured(built: FastAPI, settings: Settings, figures: Metrics) -> uvicorn.Config:
    return uvicorn.Config(
        built,
        http=protocol(
            affordable(settings.max_connections), settings.request_timeout, figures.refused
        ),
        ws="none",
        h11_max_incomplete_event_size=LONGEST_HEADER,
        proxy_headers=False,  # the gate handles them
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.stop_seconds),
        log_level="warning",
        # With a format, all that is logged goes the same way.
        log_config=None if settings.log_format else LOGGING_CONFIG,
    )


def _stay_prompt() -> None:
    """Let the thread that takes requests wait for the answering threads as little as possible."""
    # It competes with them for the interpreter, which each may hold for this long.
    sys.setswitchinterval(SWITCH_SECONDS)
    # Looking for garbage among all imported objects blocks everybody for a long time, and finds
    # none.
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def _clearing_up() -> Iterator[None]:
    """Turn a SIGTERM in the block into an exception, so that the process ends in an orderly way."""
    if threading.current_thread() is not threading.main_thread():  # no other thread gets signals
        yield
        return

    def leave(number: int, frame: object) -> None:  # noqa: ARG001
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def host_names(host: str, allowed: Iterable[str]) -> Names:
    """The host names of a server that listens on `host`.

    They are those in `allowed` and the names of this machine for itself; if others can reach the
    server, also any address and this machine's name.
    """
    names = LOOPBACK | {host.lower()} | {name.strip().lower().strip("[]") for name in allowed}
    if is_loopback(host):
        return Names(frozenset(names))
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]
    return Names(frozenset(names | {machine, short, f"{short}.local"}), addresses=True)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. "
            "Choose another with --host or --port."
        ) from error
