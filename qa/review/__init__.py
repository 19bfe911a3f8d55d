"""The documents, read against each other: what contradicts, is kept twice, or is outdated."""

from __future__ import annotations

from qa.review.reviewing import Reviewing

__all__ = ["Reviewing"]
