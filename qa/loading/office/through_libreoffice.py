"""Formats that LibreOffice reads for us: old Word and PowerPoint files, Word files with macros.

It converts the file to today's format, which has a parser of its own here. It runs with limits on
time and memory, a profile that it finds empty, no macros, and no way to a network.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qa.errors import DamagedFileError, LoadError
from qa.limits import Limits
from qa.loading.office import slides, word
from qa.places import installed
from qa.records import Document

_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
)
_SLIDES = "PowerPoint Document\0".encode("utf-16-le")
# The share of the time that a file may take; the rest is for reading what comes of it.
_SHARE_OF_TIME = 0.8
# It maps far more memory than it uses.
_ADDRESSED = 4
# Links in documents are not followed, and what would be asked for all the same finds no server:
# nothing listens at port 9 of this machine.
_SETTINGS = {
    "org.openoffice.Office.Common/Security/Scripting": {
        "BlockUntrustedRefererLinks": "true",
        "DisableMacrosExecution": "true",
        "DisableActiveContent": "true",
        "MacroSecurityLevel": "3",
    },
    "org.openoffice.Inet/Settings": {
        "ooInetProxyType": "2",
        "ooInetHTTPProxyName": "127.0.0.1",
        "ooInetHTTPProxyPort": "9",
        "ooInetHTTPSProxyName": "127.0.0.1",
        "ooInetHTTPSProxyPort": "9",
        "ooInetNoProxy": "",
    },
}


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The document that LibreOffice makes of an old one, read as one of today.

    Raises:
        LoadError: LibreOffice is not installed.
        DamagedFileError: it cannot read the file.
        TooLargeError: it takes too long.
    """
    if _SLIDES in data:
        return slides.parse(_converted(data, "pptx", source, limits), source, limits)
    return word.parse(_converted(data, "docx", source, limits), source, limits)


def program() -> str | None:
    """Where LibreOffice is installed, if it is."""
    return installed(("soffice", "libreoffice"), _PLACES)


def _converted(data: bytes, target: str, source: str, limits: Limits) -> bytes:
    office = program()
    if office is None:
        raise LoadError(
            f"{source} is a file that is read with LibreOffice, which is not installed. "
            f"Install it, or save the file as .{target}."
        )
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        place = Path(folder)
        (place / "file").write_bytes(data)
        _write_settings(place / "profile")
        command = [
            office,
            f"-env:UserInstallation={(place / 'profile').as_uri()}",
            *("--headless", "--norestore", "--nolockcheck", "--convert-to", target),
            *("--outdir", str(place / "out"), str(place / "file")),
        ]
        said = _run(command, folder, limits, source)
        made = place / "out" / f"file.{target}"
        if not made.exists():
            raise DamagedFileError(
                f"{source} cannot be read by LibreOffice{f' ({said})' if said else ''}. "
                f"Open it in the program that made it and save it as .{target}."
            )
        return made.read_bytes()


def _run(command: list[str], folder: str, limits: Limits, source: str) -> str:
    """Run to its end, and return the last line of what it says."""
    with _addressing(limits):
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "HOME": folder, "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        _, said = process.communicate(timeout=_SHARE_OF_TIME * limits.parsing_seconds)
    except subprocess.TimeoutExpired as error:
        raise limits.exceeded(source, "parsing_seconds", "takes too long to read") from error
    finally:
        _end(process)
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines and lines[-1].startswith("Error") else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


@contextlib.contextmanager
def _addressing(limits: Limits) -> Iterator[None]:
    """In a worker, what is started meanwhile may map several times the memory of a parser."""
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    if before[0] == resource.RLIM_INFINITY:  # not in a worker, which may hold more already
        yield
        return
    wanted = int(_ADDRESSED * limits.parsing_megabytes * 1e6)
    wanted = wanted if before[1] == resource.RLIM_INFINITY else min(wanted, before[1])
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, before)


def _write_settings(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value>'
        "</prop></item>"
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>\n",
        encoding="utf-8",
    )
