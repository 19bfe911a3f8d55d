"""`qa serve`: the chat on a web page."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import ChatModel, ChatModelUrl, Index, open_terminal, waiting_for_documents
from qa.errors import QAError

if TYPE_CHECKING:
    from qa.records import SyncReport

Host = Annotated[str | None, typer.Option(help="Address to listen on (127.0.0.1; or QA_HOST).")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on (7860; or QA_PORT)."),
]
EmbedOrigins = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        help="A site whose pages may show the chat, as https://portal.example; repeatable "
        "(or QA_EMBED_ORIGINS).",
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A host name that the server answers to; repeatable (or QA_ALLOWED_HOSTS).",
    ),
]
TrustedProxies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS",
        help="A proxy, or a network of them, whose X-Forwarded-… is trusted; repeatable "
        "(or QA_TRUSTED_PROXIES).",
    ),
]
SignIn = Annotated[
    str | None,
    typer.Option(
        metavar="WAY",
        help="Who may use the server: none (everyone who can reach it; the default on this "
        "machine), password (`qa user add`), oidc (a provider of OpenID Connect), "
        "ldap (a directory), or proxy (or QA_SIGN_IN).",
    ),
]
KeepUploads = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Allow dropped files to be kept here for everyone (or QA_KEEP_UPLOADS).",
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        help="Log a line for each request: text or json (or QA_LOG_FORMAT).",
    ),
]
NoUploads = Annotated[
    bool,
    typer.Option("--no-uploads", help="Accept no files on the page (or QA_UPLOADS=false)."),
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch", help="Sync the folders of the index whenever they change (or QA_WATCH=true)."
    ),
]


def serve(
    host: Host = None,
    port: Port = None,
    embed_origin: EmbedOrigins = None,
    allow_host: AllowedHosts = None,
    trusted_proxy: TrustedProxies = None,
    sign_in: SignIn = None,
    keep_uploads: KeepUploads = None,
    no_uploads: NoUploads = False,
    watch: Watch = False,
    log_format: LogFormat = None,
    index: Index = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
) -> None:
    """Serve the chat as a web page; documents may be synced later."""
    terminal = open_terminal()
    with waiting_for_documents(
        terminal,
        index,
        chat_model=chat_model,
        chat_model_url=chat_model_url,
        host=host,
        port=port,
        embed_origins=embed_origin or None,
        allowed_hosts=allow_host or None,
        trusted_proxies=trusted_proxy or None,
        keep_uploads=keep_uploads,
        uploads=False if no_uploads else None,
        sign_in=sign_in,
        watch=watch or None,
        log_format=log_format,
    ) as assistant:
        settings = assistant.settings
        with terminal.waiting("Preparing the page"):
            from qa.api import log, log_sync, log_to_stderr
            from qa.cli.output.reports import changed, summary
            from ui.server import serve as serve_page

        def announce(url: str) -> None:
            terminal.note(f"Footnote is at {url} (Ctrl-C to stop)")
            if settings.log_format:
                log_to_stderr(settings.log_format)
                log("started", url=url)

        def told(found: SyncReport | QAError) -> None:
            if settings.log_format:
                log_sync(found)
            elif isinstance(found, QAError):
                terminal.error(str(found))
            elif changed(found):
                terminal.note(summary(found))

        with contextlib.suppress(KeyboardInterrupt):
            serve_page(
                assistant,
                settings.host,
                settings.port,
                embed_origins=settings.embed_origins,
                allowed_hosts=settings.allowed_hosts,
                trusted_proxies=settings.trusted_proxies,
                keep_uploads=settings.keep_uploads,
                watching=told if settings.watch else None,
                ready=announce,
            )
