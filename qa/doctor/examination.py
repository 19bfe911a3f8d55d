"""`qa doctor`: whether everything works that an answer needs, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qa.doctor.check import Check, told
from qa.doctor.index import check_index
from qa.doctor.machine import (
    check_disk,
    check_memory,
    check_packages,
    check_python,
    check_torch,
)
from qa.doctor.models import (
    check_chat_model,
    check_embedder,
    check_fast_encoder,
    check_network,
    embedder_of,
)
from qa.errors import QAError

if TYPE_CHECKING:
    from qa.settings import Settings


def examine(settings: Settings) -> Iterator[Check]:
    """Run all checks, from the basics up; a failure does not stop it."""
    yield check_python()
    yield from check_packages()
    yield _guarded("torch", check_torch)
    embedder = embedder_of(settings)
    if isinstance(embedder, Check):
        yield embedder
    else:
        yield _guarded("embedder", lambda: check_embedder(embedder))
        yield _guarded("fast encoder", lambda: check_fast_encoder(embedder, settings))
        yield from check_index(settings, embedder)
    yield _guarded("disk", lambda: check_disk(settings))
    yield _guarded("memory", check_memory)
    yield _guarded("chat model", lambda: check_chat_model(settings))
    yield check_network(settings)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    # The doctor is called when things are broken, in any way.
    try:
        return check()
    except QAError as error:
        return Check(name, "problem", str(error))
    except Exception as error:
        return Check(name, "problem", told(error))
