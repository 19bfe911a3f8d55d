"""What a line says of who may read something: a pattern, as in `.gitignore`, and groups."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.access import EVERYONE
from qa.errors import ArgumentError
from qa.index import Changes, Entry, rule_id
from qa.indexing.folders.ignoring import pattern_of


@dataclass(frozen=True, slots=True)
class Rule:
    """What one `line` of a file says; a `pattern` of None is that of a broken file."""

    id: str
    groups: tuple[str, ...]
    line: str
    pattern: re.Pattern[str] | None

    def decides(self, path: str) -> bool:
        """Whether it is about a file, given by its path below the rule's folder, or one above."""
        if self.pattern is None:
            return True
        name = unicodedata.normalize("NFC", path)
        above = (name[: at + 1] for at, letter in enumerate(name) if letter == "/")
        return any(self.pattern.fullmatch(one) for one in (name, *above))


def last(rules: Sequence[Rule], path: str) -> Rule | None:
    """The last rule that decides about a path: it is the one that counts."""
    return next((rule for rule in reversed(rules) if rule.decides(path)), None)


class Permits:
    """What the owner of an index said of its sources (`Head.permits`): it counts before all else.

    Raises:
        ArgumentError: a line is no pattern.
    """

    def __init__(self, said: Mapping[str, Sequence[str]]) -> None:
        self.rules = [_permit(line, groups) for line, groups in said.items()]

    def over(self, session: Changes, own: Callable[[Entry], str]) -> Callable[[Entry], Entry]:
        """What gives a document its rule, where `own` is the one that it has by itself."""

        def ruled(entry: Entry) -> Entry:
            itself, permit = own(entry), last(self.rules, entry.source)
            if permit is None:
                return replace(entry, rule=itself, own_rule=None)
            if permit.id:
                session.rules[permit.id] = permit.groups
            return replace(entry, rule=permit.id, own_rule=itself)

        return ruled


def _permit(line: str, groups: Sequence[str]) -> Rule:
    try:
        pattern = pattern_of(line)
    except ValueError as error:
        raise ArgumentError(
            f"{line!r} is no pattern. Write it as in .gitignore, from the name of the folder on: "
            "handbook/salaries/ or *.pdf."
        ) from error
    return Rule("" if EVERYONE in groups else rule_id(groups), tuple(groups), line, pattern)
