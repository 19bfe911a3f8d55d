"""What is the same for all sign-ins that ask another server who somebody is."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qa.errors import SettingsError

if TYPE_CHECKING:
    from qa.settings import Settings


def secret_of(settings: Settings, name: str) -> str | None:
    """The secret of a setting, or in the file that the setting with `_file` after its name names.

    Raises:
        SettingsError: the file cannot be read.
    """
    secret = getattr(settings, name)
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    place = getattr(settings, f"{name}_file")
    if place is None:
        return None
    try:
        return Path(place).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{name}_file: {place} cannot be read: {error}. Name a file that has the secret alone."
        ) from error


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's for itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
