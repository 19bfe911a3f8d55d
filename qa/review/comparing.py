"""One document, compared with those that are like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from qa.index import At, Entry, Found, ReviewedDocument, Snapshot, document_of
from qa.review.contradictions import LEAST_SHARED, Contradictions
from qa.review.dead_links import Links, within
from qa.review.duplicates import duplicate
from qa.review.texts import Text, Texts
from qa.review.versions import names_of, replaced, said_to_replace
from qa.text.sentences import Range

# How many passages near each one are looked at, of its own document and of others.
_NEAREST = 24
# Passages that are less alike say nothing of the same thing.
_LEAST_COSINE = 0.4
# Of a document, the likest ones are looked at.
_MOST_OTHERS = 60


class Comparing:
    """Compares the documents of one snapshot."""

    def __init__(self, snapshot: Snapshot, contradictions: Contradictions, links: Links) -> None:
        self._snapshot = snapshot
        self._texts = Texts(snapshot)
        self._contradictions = contradictions
        self._links = links
        self._of_name: dict[str, list[str]] = {}
        for entry in snapshot.entries.values():
            for name in names_of(entry):
                self._of_name.setdefault(name, []).append(entry.id)
        self._folders = snapshot.head.folders if snapshot.head is not None else {}

    def compared(self, entry: Entry) -> ReviewedDocument:
        """All that is found in a document and another one, and its links within the documents."""
        text = self._texts.text(entry.id)
        near = self._near(entry)
        versions = dict(self._versions(text))
        others = [*versions.values()]
        alike = [self._texts.text(id) for id in near]
        for other in alike:
            if other.entry.id in versions:
                continue  # an older version says other things, and much of the same
            same = self._same(text, other, alike)
            others += [same] if same is not None else []
            if same is None or same.kind != "duplicate document":
                others += self._contradicting(text, other)
        links = within(text.document.links, entry.source, self._folders)
        return ReviewedDocument(entry.id, entry.indexed, tuple(others), tuple(links))

    def _near(self, entry: Entry) -> list[str]:
        """The documents with passages near those of a document, the nearest first."""
        found: Counter[str] = Counter()
        best: dict[str, float] = {}
        for vector in self._snapshot.vectors(entry.passage_ids).values():
            for id, cosine in self._snapshot.nearest(vector.tolist(), _NEAREST):
                other = document_of(id)
                if other != entry.id and cosine >= _LEAST_COSINE:
                    found[other] += 1
                    best[other] = max(cosine, best.get(other, 0.0))
        return sorted(best, key=lambda id: (-best[id], -found[id], id))[:_MOST_OTHERS]

    def _versions(self, text: Text) -> Iterator[tuple[str, Found]]:
        """The documents that this one replaces, or that replace it."""
        entry = text.entry
        targets = [
            (link.start, id)
            for link in text.document.links
            if (id := self._links.leads_to(entry, link)) is not None
        ]
        said = said_to_replace(text, targets, self._snapshot.entries.keys())
        for id, one in said:
            assert one.said is not None
            other = self._texts.text(id)
            place = (one.said.start, one.said.end)
            yield id, self._found("replaced", one.score, text, place, other, _top(other), one.newer)
        known = {id for id, _ in said}
        named = {id: name for name in names_of(entry) for id in self._of_name[name]}
        for id, name in named.items():
            if id == entry.id or id in known:
                continue
            other = self._texts.text(id)
            version = replaced(text, other, len(self._of_name[name]))
            if version is not None:
                tops = (_top(text), other, _top(other))
                yield id, self._found("replaced", version.score, text, *tops, version.newer)

    def _same(self, text: Text, other: Text, alike: Sequence[Text]) -> Found | None:
        same = duplicate(text, other, alike)
        if same is None:
            return None
        kind = "duplicate document" if same.whole else "duplicate passage"
        return self._found(kind, same.score, text, same.one, other, same.other)

    def _contradicting(self, text: Text, other: Text) -> Iterator[Found]:
        for sentence in text.sentences:
            for against in other.like(sentence, LEAST_SHARED):
                found = self._contradictions.between(text, sentence, other, against)
                if found is not None:
                    yield self._found(
                        "contradiction",
                        found.score,
                        text,
                        (sentence.start, sentence.end),
                        other,
                        (against.start, against.end),
                    )

    def _found(
        self,
        kind: str,
        score: float,
        one: Text,
        place: Range,
        other: Text,
        there: Range,
        newer: int | None = None,
    ) -> Found:
        at = tuple(
            At(text.entry.id, text.entry.indexed, *where)
            for text, where in ((one, place), (other, there))
        )
        return Found(kind, round(score, 4), (at[0], at[1]), newer)


def _top(text: Text) -> Range:
    """The beginning of a document: its first heading, or its first sentence."""
    for heading in text.document.headings[:1]:
        return heading.start, heading.start + len(heading.text)
    for sentence in text.sentences[:1]:
        return sentence.start, sentence.end
    end = text.document.text.find("\n")
    return 0, end if end > 0 else len(text.document.text)
