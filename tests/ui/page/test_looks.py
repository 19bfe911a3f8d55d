from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.page.looks import MODULES, STATIC, look
from ui.page.texts import ENGLISH

SCRIPTS = sorted(STATIC.rglob("*.js"))
SHEETS = sorted(STATIC.rglob("*.css"))


def test_all_that_the_page_requests_is_there() -> None:
    asked = re.findall(r'(?:src|href)="\.\./static/([^"]+)"', look(ENGLISH)["head"])

    assert {"chat/page.js", "source/panel.js", "fonts/fonts.css"} <= set(asked)
    assert [name for name in asked if not (STATIC / name).is_file()] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_all_that_a_script_imports_is_there_and_preloaded(file: Path) -> None:
    imported = [
        (file.parent / name).resolve()
        for name in re.findall(r'^import .+ from "(.+)";$', file.read_text("utf-8"), re.MULTILINE)
    ]
    named = [path.relative_to(STATIC.resolve()).as_posix() for path in imported]

    assert set(named) <= set(MODULES)


@pytest.mark.parametrize("file", SHEETS, ids=lambda file: file.name)
def test_all_that_a_style_sheet_shows_is_there(file: Path) -> None:
    shown = re.findall(r"url\(([\w./-]+)\)", file.read_text("utf-8"))

    assert [name for name in shown if not (file.parent / name).is_file()] == []
