"""How much a file may ask for before it is refused; `qa.settings` holds the bounds of each."""

from __future__ import annotations

from dataclasses import dataclass

from qa.errors import TooLargeError


@dataclass(frozen=True)
class Limits:
    """What one file may have and take; the fields are called as the settings are."""

    max_file_megabytes: float = 100
    max_pages: int = 10_000
    max_page_lines: int = 20_000
    max_characters: int = 20_000_000
    max_unpacked_megabytes: float = 50
    max_unpacked_ratio: float = 200
    parsing_megabytes: int = 1_000
    parsing_cpu_seconds: int = 30
    parsing_seconds: float = 120

    def check(self, source: str, setting: str, found: float, told: str) -> None:
        """Refuse a file that has more of something than a setting allows; `{}` in `told` is it.

        Raises:
            TooLargeError: `found` is above the limit.
        """
        if found > getattr(self, setting):
            raise self.exceeded(source, setting, told.format(_number(found)))

    def exceeded(self, source: str, setting: str, found: str) -> TooLargeError:
        """The error for a file that is above a limit, to be raised."""
        allowed = _number(getattr(self, setting))
        return TooLargeError(
            f"{source} {found}; {setting} allows {allowed}. Split it, or raise that setting."
        )


DEFAULTS = Limits()


def _number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.1f}".removesuffix(".0")
