"""Connections to public addresses only, whatever a name, a redirect or a page says.

A name is looked up here, what it stands for is checked, and exactly that is connected to: another
answer a moment later changes nothing.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

from qa.errors import LoadError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Connecting(httpcore.NetworkBackend):
    """Connects to public addresses and to those in `allowed`; nothing takes longer than `until`."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = httpcore.SyncBackend()
        self.until = math.inf
        """When connecting, reading and writing fail (as `time.monotonic` counts)."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the addresses of a host.

        Raises:
            LoadError: none of them is public, or allowed.
        """
        found = _addresses(host, port)
        permitted = [address for address in found if self._permits(address)]
        if not permitted:
            raise _not_public(host, found[0])
        failed: Exception | None = None
        for address in permitted:
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, self.left(timeout), local_address, socket_options
                )
                return _Stream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        assert failed is not None
        raise failed

    def _permits(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._allowed)

    def left(self, timeout: float | None) -> float | None:
        """The seconds that something may take.

        Raises:
            httpcore.ReadTimeout: none are left.
        """
        left = min(self.until - time.monotonic(), math.inf if timeout is None else timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return None if math.isinf(left) else left


class _Stream(httpcore.NetworkStream):
    """A connection that ends in time even if the other side sends a byte now and then."""

    def __init__(self, inner: httpcore.NetworkStream, connecting: Connecting) -> None:
        self._inner = inner
        self._connecting = connecting

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._connecting.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._connecting.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._connecting.left(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._connecting)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet at large, and what it wraps up as well."""
    if isinstance(address, IPv6Address):
        inner = address.sixtofour
        if address.is_site_local or (inner is not None and not is_public(inner)):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _addresses(host: str, port: int) -> list[Address]:
    """What a name stands for; an IPv4 address that is written as an IPv6 one counts as itself."""
    try:
        found = [ip_address(host)]
    except ValueError:  # a name, or an address in an unusual form, which is looked up as well
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise LoadError(f"there is no server called {host}") from error
        found = list(dict.fromkeys(ip_address(str(place[0])) for *_, place in told))
    return [getattr(one, "ipv4_mapped", None) or one for one in found]


def _not_public(host: str, address: Address) -> LoadError:
    where = "is" if host == str(address) else f"is at {address}, which is"
    return LoadError(
        f"{host} {where} not a public address. If it is your own, allow it or its network with "
        f"the setting web_networks, as in QA_WEB_NETWORKS={address}"
    )
