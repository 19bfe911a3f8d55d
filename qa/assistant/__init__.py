"""The parts, connected: the interface to all of them."""

from __future__ import annotations

from qa.assistant.assistant import Assistant

__all__ = [
    "Assistant",
]  # fmt: skip
