"""Reports about an index: the progress and result of a sync, what was forgotten, its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from qa.records.documents import Metadata, Reading


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that a sync could not read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A file of a synced folder that is not in the index, why, and since when (ISO 8601, UTC).

    `format` is what it was to be read as, with the version of the loader, such as "docx 1"; it is
    empty if that is unknown.
    """

    source: str
    reason: str
    since: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class Permitted:
    """A document that others may read now than `before`: groups, or None if everybody may."""

    source: str
    before: tuple[str, ...] | None
    groups: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The result of a sync, by source; `renamed` has pairs (old, new).

    `samples` are those of `removed` that were sample documents, removed for the user's first own
    ones. `readers` are the documents, whatever else became of them, that others may read now.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    readers: tuple[Permitted, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    passages: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON, as `qa sync --json` gives it."""
        from qa.schemas import SyncReportJSON

        return SyncReportJSON.shown(self)


Stage = Literal[
    "waiting", "comparing", "fetching", "reading", "embedding", "saving", "restoring", "reviewing"
]  # fmt: skip
"""What a sync does: wait for another one, look which files have changed, fetch pages of the web
(of a total that grows as they are found), read, embed. A backup saves, and is restored; a review
has one stage."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a sync or a review: `done` of `total` files are compared, or later, are read.

    `passages` have been embedded (or reviewed) so far. `share` is how much of the reading and
    embedding is done, by the sizes of the files; it also grows while a single file is embedded.
    """

    stage: Stage
    done: int
    total: int
    source: str = ""
    passages: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` removed, and the traces that a search of the whole index then still found.

    `left` counts passages, keyword entries, and copies of the text, the vectors and the ids in
    files; if it is not 0, forgetting has failed. `files` are in a mirrored folder, and `pages` in
    a part of the web that is mirrored: the next sync would bring them back.
    """

    sources: tuple[str, ...]
    passages: int
    left: int
    files: tuple[Path, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermitReport:
    """What `permit` changed; with `dry_run`, what it would change.

    `unmatched` are the given patterns that match no document; what comes later may. If they were to
    be forgotten, it is those of which nothing was said. `skipped` are rule files with a mistake or
    with patterns that match nothing, as a sync reports them.
    """

    changed: tuple[Permitted, ...] = ()
    unmatched: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON, as `qa permit --json` gives it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Source:
    """A line of `qa status`: one document of the index.

    `read` is when it was read (ISO 8601, UTC; "" if it was before this was kept), `pages` the
    number of its pages (None if it has none), `reading` how it was read. `groups` are those that
    may read it: None if everybody may, and for viewers, who are not told.
    """

    source: str
    title: str
    document_id: str
    passages: int
    characters: int
    metadata: Metadata = field(default_factory=dict)
    read: str = ""
    pages: int | None = None
    reading: Reading = field(default_factory=Reading)
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an index; `updated` is when it last changed (ISO 8601, UTC).

    To somebody who may not read everything, `updated` is when the newest of `sources` was read.
    `folders` are the places that it mirrors: paths, and addresses of the web.
    `samples` says that it holds only the sample documents. `failed` are files that could not be
    read, `skipped` those that were not looked into, such as links that lead out of their folder;
    both as of the last sync. `stale` is what the next sync would read or remove, with the reason,
    if that was asked for.
    """

    index: str
    embedder: str
    sources: Sequence[Source]
    passages: int
    folders: Sequence[str]
    updated: str | None
    samples: bool = False
    failed: Sequence[Unread] = ()
    skipped: Sequence[Unread] = ()
    stale: Sequence[Skipped] = ()

    def of(self, name: str) -> Status:
        """What it says of a document or file, or of those in a folder."""

        def named(source: str) -> bool:
            return source == name or source.startswith(f"{name.rstrip('/')}/")

        sources = [one for one in self.sources if named(one.source)]
        return replace(
            self,
            sources=sources,
            passages=sum(one.passages for one in sources),
            failed=[one for one in self.failed if named(one.source)],
            skipped=[one for one in self.skipped if named(one.source)],
            stale=[one for one in self.stale if named(one.source)],
        )

    def to_dict(self) -> dict[str, Any]:
        """The status as JSON, as `qa status --json` gives it."""
        from qa.schemas import StatusJSON

        return StatusJSON.shown(self)


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive of what a server keeps; `made` is when (ISO 8601, UTC).

    `files` counts its files by part (index, review, uploads, audit, feedback, keys, users), `size`
    is the bytes that they take unpacked. An index on a Chroma server is not in it.
    """

    file: Path
    made: str
    files: Mapping[str, int]
    size: int

    def to_dict(self) -> dict[str, Any]:
        """The backup as JSON, as `qa backup --json` gives it."""
        return {**asdict(self), "file": str(self.file)}
