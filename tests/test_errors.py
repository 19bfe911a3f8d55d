from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import errors
from qa.errors import QAError

PROJECT = Path(__file__).resolve().parents[1]
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, Exception)
}
# Raised inside and never seen by a caller, or Python's own way to say something.
OTHERS = {
    "AssertionError", "AttributeError", "Exit", "NotImplementedError", "OSError", "ValueError",
    "DamagedPieceError", "HTTPException", "MCPError", "ReadTimeout", "SystemExit",
    "TooManyTriesError", "UploadRefusedError",
}  # fmt: skip


def drawn() -> dict[str, str | None]:
    """Class -> its parent, as the docstring of the module draws them."""
    parents: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([ │├└─]*)(\w*Error)\b", line)
        if not found:
            continue
        depth, name = len(found.group(1)), found.group(2)
        while above and above[-1][0] >= depth:
            above.pop()
        parents[name] = above[-1][1] if above else None
        above.append((depth, name))
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    real = {
        name: None if error is QAError else error.__bases__[0].__name__
        for name, error in CLASSES.items()
    }

    assert drawn() == real


def test_every_error_is_a_qa_error_and_has_one_parent() -> None:
    assert len(CLASSES) > 10
    for error in CLASSES.values():
        assert issubclass(error, QAError)
        assert len(error.__bases__) == 1


def test_a_message_is_shown_as_it_is() -> None:
    for error in CLASSES.values():
        assert str(error("minutes.pdf is cut off. Get it again.")) == (
            "minutes.pdf is cut off. Get it again."
        )


def raised(module: Path) -> Iterator[tuple[int, ast.Call]]:
    """The errors that a module makes to raise them, by line."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield node.lineno, node.exc


@pytest.mark.parametrize(
    "module",
    sorted([*(PROJECT / "qa").rglob("*.py"), *(PROJECT / "ui").rglob("*.py")]),
    ids=lambda module: module.relative_to(PROJECT).as_posix(),
)
def test_every_error_raised_on_purpose_is_in_the_tree(module: Path) -> None:
    for line, call in raised(module):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        if not name[0].isupper():  # a function that makes one
            continue
        assert name in CLASSES or name in OTHERS, f"line {line} raises {name}"
        if name in CLASSES:
            assert call.args, f"line {line} raises a {name} without a message"
