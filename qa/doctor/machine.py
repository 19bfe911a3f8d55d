"""Checks of Python, the packages, disk and memory."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qa.doctor.check import Check

if TYPE_CHECKING:
    from qa.settings import Settings

# The packages whose versions are worth showing; all required ones are checked.
NAMED = ("langchain", "chromadb", "sentence-transformers", "torch", "onnxruntime", "gradio")
# With less than this, hardly anything can be indexed.
LEAST_DISK = 500_000_000
LEAST_MEMORY = 1_000_000_000


def check_python() -> Check:
    """Python's version, and the machine."""
    version = platform.python_version()
    message = f"{version} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("python", "problem", message, "Use Python 3.11, 3.12 or 3.13.")
    return Check("python", "ok", message)


def check_packages() -> Iterator[Check]:
    """Whether all packages are installed, in versions that are known to work."""
    from packaging.requirements import Requirement

    wrong = []
    for line in _requirements():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong.append((line.partition(";")[0].strip(), found or "missing"))
    for wanted, state in wrong:
        advice = f"Run: pip install '{wanted}'"
        yield Check("packages", "problem", f"{wanted} is required, but it is {state}", advice)
    if not wrong:
        yield Check("packages", "ok", ", ".join(f"{name} {_version(name)}" for name in NAMED))


def _requirements() -> list[str]:
    try:
        return metadata.requires("footnote-qa") or []
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return list(table["dependencies"])


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def check_torch() -> Check:
    """Which build of PyTorch is installed."""
    import torch

    cuda = torch.version.cuda
    if cuda and not torch.cuda.is_available():
        message = f"{torch.__version__}, for CUDA {cuda}, without a GPU"
        advice = "Nothing breaks, but the CPU build is gigabytes smaller; the README says how."
        return Check("torch", "warning", message, advice)
    return Check("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")


def check_disk(settings: Settings) -> Check:
    """Whether the index can be written to, and has room to grow."""
    if urlsplit(settings.index).scheme in ("http", "https"):
        return Check("disk", "ok", "the index is on a server")
    folder = Path(settings.index).expanduser().absolute()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        advice = "Choose another place with --index or QA_INDEX, or change its permissions."
        if (folder / "CURRENT").exists():
            message = f"{there} cannot be written to: questions work, but a sync does not"
            return Check("disk", "warning", message, advice)
        return Check("disk", "problem", f"{there} cannot be written to", advice)
    free = shutil.disk_usage(there).free
    message = f"{_bytes(free)} free, the index takes {_bytes(size)}"
    if free < max(LEAST_DISK, 2 * size):  # a sync works on a copy
        advice = "Make room: a sync needs twice the size of the index."
        return Check("disk", "warning", message, advice)
    return Check("disk", "ok", message)


def check_memory() -> Check:
    """Whether there is enough for a sync."""
    free = available_memory()
    if free is None:
        return Check("memory", "ok", "this system does not say how much is available")
    message = f"{_bytes(free)} available"
    if free < LEAST_MEMORY:
        advice = "Close something first: a sync takes about 1 GB."
        return Check("memory", "warning", message, advice)
    return Check("memory", "ok", message)


def available_memory() -> int | None:
    """The available bytes of the machine, or of its container if that allows less."""
    found: list[int] = []
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):  # "max": no limit
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found.append(limit - int((group / "memory.current").read_text()))
    return min(found) if found else None


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit != "GB" else f"{number:.1f} GB"
        number /= 1000
    return f"{number:.1f} TB"
