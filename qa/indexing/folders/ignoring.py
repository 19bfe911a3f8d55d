"""Which files of a folder are left out: by patterns, and those that programs leave behind.

Patterns are written as in `.gitignore`, in files called `.qaignore` at any depth, or in the setting
`ignore`. They are matched by RE2, whose time grows with the length of a name and no faster: anyone
who may put a file into a folder can put patterns there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from qa.errors import SettingsError

FILE_NAME = ".qaignore"
LARGEST_BYTES = 100_000
"""A longer file of patterns is refused."""

# What programs leave beside documents; a `.qaignore` may take some of it in again.
_LEFT_BEHIND = (
    "~$*",  # Office, while a document is open
    "*~",
    "*.tmp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.download",
    "Thumbs.db",
    "desktop.ini",
)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns for the names below one folder; the last one that matches a name counts."""

    rules: Sequence[tuple[re.Pattern[str], bool]] = ()
    """Each pattern, and whether it leaves out what it matches."""
    faults: Sequence[tuple[int, str]] = ()
    """The lines that are no patterns, counted from 1."""

    def decide(self, path: str, *, folder: bool) -> bool | None:
        """Whether a path below the folder is left out; None if no pattern matches it."""
        name = unicodedata.normalize("NFC", path) + ("/" if folder else "")
        for pattern, leaves_out in reversed(self.rules):
            if pattern.fullmatch(name):
                return bool(leaves_out)
        return None


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The patterns that are in force at a place of a mirrored folder.

    Those of the setting count most, then those of the nearest `.qaignore`.
    """

    setting: Patterns
    files: tuple[tuple[str, Patterns], ...] = ()
    """The patterns of each `.qaignore` from the top down, with its folder's path ("a/b/")."""

    @classmethod
    def of(cls, setting: Sequence[str]) -> Ignoring:
        """Those of the setting `ignore`, and of files that programs leave behind.

        Raises:
            SettingsError: one of them is no pattern.
        """
        found = parsed(setting)
        for number, line in found.faults:
            raise SettingsError(
                f"Setting ignore: {line!r} (number {number}) is not a pattern. "
                "Write patterns as in .gitignore, such as drafts/ or *.bak."
            )
        return cls(found, (("", _left_behind()),))

    def within(self, folder: str, patterns: Patterns) -> Ignoring:
        """Those in force below a folder that has patterns of its own."""
        return Ignoring(self.setting, (*self.files, (folder, patterns)))

    def leaves_out(self, path: str, *, folder: bool = False) -> bool:
        """Whether a file or folder is left out; its path is relative to the mirrored folder."""
        decided = self.setting.decide(path, folder=folder)
        for prefix, patterns in reversed(self.files):
            if decided is not None:
                break
            decided = patterns.decide(path.removeprefix(prefix), folder=folder)
        return bool(decided)


def parsed(lines: Iterable[str]) -> Patterns:
    """The patterns in some lines; blank lines and remarks (`#`) are none."""
    rules: list[tuple[re.Pattern[str], bool]] = []
    faults: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        try:
            rules.extend(_rules(unicodedata.normalize("NFC", line)))
        except ValueError:
            faults.append((number, line))
    return Patterns(tuple(rules), tuple(faults))


def pattern_of(line: str) -> re.Pattern[str]:
    """The pattern in a line, to match the whole of a path below its folder (in NFC).

    Raises:
        ValueError: it is none, or one that takes something in again (`!`).
    """
    found = list(_rules(unicodedata.normalize("NFC", line)))
    if len(found) != 1 or not found[0][1]:
        raise ValueError(line)
    return found[0][0]


def read_patterns(file: BinaryIO) -> Patterns:
    """The patterns in an open file.

    Raises:
        OSError: it cannot be read, or is too long.
    """
    data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise OSError(0, f"it is larger than {LARGEST_BYTES // 1000} kB")
    return parsed(data.decode("utf-8-sig", "backslashreplace").splitlines())


def _rules(line: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    """The pattern in a line, if there is one.

    Raises:
        ValueError: it is no pattern.
    """
    import re2
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    quiet = re2.Options()
    quiet.log_errors = False
    found, leaves_out = GitIgnoreSpecPattern.pattern_to_regex(line)
    if found is None or leaves_out is None:
        return
    # Two of its expressions stand for any name, and for any folder, and match a part of one only.
    whole = {".": ".+", "(?P<ps_d>/)": ".*/"}.get(found, found)
    try:
        yield re2.compile(f"(?s){whole}", quiet), leaves_out
    except re2.error as error:
        raise ValueError(line) from error


@cache
def _left_behind() -> Patterns:
    return parsed(_LEFT_BEHIND)
