"""`qa key`: what it says of who needs a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qa.cli.app import app


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QA_INDEX", str(tmp_path / "index"))
    monkeypatch.chdir(tmp_path)  # no footnote.toml of the checkout


def key(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["key", *arguments])
    assert result.exit_code == 0, result.output
    return result


def test_the_first_key_and_the_last_one_change_who_needs_one() -> None:
    assert "so programs need none" in key("list").stderr
    first = key("add", "wiki")
    assert "every program needs a key" in first.stderr
    assert len(first.stdout.split()) == 1
    assert "every program" not in key("add", "mail", "--group", "staff").stderr
    assert "mail: " in key("list").stdout
    assert "no key any more" not in key("remove", "wiki").stderr
    assert "no key any more" in key("remove", "mail").stderr
    assert json.loads(key("list", "--json").stdout) == {"keys": []}


def test_where_people_sign_in_programs_needed_a_key_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QA_SIGN_IN", "password")
    assert "but programs need one" in key("list").stderr
    assert "every program" not in key("add", "wiki").stderr
    assert "no key any more" not in key("remove", "wiki").stderr
