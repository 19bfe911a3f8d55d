"""The command `qa`."""

from __future__ import annotations

from qa.cli.app import main

__all__ = [
    "main",
]  # fmt: skip
