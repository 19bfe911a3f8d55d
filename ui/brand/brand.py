"""What the settings say of a company's look, checked when the server starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from qa import Settings, SettingsError, web_address
from ui.brand.contrast import BLACK, ENOUGH, WHITE, least, readable
from ui.brand.logo import Logo

if TYPE_CHECKING:
    from starlette.requests import Request

LANGUAGES: tuple[str, ...] = Settings.model_fields["languages"].default
"""All languages that the pages can have."""
# What accents stand on, as the style sheets have it: --paper and --surface.
LIGHT_GROUNDS = ("#fbfaf6", "#f3f0e8")
DARK_GROUNDS = ("#17181a", "#212327")
# Control characters aside, whoever writes mail to such an address writes to nobody else.
_MAIL = re.compile(r"[^\s@<>()\[\]\"',:;?#&%/\\]{1,64}@[A-Za-z0-9.-]{1,253}")


class Colours(NamedTuple):
    """An accent, and what is written on it."""

    accent: str
    ink: str


class Contact(NamedTuple):
    """Whom to ask when the documents do not answer, and the address of the link."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A company's look; what is None stays as Footnote has it.

    `languages` are those of the pages; whoever prefers none of them gets the first.
    """

    name: str | None = None
    logo: Logo | None = None
    light: Colours | None = None
    dark: Colours | None = None
    welcome: str | None = None
    contact: Contact | None = None
    languages: tuple[str, ...] = LANGUAGES

    @classmethod
    def of(cls, settings: Settings) -> Brand:
        """What the settings say.

        Raises:
            SettingsError: the logo cannot be shown, a colour cannot be read where it is used, or
            the contact lacks a name or an address.
        """
        light, dark = _colours(settings)
        return cls(
            name=_printable("brand_name", settings.brand_name),
            logo=Logo.read(settings.brand_logo) if settings.brand_logo else None,
            light=light,
            dark=dark,
            welcome=settings.brand_welcome,
            contact=_contact(settings),
            languages=tuple(dict.fromkeys(settings.languages)),
        )

    @property
    def is_drawn(self) -> bool:
        """Whether it needs style sheets of its own."""
        return self.logo is not None or self.light is not None or self.dark is not None


PLAIN = Brand()
"""Footnote as it comes."""


def brand_of(request: Request) -> Brand:
    """The look of the server that got a request."""
    server = request.scope.get("app")
    return getattr(getattr(server, "state", None), "brand", PLAIN)


def _colours(settings: Settings) -> tuple[Colours | None, Colours | None]:
    """The accent by day, and by night: there a lighter shade of it, unless there is a setting."""
    by_day, by_night = settings.brand_accent, settings.brand_accent_dark
    if by_day:
        _check("brand_accent", by_day, LIGHT_GROUNDS, BLACK)
    if by_night:
        _check("brand_accent_dark", by_night, DARK_GROUNDS, WHITE)
    elif by_day:
        by_night = readable(by_day, DARK_GROUNDS, WHITE)
    # What is read on its ground is read the other way round, too; white and the darker ground are
    # even farther from it.
    light = Colours(by_day.lower(), WHITE) if by_day else None
    return light, Colours(by_night.lower(), DARK_GROUNDS[0]) if by_night else None


def _check(setting: str, colour: str, grounds: tuple[str, ...], towards: str) -> None:
    ground = min(grounds, key=lambda one: least(colour, [one]))
    if (measured := least(colour, [ground])) < ENOUGH:
        raise SettingsError(
            f'Setting {setting} = "{colour}": on {ground}, where links and buttons have this '
            f"colour, its contrast is {measured:.2f}, and text needs {ENOUGH}. "
            f'"{readable(colour, grounds, towards)}" would do, or anything '
            f"{'darker' if towards == BLACK else 'lighter'}."
        )


def _contact(settings: Settings) -> Contact | None:
    name, address = _printable("contact_name", settings.contact_name), settings.contact_address
    if name is None and address is None:
        return None
    if name is None or address is None:
        raise SettingsError(
            "contact_name and contact_address go together: whom to ask, and a mail address or a "
            'page, such as contact_name = "the HR desk" and contact_address = "hr@corp.example".'
        )
    if _MAIL.fullmatch(address):
        return Contact(name, f"mailto:{address}")
    if address.lower().startswith("https://") and web_address(address):
        return Contact(name, address)
    raise SettingsError(
        f"Setting contact_address = {address!r}: give a mail address, as hr@corp.example, or a "
        "page, as https://help.corp.example/."
    )


def _printable(setting: str, text: str | None) -> str | None:
    if text is None:
        return None
    if not text.strip() or not text.isprintable():
        raise SettingsError(
            f"Setting {setting} = {text!r}: give words on one line, without control characters."
        )
    return text.strip()
