"""A connection to a Chroma server that is given up after some seconds of silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qa.index.stores.store import chroma_settings

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.auth import UserIdentity

# Seconds of silence after which a server counts as gone.
TIMEOUT = 30.0


class Connection:
    """A Chroma client, with the sockets that it does not close itself."""

    def __init__(self, url: str, timeout: float) -> None:
        self.users = 0
        self._left = False
        self._sockets: list[httpx.Client] = []
        try:
            self.client = _client(url, timeout, self._sockets)
        except BaseException:
            self._hang_up()
            raise

    def leave(self) -> None:
        """Hang up, now or when its last user is done."""
        self._left = True
        self.settle()

    def settle(self) -> None:
        """Hang up if it was left and has no users any more."""
        if self._left and not self.users:
            self.client.close()
            self._hang_up()

    def _hang_up(self) -> None:
        for one in self._sockets:
            one.close()


def _client(url: str, timeout: float, sockets: list[httpx.Client]) -> Client:
    """A client that waits at most `timeout` seconds; `sockets` gets the owners of its sockets."""
    import httpx
    from chromadb.api.client import Client

    def limit(server: Any) -> None:
        session = getattr(server, "_session", None)
        if isinstance(session, httpx.Client):
            session.timeout = httpx.Timeout(timeout)
            sockets.append(session)

    class Limited(Client):
        # Chroma has no setting for this, and its constructor already asks the server: first in this
        # method, then, with a second client inside it, in the other one.
        def get_user_identity(self) -> UserIdentity:
            limit(self._server)
            return super().get_user_identity()

        def _validate_tenant_database(self, tenant: str, database: str) -> None:
            limit(getattr(self._admin_client, "_server", None))
            super()._validate_tenant_database(tenant, database)

    parts = urlsplit(url)
    ssl = parts.scheme == "https"
    settings = chroma_settings()
    settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
    settings.chroma_server_host = parts.hostname or "localhost"
    settings.chroma_server_http_port = parts.port or (443 if ssl else 8000)
    settings.chroma_server_ssl_enabled = ssl
    settings.chroma_server_headers = None
    return Limited(settings=settings)
