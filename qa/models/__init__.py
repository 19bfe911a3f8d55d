"""Embedders and chat models, opened by name, and what the trained models of the package share."""

from __future__ import annotations

import os

from qa.models.chat import (
    generation_error,
    open_chat_model,
    untraced,
    url_in_environment,
    url_of_provider,
    without_credentials,
)
from qa.models.cross_encoder import Array, CrossEncoder, Kind, Tokens
from qa.models.embedders import PACKAGED_DIGEST, Embedder, LocalEmbedder, Part, open_embedder
from qa.models.fast_encoder import Vectors

# onnxruntime (1.32 at least) reports its use to Microsoft, with an id of the machine, unless this
# is set before it is imported. It is native code: nothing that watches Python sees it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "PACKAGED_DIGEST", "Array", "CrossEncoder", "Embedder", "Kind", "LocalEmbedder", "Part",
    "Tokens", "Vectors", "generation_error", "open_chat_model", "open_embedder", "untraced",
    "url_in_environment", "url_of_provider", "without_credentials",
]  # fmt: skip
