"""What the owner of an index sees to: that it is saved, that what is old goes, and what to mend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa import backups, indexing
from qa.access import Viewer
from qa.answering import KeptAnswers
from qa.assistant.arguments import groups_of, source_of, whole_number
from qa.assistant.corpus import Corpus, reporting
from qa.audit import Audit
from qa.errors import ArgumentError, described
from qa.events import AccessChanged, FindingSetAside
from qa.index import Verdicts
from qa.insights import insights
from qa.records import Backup, Insights, PermitReport, Progress, Review, ReviewFinding
from qa.review import Reviewing

_MOST_DAYS = 3660


class Upkeep(Corpus):
    """A corpus that is looked after."""

    def backup(
        self,
        file: str | Path,
        *,
        force: bool = False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Backup:
        """Write the index, and what is kept beside it, into one archive; see `qa.backup`.

        It may be used, and synced, meanwhile.

        Raises:
            BackupError: the file is there already, or cannot be written.
            IndexUnavailableError: there is no index, or it is damaged.
        """
        self._check_may_change()
        return backups.backup(file, settings=self.settings, force=force, progress=progress)

    def keep_answers(self) -> None:
        """Keep answers in memory from now on, for whoever asks the same until the index changes.

        They take `Settings.answer_cache_megabytes` at most. Somebody who may read other documents
        gets none of them. Questions of a conversation, and those to several indexes, are always
        answered anew, and so are all if a chat model writes the answers. `qa serve` does this.
        """
        self._check_may_change()
        megabytes = self.settings.answer_cache_megabytes
        if megabytes and self.settings.chat_model is None:
            self._kept = KeptAnswers(megabytes, self.settings)

    def catch_up(self) -> None:
        """Let go of everything in memory that is of an older generation, and open the newest.

        The next question does it as well. `qa serve` does it every few seconds, so that what was
        removed is soon gone from its memory although nobody asks.

        Raises:
            IndexUnavailableError: the index cannot be reached.
        """
        self._check_open()
        self.index.catch_up()

    def expire(self) -> int:
        """Remove what has been kept for as long as the settings allow; the number of lines removed.

        That is lines of the audit and opinions of answers; see `Settings.audit_days` and
        `feedback_days`. `qa sync` does it, and `qa serve` every day.

        Raises:
            IndexUnavailableError: a file cannot be changed.
        """
        self._check_may_change()
        settings = self.settings
        kept = (
            (Audit(settings.index), settings.audit_days),
            (Verdicts.of(settings.index), settings.feedback_days),
        )
        return sum(
            lines.expire(datetime.now(UTC) - timedelta(days=days)) for lines, days in kept if days
        )

    def insights(self, days: int = 30) -> Insights:
        """The use of the index in the last days, today included, and what its documents lack.

        It is made from the audit and from readers' opinions (`Settings.audit`). The words of
        questions that were not answered are only kept with `Settings.audit_questions`, those of
        votes with `Settings.feedback_texts`; they are grouped by likeness, each group with the
        passages closest to it.

        Raises:
            ArgumentError: that is no number of days from 1 to 3,660.
            IndexUnavailableError: the index, the audit or the opinions cannot be read.
        """
        self._check_may_change()
        number = whole_number(days, "days")
        if not 1 <= number <= _MOST_DAYS:
            raise ArgumentError(f"days is a number from 1 to {_MOST_DAYS:,}, not {number:,}.")
        return insights(self.index, self.settings, self.embedder, number)

    def review(
        self,
        *,
        progress: Callable[[Progress], None] | None = None,
        viewer: Viewer | None = None,
    ) -> Review:
        """What in the documents their owner may want to mend, the likeliest first.

        The documents are compared with each other: statements that contradict each other, texts
        that are kept twice, documents that a newer one replaces; and their links are followed
        within the documents. What was compared is kept, and only what is new or has changed is
        compared again; a review that is interrupted goes on where it was. A `viewer` gets what is
        found in the documents that they may read, and no progress, as all documents are compared.

        Raises:
            IndexUnavailableError: the index's folder cannot be written to.
        """
        self._check_open()
        seeing, tell = self._seeing(viewer), reporting(progress)
        report = self._giving_way(tell if seeing.owner else reporting(None))
        return Reviewing(self.index).review(report, seeing)

    def findings(self, *, viewer: Viewer | None = None) -> Review:
        """What earlier reviews found, as `review` gives it, without comparing anything.

        Its `documents` are those that have been compared.
        """
        self._check_open()
        return Reviewing(self.index).known(self._seeing(viewer))

    def permit(
        self,
        patterns: Sequence[str] | str,
        *,
        groups: Collection[str] | None,
        dry_run: bool = False,
    ) -> PermitReport:
        """Let only viewers in one of `groups` read what the patterns match, from now on.

        A pattern is written as in `.gitignore`, from the name of a folder on ("handbook/hr/",
        "*.pdf"), or is the name of a source. It counts before the files `.qa-access.toml` and the
        groups of `sync` and `add`, for what comes later, too; of several patterns, the last one
        said. "*" is everybody, an empty list nobody; None forgets what was said of a pattern. No
        folder is looked through, but its rule files count as they are now. With `dry_run`, nothing
        is changed.

        Raises:
            ArgumentError: that are no patterns, or groups are no list of names.
            IndexLockedError: a sync did not finish in time.
        """
        self._check_may_change()
        lines, readers = _patterns(patterns), groups_of(groups)
        report = indexing.permit(self.index, lines, readers, self.settings, dry_run=dry_run)
        if not dry_run:
            self.listeners.tell(
                AccessChanged(
                    by=self.by,
                    index=self.settings.index,
                    patterns=tuple(lines),
                    readers=None if readers is None else tuple(readers),
                    sources=tuple(one.source for one in report.changed),
                )
            )
        return report

    def readers(
        self, patterns: Sequence[str] | str | None = None
    ) -> dict[str, tuple[str, ...] | None]:
        """The groups that may read each document, or each that a pattern matches.

        None is everybody, no groups are nobody.

        Raises:
            ArgumentError: that are no patterns.
        """
        self._check_may_change()
        with self.index.reading(self._viewer) as snapshot:
            return indexing.readers(snapshot, None if patterns is None else _patterns(patterns))

    def permits(self) -> dict[str, tuple[str, ...]]:
        """What was said with `permit`: the groups of each pattern, the last said last."""
        self._check_may_change()
        with self.index.reading(self._viewer) as snapshot:
            said = snapshot.head.permits if snapshot.head is not None else {}
            return {line: tuple(groups) for line, groups in said.items()}

    def set_aside(self, finding: str) -> ReviewFinding:
        """Leave a finding of `review` out from now on, until one of its texts changes.

        Raises:
            UnknownSourceError: there is no finding with this id.
        """
        self._check_may_change()
        return self._judged(Reviewing(self.index).set_aside(finding, self._viewer), aside=True)

    def bring_back(self, finding: str) -> ReviewFinding:
        """Show a finding again that was set aside.

        Raises:
            UnknownSourceError: there is no finding with this id.
        """
        self._check_may_change()
        return self._judged(Reviewing(self.index).bring_back(finding, self._viewer), aside=False)

    def _judged(self, finding: ReviewFinding, *, aside: bool) -> ReviewFinding:
        """The finding, told to those who listen."""
        self.listeners.tell(
            FindingSetAside(
                by=self.by,
                index=self.settings.index,
                finding=finding.id,
                kind=finding.kind,
                sources=tuple(one.source for one in finding.citations),
                aside=aside,
            )
        )
        return finding


def _patterns(given: object) -> list[str]:
    lines = [given] if isinstance(given, str) else given
    if not isinstance(lines, list | tuple):
        raise ArgumentError(
            f'patterns is a list of them, as ["handbook/hr/", "*.pdf"], not {described(given)}.'
        )
    return list(dict.fromkeys(map(source_of, lines)))
