"""A review: each document that is new is compared with the others, and all findings are shown.

What was found is kept (`qa.index.reviewed`), so that a review that was interrupted goes on where it
was, and after a sync only what has changed is compared again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from qa.access import OWNER, Viewer
from qa.checking import Entailment, packaged
from qa.errors import UnknownSourceError
from qa.index import Entry, Found, Index, Reviewed, ReviewedDocument, Snapshot
from qa.records import Citation, FindingKind, Progress, Review, ReviewFinding, located
from qa.review.comparing import Comparing
from qa.review.contradictions import Contradictions
from qa.review.dead_links import DeadLink, Links
from qa.review.texts import Texts
from qa.review.versions import newer_of
from qa.text.ages import dated
from qa.text.sentences import Range

RULES = 1
"""Raised when documents are judged differently: all are then judged anew."""
_ID = 10  # characters


@dataclass(frozen=True, slots=True)
class _Shown:
    """A finding, and the ids of its documents."""

    finding: ReviewFinding
    documents: tuple[str, ...]


class Reviewing:
    """Reviews the documents of an index; safe to share between threads and processes."""

    def __init__(self, index: Index, model: Entailment | None = None) -> None:
        self._index = index
        self._model = model or packaged()
        rules = f"{RULES} {self._model.about['sha256'][:12]}"
        self._kept = Reviewed(index.store.folder, rules)

    def review(self, progress: Callable[[Progress], None], viewer: Viewer) -> Review:
        """Compare what is new with all the rest; what a viewer may see of what was found.

        Raises:
            IndexUnavailableError: the index cannot be read, or its folder cannot be written to.
        """
        started, judged, done = time.monotonic(), set[str](), False
        while True:
            with self._index.reading(OWNER) as snapshot:
                new, done = self._bring_up_to_date(snapshot, progress)
                judged.update(new)
                if not done:  # the index has changed meanwhile
                    continue
                visible = _visible(snapshot, viewer)
                shown = [one.finding for one in self._shown(snapshot, visible)]
            seen = len(judged.intersection(visible))
            return self._review(shown, len(visible), seen, time.monotonic() - started)

    def known(self, viewer: Viewer) -> Review:
        """What a viewer may see of what was found so far; nothing is compared.

        Raises:
            IndexUnavailableError: the index cannot be read.
        """
        with self._index.reading(OWNER) as snapshot:
            visible = _visible(snapshot, viewer)
            compared = visible.intersection(self._kept.documents(_versions(snapshot)))
            shown = [one.finding for one in self._shown(snapshot, visible)]
        return self._review(shown, len(compared))

    def set_aside(self, finding: str, viewer: Viewer) -> ReviewFinding:
        """Leave a finding out from now on, until one of its texts changes.

        Raises:
            UnknownSourceError: there is no such finding.
        """
        one = self._known(finding, viewer)
        self._kept.set_aside(finding, one.documents)
        return one.finding

    def bring_back(self, finding: str, viewer: Viewer) -> ReviewFinding:
        """Show a finding again that was set aside.

        Raises:
            UnknownSourceError: there is no such finding.
        """
        one = self._known(finding, viewer)
        self._kept.bring_back(finding)
        return one.finding

    def _review(
        self, shown: list[ReviewFinding], documents: int, judged: int = 0, seconds: float = 0.0
    ) -> Review:
        aside = self._kept.aside()
        return Review(
            tuple(one for one in shown if one.id not in aside),
            tuple(one for one in shown if one.id in aside),
            documents,
            judged,
            seconds,
        )

    def _known(self, finding: str, viewer: Viewer) -> _Shown:
        with self._index.reading(OWNER) as snapshot:
            for one in self._shown(snapshot, _visible(snapshot, viewer)):
                if one.finding.id == finding:
                    return one
        raise UnknownSourceError(f"There is no finding {finding!r}. `qa review --all` lists them.")

    def _bring_up_to_date(
        self, snapshot: Snapshot, progress: Callable[[Progress], None]
    ) -> tuple[list[str], bool]:
        """Compare what was not compared yet; which documents, and whether nothing is left."""
        known = self._kept.documents(_versions(snapshot))
        new = {id: entry for id, entry in snapshot.entries.items() if id not in known}
        if not new:
            return [], True
        generation = self._index.store.generation()
        if snapshot.opened is None or snapshot.opened.generation != generation:
            return [], False
        comparing = Comparing(snapshot, Contradictions(self._model), _links(snapshot))
        whole = sum(entry.passages for entry in new.values()) or 1
        passages = 0
        for place, entry in enumerate(new.values()):
            progress(
                Progress("reviewing", place, len(new), entry.source, passages, passages / whole)
            )
            current = self._kept.keep(
                comparing.compared(entry),
                current=lambda: self._index.store.generation() == generation,
            )
            if not current:
                return list(new)[:place], False
            passages += entry.passages
        return list(new), True

    def _shown(self, snapshot: Snapshot, visible: Collection[str]) -> list[_Shown]:
        """All that was found, the likeliest first."""
        showing = _Showing(snapshot)
        known = self._kept.documents(_versions(snapshot))
        shown: dict[object, _Shown] = {}
        for found in (one for document in known.values() for one in document.found):
            if all(at.document in visible for at in found.at):
                one = showing.pair(found)
                key = _same(one)
                if key not in shown or shown[key].finding.score < one.finding.score:
                    shown[key] = one
        for dead in _dead(snapshot, known):
            if dead.document_id in visible:
                one = showing.link(dead, visible)
                shown[one.finding.id] = one
        return sorted(shown.values(), key=lambda one: (-one.finding.score, one.finding.id))


class _Showing:
    """Makes findings of what was found in a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._texts = Texts(snapshot)
        self._ids = snapshot.ids

    def pair(self, found: Found) -> _Shown:
        """A finding in two documents."""
        newer = found.at[found.newer] if found.newer is not None else None
        at = sorted(found.at, key=lambda one: (self._entry(one.document).source, one.start))
        entries = [self._entry(one.document) for one in at]
        latest = at.index(newer) if newer is not None else newer_of(*entries)
        finding = ReviewFinding(
            id="",
            kind=cast("FindingKind", found.kind),
            score=found.score,
            citations=tuple(
                self._citation(entry, (one.start, one.end), number)
                for number, (entry, one) in enumerate(zip(entries, at, strict=True), 1)
            ),
            dates=tuple(dated(one.title, one.source, one.metadata) for one in entries),
            newer=None if latest is None else latest + 1,
        )
        return _identified(finding, entries)

    def link(self, dead: DeadLink, visible: Collection[str]) -> _Shown:
        """A link that leads nowhere."""
        entry = self._entry(dead.document_id)
        finding = ReviewFinding(
            id="",
            kind="dead link",
            score=dead.score,
            citations=(self._citation(entry, (dead.link.start, dead.link.end), 1),),
            dates=(dated(entry.title, entry.source, entry.metadata),),
            target=dead.link.target,
            meant=dead.meant if self._ids.get(dead.meant) in visible else "",
        )
        return _identified(finding, [entry])

    def _entry(self, id: str) -> Entry:
        return self._texts.text(id).entry

    def _citation(self, entry: Entry, place: Range, number: int) -> Citation:
        document = self._texts.text(entry.id).document
        start, end = place
        quote = document.text[start:end]
        citation = Citation(number, entry.source, entry.title, start, end, quote, "")
        return located(citation, entry.headings, entry.pages, entry.scans)


