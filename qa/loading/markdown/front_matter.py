"""The front matter of a Markdown file: YAML between `---`, TOML between `+++`."""

from __future__ import annotations

import re
from typing import Any

_YAML = re.compile(r"---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\+\+\+[ \t]*\n(.*?\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"(?:#.*\n)*[A-Za-z][\w-]*[ \t]*[:=]")
_LONGEST = 300
_DEEPEST = 200
# Keys that readers ask about; others are for the site.
_SAID = re.compile(
    r"(?:author|owner|maintainer|reviewer|contact)s?|(?:created|published|updated|modified|reviewed)"
    r"(?:[_-](?:at|on|by))?|(?:publish|created|modified|updated|effective|review|expiry|due)?[_-]?date"
    r"|last[_-]?(?:mod|modified|updated?|reviewed)(?:[_-](?:at|on|by))?|version|status|department",
    re.IGNORECASE,
)


def split(text: str) -> tuple[dict[str, str], str]:
    """The pairs of name and value as text, and the text after the front matter."""
    if (yaml := _YAML.match(text)) and _KEY.match(yaml[1] or ""):
        return _pairs(_read_yaml(yaml[1])), text[yaml.end() :]
    if (toml := _TOML.match(text)) and _KEY.match(toml[1] or ""):
        return _pairs(_read_toml(toml[1])), text[toml.end() :]
    return {}, text


def said(pairs: dict[str, str]) -> list[str]:
    """The pairs that are worth reading, as lines: "Author: Ann Lee"."""
    return [
        f"{re.sub(r'[_-]+', ' ', name).strip().capitalize()}: {value}"
        for name, value in pairs.items()
        if _SAID.fullmatch(name)
    ]


def _read_yaml(text: str) -> Any:
    import yaml

    if text.count("[") + text.count("{") > _DEEPEST:
        return {}
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return _read_lines(text)


def _read_lines(text: str) -> dict[str, str]:
    """The readable pairs of invalid YAML, for instance with a colon in a value."""
    pairs = (line.partition(":") for line in text.splitlines() if _KEY.match(line))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _read_toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _pairs(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    pairs = {}
    for name, value in data.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list) for one in values):
            continue
        line = ", ".join(str(one).strip() for one in values)
        if line and "\n" not in line and len(line) <= _LONGEST:
            pairs[str(name)] = line
    return pairs
