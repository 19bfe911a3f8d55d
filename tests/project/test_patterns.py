"""No pattern takes more than linear time, so that no text can make it stop the server.

Every pattern is given long runs of what it is made of, and twice the run may not take three times
as long.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

import qa
import ui
from qa.questions import other_languages
from qa.text.asking import OTHER_LANGUAGES
from tests.timing import seconds
from tests.whole import WHOLE

METHODS = frozenset("search match fullmatch sub subn split findall finditer".split())
ANY = "any"
# Characters of a run: enough to see growth, and few enough to try all patterns.
LENGTHS = (16, 24, 40, 200, 900, 4_000)
SHORT = 40  # a long time for so little text means exponential growth
SECONDS = 0.0015  # less for the longest run is quick, however it grows
GROWTH = 3.0
TRIES = 5
RUNS = 150 if WHOLE else 60
MANY = 50  # a pattern that repeats nothing more often is quick for any length
ENDS = ("\0", "")
REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
CATEGORIES = {
    code.CATEGORY_DIGIT: "1",
    code.CATEGORY_NOT_DIGIT: "a",
    code.CATEGORY_SPACE: " \n",
    code.CATEGORY_NOT_SPACE: "a",
    code.CATEGORY_WORD: "aA1",
    code.CATEGORY_NOT_WORD: " -",
}
# They make the patterns collected here, or look for a word that they escape.
MADE_OF_OTHERS = {
    "qa.checking.negation",
    "qa.evaluation.nuggets",
    "qa.loading.formats",
    "qa.questions.other_languages",  # of words in files, which are tried below
    "qa.text.asking",
    "qa.questions.forms",
    "qa.questions.kinds",
    "qa.retrieval.acronyms",
    "qa.evaluation.scoring",
    "qa.text.terms",
    "ui.page.said",
}
FILLERS = "a1A .-\n|["


def modules() -> list[ModuleType]:
    found = []
    for package in (qa, ui):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                found.append(importlib.import_module(info.name))
    return found


def held(value: object, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value of a module, however deep."""
    if id(value) in seen:
        return
    seen.add(id(value))
    inside: Iterable[object] = ()
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = value
    elif is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, one.name, None) for one in fields(value)]
    elif isinstance(value, type) and value.__module__.split(".")[0] in ("qa", "ui"):
        inside = list(vars(value).values())
    for one in inside:
        yield from held(one, seen)


def called(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any] | None, str]]:
    """The patterns given to functions of `re` in a module's source; None: not known before."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in ("compile", *METHODS)
        ):
            continue
        place = f"{module.__name__}:{node.lineno}"
        flags = [one.value for one in node.keywords if one.arg == "flags"]
        at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(node.func.attr, 2)
        flags += node.args[at : at + 1]
        try:
            given = [
                eval(compile(ast.Expression(one), place, "eval"), vars(module))
                for one in (node.args[0], *flags)
            ]
        except NameError:
            yield place, None, node.func.attr
            continue
        pattern = given[0] if isinstance(given[0], re.Pattern) else re.compile(*given)
        yield place, pattern, node.func.attr


def used(module: ModuleType) -> Iterator[tuple[re.Pattern[Any], str]]:
    """The patterns that a module's source names, each with its method; "any" if it is passed on."""
    tree = ast.parse(inspect.getsource(module))
    asked = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in METHODS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            value = vars(module).get(node.id)
            if isinstance(value, re.Pattern):
                yield value, asked.get(id(node), ANY)


@dataclass
class Found:
    """A pattern, where it is, and how it is used."""

    place: str
    pattern: re.Pattern[Any]
    methods: set[str] = field(default_factory=set)

    @property
    def works(self) -> list[Callable[[str | bytes], object]]:
        unknown = not self.methods or ANY in self.methods
        anchored = {"fullmatch"} if unknown else self.methods & {"match", "fullmatch"}
        searching = [self.everywhere] if unknown or self.methods - anchored else []
        return [*searching, *(getattr(self.pattern, method) for method in sorted(anchored))]

    def everywhere(self, run: str | bytes) -> None:
        for _ in self.pattern.finditer(run):
            pass


