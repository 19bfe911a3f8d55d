from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import qa
from qa import errors

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = ast.parse((PROJECT / "qa" / "__init__.py").read_text(encoding="utf-8"))


def test_the_public_names_are_one_sorted_list() -> None:
    assert qa.__all__ == sorted(set(qa.__all__))


@pytest.mark.parametrize("name", qa.__all__)
def test_every_public_name_exists_and_has_a_docstring(name: str) -> None:
    value = getattr(qa, name)

    assert value.__name__ == name
    assert value.__module__.startswith("qa.")
    assert value.__doc__


def test_type_checkers_find_the_names_where_they_are_at_run_time() -> None:
    shown = {
        alias.name: node.module
        for node in ast.walk(SOURCE)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qa.")
        for alias in node.names
    }

    assert sorted(shown) == qa.__all__
    for name, module in shown.items():
        assert getattr(import_module(str(module)), name) is getattr(qa, name)


def test_a_star_import_and_dir_give_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from qa import *", names)

    assert set(qa.__all__) <= names.keys()
    assert set(dir(qa)) == {*qa.__all__, "__version__"}


def test_every_error_is_public() -> None:
    for name, value in vars(errors).items():
        if inspect.isclass(value):
            assert name in qa.__all__


def test_a_missing_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'qa' has no attribute 'Asistant'"):
        getattr(qa, "Asistant")  # noqa: B009


def test_the_readme_and_the_docs_use_only_public_names() -> None:
    pages = (PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    used = set(re.findall(r"\bqa\.([A-Za-z]\w*)\(", text))

    assert used >= {"Assistant", "Document", "Turn"}
    assert used <= set(qa.__all__)
