"""Contrast of colours as WCAG 2.2 measures it, and the nearest shade that has enough of it."""

from __future__ import annotations

from collections.abc import Sequence

ENOUGH = 4.5
"""The least contrast of text (success criterion 1.4.3, level AA)."""
WHITE, BLACK = "#ffffff", "#000000"
_STEPS = 100


def contrast(one: str, other: str) -> float:
    """The contrast of two colours such as `#7c2d1e`, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def least(colour: str, grounds: Sequence[str]) -> float:
    """Its contrast with that of the grounds from which it stands out least."""
    return min(contrast(colour, ground) for ground in grounds)


def readable(colour: str, grounds: Sequence[str], towards: str) -> str:
    """The first shade on its way to white or black that can be read on all of the grounds.

    `towards` itself must be readable there.
    """
    shades = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if least(shade, grounds) >= ENOUGH)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _luminance(colour: str) -> float:
    """The relative luminance, from 0 to 1."""
    shares = (channel / 255 for channel in _channels(colour))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(colour: str, towards: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(towards), strict=True)
    return "#" + bytes(round(one + (two - one) * share) for one, two in pairs).hex()
