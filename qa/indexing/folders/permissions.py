"""Who may read what is mirrored: in folders, the rules in files called `.qa-access.toml`.

A file's rules hold for what is in its folder and below it::

    [read]
    "*" = ["staff"]
    "salaries/" = ["people", "board"]

Patterns are written as in `.gitignore`, and count as they do there: of one file, the last pattern
that matches; of several files, the nearest that has one that matches. A file that cannot be
understood might exclude anybody, so nobody may read what it decides.

What is from other addresses has the groups that a sync was given for them (`Head.readers`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from qa.access import EVERYONE
from qa.index import Changes, Entry, rule_id
from qa.indexing.folders.failures import within
from qa.indexing.folders.files import PERMISSIONS, File, opened, printable
from qa.indexing.folders.ignoring import LARGEST_BYTES, pattern_of
from qa.indexing.folders.rules import Permits, Rule, last
from qa.places import is_remote
from qa.records import Skipped

# As many patterns are named at once.
_NAMED = 5
_FORM = 'Write it as [read] and then lines such as "salaries/" = ["people", "board"].'


class Permissions:
    """The rules of an index's folders, as their files are when they are first needed."""

    def __init__(
        self, folders: Mapping[str, str], readers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._away = {name: place for name, place in folders.items() if is_remote(place)}
        self._readers = readers or {}
        places = {name: Path(place) for name, place in folders.items() if not is_remote(place)}
        self._roots = {name: place for name, place in places.items() if place.exists()}
        self._rules: Callable[[Path, str, Path], Sequence[Rule]] = cache(self._read)
        self._child: Callable[[Path, str], Path | None] = cache(_child)
        self.groups: dict[str, Sequence[str]] = {}
        """The groups of the rules that have decided something."""
        self.faults: list[Skipped] = []
        self._found: dict[str, Sequence[Rule]] = {}  # by the names of their folders

    def unused(self, files: Iterable[tuple[str, str]]) -> list[Skipped]:
        """The rule files with patterns that match none of these files, each a source and folder."""
        folders = [name for name, root in self._roots.items() if root.is_dir()]
        left = {name: rules for name, rules in self._found.items() if within(name, folders)}
        for source, folder in files:
            steps = source[len(folder) :].strip("/").split("/")
            for depth in range(len(steps)):
                if rules := left.get(name := "/".join((folder, *steps[:depth]))):
                    path = "/".join(steps[depth:])
                    left[name] = [rule for rule in rules if not rule.decides(path)]
        return [_unused(f"{name}/{PERMISSIONS}", rules) for name, rules in left.items() if rules]

    def rule(self, source: str, folder: str, known: str = "") -> str:
        """The id of the rule for a source; empty if everybody may read it.

        It is the one that is `known` for what is in no folder, or in one that is not there.
        """
        if folder in self._away:
            return self._of_address(source, self._away[folder])
        root = self._roots.get(folder)
        if root is None:
            return known
        rule = self._deciding(root, source, folder)
        if rule is None or EVERYONE in rule.groups:
            return ""
        self.groups[rule.id] = rule.groups
        return rule.id

    def _of_address(self, source: str, place: str) -> str:
        """The rule of the nearest address that has readers: above the source, or of its place."""
        above = [one for one in self._readers if _is_below(source, one)]
        groups = self._readers.get(max(above, key=len, default=place), (EVERYONE,))
        if EVERYONE in groups:
            return ""
        rule = rule_id(groups)
        self.groups[rule] = groups
        return rule

    def _deciding(self, root: Path, source: str, folder: str) -> Rule | None:
        if not root.is_dir():
            above = folder.rpartition("/")[0] or printable(root.parent.name)
            return last(self._rules(root.parent, above, root.parent), root.name)
        steps = source[len(folder) :].strip("/").split("/")
        places = [root]
        for step in steps[:-1]:
            inner = self._child(places[-1], step)
            if inner is None:  # whatever rules there are, they cannot be seen
                return Rule(rule_id((), folder), (), "", None)
            places.append(inner)
        for depth in reversed(range(len(places))):
            name = "/".join((folder, *steps[:depth]))
            rule = last(self._rules(places[depth], name, root), "/".join(steps[depth:]))
            if rule is not None:
                return rule
        return None

    def _read(self, folder: Path, name: str, root: Path) -> Sequence[Rule]:
        """The rules of the file in a folder that is called `name`; none where there is none."""
        path = folder / PERMISSIONS
        source = f"{name}/{PERMISSIONS}"
        try:
            try:
                path.lstat()
            except FileNotFoundError:
                return ()
            file = File(Path(os.path.realpath(path, strict=True)), source, name, root)
            if not file.path.is_relative_to(root.resolve()):
                raise OSError(0, "it is a link that leads out of its folder")
            with opened(File(file.path, source, name, root.resolve())) as stream:
                data = stream.read(LARGEST_BYTES + 1)
            if len(data) > LARGEST_BYTES:
                raise OSError(0, f"it is larger than {LARGEST_BYTES // 1000} kB")
            rules = self._found[name] = _rules(data.decode("utf-8-sig"), source)
            return rules
        except OSError as error:
            reason = f"cannot be read: {error.strerror}."
        except ValueError as error:  # no UTF-8, no TOML, or something else in it
            reason = f"cannot be understood: {printable(str(error))[:200].rstrip('.')}. {_FORM}"
        closed = f"Until it is mended, nobody but the owner of the index can read what is in {name}"
        self.faults.append(Skipped(source, f"{source} {reason} {closed}."))
        return (Rule(rule_id((), source), (), "", None),)


class Permitting:
    """Brings the rules of an index's documents in line with the files of its folders."""

    def __init__(self, session: Changes) -> None:
        self._session = session
        self._permissions = Permissions({})
        self._closed: dict[str, Skipped] = {}

    def faults(self, unread: Iterable[str]) -> list[Skipped]:
        """The files that are broken, or match nothing of the index and of what was `unread`."""
        names = self._session.head.folders
        held = [(entry.source, entry.folder) for entry in self._session.entries.values()]
        held += [(one, name) for one in unread for name in names if within(one, (name,))]
        broken = [*self._permissions.faults, *self._closed.values()]
        return [*broken, *self._permissions.unused(held)]

    def close(self, addresses: Collection[str]) -> None:
        """Let nobody read what is at these, whose rule files cannot be read where they are.

        What somebody said of an address itself (`Head.readers`) stays.
        """
        readers = self._session.head.readers
        if new := {one: () for one in addresses if one not in readers}:
            self._session.set_head(readers={**readers, **new})
            self.apply()
        for one in addresses:
            if not self._session.head.readers[one]:
                source = f"{one}/{PERMISSIONS}"
                reason = (
                    f"{source} says who may read what. Rules are only read in folders of this "
                    "machine, so nobody but the owner of the index can read what is there. "
                    f'Say who may: qa sync {one} --group people, or --group "*" for everybody.'
                )
                self._closed[one] = Skipped(source, reason)

    def apply(self) -> None:
        """Give all documents their rules, and from now on new ones."""
        for old, new in self.ruled():
            if old != new:
                self._session.relabel(new)

    def ruled(self) -> list[tuple[Entry, Entry]]:
        """All documents as they are, and with the rules that they should have.

        From now on, those that are put or relabelled have theirs.
        """
        session = self._session
        self._permissions = Permissions(session.head.folders, session.head.readers)
        session.ruled = Permits(session.head.permits).over(session, self._own_rule)
        return [(entry, session.ruled(entry)) for entry in session.entries.values()]

    def finish(self) -> None:
        """Keep the rules of files that could not be read, whose names are not for everybody."""
        session = self._session
        session.kept_rules = set()
        for source in session.failures:
            holders = (name for name in session.head.folders if within(source, (name,)))
            if rule := self._permissions.rule(source, next(holders, "")):
                session.rules[rule] = self._permissions.groups[rule]
                session.kept_rules.add(rule)

    def _own_rule(self, entry: Entry) -> str:
        rule = self._permissions.rule(entry.source, entry.folder, entry.rule_itself)
        if rule in self._permissions.groups:
            self._session.rules[rule] = self._permissions.groups[rule]
        return rule


def _rules(text: str, source: str) -> list[Rule]:
    """The rules in the text of a file.

    Raises:
        ValueError: it is not of the form that it should have.
    """
    told = tomllib.loads(text)
    lines = told.pop("read", {})
    if told or not isinstance(lines, dict):
        raise ValueError(f"{next(iter(told), 'read')!r} is not known here")
    return [_rule(pattern, groups, source) for pattern, groups in lines.items()]


def _rule(line: str, groups: object, source: str) -> Rule:
    named = [groups] if isinstance(groups, str) else groups
    if not isinstance(named, list) or not all(isinstance(one, str) and one for one in named):
        raise ValueError(f"{line!r} needs a list of groups")
    try:
        pattern = pattern_of(line)
    except ValueError as error:
        raise ValueError(f"{line!r} is no pattern") from error
    return Rule(rule_id((), source, line), tuple(named), line, pattern)


def _is_below(source: str, address: str) -> bool:
    return source == address or source.startswith((f"{address.rstrip('/')}/", f"{address}?"))


def _unused(source: str, rules: Sequence[Rule]) -> Skipped:
    lines = ", ".join(f'"{printable(rule.line)}"' for rule in rules[:_NAMED])
    more = f" and {len(rules) - _NAMED:,} more" if len(rules) > _NAMED else ""
    return Skipped(
        source,
        f"{source} has patterns that match no document: {lines}{more}. Whoever they were meant to "
        "keep out may read what they were meant for. Check how they are written.",
    )


def _child(folder: Path, name: str) -> Path | None:
    """The folder in another one that a source calls `name`; None if there is none."""
    direct = folder / name
    try:
        if direct.is_dir():
            return direct
        # Its name may have bytes that are not UTF-8, which a source writes in another way.
        return next(one for one in folder.iterdir() if printable(one.name) == name)
    except (OSError, StopIteration):
        return None
