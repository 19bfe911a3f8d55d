"""The index's records in Chroma: one for each document, one for each passage, and the head.

A document's record holds everything except the text, which is in the records of its passages. The
head says what made the index and which folders it mirrors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from qa.records import Document, Heading, Metadata, Passage, Reading, Scan, Unread, recognised

if TYPE_CHECKING:
    from qa.index.stores.store import View

# Raised when records are laid out differently.
FORMAT = 1
HEAD = "head"
RULE = "rule"
_DOCUMENT = "document:"
_FAILURE = "unread:"

Stamp = tuple[int, ...]
"""What changes with a file's content without looking at it (`qa.indexing.folders.files.stamp`)."""


class KeptHeadings(Sequence[Heading]):
    """Headings as they are in a record, made when somebody looks at them."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = rows

    @cached_property
    def _made(self) -> tuple[Heading, ...]:
        return tuple(Heading(**row) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Heading: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Heading, ...]: ...

    def __getitem__(self, place: int | slice) -> Heading | tuple[Heading, ...]:
        return self._made[place]

    def __iter__(self) -> Iterator[Heading]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._made == tuple(other)

    def __hash__(self) -> int:
        return hash(self._made)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document's record: everything except the text."""

    id: str
    source: str
    title: str
    version: str
    digest: str
    passages: int
    characters: int
    folder: str = ""
    pages: tuple[int, ...] = ()
    headings: Sequence[Heading] = ()
    metadata: Metadata = field(default_factory=dict)
    read: str = ""
    """When it was read (ISO 8601, UTC)."""
    reading: Reading = field(default_factory=Reading)
    stamp: Stamp = ()
    """That of the file when it was read; empty if it cannot be relied on."""
    scans: tuple[Scan, ...] = ()
    note: str = ""
    """What the place of the file wrote down to look at it again (`qa.indexing.mirrored`)."""
    rule: str = ""
    """The rule that says who may read it (`Head.rules`); empty if everybody may."""
    own_rule: str | None = None
    """The rule that it has by itself, where the owner said otherwise (`Head.permits`)."""

    @property
    def passage_ids(self) -> list[str]:
        """The ids of its passages, in order."""
        return [passage_id(self.id, self.version, ordinal) for ordinal in range(self.passages)]

    @property
    def rule_itself(self) -> str:
        """The rule that it has by itself."""
        return self.rule if self.own_rule is None else self.own_rule

    @property
    def indexed(self) -> str:
        """A value that changes with all that is embedded or looked up: the text and the title."""
        return f"{self.version}:{_hash(self.title)}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that is not in the index.

    `digest` is empty if it was not looked into. `tried` changes with all that its reading depends
    on apart from its content, and is empty if the same file might be read another time.
    """

    unread: Unread
    digest: str = ""
    tried: str = ""
    stamp: Stamp = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What made the index, and the places that it mirrors (name -> absolute path, or URL)."""

    fingerprint: str
    splitter: str
    generation: int = 0
    format: int = FORMAT
    folders: Mapping[str, str] = field(default_factory=dict)
    samples: str = ""
    updated: str = ""
    rules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The groups that may read what has a rule (`qa.access`); a rule that is not here lets nobody
    but the owner read."""
    readers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The groups that may read what is from an address; below it, those of the nearest count."""
    permits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The groups that may read what matches a pattern, whatever else is said of it; of several
    patterns, the last counts."""


def entry_of(document: Document, version: str, digest: str, folder: str, passages: int) -> Entry:
    """The record of a document that was cut into that many passages."""
    return Entry(
        id=document.id,
        source=document.source,
        title=document.title,
        version=version,
        digest=digest,
        passages=passages,
        characters=len(document.text),
        folder=folder,
        pages=document.pages,
        headings=document.headings,
        metadata=dict(document.metadata),
        reading=document.reading,
        scans=document.scans,
    )


def document_id(source: str, taken: Collection[str] = ()) -> str:
    """An id for a new source; a document that was renamed away may hold the first choice."""
    for salt in range(len(taken) + 1):
        id = _hash(f"{source}\0{salt or ''}")
        if id not in taken:
            return id
    raise AssertionError("unreachable")


def text_version(document: Document) -> str:
    """A value that changes with the text, blocks, links and pages; part of the passages' ids."""
    headings = [heading.fields for heading in document.headings]
    blocks = [
        (block.kind, block.start, block.end, block.level, block.marker) for block in document.blocks
    ]
    links = [(link.start, link.end, link.target) for link in document.links]
    # A document without links keeps the version that it had before links were stored.
    told = [document.text, headings, document.pages, blocks, *([links] if links else ())]
    return _hash(json.dumps(told))


def document_record(entry: Entry) -> dict[str, Any]:
    """A document's metadata in Chroma."""
    headings = [heading.fields for heading in entry.headings]
    scans = [(scan.start, scan.end, scan.sure) for scan in entry.scans]
    rest = asdict(replace(entry, headings=(), scans=()))
    return {"entry": json.dumps({**rest, "headings": headings, "scans": scans})}