def collected() -> tuple[list[Found], list[str]]:
    """Every pattern, and the places where a pattern is made at run time."""
    found: dict[tuple[Any, int], Found] = {}
    unknown = []

    def add(place: str, pattern: re.Pattern[Any], method: str | None = None) -> None:
        one = found.setdefault((pattern.pattern, pattern.flags), Found(place, pattern))
        if method in METHODS or method == ANY:
            one.methods.add(method)

    for module in modules():
        for name, value in vars(module).items():
            for pattern in held(value, set()):
                add(f"{module.__name__}.{name}", pattern)
        for place, known, method in called(module):
            if known is None:
                unknown.append(place)
            else:
                add(place, known, method)
        for pattern, method in used(module):
            add(module.__name__, pattern, method)
    return list(found.values()), unknown


def members(items: Sequence[Any]) -> str:
    """Letters that are in a set of characters, or (negated) are not."""
    if items[0][0] is code.NEGATE:
        rest = re.compile(f"[{''.join(map(re.escape, members(items[1:])))}]") if items[1:] else None
        return "".join(one for one in FILLERS if rest is None or not rest.match(one))[:2] or "~"
    letters = ""
    for kind, value in items:
        if kind is code.LITERAL:
            letters += chr(value)
        elif kind is code.RANGE:
            letters += chr(value[0])
        elif kind is code.CATEGORY:
            letters += CATEGORIES[value]
    return letters


def letters_of(kind: Any, value: Any) -> str:
    """Letters that one place of a pattern matches."""
    if kind is code.LITERAL:
        return chr(value)
    if kind is code.NOT_LITERAL:
        return members([(code.NEGATE, None), (code.LITERAL, value)])
    return "a " if kind is code.ANY else members(value)


