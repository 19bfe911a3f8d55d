"""Folders -> index, and how documents leave it again."""

from __future__ import annotations

from qa.indexing.adding import add
from qa.indexing.ended import EndedSyncs
from qa.indexing.folders.comparing import stale
from qa.indexing.folders.files import is_there, original
from qa.indexing.forgetting import forget
from qa.indexing.permitting import permit, readers
from qa.indexing.preparing.storing import Preparing
from qa.indexing.showing import Showing
from qa.indexing.syncing import sync
from qa.indexing.watching import watch

__all__ = [
    "EndedSyncs", "Preparing", "Showing", "add", "forget", "is_there", "original", "permit",
    "readers", "stale", "sync", "watch",
]  # fmt: skip
