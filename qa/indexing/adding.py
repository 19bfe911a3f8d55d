"""Add documents to the index that are not in a folder."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qa.access import EVERYONE
from qa.errors import LoadError
from qa.index import Changes, Entry, Index, document_id, entry_of, rule_id, text_version
from qa.indexing.folders.rules import Permits
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.loading import blocks_of_lines
from qa.records import Document, Permitted, Skipped, SyncReport, are_apart, now
from qa.settings import Settings

# Documents with up to this many characters are embedded together, to fill the encoder's batches.
CHARACTERS_AT_ONCE = 100_000


@dataclass(slots=True)
class Tally:
    """The report while it grows."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    readers: Sequence[Permitted] = ()
    skipped: list[Skipped] = field(default_factory=list)
    passages: int = 0
    started: float = field(default_factory=time.perf_counter)

    def report(self) -> SyncReport:
        """The report as it is now."""
        return SyncReport(
            added=tuple(sorted(set(self.added))),
            changed=tuple(sorted(set(self.changed))),
            renamed=tuple(sorted(self.renamed)),
            removed=tuple(sorted(set(self.removed))),
            samples=tuple(sorted(set(self.samples))),
            unchanged=tuple(sorted(set(self.unchanged))),
            readers=tuple(self.readers),
            skipped=tuple(self.skipped),
            passages=self.passages,
            seconds=time.perf_counter() - self.started,
        )


def add(
    index: Index,
    preparing: Preparing,
    documents: Iterable[Document],
    settings: Settings,
    groups: Collection[str] | None = None,
) -> SyncReport:
    """Add documents that are not in files, all or none; a known source or id is replaced.

    Only people in one of `groups` may read them. None leaves a known document to those that may
    read it already, and a new one to everybody.

    Raises:
        LoadError: a document cannot be stored.
    """
    tally = Tally()
    with index.writing(settings.lock_timeout) as session:
        permits = Permits(session.head.permits)
        session.ruled = permits.over(session, lambda entry: entry.rule_itself)
        batch: dict[str, Document] = {}
        sources: set[str] = set()
        rules: dict[str, str] = {}
        characters = 0
        for document in documents:
            check_storable(document)
            if document.source in sources or document.id in batch:
                tally.passages += _put(session, preparing, batch, rules)
                batch, sources, characters = {}, set(), 0
            ready = with_id(document, session)
            rules[ready.id] = _rule(ready, session, groups)
            if not _replace(ready, session, tally, rules[ready.id]):
                continue
            batch[ready.id] = ready
            sources.add(ready.source)
            characters += len(ready.text)
            if characters > CHARACTERS_AT_ONCE:
                tally.passages += _put(session, preparing, batch, rules)
                batch, sources, characters = {}, set(), 0
        tally.passages += _put(session, preparing, batch, rules)
        session.publish()
    return tally.report()


def check_storable(document: Document) -> None:
    """Refuse a document that could not be read back unchanged.

    Raises:
        LoadError: a text contains half a character, metadata are not plain values, or links are not
        in the text.
    """
    for name in ("source", "title", "text", "id"):
        value: str = getattr(document, name)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise LoadError(
                f"{document.source!r}: the character at {error.start} of its {name} is half of a "
                "surrogate pair. Decode the text again, or leave that character out."
            ) from error
    for key, item in document.metadata.items():
        if not isinstance(item, str | int | float | bool):
            raise LoadError(
                f"{document.source}: metadata {key!r} is a {type(item).__name__}. "
                "Give a text, a number, True or False."
            )
    if not are_apart(document.links, len(document.text)):
        raise LoadError(
            f"{document.source}: a link is not in the text, or shares words with the one before. "
            "Give them in the order of the text."
        )


def _rule(document: Document, session: Changes, groups: Collection[str] | None) -> str:
    """The rule of a document that is added for these groups, or for those that it has."""
    if groups is None:
        known = session.find(document.source) or session.entries.get(document.id)
        return known.rule_itself if known is not None else ""
    if EVERYONE in groups:
        return ""
    rule = rule_id(groups)
    session.rules[rule] = sorted(set(groups))
    return rule


def _put(
    session: Changes,
    preparing: Preparing,
    batch: Mapping[str, Document],
    rules: Mapping[str, str],
) -> int:
    documents = [Incoming(one, read=now(), rule=rules[id]) for id, one in batch.items()]
    return session.put(preparing.prepared(documents, session.holds))


def _replace(document: Document, session: Changes, tally: Tally, rule: str) -> bool:
    """Make way for a document and count it; False if the index already holds it unchanged."""
    old = session.find(document.source)
    if (
        old is not None
        and old.id == document.id
        and _same(old, document)
        and old.rule_itself == rule
    ):
        tally.unchanged.append(document.source)
        return False
    other = session.entries.get(document.id)
    if other is not None and other.source != document.source:  # the id of another source
        tally.removed.append(other.source)
    if old is not None and old.id != document.id:
        session.remove([old.id])
    new = old is None and document.source not in tally.added
    (tally.added if new else tally.changed).append(document.source)
    return True


def _same(entry: Entry, document: Document) -> bool:
    kept = entry_of(document, text_version(document), "", "", 0)
    return entry.indexed == kept.indexed and entry.metadata == kept.metadata


def with_blocks(document: Document) -> Document:
    """The document with blocks: those of its lines, if it has none."""
    if document.blocks:
        return document
    return replace(document, blocks=blocks_of_lines(document.text, document.headings))


def with_id(document: Document, session: Changes) -> Document:
    """The document with its blocks, and with the id of its source or a new one."""
    document = with_blocks(document)
    return document if document.id else replace(document, id=id_of(document.source, session))


def id_of(source: str, session: Changes) -> str:
    """The id of a source, or a new one.

    An index that is made anew keeps the ids, which are in what its owner set aside.
    """
    known = session.find(source)
    if known is not None:
        return known.id
    before: Mapping[str, str] = {} if session.before is None else session.before.ids
    id = before.get(source, "")
    return id if id and id not in session.entries else document_id(source, session.entries)
