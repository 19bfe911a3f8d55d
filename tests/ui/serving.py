"""`qa serve` in a process of its own, and the browser that looks at it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.forked import Command

# The shell is Chromium without its windows, which take as long to open as a page.
_SHELL = Path("/usr/bin/chromium-headless-shell")
CHROMIUM = _SHELL if _SHELL.exists() else Path("/usr/bin/chromium")
# What a browser sends with a request that a page of another site makes.
FROM_OTHER_SITES = (
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def start(
    index: Path | str, *options: str, port: str = "0", **environment: str
) -> tuple[Command, str]:
    """A server that answers, and its URL."""
    child = Command(
        "serve", "--port", port, "--index", index, *options, env={**os.environ, **environment}
    )
    said = ""
    while not (found := re.search(r"Footnote is at (http://\S+)", said)):
        line = child.stderr.readline()
        assert line, f"the server ended: {said}"
        said += line
    return child, found[1]


@contextmanager
def served(index: Path, *options: str, port: str = "0", **environment: str) -> Iterator[str]:
    """The URL of a server that runs until the block ends."""
    child, url = start(index, *options, port=port, **environment)
    try:
        yield url
    finally:
        child.terminate()
        child.communicate(timeout=60)