def _identified(finding: ReviewFinding, entries: list[Entry]) -> _Shown:
    """A finding with its id, which changes with its texts, but not with where they are."""
    told = sorted(
        f"{entry.id} {citation.quote}"
        for entry, citation in zip(entries, finding.citations, strict=True)
    )
    whole = "\0".join((finding.kind, finding.target, *told))
    id = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_ID]
    return _Shown(replace(finding, id=id), tuple(entry.id for entry in entries))


def _same(one: _Shown) -> object:
    """What is the same for findings of which one is enough."""
    if one.finding.kind == "contradiction":
        return one.finding.id
    return one.finding.kind, frozenset(one.documents)


def _visible(snapshot: Snapshot, viewer: Viewer) -> frozenset[str]:
    """The ids of the documents that a viewer may read."""
    hidden = snapshot.hidden_from(viewer) or frozenset()
    return frozenset(id for id, entry in snapshot.entries.items() if entry.rule not in hidden)


def _versions(snapshot: Snapshot) -> dict[str, str]:
    return {id: entry.indexed for id, entry in snapshot.entries.items()}


def _links(snapshot: Snapshot) -> Links:
    folders = snapshot.head.folders if snapshot.head is not None else {}
    return Links(snapshot.entries, folders, lambda source: source in snapshot.failures)


def _dead(snapshot: Snapshot, known: Mapping[str, ReviewedDocument]) -> Iterator[DeadLink]:
    return _links(snapshot).dead({id: one.links for id, one in known.items()})
