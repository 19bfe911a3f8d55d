"""Where settings come from besides arguments and the environment, and what is said of bad ones."""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from qa.errors import SettingsError

FILES = ("footnote.toml", "pyproject.toml")


class InFiles(PydanticBaseSettingsSource):
    """Values in files that the environment names: the first line of `QA_…_FILE`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """The text of a field's file, or None without one."""
        name = f"QA_{field_name.upper()}_FILE"
        file = os.environ.get(name)
        if not file or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        try:
            text = Path(file).expanduser().read_text(encoding="utf-8")
        except (OSError, ValueError, RuntimeError) as error:
            raise SettingsError(f"{name} = {file!r} cannot be read: {error}.") from error
        return text.strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values that there are."""
        fields = self.settings_cls.model_fields.items()
        found = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in found.items() if value}


def first_problem(error: ValidationError, settings: type[BaseSettings]) -> str:
    """What is wrong with the first of the values that do not fit, and what would."""
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        known = sorted(settings.model_fields)
        close = get_close_matches(name, known, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        return f"There is no setting called {name!r}. {meant}The settings are: {', '.join(known)}."
    field = settings.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    if problem["type"] == "string_pattern_mismatch" and field:
        example = (field.examples or [field.default])[0]
        return f"Setting {name} = {problem['input']!r} is not written like {example!r}."
    return f"Setting {name} = {problem['input']!r}: {problem['msg']}."


def unreadable(error: Exception) -> str:
    """Which of the files of settings cannot be read, and why."""
    for name in FILES:
        try:
            tomllib.loads(Path(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as reason:
            return f"{Path(name).absolute()} cannot be read: {reason}. Fix it or remove it."
    return f"[tool.footnote] in {Path(FILES[1]).absolute()} is not a table of settings: {error}."
