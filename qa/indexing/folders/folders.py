"""Folders as a place that is mirrored: all of them are looked through together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from qa.index import Entry, Failure
from qa.indexing.folders.files import File, Listing, Part, digested
from qa.indexing.folders.matching import is_in
from qa.records import Progress, Skipped


class Folders:
    """The files of parts of folders; `known` tells what the index has of a source."""

    def __init__(
        self,
        parts: Sequence[Part],
        listing: Listing,
        known: Callable[[str], Entry | Failure | None],
        progress: Callable[[Progress], None],
    ) -> None:
        self._parts = parts
        self._listing = listing
        self._known = known
        self._progress = progress
        self.unseen = listing.unseen
        self.passed_over = listing.passed_over
        self.notes: Mapping[str, str] = {}
        self.complete = False
        self.coming: Collection[str] = ()

    @property
    def names(self) -> list[str]:
        """Those of the folders."""
        return [part.name for part in self._parts]

    @property
    def sources(self) -> list[str]:
        """Those of the parts."""
        return [part.source for part in self._parts]

    def holds(self, entry: Entry) -> bool:
        """Whether a document is in one of the parts."""
        return any(is_in(entry, part) for part in self._parts)

    def batches(self) -> Iterator[list[File]]:
        """The files that can be opened; those that cannot are unseen."""
        found = [file for part in self._parts for file in self._listing.files(part)]
        present: dict[str, File] = {}
        for number, file in enumerate(found):
            self._progress(Progress("comparing", number, len(found), file.source))
            known = self._known(file.source)
            try:
                present[file.source] = digested(file, known)
            except OSError as error:
                if isinstance(error, FileNotFoundError) and not file.path.is_symlink():
                    continue  # deleted since the folder was listed
                reason = f"{file.source} cannot be opened: {error.strerror}."
                if isinstance(known, Entry):
                    reason += " Its previous text is kept."
                self.unseen.append(Skipped(file.source, reason))
        self.complete = True
        yield list(present.values())
