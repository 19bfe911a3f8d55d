"""What a question is limited to: a folder of the index, and documents with certain metadata."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.access import OWNER, Viewer
from qa.errors import ArgumentError, UnknownSourceError, described
from qa.places import folders_above
from qa.records import Metadata

# A list of more folders helps nobody.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the main index that may be searched and shown; an empty scope is all of it.

    `folder` limits it to the sources below a folder (or to one source), `where` to documents with
    these metadata; where a value is a list, any of its items matches. `viewer` is who asks: an
    index is only ever opened for a viewer (`Index.reading`), and has nothing else for them.
    """

    folder: str | None = None
    where: Mapping[str, Any] | None = None
    viewer: Viewer = OWNER

    @classmethod
    def of(cls, folder: object, where: object, viewer: Viewer = OWNER) -> Scope:
        """The scope that a caller asks for.

        Raises:
            ArgumentError: the folder is no string, or `where` no mapping of names to values.
        """
        if folder is not None and not isinstance(folder, str):
            raise ArgumentError(
                f"folder must be the name of a folder as in `qa status`, not {described(folder)}."
            )
        if where is not None and not (
            isinstance(where, Mapping) and all(isinstance(name, str) for name in where)
        ):
            raise ArgumentError(
                f'where must be a mapping of metadata to values, as {{"year": 2024}}, '
                f"not {described(where)}."
            )
        return cls(folder or None, where or None, viewer)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out of what the viewer may read."""
        return self.folder is None and self.where is None

    def holds(self, source: str, metadata: Metadata) -> bool:
        """Whether a document belongs to it."""
        return self._below(source) and _matches(metadata, self.where or {})

    def check(self, sources: Collection[str], folders: Iterable[str]) -> None:
        """Refuse a folder that the index neither mirrors nor has a source below.

        Raises:
            UnknownSourceError: with the names of the known folders, the likeliest first.
        """
        if self.folder is None or any(map(self._below, [*sources, *folders])):
            return
        known = {folder for source in sources for folder in folders_above(source)}
        known = (known | set(folders)) or set(sources)
        more = len(known) - _NAMED
        raise UnknownSourceError(
            f"The index holds no folder {self.folder!r}. It holds: "
            f"{', '.join(_closest(self.folder, known))}"
            f"{f', and {more:,} more' if more > 0 else ''}. `qa status` lists all sources."
        )

    def _below(self, source: str) -> bool:
        if self.folder is None:
            return True
        return f"{source.strip('/')}/".startswith(f"{self.folder.strip('/')}/")


def _closest(name: str, known: Collection[str]) -> list[str]:
    from rapidfuzz import fuzz, process

    found = process.extract(name, sorted(known), scorer=fuzz.WRatio, limit=_NAMED)
    return [folder for folder, _, _ in found]


def _matches(metadata: Metadata, where: Mapping[str, Any]) -> bool:
    for name, wanted in where.items():
        options = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        if metadata.get(name) not in options:
            return False
    return True