def read_document(record: Mapping[str, Any]) -> Entry:
    """The entry that `document_record` wrote."""
    values = json.loads(str(record["entry"]))
    values["pages"] = tuple(values["pages"])
    values["headings"] = KeptHeadings(values["headings"])
    values["stamp"] = tuple(values.get("stamp", ()))
    values["scans"] = tuple(Scan(*row) for row in values.get("scans", ()))
    if "reading" in values:  # an index that was made before this was kept has none
        found = values["reading"]
        values["reading"] = Reading(
            tuple(found["formats"]), tuple(found["warnings"]), found["named"]
        )
    return Entry(**values)


def failure_record(failure: Failure) -> dict[str, Any]:
    """The metadata in Chroma of a file that could not be read."""
    return {"failure": json.dumps(asdict(failure))}


def read_failure(record: Mapping[str, Any]) -> Failure:
    """What `failure_record` wrote."""
    values = json.loads(str(record["failure"]))
    stamp = tuple(values.get("stamp", ()))
    return Failure(**{**values, "unread": Unread(**values["unread"]), "stamp": stamp})


def head_record(head: Head) -> dict[str, Any]:
    """The head's metadata in Chroma."""
    # The generation stands by itself because readers look at it before each question.
    return {"generation": head.generation, "head": json.dumps(asdict(head))}


def read_head(record: Mapping[str, Any]) -> Head:
    """The head that `head_record` wrote; fields of later formats are ignored."""
    values = json.loads(str(record["head"]))
    known = {field.name for field in fields(Head)}
    return Head(**{name: value for name, value in values.items() if name in known})


def rule_id(groups: Collection[str], *of: str) -> str:
    """The id of a rule: of what a file says of these groups, or of the groups themselves."""
    return _hash(json.dumps(of or ["", *sorted(set(groups))]))


def passage_record(passage: Passage, rule: str = "") -> dict[str, Any]:
    """A passage's metadata in Chroma; `rule` is that of its document."""
    record: dict[str, Any] = {
        "document_id": passage.document_id,
        "start": passage.start,
        "end": passage.end,
        "heading": passage.heading,
    }
    if passage.page is not None:
        record["page"] = passage.page
    return record | rule_record(rule) if rule else record


def rule_record(rule: str) -> dict[str, Any]:
    """What of a passage's metadata changes with its document's rule."""
    return {RULE: rule}


def read_passage(id: str, text: str, record: Mapping[str, Any], entry: Entry) -> Passage:
    """The passage that `passage_record` wrote; `entry` is its document's record."""
    start, end = int(record["start"]), int(record["end"])
    return Passage(
        id=id,
        document_id=entry.id,
        source=entry.source,
        title=entry.title,
        start=start,
        end=end,
        text=text,
        heading=str(record.get("heading", "")),
        page=record.get("page"),
        metadata=entry.metadata,
        recognised=recognised(entry.scans, start, end),
    )


def record_id(document_id: str) -> str:
    """The id of a document's record."""
    return _DOCUMENT + document_id


def failure_id(source: str) -> str:
    """The id of the record of a file that could not be read."""
    return _FAILURE + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def is_failure(record_id: str) -> bool:
    """Whether a record is that of a file that could not be read."""
    return record_id.startswith(_FAILURE)


def is_document(record_id: str) -> bool:
    """Whether a record is that of a document, and not one of the index's own, such as the head."""
    return record_id.startswith(_DOCUMENT)


def vector_of(document_id: str) -> list[float]:
    """The vector of a document's record: Chroma wants one, and equal ones degrade its graph."""
    digest = hashlib.sha256(document_id.encode()).digest()
    return [1.0, int.from_bytes(digest[:4], "big") / 2**32]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def passage_id(document_id: str, version: str, ordinal: int) -> str:
    """The id of a document's nth passage in one version of its text."""
    return f"{document_id}:{version}:{ordinal}"


def document_of(passage_id: str) -> str:
    """The id of the document that a passage is from."""
    return passage_id.rsplit(":", 2)[0]


def entries_of(view: View) -> dict[str, Entry]:
    """The documents of a view, by id."""
    return records_of(view)[0]


def records_of(view: View) -> tuple[dict[str, Entry], dict[str, Failure]]:
    """The documents of a view, by id, and the files that are not in it, by source."""
    found = view.documents.get(include=["metadatas"])
    entries: dict[str, Entry] = {}
    failures: dict[str, Failure] = {}
    for id, record in zip(found["ids"], found["metadatas"] or [], strict=True):
        if is_document(id):
            entry = read_document(record)
            entries[entry.id] = entry
        elif is_failure(id):
            failure = read_failure(record)
            failures[failure.unread.source] = failure
    return entries, failures


def head_of(view: View) -> Head | None:
    """What made the index; None for an empty one."""
    records = view.documents.get(ids=[HEAD], include=["metadatas"])["metadatas"]
    return read_head(records[0]) if records else None
