"""No test may reach beyond this machine: any try ends the test, even one that is caught.

`conftest.py` loads this file, and puts its folder on PYTHONPATH, so that every Python process
that a test starts loads it, too, as the interpreter's `sitecustomize`.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}
attempts: list[str] = []


class NetworkTouchedError(BaseException):
    """Not an `Exception`, so that no library mistakes it for a server that is down."""


def is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if not host or host in ("localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in WATCHED:
        return
    place = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = place[0] if isinstance(place, tuple) else None  # Unix sockets have a path
    if event == "socket.getaddrinfo":
        host = place
    if not is_local(host):
        attempts.append(f"{event} {place!r}")
        raise NetworkTouchedError(f"A test reached for {place!r}: {event}")


sys.addaudithook(watch)
