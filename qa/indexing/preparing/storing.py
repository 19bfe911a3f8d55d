"""A document -> what the index stores of it: its record, its passages and their vectors."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from qa.index import (
    Entry,
    Parts,
    Prepared,
    PreparedPassage,
    Stamp,
    directions,
    entry_of,
    text_version,
)
from qa.indexing.preparing.splitting import embedded_text, passage_limit, split, splitter, unit_text
from qa.indexing.preparing.units import units as units_of
from qa.models import Embedder, Part
from qa.records import Block, Document, Link, Passage, Unit

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Begun = TypeVar("Begun", Block, Unit, Link)

# Passages encoded between two reports of the progress; a multiple of the encoder's batch.
_ENCODED_AT_ONCE = 64
# Units that are encoded separately, below their headings. The headings of an outline are not next
# to each other in the text, and lists are found better this way, for a fifth more time; nothing
# else is.
_ALONE = frozenset(("list", "steps", "outline"))


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage with the blocks, units and links that begin in it, not embedded yet.

    `texts` are the encoder's input: first for the passage, then for each unit.
    """

    passage: Passage
    blocks: tuple[Block, ...]
    units: tuple[Unit, ...]
    links: tuple[Link, ...]
    texts: tuple[str, ...]


def cut(document: Document, version: str, tokenizer: Tokenizer, limit: int, room: int) -> list[Cut]:
    """The passages of a document, of at most `limit` tokens, with what begins in each.

    `version` goes into their ids; `room` is the number of tokens that the encoder reads.
    """
    passages = split(document, tokenizer, limit, version)
    starts = [passage.start for passage in passages]
    blocks, units = _shared(document.blocks, starts), _shared(units_of(document), starts)
    links = _shared(document.links, starts)
    return [
        Cut(
            passage,
            tuple(begun),
            tuple(answering),
            tuple(leading),
            (
                embedded_text(passage, tokenizer),
                *(unit_text(document, unit, tokenizer, room) for unit in answering),
            ),
        )
        for passage, begun, answering, leading in zip(passages, blocks, units, links, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document, and of the file that it was read from: digest, folder, stamp and note.

    `read` is when that was (ISO 8601, UTC), `rule` says who may read it.
    """

    document: Document
    digest: str = ""
    folder: str = ""
    stamp: Stamp = ()
    read: str = ""
    note: str = ""
    rule: str = ""


class Preparing:
    """Cuts documents for an embedder and embeds the passages; see `qa.index.making`."""

    def __init__(self, embedder: Embedder, passage_tokens: int) -> None:
        self.embedder = embedder
        self._passage_tokens = passage_tokens

    @property
    def name(self) -> str:
        """The embedder's name in the settings."""
        return self.embedder.name

    @property
    def fingerprint(self) -> str:
        """What an index remembers of the embedder."""
        return self.embedder.fingerprint

    @property
    def splitter(self) -> str:
        """What an index remembers of how its passages were cut."""
        return splitter(self._passage_tokens)

    def prepared(
        self,
        documents: Sequence[Incoming],
        held: Callable[[Entry], bool] = lambda _: False,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> list[Prepared]:
        """The documents, ready to be stored; the passages of those that are `held` are left out.

        `progress` is called with the number of passages that are embedded, and that of all.
        """
        limit = passage_limit(self.embedder.max_tokens, self._passage_tokens)
        entries: list[tuple[Entry, int]] = []
        new: list[Cut] = []
        for one in documents:
            version = text_version(one.document)
            cuts = cut(
                one.document, version, self.embedder.tokenizer, limit, self.embedder.max_tokens
            )
            entry = entry_of(one.document, version, one.digest, one.folder, len(cuts))
            entry = replace(entry, stamp=one.stamp, read=one.read, note=one.note, rule=one.rule)
            if held(entry):
                cuts = []
            entries.append((entry, len(cuts)))
            new.extend(cuts)
        passages = iter(self._embedded(new, progress))
        return [
            Prepared(entry, tuple(next(passages) for _ in range(count))) for entry, count in entries
        ]

    def _embedded(
        self, cuts: Sequence[Cut], progress: Callable[[int, int], None]
    ) -> list[PreparedPassage]:
        found: list[PreparedPassage] = []
        if cuts:
            progress(0, len(cuts))
        for at in range(0, len(cuts), _ENCODED_AT_ONCE):
            batch = cuts[at : at + _ENCODED_AT_ONCE]
            texts, parts = [one.texts[0] for one in batch], [_parts(one) for one in batch]
            for one, rows in zip(batch, self.embedder.encode_with_parts(texts, parts), strict=True):
                kept = Parts(one.blocks, one.units, directions(rows[1:]), one.links)
                found.append(PreparedPassage(one.passage, rows[0].copy(), kept))
            progress(at + len(batch), len(cuts))
        return found


def _parts(one: Cut) -> list[Part]:
    """The ranges of the units in the embedded text, which begins with its context."""
    whole, passage = one.texts[0], one.passage
    plain = passage.text.strip()
    first = passage.start + passage.text.index(plain)
    front = len(whole) - len(plain)
    parts: list[Part] = []
    for unit, alone in zip(one.units, one.texts[1:], strict=True):
        start, end = (max(front, front + at - first) for at in (unit.start, unit.end))
        parts.append(Part(start, start if unit.kind in _ALONE else end, alone))
    return parts


def _shared(parts: Sequence[Begun], starts: Sequence[int]) -> list[list[Begun]]:
    """For each passage, given by its start, the parts that begin in it."""
    found: list[list[Begun]] = [[] for _ in starts]
    for part in parts:
        found[bisect_right(starts, part.start) - 1].append(part)
    return found
