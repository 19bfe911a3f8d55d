from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from qa.cli.serve import serve
from qa.errors import SettingsError
from qa.limits import Limits
from qa.places import sample_folder
from qa.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment that sets nothing."""
    for name in os.environ:
        if name.upper().startswith("QA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_arguments_come_before_environment_footnote_toml_pyproject_and_defaults(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = Settings.load().limit

    (elsewhere / "pyproject.toml").write_text("[tool.footnote]\nlimit = 21\ncandidates = 77\n")
    in_pyproject = Settings.load().limit

    (elsewhere / "footnote.toml").write_text("limit = 22\n")
    in_footnote_toml = Settings.load().limit

    monkeypatch.setenv("QA_LIMIT", "23")
    in_environment = Settings.load().limit

    assert (default, in_pyproject, in_footnote_toml, in_environment) == (10, 21, 22, 23)
    assert Settings.load(limit=24).limit == 24
    assert Settings.load().candidates == 77, "files are merged, setting by setting"


def test_an_argument_of_none_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_CHAT_MODEL", "ollama:small")

    assert Settings.load(chat_model=None, limit=None).chat_model == "ollama:small"


def test_languages_are_those_that_the_pages_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_LANGUAGES", "de, en")
    assert Settings.load().languages == ("de", "en")
    monkeypatch.setenv("QA_LANGUAGES", "de,it")
    with pytest.raises(SettingsError, match=r"languages\.1 = 'it'.*'en', 'de', 'fr' or 'es'"):
        Settings.load()
    monkeypatch.setenv("QA_LANGUAGES", ",")
    with pytest.raises(SettingsError, match=r"languages.* at least 1 item"):
        Settings.load()


def test_an_empty_environment_variable_counts_as_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QA_INDEX", "")
    monkeypatch.setenv("QA_CHAT_MODEL", "")

    assert Settings.load().index, "an index at '' would be the working folder itself"
    assert Settings.load().chat_model is None


def test_variables_of_other_programs_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_STAGE", "production")

    assert Settings.load() == Settings()


def test_tables_of_other_tools_are_ignored(elsewhere: Path) -> None:
    (elsewhere / "pyproject.toml").write_text("[tool.other]\nlimit = 3\n")

    assert Settings.load().limit == 10


@pytest.mark.parametrize(
    ("file", "text"),
    [("footnote.toml", "limti = 3"), ("pyproject.toml", "[tool.footnote]\nlimti = 3")],
)
def test_an_unknown_setting_in_a_file_is_named_with_the_likely_one(
    elsewhere: Path, file: str, text: str
) -> None:
    (elsewhere / file).write_text(text)

    with pytest.raises(SettingsError, match=r"'limti'.*Did you mean 'limit'\?.*candidates"):
        Settings.load()


def test_an_unknown_argument_is_named() -> None:
    with pytest.raises(SettingsError, match=r"'colour'.*The settings are: admins, allowed_hosts"):
        Settings.load(colour="red")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("max_pages", 0),
        ("parsing_megabytes", 100),
        ("parsing_seconds", 0),
        ("limit", 201),
        ("limit", "many"),
        ("limit", 2.5),
        ("passage_tokens", 31),
        ("candidates", 4),
        ("dense_weight", 1.01),
        ("threshold", -0.1),
        ("threshold", float("nan")),
        ("chat_model_timeout", 0),
        ("unsupported", "keep"),
        ("max_file_megabytes", 0),
        ("max_question_characters", 99),
        ("max_history_turns", 0),
        ("max_history_characters", 99),
        ("question_timeout", 0),
        ("max_waiting_questions", -1),
        ("max_request_megabytes", 0),
        ("request_timeout", 0),
        ("max_connections", 9),
        ("lock_timeout", -1),
        ("index", ""),
        ("embedder", ""),
    ],
)
def test_a_bad_value_is_named_with_its_setting(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**{name: value})

    assert f"Setting {name} = {value!r}: " in str(caught.value)


def test_a_bad_value_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_LIMIT", "many")

    with pytest.raises(SettingsError, match=r"Setting limit = 'many': .* integer"):
        Settings.load()


@pytest.mark.parametrize("file", ["footnote.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "content", [b"limit = ", "index = 'é'".encode("latin-1")], ids=["cut off", "not UTF-8"]
)
def test_a_file_that_does_not_parse_is_named(elsewhere: Path, file: str, content: bytes) -> None:
    (elsewhere / file).write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert str(caught.value).startswith(f"{elsewhere / file} cannot be read: ")


def test_something_else_in_place_of_the_table_of_settings_is_named(elsewhere: Path) -> None:
    (elsewhere / "footnote.toml").write_text("limit = 3\n")
    (elsewhere / "pyproject.toml").write_text("[tool]\nfootnote = 3\n")

    with pytest.raises(SettingsError, match=r"\[tool.footnote\] in .*pyproject.toml"):
        Settings.load()


def test_settings_cannot_be_changed() -> None:
    settings = Settings.load()

    with pytest.raises(ValidationError, match="frozen"):
        settings.limit = 3  # type: ignore[misc]


def test_the_documents_of_the_samples_are_there() -> None:
    suffixes = {file.suffix for file in sample_folder().iterdir()}

    assert suffixes >= {".txt", ".md", ".html", ".pdf", ".docx"}


def test_a_checkout_keeps_its_index_in_its_own_folder() -> None:
    project = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", "from qa.settings import Settings; print(Settings().index)"]
    printed = subprocess.run(
        command, cwd=project, check=True, capture_output=True, text=True, timeout=60
    ).stdout

    assert Path(printed.strip()) == project / "index"


def test_limits_on_files_are_passed_on() -> None:
    limits = Settings(max_pages=7, parsing_megabytes=300).limits
    assert limits == Limits(max_pages=7, parsing_megabytes=300)


def test_every_option_of_the_server_is_a_setting() -> None:
    names = {
        "embed_origin": "embed_origins",
        "allow_host": "allowed_hosts",
        "trusted_proxy": "trusted_proxies",
        "no_uploads": "uploads",
    }
    options = inspect.signature(serve).parameters
    assert {names.get(option, option) for option in options} <= set(Settings.model_fields)
    assert all(parameter.default in (None, False) for parameter in options.values()), (
        "a default of an option would hide the setting"
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HOST", "10.0.0.5", "10.0.0.5"),
        ("PORT", "8000", 8000),
        ("EMBED_ORIGINS", "https://a.example, https://b.example",
         ("https://a.example", "https://b.example")),
        ("ALLOWED_HOSTS", "chat.example", ("chat.example",)),
        ("TRUSTED_PROXIES", "10.0.0.7 10.1.0.0/16", ("10.0.0.7", "10.1.0.0/16")),
        ("ADMINS", "owners, it desk", ("owners", "it desk")),
        ("WATCH", "true", True),
        ("KEEP_UPLOADS", "/srv/kept", Path("/srv/kept")),
        ("LOG_FORMAT", "json", "json"),
    ],
)  # fmt: skip
def test_options_of_the_server_in_environment_and_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    listed = list(value) if isinstance(value, tuple) else str(value) if "/" in text else value
    (elsewhere / "footnote.toml").write_text(f"{name.lower()} = {json.dumps(listed)}\n")
    assert getattr(Settings.load(), name.lower()) == value

    (elsewhere / "footnote.toml").unlink()
    monkeypatch.setenv(f"QA_{name}", text)
    assert getattr(Settings.load(), name.lower()) == value


def test_a_secret_may_be_in_a_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "key").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("QA_CHAT_MODEL_KEY_FILE", str(elsewhere / "key"))

    settings = Settings.load()

    assert settings.chat_model_key is not None
    assert settings.chat_model_key.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)
    monkeypatch.setenv("QA_CHAT_MODEL_KEY", "nearer")
    key = Settings.load().chat_model_key
    assert key is not None
    assert key.get_secret_value() == "nearer"


def test_a_file_of_a_secret_that_is_missing_is_named(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CHAT_MODEL_KEY_FILE", str(elsewhere / "no-key"))
    with pytest.raises(SettingsError, match=r"QA_CHAT_MODEL_KEY_FILE.*no-key"):
        Settings.load()


def test_a_value_of_another_form_is_refused_with_an_example() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load(brand_accent="blue")
    assert "brand_accent = 'blue'" in str(refused.value)
    assert "like '#0b5c6b'" in str(refused.value)
    assert "pattern" not in str(refused.value)
    patterned = [name for name, one in Settings.model_fields.items() if "pattern" in repr(one)]
    assert len(patterned) > 5
    for name in patterned:
        field = Settings.model_fields[name]
        example = (field.examples or [field.default])[0]
        assert getattr(Settings.load(**{name: example}), name) == example
