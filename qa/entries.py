"""What the index's records in Chroma say: one a document, one a passage, and the head.

A document's record holds all of it but the text; the text is in the records of
its passages. The head says what made the index and which folders it mirrors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from qa.records import Document, Heading, Metadata, Passage
from qa.splitting import passage_id

# Raised when records are laid out differently.
FORMAT = 1
HEAD = "head"
_DOCUMENT = "document:"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document's record: all of it but the text."""

    id: str
    source: str
    title: str
    version: str
    digest: str
    passages: int
    characters: int
    folder: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: Metadata = field(default_factory=dict)

    @property
    def passage_ids(self) -> list[str]:
        """The ids of its passages, in order."""
        return [passage_id(self.id, self.version, ordinal) for ordinal in range(self.passages)]

    @property
    def indexed(self) -> str:
        """What changes with anything that is embedded or looked up: the text and the title."""
        return f"{self.version}:{_hash(self.title)}"


@dataclass(frozen=True, slots=True)
class Head:
    """What made the index, and the folders that it mirrors (name -> absolute path)."""

    fingerprint: str
    splitter: str
    generation: int = 0
    format: int = FORMAT
    folders: Mapping[str, str] = field(default_factory=dict)
    samples: str = ""
    updated: str = ""


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
    )


def document_id(source: str, taken: Collection[str] = ()) -> str:
    """An id for a new source; a document that was renamed away may hold the first choice."""
    for salt in range(len(taken) + 1):
        id = _hash(f"{source}\0{salt or ''}")
        if id not in taken:
            return id
    raise AssertionError("unreachable")


def text_version(document: Document) -> str:
    """What changes with the text, its headings and its pages: part of the passages' ids."""
    headings = [asdict(heading) for heading in document.headings]
    return _hash(json.dumps([document.text, headings, document.pages]))


def document_record(entry: Entry) -> dict[str, Any]:
    """A document's metadata in Chroma."""
    return {"entry": json.dumps(asdict(entry))}


def read_document(record: Mapping[str, Any]) -> Entry:
    """The entry that `document_record` wrote."""
    values = json.loads(str(record["entry"]))
    values["pages"] = tuple(values["pages"])
    values["headings"] = tuple(Heading(**heading) for heading in values["headings"])
    return Entry(**values)


def head_record(head: Head) -> dict[str, Any]:
    """The head's metadata in Chroma."""
    # The generation stands by itself because readers look at it before each question.
    return {"generation": head.generation, "head": json.dumps(asdict(head))}


def read_head(record: Mapping[str, Any]) -> Head:
    """The head that `head_record` wrote; what a later format adds to it is left out."""
    values = json.loads(str(record["head"]))
    known = {field.name for field in fields(Head)}
    return Head(**{name: value for name, value in values.items() if name in known})


def passage_record(passage: Passage) -> dict[str, Any]:
    """A passage's metadata in Chroma."""
    record: dict[str, Any] = {
        "document_id": passage.document_id,
        "start": passage.start,
        "end": passage.end,
        "heading": passage.heading,
    }
    if passage.page is not None:
        record["page"] = passage.page
    return record


def read_passage(id: str, text: str, record: Mapping[str, Any], entry: Entry) -> Passage:
    """The passage that `passage_record` wrote; what its document says is in `entry`."""
    return Passage(
        id=id,
        document_id=entry.id,
        source=entry.source,
        title=entry.title,
        start=int(record["start"]),
        end=int(record["end"]),
        text=text,
        heading=str(record.get("heading", "")),
        page=record.get("page"),
        metadata=entry.metadata,
    )


def record_id(document_id: str) -> str:
    """The id of a document's record."""
    return _DOCUMENT + document_id


def is_document(record_id: str) -> bool:
    """Whether a record is a document's, not the head or another of the index's own."""
    return record_id.startswith(_DOCUMENT)


def place(document_id: str) -> list[float]:
    """The vector of a document's record: Chroma wants one, and equal ones degrade its graph."""
    digest = hashlib.sha256(document_id.encode()).digest()
    return [1.0, int.from_bytes(digest[:4], "big") / 2**32]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
