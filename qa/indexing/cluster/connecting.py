"""The way to a Ray cluster, within limits of time: Ray itself would wait for minutes.

Ray joins a program to a cluster for all of its threads; one that is joined already stays so.
"""

from __future__ import annotations

import logging
import os
import socket
from concurrent.futures import Future
from threading import Thread
from typing import Any

from qa.errors import ClusterError, extra, message_of, need

_AUTO = "auto"  # the cluster that this machine belongs to
_JOINING = "This machine has to belong to the cluster as well: ray start --address=HOST:PORT"

_ANSWER_SECONDS = 5.0
_JOIN_SECONDS = 60.0


def check(address: str) -> None:
    """Make sure that Ray is installed, and that something answers at an address.

    Raises:
        ModelUnavailableError: it is not installed.
        ClusterError: nothing answers there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    need("Preparing documents on a cluster", "ray", "ray", extra("ray"))
    if address != _AUTO and not answers(address):
        raise ClusterError(
            f"There is no Ray cluster at {address}: nothing answers there. Start its head with "
            f"`ray start --head`, or check the address. {_JOINING}"
        )


def answers(address: str) -> bool:
    """Whether somebody accepts connections at a host and port."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS):
            return True
    except (OSError, OverflowError):
        return False


def join(address: str) -> bool:
    """Join this program to a cluster; False if it has joined one already.

    Raises:
        ClusterError: this fails, or takes too long.
    """
    import ray

    if ray.is_initialized():
        return False
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    joined: Future[None] = Future()

    def try_it() -> None:
        options: dict[str, Any] = {"configure_logging": False, "log_to_driver": False}
        try:
            ray.init(address=address, **options)
        except BaseException as error:  # SystemExit among them
            joined.set_exception(error)
        else:
            joined.set_result(None)

    # In a thread, because it cannot be interrupted, and would replace what SIGTERM does.
    Thread(target=try_it, name="footnote joins Ray", daemon=True).start()
    try:
        joined.result(_JOIN_SECONDS)
    except TimeoutError as error:
        raise ClusterError(
            f"There is no Ray cluster at {address}: what answers there does not speak as one does. "
            f"Check the address. {_JOINING}"
        ) from error
    except (Exception, SystemExit) as error:
        raise ClusterError(
            f"The Ray cluster at {address} cannot be joined: {message_of(error, 400)}. {_JOINING}"
        ) from error
    return True
