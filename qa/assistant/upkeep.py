"""What the owner of an index sees to: that it is saved, that what is old goes, and what to mend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa import backups
from qa.access import Viewer
from qa.assistant.arguments import whole_number
from qa.assistant.corpus import Corpus, reporting
from qa.audit import Audit
from qa.errors import ArgumentError
from qa.index import Verdicts
from qa.insights import insights
from qa.records import Backup, Insights, Progress, Review, ReviewFinding
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
        questions that were not answered are only kept with `Settings.audit_questions`; they are
        grouped by likeness, each group with the passages closest to it.

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
        found in the documents that they may read.

        Raises:
            IndexUnavailableError: the index's folder cannot be written to.
        """
        self._check_open()
        report = self._giving_way(reporting(progress))
        return Reviewing(self.index).review(report, self._seeing(viewer))

    def findings(self, *, viewer: Viewer | None = None) -> Review:
        """What earlier reviews found, as `review` gives it, without comparing anything.

        Its `documents` are those that have been compared.
        """
        self._check_open()
        return Reviewing(self.index).known(self._seeing(viewer))

    def set_aside(self, finding: str) -> ReviewFinding:
        """Leave a finding of `review` out from now on, until one of its texts changes.

        Raises:
            ArgumentError: there is no finding with this id.
        """
        self._check_may_change()
        return Reviewing(self.index).set_aside(finding, self._viewer)

    def bring_back(self, finding: str) -> ReviewFinding:
        """Show a finding again that was set aside.

        Raises:
            ArgumentError: there is no finding with this id.
        """
        self._check_may_change()
        return Reviewing(self.index).bring_back(finding, self._viewer)
