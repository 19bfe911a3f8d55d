"""Every setting, on one screen.

A value is taken from the arguments first, then from `QA_*` in the environment,
then from `footnote.toml` or the `[tool.footnote]` table of `pyproject.toml` in
the working folder, then from the defaults below.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa.errors import SettingsError

PACKAGED_EMBEDDER = "package:all-MiniLM-L6-v2"
FILES = ("footnote.toml", "pyproject.toml")


def default_index() -> str:
    """`index/` of the project in a checkout, the user's data folder elsewhere."""
    project = Path(__file__).resolve().parent.parent
    if (project / "pyproject.toml").is_file() and (project / "index").is_dir():
        return str(project / "index")
    import platformdirs

    return str(platformdirs.user_data_path("footnote-qa") / "index")


def sample_folder() -> Path:
    """The sample documents: `seeds/` of the project, or the copy inside the package."""
    here = Path(__file__).resolve().parent
    packaged = here / "seeds"
    return packaged if packaged.is_dir() else here.parent / "seeds"


class Settings(BaseSettings):
    """What can be set; `Settings.load` reports a bad value as a `SettingsError`."""

    model_config = SettingsConfigDict(
        env_prefix="QA_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        toml_file=FILES[0],
        pyproject_toml_table_header=("tool", "footnote"),
    )

    index: str = Field(default_factory=default_index, min_length=1)
    """A folder, or the URL of a Chroma server."""
    embedder: str = Field(PACKAGED_EMBEDDER, min_length=1)
    """`provider:name`, or a local folder that sentence-transformers can open."""
    passage_tokens: int = Field(200, ge=32, le=2000)
    """The most tokens of its own that a passage holds."""
    fast_encoder: bool = True
    """Encode with onnxruntime, once its vectors were checked against the original's."""

    limit: int = Field(10, ge=1, le=200)
    """How many passages a search brings."""
    candidates: int = Field(100, ge=5, le=1000)
    """How many passages each leg of the retrieval brings before they are fused."""
    dense_weight: float = Field(0.4, ge=0, le=1)
    """The share of the dense leg in the fused score; the keyword leg has the rest."""
    reader: str = Field("packaged", min_length=1)
    """What finds the answer in the passages: `packaged`, a folder that the training program
    exported to, or `words` to go by words alone."""
    threshold: float = Field(0.25, ge=0, le=1)
    """An answer that scores below is refused."""

    chat_model: str | None = None
    """`provider:name`; None quotes."""
    chat_model_url: str | None = None
    """The base URL of an OpenAI-compatible server, or of Ollama."""
    chat_model_timeout: float = Field(120, gt=0)
    """Seconds without a piece of the answer after which the chat model has failed."""
    unsupported: Literal["mark", "drop"] = "drop"
    """What becomes of a written sentence that no passage supports."""

    max_file_megabytes: float = Field(100, gt=0)
    """Larger files are skipped, with the reason."""
    max_question_characters: int = Field(2000, ge=100)
    """Longer questions are asked to be shortened."""
    lock_timeout: float = Field(600, ge=0)
    """Seconds that a sync waits for another one to finish."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, footnote.toml, pyproject.toml: the first one wins."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls),
            PyprojectTomlConfigSettingsSource(settings_cls),
        )

    @classmethod
    def load(cls, **arguments: Any) -> Settings:
        """The settings in force; arguments that are None count as not given.

        Raises:
            SettingsError: a name is unknown, a value does not fit, or a file cannot be read.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError(_first_problem(error)) from error
        except (ValueError, OSError, AttributeError) as error:  # the last: a table that is none
            raise SettingsError(_unreadable(error)) from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        known = sorted(Settings.model_fields)
        close = get_close_matches(name, known, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        return f"There is no setting called {name!r}. {meant}The settings are: {', '.join(known)}."
    return f"Setting {name} = {problem['input']!r}: {problem['msg']}."


def _unreadable(error: Exception) -> str:
    for name in FILES:
        try:
            tomllib.loads(Path(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as reason:
            return f"{Path(name).absolute()} cannot be read: {reason}. Mend it or take it away."
    return f"[tool.footnote] in {Path(FILES[1]).absolute()} is not a table of settings: {error}."
