"""The files of a storage that are to be mirrored: found folder by folder, with nothing fetched.

What is left out is the same as in a folder of this machine: hidden files, links, and what the
setting `ignore` and files called `.qaignore` say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from qa.errors import LoadError
from qa.indexing.folders.files import PERMISSIONS, printable
from qa.indexing.folders.ignoring import FILE_NAME, Ignoring, Patterns
from qa.indexing.storage.connections import Connection, Found, told
from qa.records import Skipped

_KEPT = "What was read there before is kept."


class Listing:
    """What is below a place; `patterns` reads those of a `.qaignore`."""

    def __init__(
        self,
        url: str,
        connection: Connection,
        ignoring: Ignoring,
        patterns: Callable[[Found], Patterns],
        most: int,
    ) -> None:
        self._url = url
        self._connection = connection
        self._ignoring = ignoring
        self._patterns = patterns
        self._most = most
        self.unseen: list[Skipped] = []
        self.passed_over: list[Skipped] = []
        self.ruled: list[str] = []
        """The addresses of folders with a file that says who may read what."""

    def files(self) -> Iterator[tuple[str, Found]]:
        """Each file with its source.

        Raises:
            LoadError: the place cannot be looked at, or has more than `most` files and folders.
        """
        with told(self._url):
            place = self._connection.found()
        if place.kind == "file":
            yield self._url, place
            return
        waiting = [("", self._connection.root, self._ignoring)]
        listed = self._listed if not self._connection.flat else _tree(self._everything(place))
        seen = 0
        while waiting:
            below, path, ignoring = waiting.pop()
            inside = self._inside(below, path, listed, ignoring)
            if inside is None:
                continue
            found, ignoring = inside
            for one in found:
                seen += 1
                if seen > self._most:
                    raise LoadError(
                        f"{self._url} has more than {self._most:,} files and folders "
                        "(max_storage_files). Sync a folder below it, or raise that setting."
                    )
                inner = f"{below}{printable(one.name)}"
                if not one.name:
                    source = f"{self._url}/{below}".rstrip("/")
                    reason = f"{source} has files with // in their names, which are not read."
                    self.passed_over.append(Skipped(source, reason))
                    continue
                if one.name.startswith("."):
                    continue
                if ignoring.leaves_out(inner, folder=one.kind == "directory"):
                    continue
                if one.kind == "directory":
                    waiting.append((f"{inner}/", one.path, ignoring))
                elif one.kind == "file":
                    yield f"{self._url}/{inner}", one
                elif one.kind == "link":
                    source = f"{self._url}/{inner}"
                    reason = f"{source} is a link, which is not followed."
                    self.passed_over.append(Skipped(source, reason))

    def _everything(self, place: Found) -> list[Found]:
        with told(self._url):
            return self._connection.listed(place.path)

    def _listed(self, path: str) -> list[Found]:
        return self._connection.listed(path)

    def _inside(
        self,
        below: str,
        path: str,
        listed: Callable[[str], list[Found]],
        ignoring: Ignoring,
    ) -> tuple[list[Found], Ignoring] | None:
        """What is in a folder, and the patterns in force there; None if that cannot be told."""
        source = f"{self._url}/{below}".rstrip("/")
        try:
            with told(source):
                found = sorted(listed(path), key=lambda one: one.path)
            own = next((one for one in found if one.name == FILE_NAME), None)
            patterns = None if own is None else self._own(f"{source}/{FILE_NAME}", own)
        except LoadError as error:
            if not below:
                raise
            self.unseen.append(Skipped(source, f"{error} {_KEPT}"))
            return None
        if any(one.name == PERMISSIONS for one in found):
            self.ruled.append(source)
        return found, ignoring if patterns is None else ignoring.within(below, patterns)

    def _own(self, source: str, found: Found) -> Patterns:
        with told(source):
            patterns = self._patterns(found)
        for number, line in patterns.faults:
            reason = (
                f"{source}: line {number} ({printable(line.strip()[:100])}) is not a pattern. "
                "Write it as in .gitignore."
            )
            self.passed_over.append(Skipped(source, reason))
        return patterns


def _tree(found: Iterable[Found]) -> Callable[[str], list[Found]]:
    """What is in each folder, given all files below the topmost one.

    A name with an empty part, or with "." or "..", is that of no file in a folder.
    """
    inside: dict[str, dict[str, Found]] = defaultdict(dict)
    for one in found:
        if one.kind != "file" or one.path.endswith("/"):
            continue
        path, entry = one.path, one
        while path not in inside[above := path.rpartition("/")[0]]:
            inside[above][path] = entry
            if not above:
                break
            path, entry = above, Found(above, "directory")
    return lambda path: list(inside[path].values())
