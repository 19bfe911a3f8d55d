"""A brand as style sheets, and as values for the script in other sites' pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ui.brand.brand import LIGHT_GROUNDS

if TYPE_CHECKING:
    from ui.brand.brand import Brand, Colours

# Most logos are made for paper, so that at night they stand on a piece of it.
_ON_PAPER = "background-color: {paper}; border-radius: .15em; box-shadow: 0 0 0 .12em {paper};"
# In `embed.js`, where pages of other sites take it from.
PLAIN_BRAND = "const BRAND = {};"


def for_chat(brand: Brand) -> str:
    """The sheet of the chat page, which turns dark with a class."""
    return _day(brand, "#masthead h1") + _night(brand, "body.dark", ".dark #masthead h1")


def for_pages(brand: Brand) -> str:
    """The sheet of the owner's page and of the one to sign in at, dark where the reader's are."""
    unless = _night(brand, ":root:not(.light)", ":root:not(.light) h1")
    return (
        _day(brand, "h1")
        + _night(brand, ":root.dark", ":root.dark h1")
        + (f"@media (prefers-color-scheme: dark) {{\n{unless}}}\n" if unless else "")
    )


def embedded(script: str, brand: Brand) -> str:
    """The script for other sites' pages, with the name and the colours in it."""
    told: dict[str, object] = {"name": brand.name} if brand.name else {}
    shades = {"light": brand.light, "dark": brand.dark}
    if colours := {light: shade for light, shade in shades.items() if shade}:
        told["colours"] = colours
    if not told:
        return script
    return script.replace(PLAIN_BRAND, f"const BRAND = {json.dumps(told)};", 1)


def _day(brand: Brand, heading: str) -> str:
    return _accent(":root", brand.light) + _logo(brand, heading)


def _night(brand: Brand, root: str, heading: str) -> str:
    paper = _ON_PAPER.format(paper=LIGHT_GROUNDS[0])
    return _accent(root, brand.dark) + (f"{heading}::before {{ {paper} }}\n" if brand.logo else "")


def _accent(root: str, colours: Colours | None) -> str:
    if colours is None:
        return ""
    return f"{root} {{ --accent: {colours.accent}; --accent-ink: {colours.ink}; }}\n"


def _logo(brand: Brand, heading: str) -> str:
    """The logo before a heading, which has the name, so that it needs no other text."""
    if brand.logo is None:
        return ""
    return (
        f'{heading}::before {{ content: ""; display: inline-block; height: 1.4em; '
        f"width: {1.4 * brand.logo.ratio:.3f}em; max-width: 50vw; margin-inline-end: .45em; "
        "vertical-align: -.32em; background: url(logo) center / contain no-repeat; }\n"
    )
