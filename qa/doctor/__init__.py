"""Check models, index, disk and memory."""

from __future__ import annotations

from qa.doctor.check import Check
from qa.doctor.examination import examine
from qa.doctor.index import languages
from qa.doctor.machine import available_memory
from qa.doctor.models import check_network

__all__ = [
    "Check", "available_memory", "check_network", "examine", "languages",
]  # fmt: skip
