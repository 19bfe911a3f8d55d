"""Backups: one archive of what a server keeps, made while it serves, and its way back."""

from __future__ import annotations

from qa.backups.contents import told_to
from qa.backups.restoring import restore
from qa.backups.writing import backup

__all__ = ["backup", "restore", "told_to"]
