"""From a question to what of the documents may answer: hits, their units, and spans in them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.confidence import confidence
from qa.answering.contradictions import echoes
from qa.answering.deadline import Deadline
from qa.answering.units.choosing import Choice, judged, likely, to_read
from qa.answering.units.named_parts import parts_named
from qa.answering.units.selecting import selected
from qa.index import Entry, Scope, Searchable
from qa.reading import Reader
from qa.records import Hit, Span
from qa.retrieval import Query, Retrieval, acronym_in, as_written, misspelt, respelt
from qa.settings import Settings
from qa.text.asking import asked_stems
from qa.text.sentences import Range

# The least certainty with which a suggestion must be answered.
_SURE = 0.5
# The number of documents whose units are looked at, and of passages before and after each hit.
_DOCUMENTS = 8
_AROUND = (4, 8)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question; `retrieved` is when the hits had arrived.

    `meant` is the question with its words spelt as the hits spell them, and with an acronym or what
    it stands for, whichever of the two answers.
    """

    meant: str
    hits: Sequence[Hit]
    spans: Sequence[Span]
    choices: Sequence[Choice]
    entries: Mapping[str, Entry]
    retrieved: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The parts that look for an answer, one after the other."""

    settings: Settings
    retrieval: Retrieval
    reader: Reader

    def found(
        self,
        snapshot: Searchable,
        asked: str,
        scope: Scope,
        behind: Mapping[str, float] | None = None,
        limit: Deadline | None = None,
    ) -> Found:
        """What of the documents may answer.

        Where an acronym was asked for, or words that have one, and the answer is unsure or says no
        more than what the acronym stands for, the other of the two is asked for as well, and what
        answers more surely counts.
        """
        found = self._found(snapshot, asked, scope, behind, limit)
        acronym = acronym_in(found.meant, [hit.passage.text for hit in found.hits])
        if acronym is None:
            return found
        score = _sureness(found)
        if score >= self.settings.sure and not acronym.is_defined_in(found.choices[0].text):
            return found
        also = self._found(snapshot, acronym.swapped(found.meant), scope, behind, limit)
        return max((found, also), key=_sureness)

    def _found(
        self,
        snapshot: Searchable,
        asked: str,
        scope: Scope,
        behind: Mapping[str, float] | None,
        limit: Deadline | None,
    ) -> Found:
        if not snapshot.entries:
            return Found(asked, [], [], [], snapshot.entries, time.perf_counter())
        query = self._query(snapshot, asked, self.settings.limit, scope, behind)
        embedder = self.retrieval.embedder
        vector = embedder.embed_query(respelt(asked, query.misspelt or {}))
        hits = self.retrieval(replace(query, vector=vector))
        retrieved = time.perf_counter()
        if limit is not None:
            limit.check()
        meant = as_written(asked, [hit.passage.text for hit in hits], embedder.is_token)
        choices, spans = self.judged(snapshot, meant, hits, vector)
        return Found(meant, hits, spans, choices, snapshot.entries, retrieved)

    def search(
        self,
        snapshot: Searchable,
        question: str,
        limit: int,
        scope: Scope,
    ) -> list[Hit]:
        """The passages most likely to answer, best first."""
        if not snapshot.entries:
            return []
        return self.retrieval(self._query(snapshot, question, limit, scope))

    def best(self, snapshot: Searchable, question: str, scope: Scope) -> Span | None:
        """The best answer to a question within a scope, if one is sure enough."""
        found = self._surely(snapshot, question, scope, _SURE)
        if found is None:
            return None
        choices, score = found
        best = choices[0].as_hit()
        return Span(best, best.passage.start, best.passage.end, score)

    def answers(
        self,
        snapshot: Searchable,
        question: str,
        document_id: str,
        section: Range,
        scope: Scope | None = None,
    ) -> bool:
        """Whether a document surely answers a question within a range of its text."""
        found = self._surely(snapshot, question, scope or Scope(), self.settings.sure)
        if found is None:
            return False
        said = selected(question, found[0])[0]
        return (
            said.stretch.passage.document_id == document_id
            and section[0] < said.unit.end
            and said.unit.start < section[1]
            and said.unit.kind != "outline"
        )

    def judged(
        self,
        snapshot: Searchable,
        question: str,
        hits: Sequence[Hit],
        vector: Sequence[float],
    ) -> tuple[list[Choice], list[Span]]:
        """The units around the best hits, those that answer best first; the spans found in them."""
        rarity = snapshot.keywords.rarity(asked_stems(question))
        found = self.likely(snapshot, question, hits, vector, rarity)
        found = parts_named(question, found) or found
        spans = self.reader.read(question, to_read(found), rarity)
        choices = judged(found, spans)
        # After the choice, so that what only echoes the best one does not count for the unit that
        # holds it.
        echoed = echoes(question, spans, found)
        if echoed:
            spans = [*spans, *self.reader.read(question, echoed, rarity)]
        return choices, sorted(spans, key=lambda span: -span.score)

    @staticmethod
    def likely(
        snapshot: Searchable,
        question: str,
        hits: Sequence[Hit],
        vector: Sequence[float],
        rarity: Mapping[str, float],
    ) -> list[Choice]:
        """The units around the best hits, the likeliest first; none of them is read yet."""
        if not hits:
            return []
        documents = list(dict.fromkeys(hit.passage.document_id for hit in hits))[:_DOCUMENTS]
        near = [hit.passage.id for hit in hits if hit.passage.document_id in documents]
        stretches = snapshot.around(near, *_AROUND)
        return likely(question, stretches, hits, vector, rarity)

    def _query(
        self,
        snapshot: Searchable,
        question: str,
        limit: int,
        scope: Scope,
        behind: Mapping[str, float] | None = None,
    ) -> Query:
        """The question to the documents of a scope, with what its misspelt words may stand for."""
        documents = snapshot.select(scope) if snapshot.entries else None
        unknown = misspelt(question, snapshot.keywords, documents, self.retrieval.embedder.is_token)
        return Query(question, snapshot, limit, documents, behind or {}, misspelt=unknown)

    def _surely(
        self, snapshot: Searchable, question: str, scope: Scope, least: float
    ) -> tuple[Sequence[Choice], float] | None:
        """The units and the score of the best one, if that is at least so high and not refused."""
        found = self.found(snapshot, question, scope)
        score = confidence(question, found.choices, found.spans)
        if not found.choices or score < max(least, self.settings.threshold):
            return None
        return found.choices, score


def _sureness(found: Found) -> float:
    return confidence(found.meant, found.choices, found.spans)