class Runs:
    """The strings that runs are made of, from the parsed form of a pattern."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self.any_case = bool(pattern.flags & re.IGNORECASE)
        self.alphabet: dict[str, None] = {}
        self.prefixes: dict[str, None] = {}
        self.repeated: dict[tuple[str, str], None] = {}
        self._groups: dict[int, str] = {}
        self._sequence(tree, "")

    def _sequence(self, items: Iterable[Any], before: str) -> str:
        """An example of a sequence, after what comes before it."""
        text = ""
        for kind, value in items:
            text += self._one(kind, value, before + text)
            if text:
                self.prefixes[before + text] = None
                self.prefixes[text] = None
        return text

    def _one(self, kind: Any, value: Any, before: str) -> str:
        text = ""
        if kind in (code.LITERAL, code.NOT_LITERAL, code.IN, code.ANY):
            text = self._letters(letters_of(kind, value))
        elif kind is code.BRANCH:
            text, *_ = [self._sequence(branch, before) for branch in value[1]]
        elif kind is code.SUBPATTERN:
            text = self._groups[value[0]] = self._sequence(value[3], before)
        elif kind is code.ATOMIC_GROUP:
            text = self._sequence(value, before)
        elif kind in REPEATS:
            text = self._repeat(value, before)
        elif kind is code.ASSERT:
            self._sequence(value[1], before if value[0] > 0 else "")
        elif kind is code.GROUPREF:
            text = self._groups.get(value, "")
        else:
            assert kind in (code.AT, code.ASSERT_NOT), f"{kind} is not known here"
        return text

    def _letters(self, letters: str) -> str:
        self.alphabet |= dict.fromkeys(letters)
        return letters[:1]

    def _repeat(self, value: Any, before: str) -> str:
        least, most, body = value
        known = set(self.alphabet)
        one = self._sequence(body, before)
        if most > MANY:
            new = "".join(letter for letter in self.alphabet if letter not in known)
            for unit in dict.fromkeys((one, *new)):
                if unit:
                    self.repeated[before, unit] = None
        return one * int(min(max(least, 1), 20))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """What comes once at the beginning of a run, and what is repeated after it."""
        letters = list(self.alphabet)
        yield from self.repeated
        yield from (("", letter) for letter in letters)
        yield from (("", before + unit) for before, unit in self.repeated)
        yield from (("", prefix) for prefix in self.prefixes)
        if self.any_case:
            yield from (("", prefix.title()) for prefix in self.prefixes)
        yield from (("", one + two) for one, two in itertools.permutations(letters[:6], 2))


def endless(part: object) -> bool:
    """Whether something in a parsed pattern, however deep, is repeated any number of times."""
    match part:
        # The name of a repetition is also a number, as the ends of a range of characters are.
        case (name, (_, int(most), _)) if name in REPEATS and most > MANY:
            return True
    inside = part if isinstance(part, tuple | list | parser.SubPattern) else ()
    return any(endless(one) for one in inside)


def grows(
    work: Callable[[Any], object],
    make: Callable[[int], str | bytes],
    lengths: Sequence[int] = LENGTHS,
) -> bool:
    """Whether twice the run takes three times as long, if it takes a measurable time at all."""
    for length in lengths:
        run = make(length)
        if seconds(work, run) > SECONDS and seconds(work, run, TRIES) > SECONDS:
            break
    else:
        return False
    if length <= SHORT:
        return True
    return all(  # not because the machine was busy for a moment
        seconds(work, make(2 * length), TRIES) >= GROWTH * seconds(work, run, TRIES)
        for _ in range(3)
    )


def slow(found: Found) -> Iterator[str]:
    """The runs for which a pattern takes too long."""
    binary = isinstance(found.pattern.pattern, bytes)
    parsed = parser.parse(found.pattern.pattern, found.pattern.flags & ~re.DEBUG)
    # Each place in a text costs a pattern without repetitions the same, however long the text is.
    lengths = LENGTHS if WHOLE or endless(parsed) else [one for one in LENGTHS if one <= SHORT]
    runs = dict.fromkeys(Runs(found.pattern))
    for before, unit in itertools.islice(runs, RUNS):
        for end in ENDS if len(unit) == 1 else ENDS[:1]:

            def make(
                length: int, before: str = before, unit: str = unit, end: str = end
            ) -> str | bytes:
                run = before + unit * (length // len(unit) + 1) + end
                return run.encode("latin-1", "replace") if binary else run

            for work in found.works:
                if grows(work, make, lengths):
                    yield f"{work.__name__} of {before!r} + {unit!r} * n + {end!r}"


def test_every_pattern_takes_linear_time() -> None:
    found, _ = collected()
    assert len(found) > 150
    runs = {f"{one.place} {one.pattern.pattern!r}": next(slow(one), None) for one in found}
    assert {place: run for place, run in runs.items() if run is not None} == {}


def test_patterns_that_are_made_at_run_time_are_known() -> None:
    _, unknown = collected()
    assert {place.partition(":")[0] for place in unknown} == MADE_OF_OTHERS


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_the_rules_of_a_language_take_linear_time(language: str) -> None:
    rules = [
        Found("search", rule, {"search"})
        for rule in (
            *other_languages._rules("forms", language).values(),
            *other_languages._rules("kinds", language).values(),
            *other_languages._measured(language).values(),
            *other_languages._sides(language),
        )
    ]
    rules += [
        Found("fullmatch", rule, {"fullmatch"})
        for rule in (
            *other_languages._sayings("about").values(),
            *other_languages._sayings("greeting").values(),
            *other_languages._sayings("more").values(),
        )
    ]
    runs = {one.pattern.pattern: next(slow(one), None) for one in rules}
    assert {rule: run for rule, run in runs.items() if run is not None} == {}


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\s+$", "search"),
        (r"\w+@", "search"),
        (r"\s*\[\d+\]", "sub"),
        (r"(?m)^(\s*)([-+])", "sub"),
        (r"(?:a|a?b)*c", "fullmatch"),
        (r"(\w+\s?)+:", "match"),
        (r"x\s*,?\s*b", "match"),
        (r"<a[^>]*>", "search"),
        (r"\bif\b.*\bthen\b", "search"),
    ],
)
def test_a_pattern_that_is_not_linear_is_found(pattern: str, method: str) -> None:
    assert next(slow(Found("here", re.compile(pattern), {method})), None) is not None
