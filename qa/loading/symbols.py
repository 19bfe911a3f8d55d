"""Signs that Word takes from fonts of symbols, by what they look like, and the boxes of tasks."""

from __future__ import annotations

import re

DONE, OPEN = "☑", "☐"
"""What a page shows before a task that is done, and before one that is not."""

_TASK = re.compile(r"\[([ xX*])\]\s+")
_FONTS = ("symbol", "wingdings", "zapfdingbats")
_PRIVATE = range(0xF020, 0xF100)
_GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
_SYMBOL = {
    **{ord("A") + place: letter for place, letter in enumerate(_GREEK)},
    **{ord("a") + place: letter for place, letter in enumerate("αβχδεφγηιϕκλμνοπθρστυϖωξψζ")},
    **dict(zip(range(0xA2, 0xA6), "′≤⁄∞", strict=True)),
    **dict(zip(range(0xAB, 0xC0), "↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵", strict=True)),
    **dict(zip(range(0xC4, 0xD2), "⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇", strict=True)),
    **dict(zip(range(0xD2, 0xE6), "®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑", strict=True)),
    **{0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x7E: "∼", 0xF2: "∫"},
}
_DINGBATS = {
    **{0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "□", 0x76: "❖", 0x9F: "•", 0xA7: "▪", 0xA8: "□"},
    **{0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨"},
    **{0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}


def task(text: str) -> str:
    """The text of a list item, a box instead of the brackets that mark a task."""
    found = _TASK.match(text)
    return text if found is None else f"{OPEN if found[1] == ' ' else DONE} {text[found.end() :]}"


def symbol(code: str, font: str = "Symbol") -> str:
    """The sign with a hexadecimal code in a font of symbols; nothing where it is not known."""
    try:
        number = int(code, 16)
        if number > 0xFF and number not in _PRIVATE:
            return chr(number)
    except (ValueError, OverflowError):
        return ""
    known = _DINGBATS if "dings" in font.lower() else _SYMBOL
    return known.get(number & 0xFF, chr(number & 0xFF) if known is _SYMBOL else "")


def with_symbols(text: str, font: str = "") -> str:
    """The text with such signs where a font of symbols is set for plain letters."""
    if font.lower().startswith(_FONTS):
        return "".join(
            symbol(f"{ord(character):x}", font) if character.strip() else character
            for character in text
        )
    if text.isascii() or not any(ord(character) in _PRIVATE for character in text):
        return text
    return "".join(
        symbol(f"{ord(character):x}") if ord(character) in _PRIVATE else character
        for character in text
    )
