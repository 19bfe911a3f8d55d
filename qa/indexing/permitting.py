"""Change who may read documents, without looking through folders or reading anything anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qa.index import Entry, Index, Snapshot
from qa.indexing.folders.permissions import Permitting
from qa.indexing.folders.rules import Permits, last
from qa.records import PermitReport, Permitted
from qa.settings import Settings


def permit(
    index: Index,
    patterns: Sequence[str],
    groups: Sequence[str] | None,
    settings: Settings,
    *,
    dry_run: bool = False,
) -> PermitReport:
    """Let only these groups read what the patterns match; None forgets what was said of them.

    The rule files of folders count as they are now. All of it is published in one step.

    Raises:
        ArgumentError: one of them is no pattern.
        IndexLockedError: a sync did not finish within `settings.lock_timeout`.
    """
    wanted = Permits(dict.fromkeys(patterns, ()))
    with index.writing(settings.lock_timeout) as session:
        unsaid = [line for line in patterns if line not in session.head.permits]
        said = {line: of for line, of in session.head.permits.items() if line not in patterns}
        if groups is not None:
            said |= {line: list(groups) for line in patterns}
        before = dict(session.rules)
        session.set_head(permits=said)
        permitting = Permitting(session)
        pairs = permitting.ruled()
        sources = [entry.source for entry in session.entries.values()]
        unmatched = [
            rule.line for rule in wanted.rules if not any(rule.decides(one) for one in sources)
        ]
        report = PermitReport(
            changed=other_readers(pairs, before, session.rules),
            unmatched=tuple(unsaid if groups is None else unmatched),
            skipped=tuple(permitting.faults(())),
        )
        if not dry_run:
            permitting.apply()
            session.publish()
    return report


def other_readers(
    pairs: Iterable[tuple[Entry, Entry]],
    before: Mapping[str, Sequence[str]],
    now: Mapping[str, Sequence[str]],
) -> tuple[Permitted, ...]:
    """Of documents as they were and as they are, those that others may read now.

    `before` and `now` are the groups of the rules.
    """
    changed = []
    for old, new in pairs:
        was, will = _readers(before, old.rule), _readers(now, new.rule)
        if was != will and (was is None or will is None or set(was) != set(will)):
            changed.append(Permitted(new.source, was, will))
    return tuple(sorted(changed, key=lambda one: one.source))


def readers(
    snapshot: Snapshot, patterns: Sequence[str] | None = None
) -> dict[str, tuple[str, ...] | None]:
    """The groups that may read each document that a pattern matches; None: everybody.

    Raises:
        ArgumentError: one of them is no pattern.
    """
    wanted = None if patterns is None else Permits(dict.fromkeys(patterns, ())).rules
    rules = snapshot.head.rules if snapshot.head is not None else {}
    entries = sorted(snapshot.entries.values(), key=lambda entry: entry.source)
    return {
        entry.source: _readers(rules, entry.rule)
        for entry in entries
        if wanted is None or last(wanted, entry.source)
    }


def _readers(rules: Mapping[str, Sequence[str]], rule: str) -> tuple[str, ...] | None:
    return tuple(rules.get(rule, ())) if rule else None
