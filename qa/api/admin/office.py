"""What the owner's page and its interface for programs have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.api.admin.work import Work
from qa.errors import UnknownSourceError
from qa.insights import DownRange, VotedDown, voted_down, wordless_votes
from qa.insights import WordlessVotes as WordlessVotes
from qa.records import EndedSync as EndedSync
from qa.settings import no_index

if TYPE_CHECKING:
    from qa.api.operating.readiness import Readiness
    from qa.assistant import Assistant
    from qa.index import Verdicts
    from qa.records import Progress, SyncReport


@dataclass(frozen=True, slots=True)
class Alert:
    """A check of `/readyz` that failed; `error` says more where that is known."""

    check: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answer that was voted down, and whether it is in the set for `qa eval`."""

    answer: VotedDown
    in_set: bool


class Office:
    """The work of the owner of an index, while it is served."""

    def __init__(
        self,
        assistant: Assistant,
        verdicts: Verdicts,
        readiness: Readiness,
        failed: Sequence[Callable[[], None]] = (),
    ) -> None:
        self.assistant = assistant
        self.verdicts = verdicts
        self._readiness = readiness
        self._failed = failed
        self.sync = Work("sync", self._sync)
        self.review = Work("review", self._review)

    @property
    def syncs(self) -> Sequence[EndedSync]:
        """The last syncs of the index, in whichever process, the latest first."""
        return self.assistant.syncs.latest

    def synced(self, found: SyncReport | Exception) -> None:
        """Tell those who want to know that a sync of the server ended; review what it changed."""
        self._readiness.look_again()
        if isinstance(found, Exception):
            for tell in self._failed:
                tell()
        elif found.added or found.changed or found.renamed or found.removed:
            self.review.start(self.assistant)

    async def alerts(self) -> list[Alert]:
        """What is wrong with the server."""
        failed = [name for name, passed in (await self._readiness.told()).items() if not passed]
        more = {"sync": self._sync_error, "documents": self._where_none_are}
        return [Alert(name, more[name]() if name in more else "") for name in failed]

    def voted_down(self) -> list[Chosen]:
        """Answers that readers voted down, the latest first.

        Raises:
            IndexUnavailableError: the opinions cannot be read.
        """
        chosen = self.verdicts.chosen()
        index = self.assistant.settings.index
        return [Chosen(one, one.id in chosen) for one in voted_down(index)]

    def wordless_votes(self) -> WordlessVotes:
        """Votes down whose questions are not kept, with what the documents say there.

        Raises:
            IndexUnavailableError: the opinions cannot be read.
        """
        found = wordless_votes(self.assistant.settings.index)
        return replace(found, ranges=tuple(map(self._looked_up, found.ranges)))

    def add_to_set(self, id: str, *, answer: str = "", answerable: bool = True) -> bool:
        """Add a question to the set for `qa eval`; False if it is in it already.

        Raises:
            UnknownSourceError: no answer with this id was voted down.
            IndexUnavailableError: the set cannot be written.
        """
        for one in voted_down(self.assistant.settings.index):
            if one.id == id:
                return self.verdicts.expect(
                    id, one.question, answer=answer.strip(), answerable=answerable
                )
        raise UnknownSourceError(
            f"No answer {id!r} was voted down, or its opinion has been removed since, or its "
            "question is not kept, which the setting feedback_texts does."
        )

    def end(self, seconds: float) -> None:
        """Interrupt what is being done, and wait for that."""
        for work in (self.sync, self.review):
            work.end(seconds)

    def _sync_error(self) -> str:
        return " ".join(dict.fromkeys(self.assistant.syncs.failing.values()))

    def _where_none_are(self) -> str:
        index = self.assistant.settings.index
        return "" if self.assistant.status().updated else no_index(index)

    def _looked_up(self, one: DownRange) -> DownRange:
        try:
            document = self.assistant.document(one.source)
        except UnknownSourceError:
            return one
        return replace(one, text=document.text[one.start : one.end])

    def _sync(self, by: Assistant, tell: Callable[[Progress], None]) -> None:
        try:
            report = by.sync(progress=tell)
        except Exception as error:
            self.synced(error)
            raise
        self.synced(report)

    def _review(self, by: Assistant, tell: Callable[[Progress], None]) -> None:
        by.review(progress=tell)
